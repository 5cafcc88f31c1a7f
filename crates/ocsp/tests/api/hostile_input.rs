//! Damage in every place.

use portcullis_ocsp::{
    CertificateStatus, MAX_LENGTH, Malformed, Query, Refusal, parse_request, parse_response,
    request,
};
use portcullis_test_pki::mutate::{every_flipped_byte, every_prefix, with_trailing_byte};
use portcullis_test_pki::ocsp;
use portcullis_x509::Certificate;

use crate::Pki;

fn responses(pki: &Pki) -> [Vec<u8>; 2] {
    let delegate = pki.root.ocsp_responder("Responder").issue();
    let direct = ocsp::good(&pki.alice, &pki.root).nonce(&[7; 32]).issue();
    let delegated = ocsp::good(&pki.alice, &pki.root)
        .delegate(&delegate)
        .by_key()
        .issue();
    [direct, delegated]
}

#[test]
fn no_prefix_of_a_response_is_one() {
    let pki = Pki::new();
    for response in responses(&pki) {
        assert!(pki.judge(&response).is_ok());
        for prefix in every_prefix(&response) {
            assert!(parse_response(prefix).is_err());
            assert!(matches!(pki.judge(prefix), Err(Refusal::Malformed(_))));
        }
        assert!(parse_response(&with_trailing_byte(&response)).is_err());
    }
}

#[test]
fn no_flipped_byte_of_a_response_leaves_it_good() {
    let pki = Pki::new();
    for response in responses(&pki) {
        for damaged in every_flipped_byte(&response) {
            let outcome = pki.judge(&damaged);
            assert!(
                outcome.is_err(),
                "{:?}",
                outcome.map(|status| status.certificate)
            );
        }
    }
}

#[test]
fn no_flipped_byte_of_a_revoked_response_makes_it_good() {
    let pki = Pki::new();
    let response = ocsp::revoked(&pki.alice, &pki.root, portcullis_test_pki::NOW).issue();
    for damaged in every_flipped_byte(&response) {
        let outcome = pki.judge(&damaged).map(|status| status.certificate);
        assert_ne!(outcome, Ok(CertificateStatus::Good));
    }
}

#[test]
fn damaged_requests_do_no_harm() {
    let pki = Pki::new();
    let certificate = Certificate::parse(&pki.alice.der).unwrap();
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let question = request(&Query::new(&certificate, &issuer));
    for prefix in every_prefix(&question) {
        assert!(parse_request(prefix).is_err());
    }
    for damaged in every_flipped_byte(&question) {
        if let Ok(request) = parse_request(&damaged) {
            assert!(!request.cert_ids()[0].identifies(&certificate, &issuer));
        }
    }
}

#[test]
fn messages_over_the_limit_are_not_read() {
    let pki = Pki::new();
    let padding = vec![0; MAX_LENGTH];
    let response = ocsp::good(&pki.alice, &pki.root)
        .extension(
            "1.2.3.4",
            portcullis_test_pki::Criticality::NonCritical,
            &padding,
        )
        .issue();
    let expected = Malformed::TooLong {
        found: response.len(),
        limit: MAX_LENGTH,
    };
    assert_eq!(parse_response(&response).err(), Some(expected.clone()));
    assert_eq!(parse_request(&response).err(), Some(expected));
}
