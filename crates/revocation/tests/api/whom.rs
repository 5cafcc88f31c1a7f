//! Whom to ask, beside and instead of whom certificates name.

use portcullis_revocation::{Checker, Mode, Policy, Responders, Scope, Settings};
use portcullis_test_pki::{Ca, NOW, ocsp};

use crate::responder::Responder;
use crate::{Pki, hard_fail, settings};

const NOBODY: &str = "http://127.0.0.1:9/";

fn with(responders: Responders) -> Checker {
    hard_fail(settings().responders(responders))
}

#[tokio::test]
async fn an_override_is_asked_instead_of_whom_the_certificate_names() {
    let (named, other) = (Responder::listen(), Responder::listen());
    let pki = Pki::asking(&named);
    other.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let responders = Responders::of(&pki.root.der).unwrap().instead(other.url());
    let verdict = pki.check(&with(responders), NOW).await.unwrap();
    assert_eq!(verdict.responder(), Some(other.url()));
    assert_eq!(named.hits(), 0);
}

#[tokio::test]
async fn a_fallback_is_asked_last_and_where_none_is_named() {
    let (named, other) = (Responder::listen(), Responder::listen());
    let pki = Pki::asking(&named);
    named.serve_response(ocsp::error(3));
    other.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let verdict = pki
        .check(&with(Responders::of_all().fallback(other.url())), NOW)
        .await
        .unwrap();
    assert_eq!(verdict.responder(), Some(other.url()));
    assert_eq!((named.hits(), other.hits()), (1, 1));

    let silent = pki.with(pki.root.client("silent").issue());
    let checker = with(Responders::of_all().fallback(NOBODY).fallback(other.url()));
    let refused = silent.check(&checker, NOW).await.unwrap_err();
    // It was asked: it says something about another certificate.
    assert_eq!(refused.code(), "ocsp_wrong_certificate");
}

#[tokio::test]
async fn a_rule_about_another_issuer_changes_nothing() {
    let named = Responder::listen();
    let pki = Pki::asking(&named);
    named.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    // Of the same name, even.
    let other = Ca::root("Root").issue();
    let responders = Responders::of(&other.der).unwrap().instead(NOBODY);
    assert!(pki.check(&with(responders), NOW).await.is_ok());
}

#[tokio::test]
async fn the_first_rule_about_an_issuer_counts() {
    let named = Responder::listen();
    let pki = Pki::asking(&named);
    named.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = hard_fail(
        settings()
            .responders(Responders::of(&pki.root.der).unwrap().instead(named.url()))
            .responders(Responders::of_all().instead(NOBODY)),
    );
    assert!(pki.check(&checker, NOW).await.is_ok());
}

#[tokio::test]
async fn a_trusted_responder_is_believed_about_the_issuer_it_is_trusted_for_alone() {
    let named = Responder::listen();
    let pki = Pki::asking(&named);
    let trusted = Ca::root("Trusted Responder").issue();
    let answer = ocsp::good(&pki.alice, &pki.root);
    named.serve_response(
        answer
            .by_name("Trusted Responder")
            .signed_by(&trusted.key)
            .issue(),
    );
    let refused = pki.check(&hard_fail(settings()), NOW).await.unwrap_err();
    assert_eq!(refused.code(), "ocsp_unauthorised_responder");
    let about = |issuer: &[u8]| {
        let responders = Responders::of(issuer).unwrap();
        with(responders.trusted(&trusted.der).unwrap())
    };
    assert!(pki.check(&about(&pki.root.der), NOW).await.is_ok());
    let refused = pki.check(&about(&trusted.der), NOW).await.unwrap_err();
    assert_eq!(refused.code(), "ocsp_unauthorised_responder");
}

#[tokio::test]
async fn the_destinations_hold_for_configured_responders_too() {
    let pki = Pki::naming(&[]);
    let settings = Settings::new(
        crate::algorithms(),
        portcullis_revocation::Destinations::NotLocal,
    )
    .responders(Responders::of_all().instead("http://127.0.0.1:1/"));
    let checker = Checker::new(settings, Policy::new(Mode::HardFail, Scope::Leaf));
    let refused = pki.check(&checker, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "responder_refused_by_policy");
}

#[test]
fn what_is_no_certificate_is_no_issuer_and_no_trusted_responder() {
    assert!(Responders::of(b"nothing").is_err());
    assert!(Responders::of_all().trusted(b"nothing").is_err());
}
