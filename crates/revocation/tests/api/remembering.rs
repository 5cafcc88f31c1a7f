//! How long what is remembered. The time is the caller's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portcullis_revocation::{Destinations, Settings, Source};
use portcullis_test_pki::{Ca, DAY, NOW, after, ocsp};

use crate::responder::{Reply, Responder, ok};
use crate::{Pki, algorithms, checker, hard_fail, settings};

#[tokio::test]
async fn good_is_remembered_until_next_update() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = checker();
    assert_eq!(
        pki.check(&checker, NOW).await.unwrap().source(),
        Source::Fetched
    );
    for now in [NOW, after(NOW, 2600)] {
        let verdict = pki.check(&checker, now).await.unwrap();
        assert_eq!(verdict.source(), Source::Cached);
        assert_eq!(verdict.valid_until(), after(NOW, 3600));
        assert_eq!(verdict.responder(), Some(responder.url()));
    }
    assert_eq!(responder.hits(), 1);
    // Past nextUpdate the responder is asked again. What it says is within the skew.
    let verdict = pki.check(&checker, after(NOW, 3601)).await.unwrap();
    assert_eq!(verdict.source(), Source::Fetched);
    assert_eq!(responder.hits(), 2);
}

#[tokio::test]
async fn an_answer_within_the_skew_is_good_for_its_moment_only() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = checker();
    for (seconds, hits) in [(3700, 1), (3700, 1), (3701, 2)] {
        let now = after(NOW, seconds);
        assert_eq!(pki.check(&checker, now).await.unwrap().valid_until(), now);
        assert_eq!(responder.hits(), hits);
    }
}

#[tokio::test]
async fn an_answer_without_next_update_is_remembered_as_the_rules_have_it() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let response = ocsp::good(&pki.alice, &pki.root)
        .no_next_update()
        .this_update(NOW)
        .issue();
    responder.serve_response(response);
    let checker = checker();
    for (seconds, hits) in [(0, 1), (2600, 1)] {
        pki.check(&checker, after(NOW, seconds)).await.unwrap();
        assert_eq!(responder.hits(), hits);
    }
    assert_eq!(
        pki.check(&checker, after(NOW, 3601))
            .await
            .unwrap_err()
            .code(),
        "ocsp_too_old"
    );
}

#[tokio::test]
async fn a_maximum_age_bounds_what_is_remembered() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).this_update(NOW).issue());
    let checker = hard_fail(settings().max_age(Duration::from_secs(60)));
    assert_eq!(
        pki.check(&checker, NOW).await.unwrap().valid_until(),
        after(NOW, 60)
    );
    let failure = pki.check(&checker, after(NOW, 61)).await.unwrap_err();
    assert_eq!((failure.code(), responder.hits()), ("ocsp_too_old", 2));
}

#[tokio::test]
async fn revoked_is_remembered_until_next_update() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::revoked(&pki.alice, &pki.root, NOW).issue());
    let checker = checker();
    for (seconds, hits) in [(0, 1), (1, 1), (2600, 1), (3601, 2)] {
        let failure = pki.check(&checker, after(NOW, seconds)).await.unwrap_err();
        assert_eq!(
            (failure.code(), responder.hits()),
            ("certificate_revoked", hits)
        );
    }
}

#[tokio::test]
async fn unknown_is_remembered_for_a_minute() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::unknown(&pki.alice, &pki.root).issue());
    let checker = checker();
    for (seconds, hits) in [(0, 1), (60, 1), (61, 2)] {
        let failure = pki.check(&checker, after(NOW, seconds)).await.unwrap_err();
        assert_eq!(
            (failure.code(), responder.hits()),
            ("certificate_unknown", hits)
        );
    }
}

#[tokio::test]
async fn a_failure_is_remembered_for_five_seconds() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::error(3));
    let checker = checker();
    for (seconds, hits) in [(0, 1), (5, 1), (6, 2)] {
        let failure = pki.check(&checker, after(NOW, seconds)).await.unwrap_err();
        assert_eq!((failure.code(), responder.hits()), ("ocsp_try_later", hits));
    }
}

#[tokio::test]
async fn a_responder_that_recovers_is_believed_again() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let good = ok(&ocsp::good(&pki.alice, &pki.root).issue());
    let first = AtomicBool::new(true);
    responder.serve(move |_| {
        let down = first.swap(false, Ordering::Relaxed);
        Reply::Octets(if down { Vec::new() } else { good.clone() })
    });
    let checker = checker();
    assert!(pki.check(&checker, NOW).await.is_err());
    assert!(pki.check(&checker, after(NOW, 6)).await.is_ok());
}

#[tokio::test]
async fn certificates_of_namesakes_are_kept_apart() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = checker();
    assert!(pki.check(&checker, NOW).await.is_ok());
    // The same names and the same serial number, but of another authority.
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").serial_content(pki.alice.serial());
    let alice = alice.ocsp_url(responder.url()).issue();
    let anchors = portcullis_chain::Anchors::new(vec![root.der.clone()], vec![]).unwrap();
    let namesake = Pki {
        root,
        alice,
        anchors,
    };
    let failure = namesake.check(&checker, NOW).await.unwrap_err();
    assert_eq!(
        (failure.code(), responder.hits()),
        ("ocsp_bad_signature", 2)
    );
}

#[tokio::test]
async fn a_memory_without_room_remembers_nothing() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = hard_fail(settings().capacity(0));
    for hits in [1, 2] {
        assert_eq!(
            pki.check(&checker, NOW).await.unwrap().source(),
            Source::Fetched
        );
        assert_eq!(responder.hits(), hits);
    }
}

/// A responder that says good once, and then that it has no time.
fn good_once() -> (Responder, Pki) {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let good = ocsp::good(&pki.alice, &pki.root).issue();
    let first = AtomicBool::new(true);
    responder.serve(move |_| {
        let try_later = ocsp::error(3);
        let is_first = first.swap(false, Ordering::Relaxed);
        Reply::Octets(ok(if is_first { &good } else { &try_later }))
    });
    (responder, pki)
}

#[tokio::test]
async fn a_checker_with_equal_settings_takes_the_memory_over() {
    let (responder, pki) = good_once();
    let old = checker();
    pki.check(&old, NOW).await.unwrap();
    let new = checker();
    new.take_over(&old);
    let verdict = pki.check(&new, NOW).await.unwrap();
    assert_eq!(verdict.source(), Source::Cached);
    assert_eq!(responder.hits(), 1);
    // What either learns, both know.
    let later = after(NOW, DAY);
    assert!(pki.check(&new, later).await.is_err());
    assert!(pki.check(&old, later).await.is_err());
    assert_eq!(responder.hits(), 2);
}

#[tokio::test]
async fn a_checker_with_other_settings_remembers_nothing_of_another() {
    let seconds = Duration::from_secs;
    for others in [
        settings().timeout(seconds(4)),
        settings().skew(seconds(1)),
        settings().max_age(seconds(60)),
        settings().capacity(1),
        settings().questions(1),
        Settings::new(algorithms(), Destinations::LoopbackToo),
        Settings::new(&algorithms()[1..], Destinations::Any),
    ] {
        let (responder, pki) = good_once();
        let old = checker();
        pki.check(&old, NOW).await.unwrap();
        let new = hard_fail(others);
        new.take_over(&old);
        let failure = pki.check(&new, NOW).await.unwrap_err();
        assert_eq!(failure.code(), "ocsp_try_later");
        assert_eq!(responder.hits(), 2);
    }
}

#[tokio::test]
async fn a_checker_that_has_checked_keeps_its_own_memory() {
    let (responder, pki) = good_once();
    let (old, new) = (checker(), checker());
    pki.check(&old, NOW).await.unwrap();
    assert!(pki.check(&new, NOW).await.is_err());
    new.take_over(&old);
    assert!(pki.check(&new, NOW).await.is_err());
    assert_eq!(responder.hits(), 2);
}
