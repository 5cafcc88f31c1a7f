//! Whose name Application Gateway's `verifyClientCertIssuerDN` takes from a file of certificates.

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
    let mut depths = alloc::vec![0_usize; authorities.len()];
    for _ in authorities {
        depths = authorities
            .iter()
            .map(|authority| {
                let above = authorities.iter().zip(&depths);
                let issuers = above.filter(|(other, _)| issued(other, authority));
                let deepest = issuers.map(|(_, depth)| depth.saturating_add(1)).max();
                deepest.unwrap_or_default().min(authorities.len())
            })
            .collect();
    }
    depths
}

fn issued(issuer: &Certificate<'_>, authority: &Certificate<'_>) -> bool {
    !authority.is_self_issued() && issuer.subject().matches(&authority.issuer())
}
