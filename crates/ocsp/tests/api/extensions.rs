//! Extensions, the nonce among them, and the version.

use portcullis_ocsp::{Class, MissingNonce, Nonce, Query, Refusal, Rules, Status, status};
use portcullis_test_pki::ocsp::{self, Response};
use portcullis_test_pki::{Criticality, NOW};
use portcullis_x509::Certificate;

use crate::{Pki, algorithms, code};

const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";

fn judge_with_nonce(
    pki: &Pki,
    response: Response,
    nonce: &[u8],
    missing: MissingNonce,
) -> Result<Status, Refusal> {
    let certificate = Certificate::parse(&pki.alice.der).unwrap();
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let query = Query::new(&certificate, &issuer).nonce(Nonce::new(nonce).unwrap());
    let rules = Rules::new(algorithms()).missing_nonce(missing);
    status(&response.issue(), &query, &rules, NOW)
}

#[test]
fn the_nonce_that_was_sent_must_come_back() {
    let pki = Pki::new();
    let good = || ocsp::good(&pki.alice, &pki.root);
    let sent = [7; 32];
    for (response, expected) in [
        (good().nonce(&[8; 32]), "nonce_mismatch"),
        (good().nonce(&[7; 31]), "nonce_mismatch"),
        (good().nonce(&[7; 33]), "nonce_mismatch"),
        (good(), "nonce_missing"),
    ] {
        let refusal = judge_with_nonce(&pki, response, &sent, MissingNonce::Refuse).unwrap_err();
        assert_eq!(refusal.code(), expected);
        assert_eq!(refusal.class(), Class::Mismatched);
    }
    assert!(judge_with_nonce(&pki, good().nonce(&sent), &sent, MissingNonce::Refuse).is_ok());
}

#[test]
fn a_missing_nonce_passes_only_where_allowed_and_a_wrong_one_nowhere() {
    let pki = Pki::new();
    let good = || ocsp::good(&pki.alice, &pki.root);
    assert!(judge_with_nonce(&pki, good(), &[7; 32], MissingNonce::Allow).is_ok());
    let wrong = judge_with_nonce(&pki, good().nonce(&[8; 32]), &[7; 32], MissingNonce::Allow);
    assert_eq!(code(wrong), "nonce_mismatch");
}

#[test]
fn a_nonce_that_nobody_sent_is_ignored_but_a_malformed_one_is_refused() {
    let pki = Pki::new();
    let good = || ocsp::good(&pki.alice, &pki.root);
    assert!(pki.judge(&good().nonce(&[7; 32]).issue()).is_ok());
    for value in [
        &[][..],
        &[0x04, 0x00],
        &[0x04, 0x02, 0x01],
        &[0x02, 0x01, 0x05],
        &[7; 32],
    ] {
        let response = good()
            .extension(NONCE, Criticality::NonCritical, value)
            .issue();
        assert_eq!(code(pki.judge(&response)), "nonce_malformed", "{value:x?}");
    }
    let longest = good().nonce(&[7; 128]).issue();
    assert!(pki.judge(&longest).is_ok());
    let too_long = good().nonce(&[7; 129]).issue();
    assert_eq!(code(pki.judge(&too_long)), "nonce_malformed");
}

#[test]
fn unknown_extensions_are_refused_when_critical_and_ignored_otherwise() {
    let pki = Pki::new();
    for (criticality, refused) in [
        (Criticality::Critical, true),
        (Criticality::NonCritical, false),
    ] {
        let of_response = ocsp::good(&pki.alice, &pki.root)
            .extension("1.2.3.4", criticality, &[5, 0])
            .issue();
        let of_answer = ocsp::good(&pki.alice, &pki.root)
            .each(|answer| answer.extension("1.2.3.4", criticality, &[5, 0]))
            .issue();
        for response in [of_response, of_answer] {
            let outcome = pki.judge(&response);
            if refused {
                let expected = Refusal::UnknownCriticalExtension {
                    oid: "1.2.3.4".into(),
                };
                assert_eq!(outcome, Err(expected));
            } else {
                assert!(outcome.is_ok());
            }
        }
    }
}

#[test]
fn a_critical_extension_of_an_answer_about_another_is_refused_too() {
    let pki = Pki::new();
    let bob = pki.root.client("bob").issue();
    let odd = ocsp::Answer::good(&bob, &pki.root).extension("1.2.3.4", Criticality::Critical, &[]);
    let response = ocsp::good(&pki.alice, &pki.root).answer(odd).issue();
    assert_eq!(code(pki.judge(&response)), "unknown_critical_extension");
}

#[test]
fn extensions_of_rfc_6960_may_be_critical() {
    let pki = Pki::new();
    for oid in [
        "1.3.6.1.5.5.7.48.1.6",
        "1.3.6.1.5.5.7.48.1.3",
        "1.3.6.1.4.1.11129.2.4.5",
    ] {
        let response = ocsp::good(&pki.alice, &pki.root)
            .each(|answer| answer.extension(oid, Criticality::Critical, &[5, 0]))
            .issue();
        assert!(pki.judge(&response).is_ok(), "{oid}");
    }
    let response = ocsp::good(&pki.alice, &pki.root)
        .extension("1.3.6.1.5.5.7.48.1.9", Criticality::Critical, &[5, 0])
        .issue();
    assert!(pki.judge(&response).is_ok());
}

#[test]
fn an_extension_twice_is_malformed() {
    let pki = Pki::new();
    let response = ocsp::good(&pki.alice, &pki.root)
        .nonce(&[7; 32])
        .nonce(&[8; 32])
        .issue();
    assert_eq!(code(pki.judge(&response)), "malformed");
}

#[test]
fn a_default_version_that_is_written_out_verifies() {
    let pki = Pki::new();
    assert!(
        pki.judge(&ocsp::good(&pki.alice, &pki.root).version(0).issue())
            .is_ok()
    );
    assert_eq!(
        code(pki.judge(&ocsp::good(&pki.alice, &pki.root).version(1).issue())),
        "malformed"
    );
}

#[test]
fn another_response_type_is_malformed() {
    let pki = Pki::new();
    let response = ocsp::good(&pki.alice, &pki.root).response_type("1.3.6.1.5.5.7.48.1.99");
    assert_eq!(code(pki.judge(&response.issue())), "malformed");
}

#[test]
fn fractions_of_a_second_are_malformed() {
    let pki = Pki::new();
    let response = ocsp::good(&pki.alice, &pki.root).produced_at_text("20260531235959.5Z");
    assert_eq!(code(pki.judge(&response.issue())), "malformed");
}
