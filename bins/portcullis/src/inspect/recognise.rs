//! Telling from the bytes what a file holds.

use p12_keystore::Pkcs12Archive;
use portcullis_x509::Certificate;
use portcullis_x509::der::{Reader, Tag};
use rustls_pki_types::pem::{PemObject, SectionKind};

use crate::files::is_pem;

use super::Finding;
use super::certificate::CertificateReport;
use super::message;

/// Everything in the file, in its order; the error says why nothing could be told.
pub(super) fn findings(bytes: &[u8], password: &str) -> Result<Vec<Finding>, String> {
    if is_pem(bytes) {
        return pem_findings(bytes);
    }
    match shape(bytes) {
        Shape::Pfx => pfx_findings(bytes, password),
        Shape::OcspResponse => Ok(vec![message::response(bytes)]),
        Shape::Certificate => Ok(vec![certificate(bytes)]),
        Shape::OcspRequest => Ok(vec![message::request(bytes)]),
        Shape::Unknown => {
            Err("neither PEM nor DER of a certificate, a PFX store or an OCSP message".to_owned())
        }
    }
}

enum Shape {
    Certificate,
    Pfx,
    OcspRequest,
    OcspResponse,
    Unknown,
}

/// How the four differ in their first elements.
///
/// ```text
/// PFX           SEQUENCE { INTEGER 3, ...
/// OCSPResponse  SEQUENCE { ENUMERATED ...
/// OCSPRequest   SEQUENCE { SEQUENCE, optional [0] }
/// Certificate   SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING }
/// ```
fn shape(bytes: &[u8]) -> Shape {
    let mut outer = Reader::new(bytes);
    let Ok(content) = outer.expect(Tag::SEQUENCE) else {
        return Shape::Unknown;
    };
    let mut reader = Reader::new(content);
    match reader.tlv().map(|first| first.tag) {
        Ok(Tag::INTEGER) => Shape::Pfx,
        Ok(Tag::ENUMERATED) => Shape::OcspResponse,
        Ok(Tag::SEQUENCE) if reader.peek() == Some(Tag::SEQUENCE) => Shape::Certificate,
        Ok(Tag::SEQUENCE) => Shape::OcspRequest,
        _ => Shape::Unknown,
    }
}

fn certificate(der: &[u8]) -> Finding {
    match Certificate::parse(der) {
        Ok(certificate) => Finding::Certificate(CertificateReport::of(&certificate)),
        Err(malformed) => Finding::Malformed {
            expected: "certificate",
            detail: malformed.to_string(),
        },
    }
}

fn pem_findings(bytes: &[u8]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        let (kind, der) = section.map_err(|problem| format!("not valid PEM: {problem}"))?;
        findings.extend(match kind {
            SectionKind::Certificate => Some(certificate(&der)),
            SectionKind::PrivateKey => Some(Finding::PrivateKey { format: "PKCS#8" }),
            SectionKind::RsaPrivateKey => Some(Finding::PrivateKey { format: "PKCS#1" }),
            SectionKind::EcPrivateKey => Some(Finding::PrivateKey { format: "SEC1" }),
            _ => None,
        });
    }
    if findings.is_empty() {
        return Err("no PEM section that holds a certificate or a private key".to_owned());
    }
    Ok(findings)
}

fn pfx_findings(bytes: &[u8], password: &str) -> Result<Vec<Finding>, String> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|problem| {
        let hint = if password.is_empty() {
            "; --password gives its password"
        } else {
            ""
        };
        format!("a PFX store that does not open: {problem}{hint}")
    })?;
    let keys = archive
        .keys
        .iter()
        .map(|_| Finding::PrivateKey { format: "PKCS#8" });
    let certificates = archive
        .certs
        .iter()
        .map(|bag| certificate(bag.cert.as_der()));
    Ok(certificates.chain(keys).collect())
}
