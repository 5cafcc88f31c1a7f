//! What each mode and scope comes to, with real responders.

use std::sync::Mutex;
use std::time::Duration;

use portcullis_chain::{Anchors, Purpose, VerifiedChain, verify};
use portcullis_revocation::{Checker, Mode, Policy, Scope, Source};
use portcullis_test_pki::{Ca, Certified, NOW, after, ocsp};
use portcullis_x509::Certificate;

use crate::responder::{Reply, Responder, http, ok};
use crate::{Pki, algorithms, settings};

fn checker(mode: Mode) -> Checker {
    Checker::new(settings(), Policy::new(mode, Scope::Leaf))
}

/// A responder that gives these HTTP responses one after the other, and the last one for ever.
fn in_turn(responder: &Responder, replies: Vec<Vec<u8>>) {
    let mut replies = replies;
    replies.reverse();
    let replies = Mutex::new(replies);
    responder.serve(move |_| {
        let mut replies = replies.lock().unwrap();
        let last = replies.len() == 1;
        Reply::Octets(if last {
            replies[0].clone()
        } else {
            replies.pop().unwrap()
        })
    });
}

fn unavailable() -> Vec<u8> {
    http("503 Service Unavailable", "", b"")
}

#[tokio::test]
async fn grace_serves_a_good_answer_while_the_responder_is_down_and_it_comes_back() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let good = ok(&ocsp::good(&pki.alice, &pki.root).issue());
    let newer = ocsp::good(&pki.alice, &pki.root)
        .this_update(after(NOW, 4000))
        .produced_at(after(NOW, 4000))
        .next_update(after(NOW, 9000))
        .issue();
    in_turn(
        &responder,
        vec![good, unavailable(), unavailable(), ok(&newer)],
    );
    let checker = checker(Mode::Grace(Duration::from_secs(3600)));
    assert_eq!(
        pki.check(&checker, NOW).await.unwrap().source(),
        Source::Fetched
    );
    let verdict = pki.check(&checker, after(NOW, 3700)).await.unwrap();
    assert_eq!((verdict.code(), verdict.source()), ("good", Source::Stale));
    assert_eq!(verdict.failure().unwrap().code(), "responder_http_status");
    assert_eq!(verdict.responder(), Some(responder.url()));
    assert_eq!(verdict.valid_until(), after(NOW, 3705));
    // While the failure rests nobody is asked.
    pki.check(&checker, after(NOW, 3705)).await.unwrap();
    assert_eq!(responder.hits(), 2);
    let verdict = pki.check(&checker, after(NOW, 3706)).await.unwrap();
    assert_eq!(verdict.source(), Source::Stale);
    let verdict = pki.check(&checker, after(NOW, 4000)).await.unwrap();
    assert_eq!(
        (verdict.source(), verdict.failure().is_none()),
        (Source::Fetched, true)
    );
}

#[tokio::test]
async fn grace_ends() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let good = ok(&ocsp::good(&pki.alice, &pki.root).issue());
    in_turn(&responder, vec![good, unavailable()]);
    let checker = checker(Mode::Grace(Duration::from_secs(600)));
    pki.check(&checker, NOW).await.unwrap();
    assert!(pki.check(&checker, after(NOW, 4200)).await.is_ok());
    let refused = pki.check(&checker, after(NOW, 4300)).await.unwrap_err();
    assert_eq!(refused.code(), "responder_http_status");
}

#[tokio::test]
async fn a_soft_failure_passes_unproven_and_is_soon_looked_at_again() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let revoked = ok(&ocsp::revoked(&pki.alice, &pki.root, NOW).issue());
    in_turn(&responder, vec![unavailable(), revoked, unavailable()]);
    let checker = checker(Mode::SoftFail);
    let verdict = pki.check(&checker, NOW).await.unwrap();
    assert_eq!(
        (verdict.code(), verdict.is_proven()),
        ("responder_http_status", false)
    );
    assert_eq!(
        (verdict.responder(), verdict.source()),
        (None, Source::Fetched)
    );
    assert_eq!(verdict.valid_until(), after(NOW, 5));
    let refused = pki.check(&checker, after(NOW, 6)).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.until()),
        ("certificate_revoked", after(NOW, 3600))
    );
    // It stays revoked when the answer has run out and nobody can be asked.
    let refused = pki.check(&checker, after(NOW, 10_000)).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.origin()),
        ("certificate_revoked", Source::Stale)
    );
}

#[tokio::test]
async fn checkers_of_other_policies_share_one_memory_and_differ_in_the_verdict() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    in_turn(&responder, vec![unavailable()]);
    let hard = checker(Mode::HardFail);
    let soft = hard.with_policy(Policy::new(Mode::SoftFail, Scope::Leaf));
    assert!(pki.check(&hard, NOW).await.is_err());
    let verdict = pki.check(&soft, NOW).await.unwrap();
    assert_eq!(verdict.source(), Source::Cached);
    assert_eq!(responder.hits(), 1);
}

/// A root, an intermediate that names `above`, and a leaf that names `below`.
struct Three {
    root: Ca,
    intermediate: Ca,
    leaf: Certified,
    anchors: Anchors,
}

impl Three {
    fn naming(above: &[&str], below: &[&str]) -> Self {
        let root = Ca::root("Root").issue();
        let intermediate = above
            .iter()
            .fold(root.intermediate("Intermediate"), |builder, url| {
                builder.ocsp_url(url)
            })
            .issue();
        let leaf = below
            .iter()
            .fold(intermediate.client("alice"), |builder, url| {
                builder.ocsp_url(url)
            })
            .issue();
        let anchors = Anchors::new(vec![root.der.clone()], vec![]).unwrap();
        Self {
            root,
            intermediate,
            leaf,
            anchors,
        }
    }

    fn chain(&self) -> VerifiedChain<'_> {
        let leaf = Certificate::parse(&self.leaf.der).unwrap();
        let offered = [Certificate::parse(&self.intermediate.der).unwrap()];
        let policy = portcullis_chain::Policy::new(Purpose::ClientAuth, algorithms());
        verify(&leaf, &offered, &self.anchors, &policy, NOW).unwrap()
    }
}

fn whole_chain(mode: Mode) -> Checker {
    Checker::new(settings(), Policy::new(mode, Scope::Chain))
}

#[tokio::test]
async fn a_whole_chain_passes_when_every_certificate_does_for_as_long_as_the_shortest() {
    let (above, below) = (Responder::listen(), Responder::listen());
    let three = Three::naming(&[above.url()], &[below.url()]);
    let short = ocsp::good(&three.intermediate, &three.root).next_update(after(NOW, 600));
    above.serve_response(short.issue());
    below.serve_response(ocsp::good(&three.leaf, &three.intermediate).issue());
    let verdict = whole_chain(Mode::HardFail)
        .check(&three.chain(), NOW)
        .await
        .unwrap();
    assert_eq!(verdict.valid_until(), after(NOW, 600));
    assert_eq!((above.hits(), below.hits()), (1, 1));
}

#[tokio::test]
async fn a_revoked_intermediate_is_found_where_the_whole_chain_is_asked_about() {
    let (above, below) = (Responder::listen(), Responder::listen());
    let three = Three::naming(&[above.url()], &[below.url()]);
    above.serve_response(ocsp::revoked(&three.intermediate, &three.root, NOW).issue());
    below.serve_response(ocsp::good(&three.leaf, &three.intermediate).issue());
    let checker = whole_chain(Mode::SoftFail);
    let refused = checker.check(&three.chain(), NOW).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.certificate()),
        ("certificate_revoked", 1)
    );
    let leaf_only = checker.with_policy(Policy::new(Mode::HardFail, Scope::Leaf));
    assert!(leaf_only.check(&three.chain(), NOW).await.is_ok());
}

#[tokio::test]
async fn of_a_chain_it_is_told_first_that_a_certificate_is_revoked() {
    let above = Responder::listen();
    let three = Three::naming(&[above.url()], &[]);
    above.serve_response(ocsp::revoked(&three.intermediate, &three.root, NOW).issue());
    let refused = whole_chain(Mode::HardFail)
        .check(&three.chain(), NOW)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.certificate()),
        ("certificate_revoked", 1)
    );
}

#[tokio::test]
async fn a_chain_with_a_certificate_that_names_no_responder_is_less_than_proven() {
    let below = Responder::listen();
    let three = Three::naming(&[], &[below.url()]);
    below.serve_response(ocsp::good(&three.leaf, &three.intermediate).issue());
    let refused = whole_chain(Mode::HardFail)
        .check(&three.chain(), NOW)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.certificate()),
        ("responder_not_named", 1)
    );
    let verdict = whole_chain(Mode::SoftFail)
        .check(&three.chain(), NOW)
        .await
        .unwrap();
    assert_eq!(
        (verdict.code(), verdict.is_proven()),
        ("responder_not_named", false)
    );
}

#[tokio::test]
async fn the_certificates_of_a_chain_are_asked_about_at_the_same_time() {
    let (above, below) = (Responder::listen(), Responder::listen());
    let three = Three::naming(&[above.url()], &[below.url()]);
    above.close();
    below.close();
    above.serve_response(ocsp::good(&three.intermediate, &three.root).issue());
    below.serve_response(ocsp::good(&three.leaf, &three.intermediate).issue());
    let (checker, chain) = (whole_chain(Mode::HardFail), three.chain());
    let check = checker.check(&chain, NOW);
    let both_asked = async {
        while above.hits() + below.hits() < 2 {
            tokio::task::yield_now().await;
        }
        above.open();
        below.open();
    };
    let (verdict, ()) = tokio::join!(check, both_asked);
    assert!(verdict.is_ok());
}
