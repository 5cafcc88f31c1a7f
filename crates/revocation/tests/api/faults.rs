//! Everything that can go wrong with a responder, and what each mode makes of it: the table of the README.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use portcullis_ocsp::DelegatesWithoutNocheck;
use portcullis_revocation::{
    Checker, Mode, Nonces, Policy, Refused, Scope, Settings, Source, Verdict,
};
use portcullis_test_pki::ocsp::{self, Answer, Hash, Response};
use portcullis_test_pki::{Ca, Certified, DAY, ExtendedKeyUsage, KeyUsage, NOW, after, before};
use rustls_pki_types::UnixTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::responder::{Reply, Responder, http, ok};
use crate::{Pki, settings};

/// What a mode does about a certificate whose responder does such a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passes,
    Refused,
}
use Outcome::{Passes, Refused as Refuses};

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Refused => "refused",
        }
    }
}

/// The moment after a good answer has run out.
const LATER: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(NOW.as_secs() + 4000));

const GRACE: Mode = Mode::Grace(Duration::from_secs(3600));

/// A responder that does something else from the second question on, if it is good first.
struct Scene {
    responder: Responder,
    pki: Pki,
}

/// Whether a good answer comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Fault,
    Good,
}

impl Scene {
    fn new(first: First, now: UnixTime, reply: fn(&Pki, UnixTime) -> Reply) -> Self {
        let responder = Responder::listen();
        let pki = Pki::asking(&responder);
        let replies = Mutex::new(vec![reply(&pki, now)]);
        let good_first = Mutex::new((first == First::Good).then(|| good(&pki, NOW)));
        responder.serve(move |asked| match good_first.lock().unwrap().take() {
            Some(good) => {
                let nonce = ocsp::nonce_of(&asked.request);
                let good = nonce.iter().fold(good, |good, nonce| good.nonce(nonce));
                answer(good.issue())
            }
            None => replies.lock().unwrap().pop().unwrap_or(Reply::Silence),
        });
        Self { responder, pki }
    }
}

/// Judges by what all three modes make of one fault.
async fn faulty(
    code: &str,
    [soft, grace]: [Outcome; 2],
    settings: fn() -> Settings,
    reply: fn(&Pki, UnixTime) -> Reply,
) {
    let checker = |mode| Checker::new(settings(), Policy::new(mode, Scope::Leaf));
    for (mode, outcome) in [
        (Mode::HardFail, Refuses),
        (Mode::SoftFail, soft),
        (GRACE, Refuses),
    ] {
        let scene = Scene::new(First::Fault, NOW, reply);
        let verdict = scene.pki.check(&checker(mode), NOW).await;
        assert_eq!(scene.responder.hits(), 1);
        expect(&verdict, code, outcome, mode);
    }
    // An answer that has run out makes a difference to grace alone.
    for (mode, outcome) in [
        (Mode::HardFail, Refuses),
        (Mode::SoftFail, soft),
        (GRACE, grace),
    ] {
        let scene = Scene::new(First::Good, LATER, reply);
        let checker = checker(mode);
        scene.pki.check(&checker, NOW).await.unwrap();
        let verdict = scene.pki.check(&checker, LATER).await;
        expect(&verdict, code, outcome, mode);
        if mode == GRACE && outcome == Passes {
            let verdict = verdict.unwrap();
            assert_eq!((verdict.code(), verdict.source()), ("good", Source::Stale));
        }
    }
}

#[track_caller]
fn expect(verdict: &Result<Verdict, Refused>, code: &str, outcome: Outcome, mode: Mode) {
    let found = match verdict {
        Ok(verdict) => (
            Passes,
            verdict.failure().map_or("good", |failure| failure.code()),
        ),
        Err(refused) => (Refuses, refused.code()),
    };
    assert_eq!(found, (outcome, code), "{mode:?}");
}

/// Declares a test for each fault, and the table.
macro_rules! faults {
    ($($name:ident: $code:literal, $soft:ident, $grace:ident, $settings:expr, $reply:expr;)+) => {
        $(#[tokio::test]
        async fn $name() {
            faulty($code, [$soft, $grace], $settings, $reply).await;
        })+

        const TABLE: &[(&str, &str, Outcome, Outcome)] =
            &[$((stringify!($name), $code, $soft, $grace)),+];
    };
}

faults! {
    hangs_up: "responder_unreachable", Passes, Passes, settings, |_, _| Reply::Octets(Vec::new());
    speaks_something_else: "responder_unreachable", Passes, Passes, settings, |_, _| Reply::Octets(b"220 smtp\r\n".to_vec());
    sends_a_huge_body: "responder_answer_too_long", Passes, Passes, settings, |_, _| Reply::Octets(ok(&vec![0x30; 70_000]));
    sends_html_with_status_200: "responder_content_type", Passes, Passes, settings,
        |_, _| Reply::Octets(http("200 OK", "Content-Type: text/html\r\n", b"<html>please log in</html>"));
    answers_with_status_500: "responder_http_status", Passes, Passes, settings, |_, _| Reply::Octets(http("500 Oops", "", b""));
    redirects: "responder_http_status", Passes, Passes, settings,
        |_, _| Reply::Octets(http("302 Found", "Location: http://127.0.0.1:1/\r\n", b""));
    says_malformed_request: "ocsp_malformed_request", Passes, Passes, settings, |_, _| answer(ocsp::error(1));
    says_internal_error: "ocsp_internal_error", Passes, Passes, settings, |_, _| answer(ocsp::error(2));
    says_try_later: "ocsp_try_later", Passes, Passes, settings, |_, _| answer(ocsp::error(3));
    says_sig_required: "ocsp_sig_required", Passes, Passes, settings, |_, _| answer(ocsp::error(5));
    says_unauthorized: "ocsp_unauthorized", Passes, Passes, settings, |_, _| answer(ocsp::error(6));
    sends_garbage: "ocsp_malformed", Refuses, Refuses, settings, |_, _| answer(b"garbage".to_vec());
    sends_truncated_der: "ocsp_malformed", Refuses, Refuses, settings, |pki, now| {
        let mut response = good(pki, now).issue();
        response.pop();
        answer(response)
    };
    answers_about_another_serial_number: "ocsp_wrong_certificate", Refuses, Refuses, settings,
        |pki, now| answer(good(pki, now).each(|answer| answer.serial(&[5])).issue());
    answers_about_another_issuer: "ocsp_wrong_certificate", Refuses, Refuses, settings, |pki, now| {
        let other = Ca::root("Other").issue();
        answer(dated(Response::new(&pki.root).answer(Answer::good(&pki.alice, &other)), now).issue())
    };
    answers_with_another_hash: "ocsp_wrong_certificate", Refuses, Refuses, settings,
        |pki, now| answer(good(pki, now).each(|answer| answer.hash(Hash::Sha384)).issue());
    replays_an_old_answer: "ocsp_expired", Refuses, Refuses, settings,
        |pki, now| answer(good(pki, before(now, DAY)).issue());
    answers_from_the_future: "ocsp_not_yet_valid", Refuses, Refuses, settings,
        |pki, now| answer(good(pki, after(now, DAY)).issue());
    leaves_the_nonce_out: "ocsp_nonce_missing", Refuses, Refuses, with_nonce, |pki, now| answer(good(pki, now).issue());
    repeats_another_nonce: "ocsp_nonce_mismatch", Refuses, Refuses, with_nonce,
        |pki, now| answer(good(pki, now).nonce(&[7; 32]).issue());
    sends_a_bad_signature: "ocsp_bad_signature", Refuses, Refuses, settings,
        |pki, now| answer(good(pki, now).wrong_signature().issue());
    signs_with_a_sibling_of_the_same_name: "ocsp_bad_signature", Refuses, Refuses, settings,
        |pki, now| answer(good(pki, now).signed_by(&Ca::root("Root").issue().key).issue());
    signs_with_a_sibling_of_the_same_key: "ocsp_unauthorised_responder", Refuses, Refuses, settings,
        |pki, now| answer(good(pki, now).by_name("Sibling").issue());
    signs_with_a_delegate_of_another_authority: "ocsp_unauthorised_responder", Refuses, Refuses, settings,
        |pki, now| delegated(pki, now, |_| Ca::root("Root").issue().ocsp_responder("Responder").issue());
    signs_with_a_delegate_that_is_not_for_it: "ocsp_unauthorised_responder", Refuses, Refuses, settings,
        |pki, now| delegated(pki, now, |root| root.client("Responder").issue());
    signs_with_a_delegate_for_any_purpose: "ocsp_unauthorised_responder", Refuses, Refuses, settings,
        |pki, now| delegated(pki, now, |root| root.ocsp_responder("Responder").extended_key_usage(&[ExtendedKeyUsage::Any]).issue());
    signs_with_an_expired_delegate: "ocsp_unauthorised_responder", Refuses, Refuses, settings,
        |pki, now| delegated(pki, now, |root| root.ocsp_responder("Responder").expired().issue());
    signs_with_a_delegate_whose_key_is_not_for_signatures: "ocsp_unauthorised_responder", Refuses, Refuses, settings,
        |pki, now| delegated(pki, now, |root| root.ocsp_responder("Responder").key_usage(&[KeyUsage::KeyEncipherment]).issue());
    signs_with_the_certificate_in_question: "ocsp_unauthorised_responder", Refuses, Refuses, settings, |pki, now| {
        let alice = pki.root.ocsp_responder("Responder").serial_content(pki.alice.serial()).issue();
        answer(good(pki, now).delegate(&alice).issue())
    };
    signs_with_a_delegate_that_nobody_vouches_for: "ocsp_unauthorised_responder", Refuses, Refuses, settings,
        |pki, now| delegated(pki, now, |root| {
            // It says where to ask about it, and nobody is there.
            root.leaf("Responder").extended_key_usage(&[ExtendedKeyUsage::OcspSigning]).ocsp_url("http://127.0.0.1:1024/").issue()
        });
    does_not_know_the_certificate: "certificate_unknown", Refuses, Refuses, settings,
        |pki, now| answer(dated(ocsp::unknown(&pki.alice, &pki.root), now).issue());
    says_revoked: "certificate_revoked", Refuses, Refuses, settings,
        |pki, now| answer(dated(ocsp::revoked(&pki.alice, &pki.root, NOW), now).issue());
    says_good_and_revoked: "certificate_revoked", Refuses, Refuses, settings, |pki, now| {
        let both = ocsp::good(&pki.alice, &pki.root).answer(Answer::revoked(&pki.alice, &pki.root, NOW));
        answer(dated(both, now).issue())
    };
}

fn with_nonce() -> Settings {
    settings().nonces(Nonces::Require)
}

fn answer(response: Vec<u8>) -> Reply {
    Reply::Octets(ok(&response))
}

/// A good answer of this moment.
fn good(pki: &Pki, now: UnixTime) -> Response {
    dated(ocsp::good(&pki.alice, &pki.root), now)
}

fn dated(response: Response, now: UnixTime) -> Response {
    response
        .this_update(before(now, 60))
        .produced_at(before(now, 60))
        .next_update(after(now, 3600))
}

fn delegated(pki: &Pki, now: UnixTime, delegate: impl Fn(&Ca) -> Certified) -> Reply {
    answer(good(pki, now).delegate(&delegate(&pki.root)).issue())
}

/// The faults that take a responder of another kind.
const OTHERS: &[(&str, &str, Outcome, Outcome)] = &[
    (
        "refuses_connections",
        "responder_unreachable",
        Passes,
        Passes,
    ),
    ("says_nothing", "responder_timed_out", Passes, Passes),
    ("drips", "responder_timed_out", Passes, Passes),
    (
        "signs_with_a_revoked_delegate",
        "ocsp_unauthorised_responder",
        Refuses,
        Refuses,
    ),
];

#[test]
fn the_readme_shows_the_table() {
    let row = |(name, code, soft, grace): &(&str, &str, Outcome, Outcome)| {
        let name = name.replace('_', " ");
        format!(
            "| {name} | `{code}` | refused | {} | {} |\n",
            soft.word(),
            grace.word()
        )
    };
    let table: String = OTHERS.iter().chain(TABLE).map(row).collect();
    assert!(include_str!("../../README.md").contains(&table), "{table}");
}

/// As [`faulty`], with a URL where something other than a [`Responder`] listens.
async fn faulty_at<F: Future<Output = String>>(code: &str, listen: impl Fn() -> F) {
    for (mode, outcome) in [
        (Mode::HardFail, Refuses),
        (Mode::SoftFail, Passes),
        (GRACE, Refuses),
    ] {
        let url = listen().await;
        let pki = Pki::naming(&[&url]);
        let checker = Checker::new(settings(), Policy::new(mode, Scope::Leaf));
        expect(&pki.check(&checker, NOW).await, code, outcome, mode);
    }
}

#[tokio::test]
async fn refuses_connections() {
    faulty_at("responder_unreachable", || async {
        // Bound and given up: nobody listens there now.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    })
    .await;
}

// Time stands still but for timeouts: a runtime that only waits goes on to the next one.
#[tokio::test(start_paused = true)]
async fn says_nothing() {
    faulty_at("responder_timed_out", || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(stream.read_to_end(&mut Vec::new()).await);
        });
        url
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn drips() {
    faulty_at("responder_timed_out", || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut second = tokio::time::interval(Duration::from_millis(500));
            for octet in ok(&[0x30; 1000]) {
                second.tick().await;
                if stream.write_all(&[octet]).await.is_err() {
                    return;
                }
            }
        });
        url
    })
    .await;
}

#[tokio::test]
async fn a_grace_that_began_before_a_fault_covers_silence_too() {
    let Scene {
        responder: _responder,
        pki,
    } = Scene::new(First::Good, LATER, |_, _| Reply::Silence);
    let checker = Checker::new(settings(), Policy::new(GRACE, Scope::Leaf));
    pki.check(&checker, NOW).await.unwrap();
    tokio::time::pause();
    let verdict = pki.check(&checker, LATER).await.unwrap();
    assert_eq!(verdict.failure().unwrap().code(), "responder_timed_out");
    assert_eq!(verdict.source(), Source::Stale);
}

/// A responder for alice whose delegate names a second one, which says this about the delegate.
struct Delegation {
    about_alice: Responder,
    about_delegate: Responder,
    pki: Pki,
}

impl Delegation {
    fn new(about: fn(&Certified, &Ca) -> Response) -> Self {
        let (about_alice, about_delegate) = (Responder::listen(), Responder::listen());
        let pki = Pki::asking(&about_alice);
        let delegate = pki
            .root
            .leaf("Responder")
            .extended_key_usage(&[ExtendedKeyUsage::OcspSigning]);
        let delegate = delegate.ocsp_url(about_delegate.url()).issue();
        about_alice.serve_response(good(&pki, NOW).delegate(&delegate).issue());
        about_delegate.serve_response(dated(about(&delegate, &pki.root), NOW).issue());
        Self {
            about_alice,
            about_delegate,
            pki,
        }
    }

    async fn check(&self, mode: Mode) -> Result<Verdict, Refused> {
        let checker = Checker::new(settings(), Policy::new(mode, Scope::Leaf));
        self.pki.check(&checker, NOW).await
    }
}

#[tokio::test]
async fn signs_with_a_revoked_delegate() {
    for mode in [Mode::HardFail, Mode::SoftFail, GRACE] {
        let delegation = Delegation::new(|delegate, root| ocsp::revoked(delegate, root, NOW));
        let refused = delegation.check(mode).await.unwrap_err();
        assert_eq!(refused.code(), "ocsp_unauthorised_responder");
        let causes = format!("{:?}", refused.failure());
        assert!(causes.contains("Revoked"), "{causes}");
    }
}

#[tokio::test]
async fn a_delegate_that_its_issuer_vouches_for_is_believed_and_asked_about_once() {
    let delegation = Delegation::new(|delegate, root| ocsp::good(delegate, root));
    assert!(delegation.check(Mode::HardFail).await.is_ok());
    let checker = Checker::new(settings(), Policy::new(Mode::HardFail, Scope::Leaf));
    for now in [NOW, after(NOW, 3601)] {
        delegation.pki.check(&checker, now).await.unwrap();
    }
    let (alice, delegate) = (&delegation.about_alice, &delegation.about_delegate);
    // Once by each checker, and once more when the answer about it had run out.
    assert_eq!((alice.hits(), delegate.hits()), (3, 3));
}

#[tokio::test]
async fn where_delegates_are_not_checked_nobody_is_asked_about_them() {
    for (policy, passes) in [
        (DelegatesWithoutNocheck::Allow, true),
        (DelegatesWithoutNocheck::Refuse, false),
    ] {
        let delegation = Delegation::new(|delegate, root| ocsp::good(delegate, root));
        let settings = settings().delegates_without_nocheck(policy);
        let checker = Checker::new(settings, Policy::new(Mode::HardFail, Scope::Leaf));
        let verdict = delegation.pki.check(&checker, NOW).await;
        assert_eq!(verdict.is_ok(), passes);
        assert_eq!(delegation.about_delegate.hits(), 0);
    }
}

#[tokio::test]
async fn a_delegate_does_not_vouch_for_itself() {
    let (about_alice, about_delegate) = (Responder::listen(), Responder::listen());
    let pki = Pki::asking(&about_alice);
    let delegate = pki
        .root
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning]);
    let delegate = delegate.ocsp_url(about_delegate.url()).issue();
    about_alice.serve_response(good(&pki, NOW).delegate(&delegate).issue());
    let own = dated(ocsp::good(&delegate, &pki.root), NOW).delegate(&delegate);
    about_delegate.serve_response(own.issue());
    let checker = Checker::new(settings(), Policy::new(Mode::SoftFail, Scope::Leaf));
    let refused = pki.check(&checker, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "ocsp_unauthorised_responder");
}

#[tokio::test]
async fn a_responder_is_back_after_an_hour() {
    for (mode, meanwhile) in [
        (Mode::HardFail, Refuses),
        (Mode::SoftFail, Passes),
        (GRACE, Refuses),
    ] {
        let responder = Responder::listen();
        let pki = Pki::asking(&responder);
        let up = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_up = std::sync::Arc::clone(&up);
        let hour = after(NOW, 3600);
        let good = good(&pki, hour).issue();
        responder.serve(move |_| {
            let up = is_up.load(std::sync::atomic::Ordering::Relaxed);
            Reply::Octets(if up { ok(&good) } else { Vec::new() })
        });
        let checker = Checker::new(settings(), Policy::new(mode, Scope::Leaf));
        let mut asked = Vec::new();
        for second in (0..3600).step_by(2) {
            let verdict = pki.check(&checker, after(NOW, second)).await;
            let outcome = if verdict.is_ok() { Passes } else { Refuses };
            assert_eq!(outcome, meanwhile, "{mode:?} after {second} s");
            asked.push(responder.hits());
        }
        // An hour in which one certificate is checked all the time costs about a question a minute.
        assert!(
            (50..80).contains(asked.last().unwrap()),
            "{:?}",
            asked.last()
        );
        up.store(true, std::sync::atomic::Ordering::Relaxed);
        let back = after(hour, 61);
        let verdict = pki.check(&checker, back).await.unwrap();
        assert!(verdict.is_proven());
    }
}
