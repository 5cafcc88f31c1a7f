//! Files of trusted client certificates: each one root and any number of intermediates.

use portcullis_chain::{Anchors, AnchorsError};
use portcullis_x509::{Certificate, Malformed};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject, SectionKind};

/// The certificates of several chain files.
#[derive(Default)]
pub(crate) struct Chains {
    roots: Vec<CertificateDer<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
}

impl Chains {
    /// Adds a PEM file. A certificate that is no CA is passed over, as Application Gateway does.
    pub(crate) fn add(&mut self, file: &[u8]) -> Result<(), ChainFileError> {
        let mut roots = 0_usize;
        let mut authorities = 0_usize;
        for (position, certificate) in certificates(file)?.into_iter().enumerate() {
            let kind = classify(&certificate)
                .map_err(|source| ChainFileError::Malformed { position, source })?;
            match kind {
                Kind::Leaf => continue,
                Kind::Root => {
                    roots = roots.saturating_add(1);
                    self.roots.push(certificate);
                }
                Kind::Intermediate => self.intermediates.push(certificate),
            }
            authorities = authorities.saturating_add(1);
        }
        match (authorities, roots) {
            (0, _) => Err(ChainFileError::NoAuthority),
            (_, 1) => Ok(()),
            (_, found) => Err(ChainFileError::NotOneRoot { found }),
        }
    }

    pub(crate) fn into_anchors(self) -> Result<Anchors, AnchorsError> {
        Anchors::new(self.roots, self.intermediates)
    }
}

/// The certificates of a PEM file, of which there is at least one.
pub(crate) fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, ChainFileError> {
    if file.iter().all(u8::is_ascii_whitespace) {
        return Err(ChainFileError::Empty);
    }
    let mut certificates = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(file) {
        match section.map_err(ChainFileError::NotPem)? {
            (SectionKind::Certificate, der) => certificates.push(CertificateDer::from(der)),
            (
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey,
                _,
            ) => return Err(ChainFileError::PrivateKey),
            _ => {}
        }
    }
    if certificates.is_empty() {
        return Err(ChainFileError::NoCertificate);
    }
    Ok(certificates)
}

enum Kind {
    Root,
    Intermediate,
    Leaf,
}

fn classify(der: &CertificateDer<'_>) -> Result<Kind, Malformed> {
    let certificate = Certificate::parse(der)?;
    let is_authority = certificate
        .basic_constraints()?
        .is_some_and(|constraints| constraints.ca);
    Ok(
        match (
            is_authority,
            certificate.subject().matches(&certificate.issuer()),
        ) {
            (false, _) => Kind::Leaf,
            (true, true) => Kind::Root,
            (true, false) => Kind::Intermediate,
        },
    )
}

/// Why a chain file was not accepted. The first five are the errors that Application Gateway
/// documents for trusted client certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ChainFileError {
    /// `ApplicationGatewayTrustedClientCertificateMustSpecifyData`.
    #[error("the file is empty")]
    Empty,
    /// `ApplicationGatewayTrustedClientCertificateMustNotHavePrivateKey`.
    #[error("the file holds a private key, which has no place among trusted certificates")]
    PrivateKey,
    /// `ApplicationGatewayTrustedClientCertificateInvalidData`.
    #[error("the file holds no PEM certificate")]
    NoCertificate,
    /// `ApplicationGatewayTrustedClientCertificateDoesNotContainAnyCACertificate`.
    #[error("no certificate of the file is a CA (basicConstraints CA:TRUE)")]
    NoAuthority,
    /// `ApplicationGatewayOnlyOneRootCAAllowedInTrustedClientCertificate`.
    #[error(
        "a chain file holds exactly one root, this one holds {found}; list several files for several chains"
    )]
    NotOneRoot { found: usize },
    /// The PEM is damaged.
    #[error("the file is not readable PEM")]
    NotPem(#[source] pem::Error),
    /// A certificate cannot be parsed.
    #[error("certificate {position} of the file is malformed")]
    Malformed { position: usize, source: Malformed },
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_test_pki::Ca;

    fn add(file: &str) -> Result<Chains, ChainFileError> {
        let mut chains = Chains::default();
        chains.add(file.as_bytes()).map(|()| chains)
    }

    #[test]
    fn a_root_with_intermediates_in_any_order_is_a_chain() {
        let root = Ca::root("Root").issue();
        let one = root.intermediate("One").issue();
        let two = one.intermediate("Two").issue();
        let chains = add(&(two.pem() + &root.pem() + &one.pem())).unwrap();
        assert_eq!((chains.roots.len(), chains.intermediates.len()), (1, 2));
        assert_eq!(chains.into_anchors().unwrap().count(), 1);
    }

    #[test]
    fn a_leaf_is_passed_over_and_alone_is_refused() {
        let root = Ca::root("Root").issue();
        let leaf = root.client("alice").issue();
        let chains = add(&(leaf.pem() + &root.pem())).unwrap();
        assert_eq!((chains.roots.len(), chains.intermediates.len()), (1, 0));
        assert!(matches!(
            add(&leaf.pem()).err(),
            Some(ChainFileError::NoAuthority)
        ));
    }

    #[test]
    fn a_file_that_trusts_nobody_is_refused_and_never_trusts_everybody() {
        assert!(matches!(add("").err(), Some(ChainFileError::Empty)));
        assert!(matches!(add(" \n").err(), Some(ChainFileError::Empty)));
        assert!(matches!(
            add("ca.example.com").err(),
            Some(ChainFileError::NoCertificate)
        ));
        assert!(matches!(
            add("-----BEGIN CERTIFICATE-----\nAAAA").err(),
            Some(ChainFileError::NotPem(_))
        ));
        assert!(matches!(
            add("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n").err(),
            Some(ChainFileError::Malformed { position: 0, .. })
        ));
        assert!(Chains::default().into_anchors().is_err());
    }

    #[test]
    fn a_private_key_is_refused() {
        let root = Ca::root("Root").issue();
        let file = root.pem() + &root.key_pem();
        assert!(matches!(add(&file).err(), Some(ChainFileError::PrivateKey)));
    }

    #[test]
    fn none_or_two_roots_are_refused() {
        let (one, two) = (Ca::root("One").issue(), Ca::root("Two").issue());
        let intermediate = one.intermediate("Issuing").issue();
        assert!(matches!(
            add(&(one.pem() + &two.pem())).err(),
            Some(ChainFileError::NotOneRoot { found: 2 })
        ));
        assert!(matches!(
            add(&intermediate.pem()).err(),
            Some(ChainFileError::NotOneRoot { found: 0 })
        ));
    }
}
