//! What a response says beside the status.

use std::time::Duration;

use portcullis_ocsp::{
    BasicResponse, CertificateStatus, ExtendedRevoke, Malformed, Part, Response, RevocationReason,
    SingleResponse, parse_response,
};
use portcullis_test_pki::{Criticality, DAY, NOW, before, der, ocsp};
use rustls_pki_types::UnixTime;

use crate::Pki;

const CRL_REFERENCE: &str = "1.3.6.1.5.5.7.48.1.3";
const ARCHIVE_CUTOFF: &str = "1.3.6.1.5.5.7.48.1.6";
const EXTENDED_REVOKE: &str = "1.3.6.1.5.5.7.48.1.9";
const CRL_REASON: &str = "2.5.29.21";
const INVALIDITY_DATE: &str = "2.5.29.24";
const TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.5";

fn basic(response: &[u8]) -> BasicResponse<'_> {
    match parse_response(response).unwrap() {
        Response::Basic(basic) => basic,
        Response::Error(status) => panic!("{}", status.name()),
    }
}

/// Lets `read` see the only answer of a good response with this extension, and judges the response.
fn with<T>(
    extension: Option<(&str, &[u8])>,
    read: impl FnOnce(&SingleResponse<'_>) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    let pki = Pki::new();
    let good = ocsp::good(&pki.alice, &pki.root);
    let response = match extension {
        Some((oid, value)) => {
            good.each(|answer| answer.extension(oid, Criticality::NonCritical, value))
        }
        None => good,
    }
    .issue();
    assert!(pki.judge(&response).is_ok(), "it changes no judgement");
    read(&basic(&response).responses()[0])
}

fn is_malformed<T: std::fmt::Debug>(read: Result<T, Malformed>, expected: Part) -> bool {
    matches!(read, Err(Malformed::Encoding { part, .. }) if part == expected)
}

#[test]
fn an_archive_cutoff_is_absent_malformed_or_there() {
    let cutoff = before(NOW, 400 * DAY);
    let there = der::generalized_time(cutoff);
    let read = |answer: &SingleResponse<'_>| answer.archive_cutoff();
    assert_eq!(with(None, read), Ok(None));
    assert_eq!(with(Some((ARCHIVE_CUTOFF, &there)), read), Ok(Some(cutoff)));
    let trailing = [&*there, &[5, 0]].concat();
    for value in [&[][..], &[5, 0], &trailing] {
        let malformed = with(Some((ARCHIVE_CUTOFF, value)), read);
        assert!(is_malformed(malformed, Part::ArchiveCutoff), "{value:x?}");
    }
}

#[test]
fn an_invalidity_date_is_absent_malformed_or_there() {
    let date = before(NOW, DAY);
    let read = |answer: &SingleResponse<'_>| answer.invalidity_date();
    assert_eq!(with(None, read), Ok(None));
    let there = der::generalized_time(date);
    assert_eq!(with(Some((INVALIDITY_DATE, &there)), read), Ok(Some(date)));
    let malformed = with(Some((INVALIDITY_DATE, &[5, 0])), read);
    assert!(is_malformed(malformed, Part::InvalidityDate));
}

#[test]
fn a_reason_code_is_absent_malformed_or_there() {
    let read = |answer: &SingleResponse<'_>| answer.crl_reason();
    assert_eq!(with(None, read), Ok(None));
    let there = with(Some((CRL_REASON, &der::enumerated(4))), read);
    assert_eq!(there, Ok(Some(RevocationReason::Superseded)));
    for value in [&[0x02, 0x01, 0x04][..], &[0x0a, 0x02, 0x01, 0x04]] {
        let malformed = with(Some((CRL_REASON, value)), read);
        assert!(is_malformed(malformed, Part::CrlReason), "{value:x?}");
    }
}

#[test]
fn timestamps_are_absent_malformed_or_there() {
    fn read(answer: &SingleResponse<'_>) -> Result<Option<Vec<u8>>, Malformed> {
        let list = answer.signed_certificate_timestamps()?;
        Ok(list.map(<[u8]>::to_vec))
    }
    assert_eq!(with(None, read), Ok(None));
    let there = with(Some((TIMESTAMPS, &der::octet_string(&[7; 9]))), read);
    assert_eq!(there, Ok(Some(vec![7; 9])));
    let malformed = with(Some((TIMESTAMPS, &[7; 9])), read);
    assert!(is_malformed(malformed, Part::SignedCertificateTimestamps));
}

/// URL, number and time of a CRL.
type Reference = (Option<String>, Option<Vec<u8>>, Option<UnixTime>);

fn read_reference(answer: &SingleResponse<'_>) -> Result<Option<Reference>, Malformed> {
    let reference = answer.crl_reference()?;
    Ok(reference.map(|crl| {
        let (url, number) = (crl.url().map(str::to_owned), crl.number());
        (url, number.map(<[u8]>::to_vec), crl.time())
    }))
}

#[test]
fn a_crl_is_referred_to_by_any_of_url_number_and_time() {
    let url = der::context(0, &der::tlv(0x16, b"http://crl.example/"));
    let number = der::context(1, &der::integer(&[0x01, 0x02]));
    let time = der::context(2, &der::generalized_time(before(NOW, DAY)));
    let (said_url, said_number) = (Some("http://crl.example/".into()), Some(vec![1, 2]));
    let said_time = Some(before(NOW, DAY));
    for (parts, expected) in [
        (vec![], (None, None, None)),
        (vec![url.clone()], (said_url.clone(), None, None)),
        (vec![number.clone()], (None, said_number.clone(), None)),
        (vec![time.clone()], (None, None, said_time)),
        (vec![url, number, time], (said_url, said_number, said_time)),
    ] {
        let value = der::sequence(&parts);
        let read = with(Some((CRL_REFERENCE, &value)), read_reference);
        assert_eq!(read, Ok(Some(expected)));
    }
    assert_eq!(with(None, read_reference), Ok(None));
}

#[test]
fn a_malformed_reference_to_a_crl_is_none() {
    let number = der::context(1, &der::integer(&[1]));
    let url = der::context(0, &der::tlv(0x16, b"http://crl.example/"));
    for value in [
        vec![],
        vec![5, 0],
        der::sequence(&[number.clone(), url]),
        der::sequence(&[number.clone(), number]),
        der::sequence(&[der::context(0, &der::tlv(0x16, &[0xff]))]),
        der::sequence(&[der::context(0, &der::tlv(0x0c, b"http://crl.example/"))]),
        der::sequence(&[der::context(3, &[5, 0])]),
    ] {
        let read = with(Some((CRL_REFERENCE, &value)), read_reference);
        assert!(is_malformed(read, Part::CrlReference), "{value:x?}");
    }
}

#[test]
fn an_extended_revoke_is_absent_malformed_or_there() {
    let pki = Pki::new();
    let read = |value: &[u8]| {
        let response = ocsp::good(&pki.alice, &pki.root)
            .extension(EXTENDED_REVOKE, Criticality::NonCritical, value)
            .issue();
        basic(&response).extended_revoke()
    };
    let without = ocsp::good(&pki.alice, &pki.root).issue();
    assert_eq!(
        basic(&without).extended_revoke(),
        Ok(ExtendedRevoke::Absent)
    );
    assert_eq!(read(&[5, 0]), Ok(ExtendedRevoke::Present));
    for value in [&[][..], &[5, 0, 0], &[4, 0]] {
        assert!(is_malformed(read(value), Part::ExtendedRevoke));
    }
}

#[test]
fn a_certificate_that_was_never_issued_is_simply_revoked() {
    let pki = Pki::new();
    let epoch = UnixTime::since_unix_epoch(Duration::ZERO);
    let never_issued = || {
        let answer = ocsp::Answer::revoked_for(&pki.alice, &pki.root, epoch, 6);
        ocsp::Response::new(&pki.root).answer(answer)
    };
    let extended = never_issued().extension(EXTENDED_REVOKE, Criticality::NonCritical, &[5, 0]);
    for response in [never_issued(), extended] {
        let status = pki.judge(&response.issue()).unwrap();
        assert_eq!(status.certificate, CertificateStatus::NEVER_ISSUED);
        assert_eq!(
            status.certificate.to_string(),
            "revoked since 1970-01-01T00:00:00Z: certificateHold"
        );
    }
}
