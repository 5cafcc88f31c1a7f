//! The certificates of one file, PEM or DER.

use portcullis_x509::{Certificate, Malformed};
use rustls_pki_types::pem::{PemObject, SectionKind};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::ClientChainError;

/// The certificates of a file, of which there is at least one: PEM with anything between the certificates
/// but private keys, or the DER of a single one.
///
/// # Errors
/// When the file is neither, or holds a private key, encrypted or not.
pub fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClientChainError> {
    if file.iter().all(u8::is_ascii_whitespace) {
        return Err(ClientChainError::Empty);
    }
    if holds_private_key(file) {
        return Err(ClientChainError::PrivateKey);
    }
    if let [SEQUENCE, 0x81..=0x84, ..] = file {
        return Ok(vec![CertificateDer::from(file.to_vec())]);
    }
    let certificates = <(SectionKind, Vec<u8>)>::pem_slice_iter(file)
        .filter_map(|section| match section {
            Ok((SectionKind::Certificate, der)) => Some(Ok(CertificateDer::from(der))),
            Ok(_) => None,
            Err(error) => Some(Err(ClientChainError::NotPem(error))),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() {
        return Err(ClientChainError::NoCertificate);
    }
    if certificates.iter().any(|der| der.is_empty()) {
        return Err(ClientChainError::NoData);
    }
    Ok(certificates)
}

/// With what every certificate in DER begins; its length, over 127, takes several bytes.
const SEQUENCE: u8 = 0x30;

/// How the first line of a private key of any kind ends, encrypted ones included.
const KEY_LABEL: &[u8] = b"PRIVATE KEY-----";

/// A key must be found before anything else is said of a file, also where the rest of it is damaged.
fn holds_private_key(file: &[u8]) -> bool {
    PrivateKeyDer::try_from(file).is_ok()
        || file
            .windows(KEY_LABEL.len())
            .any(|window| window.eq_ignore_ascii_case(KEY_LABEL))
}

pub(super) enum Kind {
    Root,
    Intermediate,
    Leaf,
}

pub(super) fn classify(certificate: &Certificate<'_>) -> Result<Kind, Malformed> {
    let constraints = certificate.basic_constraints()?;
    let is_authority = constraints.is_some_and(|constraints| constraints.ca);
    let is_self_issued = certificate.subject().matches(&certificate.issuer());
    Ok(match (is_authority, is_self_issued) {
        (false, _) => Kind::Leaf,
        (true, true) => Kind::Root,
        (true, false) => Kind::Intermediate,
    })
}
