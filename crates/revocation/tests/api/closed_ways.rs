//! Ways round a revocation, and ways in which one authority could harm the clients of another: all closed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_revocation::{
    Checker, Event, Failure, Lifetimes, Mode, Nonces, Observer, Policy, Ports, Scope, Settings,
    fetch,
};
use portcullis_test_pki::{DAY, ExtendedKeyUsage, NOW, after, before, ocsp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Builder;

use crate::responder::{Reply, Responder, http, ok};
use crate::{Pki, checker, hard_fail, settings};

/// Gives these OCSP responses one after the other, and then hangs up.
fn in_turn(responder: &Responder, responses: Vec<Vec<u8>>) {
    let replies = Mutex::new(responses.into_iter());
    responder.serve(move |_| {
        let next = replies.lock().unwrap().next();
        Reply::Octets(next.map_or_else(Vec::new, |response| ok(&response)))
    });
}

fn soft(checker: &Checker) -> Checker {
    checker.with_policy(Policy::new(Mode::SoftFail, Scope::Leaf))
}

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("portcullis-review-{}-{name}", std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        drop(std::fs::remove_file(&scratch.0));
        scratch
    }

    fn settings(&self) -> Settings {
        settings().store(&self.0)
    }

    /// A checker of a process that has begun anew. The question of the one before may still have the file.
    async fn checker(&self) -> Checker {
        let checker = hard_fail(self.settings());
        while checker.open().is_err() {
            tokio::task::yield_now().await;
        }
        checker
    }

    async fn holds(&self, lines: usize) {
        while std::fs::read_to_string(&self.0).unwrap().lines().count() != lines + 1 {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

fn bounded(good: u64) -> Lifetimes {
    Lifetimes {
        good: Some(Duration::from_secs(good)),
        revoked: Some(Duration::from_secs(good)),
        ..Lifetimes::default()
    }
}

// The store and the lifetimes.

#[tokio::test]
async fn a_bound_on_the_life_of_good_answers_holds_with_a_store_too() {
    let scratch = Scratch::new("bound");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let week = after(NOW, 7 * DAY);
    in_turn(
        &responder,
        vec![
            ocsp::good(&pki.alice, &pki.root).next_update(week).issue(),
            ocsp::revoked(&pki.alice, &pki.root, after(NOW, 60))
                .this_update(after(NOW, 60))
                .produced_at(after(NOW, 60))
                .next_update(week)
                .issue(),
        ],
    );
    let checker = hard_fail(scratch.settings().lifetimes(bounded(60)));
    assert!(pki.check(&checker, NOW).await.is_ok());
    scratch.holds(1).await;
    // Five days later, at the latest, it should be noticed.
    for now in [after(NOW, 3600), after(NOW, DAY), after(NOW, 5 * DAY)] {
        let verdict = pki.check(&checker, now).await;
        assert_eq!(
            verdict.map(|verdict| verdict.source()).unwrap_err().code(),
            "certificate_revoked"
        );
    }
}

#[tokio::test]
async fn unknown_is_remembered_for_a_minute_with_a_store_too() {
    let scratch = Scratch::new("unknown");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    in_turn(
        &responder,
        vec![
            ocsp::unknown(&pki.alice, &pki.root).issue(),
            ocsp::good(&pki.alice, &pki.root).issue(),
        ],
    );
    let checker = scratch.checker().await;
    assert!(pki.check(&checker, NOW).await.is_err());
    scratch.holds(1).await;
    assert!(pki.check(&checker, after(NOW, 600)).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_ran_out_is_asked_for_again_with_a_store_too() {
    let scratch = Scratch::new("skew");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    in_turn(
        &responder,
        vec![
            ocsp::good(&pki.alice, &pki.root).issue(),
            ocsp::revoked(&pki.alice, &pki.root, after(NOW, 60))
                .this_update(after(NOW, 3600))
                .produced_at(after(NOW, 3600))
                .next_update(after(NOW, DAY))
                .issue(),
        ],
    );
    let checker = scratch.checker().await;
    assert!(pki.check(&checker, NOW).await.is_ok());
    scratch.holds(1).await;
    // Past nextUpdate, as in `good_is_remembered_until_next_update`.
    let refused = pki.check(&checker, after(NOW, 3601)).await;
    assert_eq!(refused.unwrap_err().code(), "certificate_revoked");
}

#[tokio::test]
async fn an_answer_that_the_memory_refuses_does_not_replace_the_revocation_in_the_store() {
    let scratch = Scratch::new("replay");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let week = after(NOW, 7 * DAY);
    in_turn(
        &responder,
        vec![
            ocsp::revoked(&pki.alice, &pki.root, NOW)
                .this_update(NOW)
                .next_update(after(NOW, DAY))
                .issue(),
            // From before the revocation, and still current: a replica that lags, or a replay.
            ocsp::good(&pki.alice, &pki.root)
                .this_update(before(NOW, 3600))
                .next_update(week)
                .issue(),
        ],
    );
    let checker = scratch.checker().await;
    let refused = pki.check(&checker, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "certificate_revoked");
    scratch.holds(1).await;
    // By refreshing ahead, or as here, because the revocation has run out.
    let now = after(NOW, 2 * DAY);
    let refused = pki.check(&checker, now).await.unwrap_err();
    assert_eq!(refused.code(), "certificate_revoked");
    // The process begins anew; the responder is down.
    drop(checker);
    let refused = pki.check(&scratch.checker().await, now).await;
    assert!(refused.is_err(), "{:?}", refused.unwrap().source());
}

#[tokio::test]
async fn a_revocation_without_next_update_survives_a_restart() {
    let scratch = Scratch::new("ondemand");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    in_turn(
        &responder,
        vec![
            ocsp::revoked(&pki.alice, &pki.root, NOW)
                .this_update(NOW)
                .no_next_update()
                .issue(),
        ],
    );
    let refused = pki.check(&scratch.checker().await, NOW).await;
    assert_eq!(refused.unwrap_err().code(), "certificate_revoked");
    scratch.holds(1).await;
    let soft = soft(&scratch.checker().await);
    let refused = pki.check(&soft, after(NOW, 3601)).await;
    assert_eq!(refused.unwrap_err().code(), "certificate_revoked");
}

#[tokio::test]
async fn a_revocation_by_a_delegate_that_is_to_be_checked_survives_a_restart() {
    let scratch = Scratch::new("delegate");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    // A delegate whose own revocation is to be checked.
    let about = Responder::listen();
    let delegate = pki
        .root
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning]);
    let delegate = delegate.ocsp_url(about.url()).issue();
    about.serve_response(ocsp::good(&delegate, &pki.root).issue());
    in_turn(
        &responder,
        vec![
            ocsp::revoked(&pki.alice, &pki.root, NOW)
                .delegate(&delegate)
                .issue(),
        ],
    );
    let refused = pki.check(&scratch.checker().await, NOW).await;
    assert_eq!(refused.unwrap_err().code(), "certificate_revoked");
    scratch.holds(1).await;
    let soft = soft(&scratch.checker().await);
    let refused = pki.check(&soft, after(NOW, 10)).await;
    assert_eq!(refused.unwrap_err().code(), "certificate_revoked");
}

/// All of these are revoked; the process begins anew, the responder is down, and all come back at once.
#[tokio::test]
async fn revocations_in_the_store_are_found_by_many_at_once() {
    let scratch = Scratch::new("many");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let all: Vec<Pki> = (0..60)
        .map(|_| pki.with(pki.root.client("c").ocsp_url(responder.url()).issue()))
        .collect();
    let response = all
        .iter()
        .fold(ocsp::Response::new(&pki.root), |response, one| {
            response.answer(ocsp::Answer::revoked(&one.alice, &pki.root, NOW))
        })
        .issue();
    let up = Arc::new(AtomicBool::new(true));
    let serving = Arc::clone(&up);
    responder.serve(move |_| {
        let up = serving.load(Ordering::Relaxed);
        Reply::Octets(if up { ok(&response) } else { Vec::new() })
    });
    let first = scratch.checker().await;
    for one in &all {
        let refused = one.check(&first, NOW).await.unwrap_err();
        assert_eq!(refused.code(), "certificate_revoked");
    }
    scratch.holds(60).await;
    up.store(false, Ordering::Relaxed);
    drop(first);
    for _ in 0..20 {
        let soft = soft(&scratch.checker().await);
        soft.open().unwrap();
        let chains: Vec<_> = all.iter().map(Pki::chain).collect();
        let checks: Vec<_> = chains
            .iter()
            .map(|chain| Box::pin(soft.check(chain, NOW)))
            .collect();
        let mut passed = 0;
        let mut checks: Vec<_> = checks;
        for check in &mut checks {
            std::future::poll_fn(|context| {
                std::task::Poll::Ready(check.as_mut().poll(context).is_ready())
            })
            .await;
        }
        for check in checks {
            passed += usize::from(check.await.is_ok());
        }
        assert_eq!(passed, 0, "revoked certificates passed");
    }
}

// Revocations that are known, and pass.

#[tokio::test]
async fn unknown_does_not_take_a_revocation_back() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let second = after(NOW, 3601);
    in_turn(
        &responder,
        vec![
            ocsp::revoked(&pki.alice, &pki.root, NOW).issue(),
            ocsp::unknown(&pki.alice, &pki.root)
                .this_update(second)
                .produced_at(second)
                .next_update(after(NOW, 7200))
                .issue(),
        ],
    );
    let soft = soft(&checker());
    assert!(pki.check(&soft, NOW).await.is_err());
    assert!(pki.check(&soft, second).await.is_err());
    let refused = pki.check(&soft, after(NOW, 7201)).await;
    assert!(refused.is_err(), "a revoked certificate passes");
}

/// Goes as far as it can without waiting.
async fn start<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
    })
    .await
    .then_some(())
    .expect("pending");
}

#[test]
fn what_was_revoked_stays_so_when_the_question_is_abandoned() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    in_turn(
        &responder,
        vec![ocsp::revoked(&pki.alice, &pki.root, NOW).issue()],
    );
    let (soft, chain) = (soft(&checker()), pki.chain());
    let stuck = Builder::new_current_thread().enable_all().build().unwrap();
    let refused = stuck.block_on(soft.check(&chain, NOW)).unwrap_err();
    assert_eq!(refused.code(), "certificate_revoked");
    let now = after(NOW, DAY);
    let mut first = Box::pin(soft.check(&chain, now));
    stuck.block_on(start(first.as_mut()));
    let patient = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let refused = patient.block_on(soft.check(&chain, now));
    assert!(refused.is_err(), "a revoked certificate passes");
}

/// nextUpdate is past, within the skew, so that an answer holds for its moment only; and four callers have four moments.
#[tokio::test]
async fn callers_of_different_moments_all_get_the_answer_that_is_there() {
    for revoked in [true, false] {
        let responder = Responder::listen();
        let pki = Pki::asking(&responder);
        let answer = match revoked {
            true => ocsp::revoked(&pki.alice, &pki.root, before(NOW, DAY)),
            false => ocsp::good(&pki.alice, &pki.root),
        };
        responder.serve_response(
            answer
                .this_update(before(NOW, 3600))
                .next_update(before(NOW, 10))
                .issue(),
        );
        let (soft, chain) = (soft(&checker()), pki.chain());
        let check = |seconds| soft.check(&chain, after(NOW, seconds));
        let (a, b, c, d) = tokio::join!(check(0), check(1), check(2), check(3));
        for verdict in [a, b, c, d] {
            match verdict {
                Ok(verdict) => assert_eq!((verdict.code(), revoked), ("good", false)),
                Err(refused) => {
                    assert_eq!((refused.code(), revoked), ("certificate_revoked", true))
                }
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_proves_nothing_is_not_hidden_by_a_responder_that_declines() {
    let (first, second) = (Responder::listen(), Responder::listen());
    let pki = Pki::naming(&[first.url(), second.url()]);
    first.serve_response(ocsp::error(3));
    second.serve_response(
        ocsp::revoked(&pki.alice, &pki.root, NOW)
            .wrong_signature()
            .issue(),
    );
    let refused = pki.check(&soft(&checker()), NOW).await;
    assert_eq!(refused.unwrap_err().code(), "ocsp_bad_signature");
}

// Refreshing.

/// Counts answers.
#[derive(Default)]
struct Answered(AtomicUsize);

impl Observer for Answered {
    fn observe(&self, event: &Event<'_>) {
        if matches!(event, Event::Answered { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn a_good_answer_is_not_replaced_by_an_older_one() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    in_turn(
        &responder,
        vec![
            ocsp::good(&pki.alice, &pki.root)
                .this_update(NOW)
                .next_update(after(NOW, 3600))
                .issue(),
            // From before what is known: a cache or a replica that lags, or a replay of what was said before the
            // certificate was known.
            ocsp::unknown(&pki.alice, &pki.root)
                .this_update(before(NOW, DAY))
                .produced_at(before(NOW, DAY))
                .next_update(after(NOW, 3590))
                .issue(),
        ],
    );
    let answered = Arc::new(Answered::default());
    let checker = hard_fail(settings().observer(Arc::<Answered>::clone(&answered)));
    pki.check(&checker, NOW).await.unwrap();
    while answered.0.load(Ordering::Relaxed) < 2 {
        assert!(pki.check(&checker, after(NOW, 3300)).await.is_ok());
        tokio::task::yield_now().await;
    }
    // What follows an answer does not wait for anything.
    tokio::task::yield_now().await;
    let verdict = pki.check(&checker, after(NOW, 3310)).await.unwrap();
    assert_eq!(verdict.valid_until(), after(NOW, 3600));
}

/// What is remembered of the delegate has run out, within the skew.
#[tokio::test]
async fn what_is_said_of_a_delegate_is_asked_anew_when_it_has_run_out() {
    let (about_alice, about_delegate) = (Responder::listen(), Responder::listen());
    let pki = Pki::asking(&about_alice);
    let delegate = pki
        .root
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning]);
    let delegate = delegate.ocsp_url(about_delegate.url()).issue();
    about_alice.serve_response(
        ocsp::good(&pki.alice, &pki.root)
            .delegate(&delegate)
            .next_update(after(NOW, 7 * DAY))
            .issue(),
    );
    in_turn(
        &about_delegate,
        vec![
            ocsp::good(&delegate, &pki.root).issue(),
            ocsp::good(&delegate, &pki.root)
                .this_update(after(NOW, 3600))
                .produced_at(after(NOW, 3600))
                .next_update(after(NOW, 7 * DAY))
                .issue(),
        ],
    );
    let checker = checker();
    assert!(pki.check(&checker, NOW).await.is_ok());
    for seconds in [3601, 3602, 3603, 3604] {
        pki.check(&checker, after(NOW, seconds)).await.unwrap();
    }
    // The second of these should have made do for the week.
    assert_eq!((about_alice.hits(), about_delegate.hits()), (2, 2));
}

// How much responders are asked.

#[tokio::test]
async fn a_slow_responder_leaves_the_others_their_share() {
    let (slow, quick) = (Responder::listen(), Responder::listen());
    slow.serve(|_| Reply::Silence);
    let pki = Pki::asking(&quick);
    quick.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let (a, b) = (
        pki.with(pki.root.client("a").ocsp_url(slow.url()).issue()),
        pki.with(pki.root.client("b").ocsp_url(slow.url()).issue()),
    );
    // As 256 and 64.
    let checker = hard_fail(settings().questions(2).questions_each(1));
    let (chain_a, chain_b) = (a.chain(), b.chain());
    let (mut a, mut b) = (
        Box::pin(checker.check(&chain_a, NOW)),
        Box::pin(checker.check(&chain_b, NOW)),
    );
    start(a.as_mut()).await;
    start(b.as_mut()).await;
    while slow.hits() == 0 {
        tokio::task::yield_now().await;
    }
    let verdict = tokio::time::timeout(Duration::from_secs(1), pki.check(&checker, NOW)).await;
    assert!(
        verdict.is_ok(),
        "one question of the slow one takes both places"
    );
}

#[tokio::test]
async fn a_responder_that_fails_many_at_once_rests_five_seconds_first() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.close();
    responder.serve(|_| Reply::Octets(Vec::new()));
    let all: Vec<Pki> = (0..16)
        .map(|_| pki.with(pki.root.client("c").ocsp_url(responder.url()).issue()))
        .collect();
    let chains: Vec<_> = all.iter().map(Pki::chain).collect();
    let checker = checker();
    let mut checks: Vec<_> = chains
        .iter()
        .map(|chain| Box::pin(checker.check(chain, NOW)))
        .collect();
    for check in &mut checks {
        start(check.as_mut()).await;
    }
    while responder.hits() < 16 {
        tokio::task::yield_now().await;
    }
    responder.open();
    for check in checks {
        assert!(check.await.is_err());
    }
    let refused = pki.check(&checker, NOW).await.unwrap_err();
    let Failure::ResponderSuspended { until, .. } = refused.failure() else {
        panic!("{refused}")
    };
    assert_eq!(until.as_secs() - NOW.as_secs(), 5);
}

/// One host, two authorities, of which one's responder is broken.
#[tokio::test]
async fn a_broken_responder_does_not_suspend_another_on_the_same_host() {
    let responder = Responder::listen();
    let theirs = format!("http://127.0.0.1:{}/theirs", responder.port());
    let pki = Pki::asking(&responder);
    let good = ok(&ocsp::good(&pki.alice, &pki.root).issue());
    responder.serve(move |asked| {
        Reply::Octets(match asked.target.starts_with("/theirs") {
            true => http("502 Bad Gateway", "", b""),
            false => good.clone(),
        })
    });
    let checker = checker();
    for _ in 0..5 {
        let one = pki.with(pki.root.client("c").ocsp_url(&theirs).issue());
        assert!(one.check(&checker, NOW).await.is_err());
    }
    assert!(pki.check(&checker, NOW).await.is_ok());
}

/// Threads that wait for a resolver, say, or a file system that hangs.
#[test]
fn a_store_that_does_not_answer_is_not_waited_for() {
    let scratch = Scratch::new("pool");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = hard_fail(scratch.settings().timeout(Duration::from_secs(1)));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let code = runtime.block_on(async {
        let (_hangs, until) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || until.recv());
        pki.check(&checker, NOW)
            .await
            .map_err(|refused| refused.code())
    });
    runtime.shutdown_background();
    assert_eq!((code.err(), responder.hits()), (None, 1));
}

/// Nobody has signed this; it is remembered, cloned at each check and logged.
#[tokio::test]
async fn a_failure_is_small() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let name = "\u{1}".repeat(60_000);
    responder.serve_response(
        ocsp::good(&pki.alice, &pki.root)
            .by_name(portcullis_test_pki::Name::common_name(&name))
            .issue(),
    );
    let refused = pki.check(&checker(), NOW).await.unwrap_err();
    let text = std::error::Error::source(&refused).unwrap().to_string();
    assert!(text.len() < 4096, "{} {}", refused.code(), text.len());
}

// Time.

#[tokio::test]
async fn a_clock_that_was_ahead_for_a_while_leaves_no_failure_behind() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = checker();
    // As a virtual machine that wakes up, before its clock is set.
    let refused = pki
        .check(&checker, after(NOW, 365 * DAY))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "ocsp_expired");
    for seconds in [0, 60, 3000] {
        assert!(pki.check(&checker, after(NOW, seconds)).await.is_ok());
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_for_a_while_leaves_no_suspension_behind() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let count = AtomicUsize::new(0);
    let good = ok(&ocsp::good(&pki.alice, &pki.root).issue());
    responder.serve(move |_| {
        let down = count.fetch_add(1, Ordering::Relaxed) < 5;
        Reply::Octets(if down { Vec::new() } else { good.clone() })
    });
    let checker = checker();
    for _ in 0..5 {
        let one = pki.with(pki.root.client("c").ocsp_url(responder.url()).issue());
        assert!(one.check(&checker, after(NOW, 365 * DAY)).await.is_err());
    }
    assert!(pki.check(&checker, after(NOW, 60)).await.is_ok());
}

// URLs.

#[tokio::test]
async fn a_port_that_is_none_is_refused_and_not_taken_for_80() {
    // What a proxy is told, whose own reading of 65558 may be 22.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let seen = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 1000];
        let length = stream.read(&mut head).await.unwrap();
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        String::from_utf8_lossy(&head[..length])
            .lines()
            .next()
            .unwrap()
            .to_owned()
    });
    let settings = settings()
        .ports(Ports::Only(vec![80]))
        .proxy(proxy.parse().unwrap());
    let refused = fetch("http://10.0.0.5:65558/", b"question", &settings).await;
    assert_eq!(
        refused.unwrap_err().code(),
        "responder_refused_by_policy",
        "{}",
        seen.await.unwrap()
    );
}

// Nonces.

#[tokio::test]
async fn with_a_required_nonce_nothing_is_believed_that_is_not_of_this_question() {
    let (about_alice, about_delegate) = (Responder::listen(), Responder::listen());
    let pki = Pki::asking(&about_alice);
    let delegate = pki
        .root
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning]);
    let delegate = delegate.ocsp_url(about_delegate.url()).issue();
    let (alice, root, signer) = (pki.alice.clone(), pki.root.clone(), delegate.clone());
    about_alice.serve(move |asked| {
        let nonce = ocsp::nonce_of(&asked.request).unwrap();
        let good = ocsp::good(&alice, &root).delegate(&signer).nonce(&nonce);
        Reply::Octets(ok(&good.issue()))
    });
    // A replay from before the delegate was revoked.
    about_delegate.serve_response(ocsp::good(&delegate, &pki.root).issue());
    let checker = hard_fail(settings().nonces(Nonces::Require));
    assert!(pki.check(&checker, NOW).await.is_err());
}
