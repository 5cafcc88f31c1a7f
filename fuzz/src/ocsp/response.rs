//! What holds for any octets that somebody calls an OCSP response.

use std::time::Duration;

use portcullis_ocsp::{
    CertificateStatus, Query, Response, RevocationReason, Rules, SingleResponse, parse_response,
    status,
};
use rustls_pki_types::UnixTime;

use super::{is_part_of, pair};

/// Reads `data` as a response, and lets it vouch for a certificate.
///
/// - What is read lies within the input.
/// - It proves something only if what is signed in it is signed in a file of the corpus that says
///   the same: good, revoked or unknown.
/// - What it proves holds now.
pub fn property(data: &[u8]) {
    if let Ok(Response::Basic(read)) = parse_response(data) {
        assert!(is_part_of(read.tbs(), data) && is_part_of(read.signature(), data));
        assert!(
            read.certificates()
                .all(|certificate| is_part_of(certificate, data))
        );
        assert!(
            read.responses()
                .iter()
                .all(|answer| is_part_of(answer.cert_id().der(), data))
        );
        let _ = read.nonce();
        let _ = read.responder_id().to_string();
        let _ = read.extended_revoke();
        read.responses()
            .iter()
            .for_each(|answer| statements_lie_within(answer, data));
    }
    let Some(pair) = pair() else { return };
    let query = Query::new(&pair.certificate, &pair.issuer);
    let algorithms = rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all;
    let judged = status(data, &query, &Rules::new(algorithms), NOW);
    let known = known(data);
    match judged {
        Ok(status) => {
            assert!(NOW <= status.valid_until);
            assert_eq!(Some(Kind::of(status.certificate)), known, "a forgery");
        }
        Err(refusal) => {
            let _ = refusal.to_string();
            assert!(
                !KNOWN.iter().any(|(_, genuine)| *genuine == data),
                "{refusal}"
            );
        }
    }
}

/// What is said beside the status is read where it stands.
fn statements_lie_within(answer: &SingleResponse<'_>, data: &[u8]) {
    let _ = answer.archive_cutoff();
    let _ = answer.invalidity_date();
    if let Ok(Some(reason)) = answer.crl_reason() {
        assert_eq!(RevocationReason::from_number(reason.number()), reason);
    }
    if let Ok(Some(timestamps)) = answer.signed_certificate_timestamps() {
        assert!(is_part_of(timestamps, data));
    }
    if let Ok(Some(crl)) = answer.crl_reference() {
        assert!(crl.url().is_none_or(|url| is_part_of(url.as_bytes(), data)));
        assert!(crl.number().is_none_or(|number| is_part_of(number, data)));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Good,
    Revoked,
    Unknown,
}

impl Kind {
    fn of(status: CertificateStatus) -> Self {
        match status {
            CertificateStatus::Good => Self::Good,
            CertificateStatus::Revoked { .. } => Self::Revoked,
            CertificateStatus::Unknown => Self::Unknown,
        }
    }
}

/// What the issuer and its delegate ever signed that is current and about the certificate.
const KNOWN: [(Kind, &[u8]); 7] = [
    (
        Kind::Good,
        include_bytes!("../../corpus/ocsp_response/good.der"),
    ),
    (
        Kind::Good,
        include_bytes!("../../corpus/ocsp_response/good-by-key.der"),
    ),
    (
        Kind::Good,
        include_bytes!("../../corpus/ocsp_response/good-delegated.der"),
    ),
    (
        Kind::Good,
        include_bytes!("../../corpus/ocsp_response/good-explicit-version.der"),
    ),
    (
        Kind::Revoked,
        include_bytes!("../../corpus/ocsp_response/revoked.der"),
    ),
    (
        Kind::Revoked,
        include_bytes!("../../corpus/ocsp_response/several.der"),
    ),
    (
        Kind::Unknown,
        include_bytes!("../../corpus/ocsp_response/unknown.der"),
    ),
];

/// What is signed in `data`, if it is one of [`KNOWN`]. Only that part is compared: certificates
/// along, and the envelope, are nobody's signature.
fn known(data: &[u8]) -> Option<Kind> {
    let signed = signed_part(data)?;
    KNOWN
        .iter()
        .find(|(_, genuine)| signed_part(genuine) == Some(signed))
        .map(|(kind, _)| *kind)
}

fn signed_part(response: &[u8]) -> Option<&[u8]> {
    match parse_response(response) {
        Ok(Response::Basic(basic)) => Some(basic.tbs()),
        _ => None,
    }
}

/// The moment at which the corpus is judged: 2026-06-01T00:00:00Z.
const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_780_272_000));
