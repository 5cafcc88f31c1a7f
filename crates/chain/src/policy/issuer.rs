//! Whose name Application Gateway's `verifyClientCertIssuerDN` takes from a file of certificates.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use portcullis_x509::{Certificate, DistinguishedName};

/// The name of the immediate issuer that a chain file stands for: the subject of its deepest authority,
/// counted from the root; the first of several that are equally deep. Certificates that are no
/// authority's do not count. Nothing when there is no authority.
///
/// An authority that no other of the file issued is a beginning, whether it is self-issued or not.
pub fn client_certificate_issuer(file: &[Certificate<'_>]) -> Option<DistinguishedName> {
    let authorities: Vec<&Certificate<'_>> = file
        .iter()
        .filter(|certificate| is_authority(certificate))
        .collect();
    let depths = depths(&authorities);
    let mut deepest: Option<(usize, &Certificate<'_>)> = None;
    for (authority, depth) in authorities.iter().zip(depths) {
        if deepest.is_none_or(|(found, _)| depth > found) {
            deepest = Some((depth, authority));
        }
    }
    deepest.map(|(_, authority)| authority.subject().into())
}

fn is_authority(certificate: &Certificate<'_>) -> bool {
    let constraints = certificate.basic_constraints().ok().flatten();
    constraints.is_some_and(|constraints| constraints.ca)
}

/// How many of the file stand above each, by the longest way. Authorities that certify each other are as
/// deep as there are certificates.
fn depths(authorities: &[&Certificate<'_>]) -> Vec<usize> {
    let names: Vec<_> = authorities
        .iter()
        .map(|authority| {
            let subject = authority.subject().normalised();
            (subject, authority.issuer().normalised())
        })
        .collect();
    let mut depths = alloc::vec![0_usize; names.len()];
    for _ in &names {
        let mut deepest = BTreeMap::new();
        for ((subject, _), depth) in names.iter().zip(&depths) {
            let found = deepest.entry(subject).or_insert(0);
            *found = (*depth).max(*found);
        }
        let below = |(subject, issuer): &(_, _)| match deepest.get(issuer) {
            Some(depth) if subject != issuer => depth.saturating_add(1).min(names.len()),
            _ => 0,
        };
        depths = names.iter().map(below).collect();
    }
    depths
}
