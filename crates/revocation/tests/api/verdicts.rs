//! What responders say, and what they must not be believed.

use std::sync::Mutex;

use portcullis_ocsp::{Refusal, RevocationReason};
use portcullis_revocation::{Class, Failure, Source};
use portcullis_test_pki::ocsp::{self, Answer};
use portcullis_test_pki::{Ca, DAY, NOW, after, before};

use crate::responder::{Reply, Responder, ok};
use crate::{Pki, checker};

/// What the check comes to when the responder answers so.
async fn failure(response: impl FnOnce(&Pki) -> Vec<u8>) -> Failure {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(response(&pki));
    let refused = pki.check(&checker(), NOW).await.unwrap_err();
    refused.failure().clone()
}

#[tokio::test]
async fn good_passes_until_the_answer_runs_out() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let verdict = pki.check(&checker(), NOW).await.unwrap();
    assert_eq!(verdict.valid_until(), after(NOW, 3600));
    assert_eq!(verdict.source(), Source::Fetched);
    assert_eq!(verdict.responder(), Some(responder.url()));
}

#[tokio::test]
async fn a_delegate_is_believed() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let delegate = pki.root.ocsp_responder("Responder").issue();
    responder.serve_response(
        ocsp::good(&pki.alice, &pki.root)
            .delegate(&delegate)
            .issue(),
    );
    assert!(pki.check(&checker(), NOW).await.is_ok());
}

#[tokio::test]
async fn revoked_is_refused_with_time_and_reason() {
    let at = before(NOW, DAY);
    let failure = failure(|pki| {
        let answer = Answer::revoked_for(&pki.alice, &pki.root, at, 1);
        ocsp::Response::new(&pki.root).answer(answer).issue()
    })
    .await;
    let Failure::CertificateRevoked { at: since, reason } = &failure else {
        panic!("{failure}")
    };
    assert_eq!(
        (*since, *reason),
        (at, Some(RevocationReason::KeyCompromise))
    );
    assert_eq!(failure.code(), "certificate_revoked");
    assert_eq!(failure.class(), Class::Revoked);
    let shown = "certificate is revoked since 2026-05-31T00:00:00Z: keyCompromise";
    assert_eq!(failure.to_string(), shown);
}

#[tokio::test]
async fn unknown_is_refused() {
    let failure = failure(|pki| ocsp::unknown(&pki.alice, &pki.root).issue()).await;
    assert_eq!(failure.code(), "certificate_unknown");
    assert_eq!(failure.class(), Class::Unknown);
}

/// Answers that prove nothing, each with the reason.
fn wrong_answers(pki: &Pki) -> Vec<(&'static str, Vec<u8>)> {
    let good = || ocsp::good(&pki.alice, &pki.root);
    let mallory = Ca::root("Mallory").issue();
    let of_mallory = ocsp::good(&pki.alice, &mallory);
    let delegate = mallory.ocsp_responder("Responder").issue();
    let future = good()
        .this_update(after(NOW, 301))
        .next_update(after(NOW, DAY));
    vec![
        (
            "ocsp_wrong_certificate",
            good().each(|answer| answer.serial(&[5])).issue(),
        ),
        (
            "ocsp_wrong_certificate",
            of_mallory.signed_by(&pki.root.key).by_name("Root").issue(),
        ),
        ("ocsp_bad_signature", good().wrong_signature().issue()),
        (
            "ocsp_unauthorised_responder",
            good().delegate(&delegate).issue(),
        ),
        ("ocsp_expired", good().next_update(before(NOW, 301)).issue()),
        ("ocsp_not_yet_valid", future.issue()),
        ("ocsp_malformed", b"garbage".to_vec()),
        ("ocsp_malformed", Vec::new()),
    ]
}

#[tokio::test]
async fn an_answer_that_proves_nothing_is_refused_with_its_own_reason() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let (expected, responses): (Vec<_>, Vec<_>) = wrong_answers(&pki).into_iter().unzip();
    let responses = Mutex::new(responses.into_iter());
    responder.serve(move |_| Reply::Octets(ok(&responses.lock().unwrap().next().unwrap())));
    for expected in expected {
        let failure = pki.check(&checker(), NOW).await.unwrap_err();
        assert_eq!(failure.code(), expected, "{failure}");
        assert_eq!(failure.class(), Class::Untrustworthy, "{failure}");
    }
}

#[tokio::test]
async fn a_responder_that_declines_is_unavailable() {
    for (status, expected) in [
        (1, "ocsp_malformed_request"),
        (2, "ocsp_internal_error"),
        (3, "ocsp_try_later"),
        (5, "ocsp_sig_required"),
        (6, "ocsp_unauthorized"),
    ] {
        let failure = failure(|_| ocsp::error(status)).await;
        assert_eq!(failure.code(), expected);
        assert_eq!(failure.class(), Class::Unavailable);
    }
}

#[tokio::test]
async fn a_certificate_without_responder_is_refused() {
    let pki = Pki::naming(&[]);
    let failure = pki.check(&checker(), NOW).await.unwrap_err();
    assert_eq!(failure.code(), "responder_not_named");
    assert_eq!(failure.class(), Class::Unavailable);
}

#[tokio::test]
async fn a_certificate_whose_responder_is_malformed_is_refused() {
    let pki = Pki::naming(&[]);
    let odd = pki.root.client("alice").extension(
        "1.3.6.1.5.5.7.1.1",
        portcullis_test_pki::Criticality::NonCritical,
        &[0x30, 0x00],
    );
    let failure = pki
        .with(odd.issue())
        .check(&checker(), NOW)
        .await
        .unwrap_err();
    assert_eq!(failure.code(), "certificate_malformed");
}

#[tokio::test]
async fn a_certificate_that_is_its_own_anchor_has_nobody_to_ask() {
    let pki = Pki::naming(&[]);
    let own = portcullis_test_pki::Certified::self_signed("alice").issue();
    let anchors = portcullis_chain::Anchors::new(vec![own.der.clone()], vec![]).unwrap();
    let pki = Pki {
        root: pki.root,
        alice: own,
        anchors,
    };
    let failure = pki.check(&checker(), NOW).await.unwrap_err();
    assert_eq!(failure.code(), "issuer_not_known");
}

#[tokio::test]
async fn the_second_responder_is_asked_when_the_first_fails() {
    let (first, second) = (Responder::listen(), Responder::listen());
    let pki = Pki::naming(&[first.url(), second.url()]);
    first.serve_response(ocsp::error(3));
    second.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let verdict = pki.check(&checker(), NOW).await.unwrap();
    assert_eq!(verdict.responder(), Some(second.url()));
    assert_eq!((first.hits(), second.hits()), (1, 1));
}

#[tokio::test]
async fn the_first_responder_that_proves_something_is_the_last_one_asked() {
    let (first, second) = (Responder::listen(), Responder::listen());
    let pki = Pki::naming(&[first.url(), second.url()]);
    first.serve_response(ocsp::revoked(&pki.alice, &pki.root, NOW).issue());
    second.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let failure = pki.check(&checker(), NOW).await.unwrap_err();
    assert_eq!(failure.code(), "certificate_revoked");
    assert_eq!(second.hits(), 0);
}

#[tokio::test]
async fn of_several_failures_the_one_that_came_farthest_is_told() {
    let responder = Responder::listen();
    let urls = ["ldap://a/", responder.url(), "https://b/"];
    let pki = Pki::naming(&urls);
    let stale = ocsp::good(&pki.alice, &pki.root)
        .next_update(before(NOW, 600))
        .issue();
    responder.serve(move |_| Reply::Octets(ok(&stale)));
    let failure = pki.check(&checker(), NOW).await.unwrap_err();
    let Failure::AnswerRefused { url, refusal } = failure.failure().clone() else {
        panic!("{failure}")
    };
    assert_eq!(url, responder.url());
    assert!(matches!(*refusal, Refusal::NotFresh(_)));
}
