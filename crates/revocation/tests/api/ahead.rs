//! Answers in use are renewed before they run out, and nobody waits for it.

use std::sync::Mutex;

use portcullis_revocation::Source;
use portcullis_test_pki::{NOW, after, ocsp};

use crate::responder::{Reply, Responder, ok};
use crate::{Pki, checker};

#[tokio::test]
async fn an_answer_in_use_is_renewed_before_it_runs_out() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let moments = Mutex::new(vec![after(NOW, 3300), NOW]);
    let (alice, root) = (pki.alice.clone(), pki.root.clone());
    responder.serve(move |_| {
        let now = moments.lock().unwrap().pop().unwrap();
        let answer = ocsp::good(&alice, &root)
            .this_update(now)
            .produced_at(now)
            .next_update(after(now, 3600));
        Reply::Octets(ok(&answer.issue()))
    });
    let checker = checker();
    pki.check(&checker, NOW).await.unwrap();
    // Not yet.
    pki.check(&checker, after(NOW, 2600)).await.unwrap();
    assert_eq!(responder.hits(), 1);
    // The old answer is given at once, and one question is asked, however many check.
    for _ in 0..100 {
        let verdict = pki.check(&checker, after(NOW, 3300)).await.unwrap();
        assert_eq!(
            (verdict.source(), verdict.valid_until()),
            (Source::Cached, after(NOW, 3600))
        );
    }
    while pki
        .check(&checker, after(NOW, 3300))
        .await
        .unwrap()
        .valid_until()
        == after(NOW, 3600)
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(responder.hits(), 2);
    let verdict = pki.check(&checker, after(NOW, 6000)).await.unwrap();
    assert_eq!(
        (verdict.source(), verdict.valid_until()),
        (Source::Cached, after(NOW, 6900))
    );
}

#[tokio::test]
async fn a_revocation_is_seen_by_renewing_ahead() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let replies = Mutex::new(vec![
        ocsp::revoked(&pki.alice, &pki.root, NOW)
            .this_update(after(NOW, 3300))
            .next_update(after(NOW, 7200))
            .issue(),
        ocsp::good(&pki.alice, &pki.root).issue(),
    ]);
    responder.serve(move |_| Reply::Octets(ok(&replies.lock().unwrap().pop().unwrap())));
    let checker = checker();
    pki.check(&checker, NOW).await.unwrap();
    let refused = loop {
        match pki.check(&checker, after(NOW, 3300)).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(refused) => break refused,
        }
    };
    assert_eq!(
        (refused.code(), responder.hits()),
        ("certificate_revoked", 2)
    );
}

#[tokio::test]
async fn a_failed_renewal_costs_nobody_anything_while_the_answer_holds() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let replies = Mutex::new(vec![
        ocsp::error(3),
        ocsp::error(3),
        ocsp::good(&pki.alice, &pki.root).issue(),
    ]);
    responder.serve(move |_| Reply::Octets(ok(&replies.lock().unwrap().pop().unwrap())));
    let checker = checker();
    pki.check(&checker, NOW).await.unwrap();
    while responder.hits() < 2 {
        assert!(pki.check(&checker, after(NOW, 3300)).await.is_ok());
        tokio::task::yield_now().await;
    }
    // The failure rests before the next try.
    for seconds in [3301, 3305] {
        assert!(pki.check(&checker, after(NOW, seconds)).await.is_ok());
    }
    assert_eq!(responder.hits(), 2);
    while responder.hits() < 3 {
        assert!(pki.check(&checker, after(NOW, 3320)).await.is_ok());
        tokio::task::yield_now().await;
    }
}
