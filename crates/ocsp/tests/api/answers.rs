//! Which answer counts, and what it says.

use std::time::Duration;

use portcullis_ocsp::{CertificateStatus, Class, Refusal, RevocationReason, Staleness};
use portcullis_test_pki::ocsp::{self, Answer, Hash, HashParameters};
use portcullis_test_pki::{Algorithm, Ca, DAY, NOW, after, before};

use crate::{Pki, code, judge};

#[test]
fn good_is_good_until_next_update() {
    let pki = Pki::new();
    let status = pki
        .judge(&ocsp::good(&pki.alice, &pki.root).issue())
        .unwrap();
    assert_eq!(status.certificate, CertificateStatus::Good);
    assert_eq!(status.this_update, before(NOW, 3600));
    assert_eq!(status.next_update, Some(after(NOW, 3600)));
    assert_eq!(status.produced_at, before(NOW, 1800));
    assert_eq!(status.valid_until, after(NOW, 3600));
    assert_eq!(status.responder, "CN=Root");
}

#[test]
fn revoked_comes_with_its_time_and_reason() {
    let pki = Pki::new();
    let at = before(NOW, DAY);
    for (reason, expected) in [
        (0, RevocationReason::Unspecified),
        (1, RevocationReason::KeyCompromise),
        (6, RevocationReason::CertificateHold),
        (10, RevocationReason::AaCompromise),
        (42, RevocationReason::Undefined(42)),
    ] {
        let answer = Answer::revoked_for(&pki.alice, &pki.root, at, reason);
        let response = ocsp::Response::new(&pki.root).answer(answer).issue();
        let status = pki.judge(&response).unwrap();
        let expected = CertificateStatus::Revoked {
            at,
            reason: Some(expected),
        };
        assert_eq!(status.certificate, expected);
    }
    let status = pki
        .judge(&ocsp::revoked(&pki.alice, &pki.root, at).issue())
        .unwrap();
    assert_eq!(
        status.certificate,
        CertificateStatus::Revoked { at, reason: None }
    );
}

#[test]
fn unknown_is_unknown() {
    let pki = Pki::new();
    let status = pki
        .judge(&ocsp::unknown(&pki.alice, &pki.root).issue())
        .unwrap();
    assert_eq!(status.certificate, CertificateStatus::Unknown);
}

#[test]
fn answers_are_recognised_in_either_hash_with_and_without_parameters() {
    let pki = Pki::new();
    for hash in [Hash::Sha1, Hash::Sha256] {
        for parameters in [HashParameters::Null, HashParameters::Absent] {
            let response = ocsp::good(&pki.alice, &pki.root)
                .each(|answer| answer.hash(hash).hash_parameters(parameters))
                .issue();
            assert!(pki.judge(&response).is_ok(), "{hash:?} {parameters:?}");
        }
    }
}

#[test]
fn an_answer_in_a_hash_that_is_not_known_is_about_nothing() {
    let pki = Pki::new();
    let response = ocsp::good(&pki.alice, &pki.root).each(|answer| answer.hash(Hash::Sha384));
    assert_eq!(code(pki.judge(&response.issue())), "wrong_certificate");
}

#[test]
fn an_answer_about_another_serial_name_or_key_is_not_ours() {
    let pki = Pki::new();
    let changes: [fn(Answer) -> Answer; 4] = [
        |answer| answer.serial(&[5]),
        |answer| answer.issuer_name_hash(&[7; 20]),
        |answer| answer.issuer_key_hash(&[7; 20]),
        |answer| answer.issuer_key_hash(&[]),
    ];
    for change in changes {
        let response = ocsp::good(&pki.alice, &pki.root).each(change).issue();
        let refusal = pki.judge(&response).unwrap_err();
        assert!(
            matches!(refusal, Refusal::WrongCertificate { answers: 1, .. }),
            "{refusal}"
        );
        assert_eq!(refusal.class(), Class::Mismatched);
        assert_eq!(refusal.qualified_code(), "ocsp_wrong_certificate");
    }
}

#[test]
fn an_authority_of_the_same_name_cannot_answer_for_its_namesake() {
    let pki = Pki::new();
    let namesake = Ca::root("Root").issue();
    let response = ocsp::good(&pki.alice, &namesake);
    assert_eq!(code(pki.judge(&response.clone().issue())), "bad_signature");
    // Nor when the true authority signed about the namesake's certificate of that serial.
    let response = response.signed_by(&pki.root.key);
    assert_eq!(code(pki.judge(&response.issue())), "wrong_certificate");
}

#[test]
fn a_response_without_answers_is_about_nothing() {
    let pki = Pki::new();
    let refusal = pki
        .judge(&ocsp::Response::new(&pki.root).issue())
        .unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::WrongCertificate { answers: 0, .. }
    ));
}

#[test]
fn the_answer_is_found_among_those_about_others() {
    let pki = Pki::new();
    let bob = pki.root.client("bob").issue();
    let response = ocsp::Response::new(&pki.root)
        .answer(Answer::revoked(&bob, &pki.root, NOW))
        .answer(Answer::good(&pki.alice, &pki.root))
        .issue();
    assert_eq!(
        pki.judge(&response).unwrap().certificate,
        CertificateStatus::Good
    );
}

#[test]
fn of_several_answers_revoked_beats_unknown_and_unknown_beats_good() {
    let pki = Pki::new();
    let good = Answer::good(&pki.alice, &pki.root).hash(Hash::Sha256);
    let unknown = Answer::unknown(&pki.alice, &pki.root);
    let revoked = Answer::revoked(&pki.alice, &pki.root, NOW);
    let judge = |answers: [&Answer; 2]| {
        let response = ocsp::Response::new(&pki.root);
        let response = answers
            .into_iter()
            .cloned()
            .fold(response, ocsp::Response::answer);
        pki.judge(&response.issue()).unwrap().certificate
    };
    let expected = CertificateStatus::Revoked {
        at: NOW,
        reason: None,
    };
    assert_eq!(judge([&good, &revoked]), expected);
    assert_eq!(judge([&revoked, &good]), expected);
    assert_eq!(judge([&revoked, &unknown]), expected);
    assert_eq!(judge([&good, &unknown]), CertificateStatus::Unknown);
    assert_eq!(judge([&unknown, &good]), CertificateStatus::Unknown);
}

#[test]
fn a_stale_answer_beside_a_current_one_spoils_the_response() {
    let pki = Pki::new();
    let stale = Answer::revoked(&pki.alice, &pki.root, NOW).next_update(before(NOW, 1800));
    let response = ocsp::good(&pki.alice, &pki.root).answer(stale).issue();
    assert_eq!(code(pki.judge(&response)), "expired");
}

#[test]
fn dates_outside_the_window_are_refused_each_with_its_reason() {
    let pki = Pki::new();
    let good = || ocsp::good(&pki.alice, &pki.root);
    for (response, expected) in [
        (good().next_update(before(NOW, 301)), "expired"),
        (
            good()
                .this_update(after(NOW, 301))
                .next_update(after(NOW, DAY)),
            "not_yet_valid",
        ),
        (good().produced_at(after(NOW, 301)), "not_yet_valid"),
        (
            good().next_update(before(NOW, 3601)),
            "ends_before_beginning",
        ),
        (
            good().no_next_update().this_update(before(NOW, 3601)),
            "too_old",
        ),
    ] {
        let refusal = pki.judge(&response.issue()).unwrap_err();
        assert_eq!(refusal.code(), expected);
        assert_eq!(refusal.class(), Class::Stale);
    }
}

#[test]
fn skew_and_maximum_age_are_the_callers() {
    let pki = Pki::new();
    let late = ocsp::good(&pki.alice, &pki.root)
        .next_update(before(NOW, 301))
        .issue();
    let lenient = judge(&late, &pki.alice, &pki.root, |rules| {
        rules.skew(Duration::from_secs(301))
    });
    assert_eq!(lenient.unwrap().valid_until, NOW);
    let good = ocsp::good(&pki.alice, &pki.root).issue();
    let strict = judge(&good, &pki.alice, &pki.root, |rules| {
        rules.max_age(Duration::from_secs(3599))
    });
    assert!(matches!(
        strict,
        Err(Refusal::NotFresh(Staleness::TooOld { .. }))
    ));
}

#[test]
fn an_answer_without_next_update_holds_for_an_hour_from_this_update() {
    let pki = Pki::new();
    let response = ocsp::good(&pki.alice, &pki.root)
        .no_next_update()
        .this_update(before(NOW, 60));
    let status = pki.judge(&response.issue()).unwrap();
    assert_eq!(status.next_update, None);
    assert_eq!(status.valid_until, after(NOW, 3540));
}

#[test]
fn the_words_of_responders_that_do_not_answer_are_passed_on() {
    let pki = Pki::new();
    for (number, expected) in [
        (1, "malformed_request"),
        (2, "internal_error"),
        (3, "try_later"),
        (5, "sig_required"),
        (6, "unauthorized"),
    ] {
        let refusal = pki.judge(&ocsp::error(number)).unwrap_err();
        assert_eq!(refusal.code(), expected);
        assert_eq!(refusal.class(), Class::Declined);
    }
    for response in [
        ocsp::error(4),
        ocsp::error(7),
        ocsp::successful_without_bytes(),
    ] {
        assert_eq!(code(pki.judge(&response)), "malformed");
    }
}

#[test]
fn every_usual_key_signs() {
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
        Algorithm::Rsa2048Sha512,
    ] {
        let root = Ca::root("Root").algorithm(algorithm).issue();
        let alice = root.client("alice").issue();
        let response = ocsp::good(&alice, &root).issue();
        assert!(
            judge(&response, &alice, &root, |rules| rules).is_ok(),
            "{algorithm:?}"
        );
    }
}
