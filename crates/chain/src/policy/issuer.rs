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
    let mut deepest: Option<(usize, &Certificate<'_>)> = None;
    for authority in &authorities {
        let depth = depth(authority, &authorities);
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

/// How many of the file stand above; a loop of cross-certificates ends where it began.
fn depth(authority: &Certificate<'_>, authorities: &[&Certificate<'_>]) -> usize {
    let mut above = Vec::new();
    let mut current = authority;
    loop {
        let issuer = authorities
            .iter()
            .find(|other| other.subject().matches(&current.issuer()) && !current.is_self_issued());
        match issuer {
            Some(issuer) if !above.contains(&issuer.der()) => {
                above.push(issuer.der());
                current = issuer;
            }
            _ => return above.len(),
        }
    }
}
