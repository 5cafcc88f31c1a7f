//! What a certificate says.

use std::io::{self, Write};

use aws_lc_rs::digest::{self, digest};
use portcullis_x509::{Certificate, SubjectPublicKeyInfo, oid};
use serde::Serialize;

use crate::hexadecimal;
use crate::instant;
use crate::terminal::Paint;

use super::extension::{self, ExtensionReport};
use super::print_fields;

/// The fields of a certificate as text.
#[derive(Debug, Serialize)]
pub(super) struct CertificateReport {
    subject: String,
    issuer: String,
    serial: String,
    not_before: String,
    not_after: String,
    version: String,
    signature_algorithm: String,
    public_key: String,
    fingerprint_sha256: String,
    fingerprint_sha1: String,
    extensions: Vec<ExtensionReport>,
}

impl CertificateReport {
    pub(super) fn of(certificate: &Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial: certificate.serial().to_string(),
            not_before: instant::show(validity.not_before),
            not_after: instant::show(validity.not_after),
            version: certificate.version().to_string(),
            signature_algorithm: certificate.signature_algorithm().to_string(),
            public_key: public_key(&certificate.subject_public_key_info()),
            fingerprint_sha256: fingerprint(&digest::SHA256, certificate),
            fingerprint_sha1: fingerprint(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate),
            extensions: extension::reports(certificate),
        }
    }

    pub(super) fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let mut fields = vec![
            ("subject", self.subject.as_str()),
            ("issuer", &self.issuer),
            ("serial", &self.serial),
            ("not before", &self.not_before),
            ("not after", &self.not_after),
            ("version", &self.version),
            ("signature", &self.signature_algorithm),
            ("public key", &self.public_key),
            ("SHA-256", &self.fingerprint_sha256),
            ("SHA-1", &self.fingerprint_sha1),
        ];
        let extensions: Vec<String> = self.extensions.iter().map(ExtensionReport::line).collect();
        fields.extend(extensions.iter().map(|line| ("extension", line.as_str())));
        print_fields(out, "certificate", &fields, paint)
    }
}

fn fingerprint(algorithm: &'static digest::Algorithm, certificate: &Certificate<'_>) -> String {
    hexadecimal::upper(digest(algorithm, certificate.der()).as_ref())
}

fn public_key(info: &SubjectPublicKeyInfo<'_>) -> String {
    match info.rsa_modulus_bits() {
        Ok(Some(bits)) => format!("RSA, {bits} bits"),
        Ok(None) if info.algorithm().oid() == oid::EC_PUBLIC_KEY => curve(info),
        Ok(None) => info.algorithm().to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

/// The curves that certificates use, by the content octets of their identifiers (RFC 5480 section 2.1.1.1).
const CURVES: &[(&[u8], &str)] = &[
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "P-256"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "P-384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "P-521"),
];

fn curve(info: &SubjectPublicKeyInfo<'_>) -> String {
    let content = info.algorithm().content();
    let known = CURVES.iter().find(|(octets, _)| content.ends_with(octets));
    known
        .map_or("EC, another curve", |(_, name)| name)
        .to_owned()
}
