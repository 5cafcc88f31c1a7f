//! One question for all who ask, whoever of them stays.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use portcullis_revocation::Source;
use portcullis_test_pki::{NOW, after, ocsp};
use tokio::runtime::{Builder, Runtime};

use crate::responder::Responder;
use crate::{Pki, checker, hard_fail, settings};

/// Goes as far as it can without waiting. It must wait then.
async fn start<T>(mut future: Pin<&mut impl Future<Output = T>>) {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending()))
        .await
        .then_some(())
        .expect("pending");
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A responder that says good as soon as it is opened.
fn closed_responder() -> (Responder, Pki) {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.close();
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    (responder, pki)
}

#[tokio::test]
async fn a_thousand_callers_make_one_question() {
    let (responder, pki) = closed_responder();
    let (checker, chain) = (checker(), pki.chain());
    let mut callers: Vec<_> = (0..1000)
        .map(|_| Box::pin(checker.check(&chain, NOW)))
        .collect();
    for caller in &mut callers {
        start(caller.as_mut()).await;
    }
    responder.open();
    for caller in callers {
        assert_eq!(caller.await.unwrap().source(), Source::Fetched);
    }
    assert_eq!(responder.hits(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_end_the_question() {
    let (responder, pki) = closed_responder();
    let (checker, chain) = (checker(), pki.chain());
    let mut first = Box::pin(checker.check(&chain, NOW));
    start(first.as_mut()).await;
    let mut second = Box::pin(checker.check(&chain, NOW));
    start(second.as_mut()).await;
    drop(first);
    responder.open();
    assert!(second.await.is_ok());
    assert_eq!(responder.hits(), 1);
}

#[tokio::test]
async fn a_question_whose_callers_are_all_gone_is_answered_for_those_to_come() {
    let (responder, pki) = closed_responder();
    let (checker, chain) = (checker(), pki.chain());
    let mut first = Box::pin(checker.check(&chain, NOW));
    start(first.as_mut()).await;
    drop(first);
    responder.open();
    assert!(checker.check(&chain, NOW).await.is_ok());
    assert_eq!(responder.hits(), 1);
}

#[test]
fn a_caller_on_another_runtime_shares_the_answer() {
    let (responder, pki) = closed_responder();
    let (checker, chain) = (checker(), pki.chain());
    let asking = runtime();
    let mut first = Box::pin(checker.check(&chain, NOW));
    asking.block_on(start(first.as_mut()));
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            runtime().block_on(async {
                let mut second = pin!(checker.check(&chain, NOW));
                start(second.as_mut()).await;
                responder.open();
                second.await
            })
        });
        assert!(asking.block_on(first).is_ok());
        assert!(other.join().unwrap().is_ok());
    });
    assert_eq!(responder.hits(), 1);
}

#[test]
fn when_the_asking_runtime_is_shut_down_a_caller_on_another_asks_anew() {
    let (responder, pki) = closed_responder();
    let (checker, chain) = (checker(), pki.chain());
    let asking = runtime();
    let mut first = Box::pin(checker.check(&chain, NOW));
    asking.block_on(start(first.as_mut()));
    drop(first);
    runtime().block_on(async {
        let mut second = pin!(checker.check(&chain, NOW));
        start(second.as_mut()).await;
        asking.shutdown_background();
        responder.open();
        assert!(second.await.is_ok());
    });
}

#[test]
fn a_caller_does_not_hang_with_a_runtime_that_is_stuck() {
    let (_responder, pki) = closed_responder();
    let (checker, chain) = (checker(), pki.chain());
    let stuck = runtime();
    let mut first = Box::pin(checker.check(&chain, NOW));
    stuck.block_on(start(first.as_mut()));
    // Nobody drives the first runtime any more; the second one's time runs by itself.
    let patient = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let failure = patient.block_on(checker.check(&chain, NOW)).unwrap_err();
    assert_eq!(failure.code(), "question_abandoned");
}

#[tokio::test]
async fn different_certificates_are_different_questions() {
    let (responder, pki) = closed_responder();
    responder.open();
    let bob = pki.with(pki.root.client("bob").ocsp_url(responder.url()).issue());
    let checker = checker();
    assert!(pki.check(&checker, NOW).await.is_ok());
    assert_eq!(
        bob.check(&checker, NOW).await.unwrap_err().code(),
        "ocsp_wrong_certificate"
    );
    assert_eq!(responder.hits(), 2);
}

#[test]
fn a_question_waits_for_its_turn_and_not_longer_than_it_may_take() {
    let (responder, pki) = closed_responder();
    let bob = pki.with(pki.root.client("bob").ocsp_url(responder.url()).issue());
    let checker = hard_fail(settings().questions(1));
    let (first, second) = (pki.chain(), bob.chain());
    let asking = runtime();
    let mut first = Box::pin(checker.check(&first, NOW));
    asking.block_on(async {
        start(first.as_mut()).await;
        while responder.hits() == 0 {
            tokio::task::yield_now().await;
        }
    });
    // The only question at a time is under way, as nobody drives its runtime; the other one's time
    // runs by itself.
    let patient = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let failure = patient.block_on(checker.check(&second, NOW)).unwrap_err();
    assert_eq!(failure.code(), "too_many_questions");
    assert_eq!(responder.hits(), 1);

    responder.open();
    assert!(asking.block_on(first).is_ok());
    let later = after(NOW, 60);
    let failure = asking.block_on(checker.check(&second, later)).unwrap_err();
    assert_eq!(failure.code(), "ocsp_wrong_certificate");
    assert_eq!(responder.hits(), 2);
}
