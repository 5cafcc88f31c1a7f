use portcullis_ocsp::{Query, RevocationReason, Rules, status};
use portcullis_test_pki::{Ca, NOW, after, before, ocsp};
use portcullis_x509::Certificate;

use super::*;

const URL: &str = "http://ocsp.example/";

/// A proven status that ends an hour after `at`: the only way to make one is to prove it.
fn proven(
    kind: fn(&Ca, &portcullis_test_pki::Certified) -> ocsp::Response,
    at: UnixTime,
) -> Outcome {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let response = kind(&root, &alice)
        .this_update(at)
        .produced_at(at)
        .next_update(after(at, 3600))
        .issue();
    let (issuer, certificate) = (
        Certificate::parse(&root.der).unwrap(),
        Certificate::parse(&alice.der).unwrap(),
    );
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let rules = Rules::new(provider.signature_verification_algorithms.all);
    let status = status(&response, &Query::new(&certificate, &issuer), &rules, at).unwrap();
    Ok((status, URL.into()))
}

pub(crate) fn good(at: UnixTime) -> Outcome {
    proven(|root, alice| ocsp::good(alice, root), at)
}

fn revoked(at: UnixTime) -> Outcome {
    proven(|root, alice| ocsp::revoked(alice, root, NOW), at)
}

fn unknown(at: UnixTime) -> Outcome {
    proven(|root, alice| ocsp::unknown(alice, root), at)
}

fn down() -> Outcome {
    Err(Failure::ResponderTimedOut {
        url: URL.to_owned(),
        after: Duration::from_secs(5),
    })
}

fn forged() -> Outcome {
    Err(Failure::AnswerRefused {
        url: URL.to_owned(),
        refusal: Arc::new(portcullis_ocsp::Refusal::NonceMissing),
    })
}

/// What is known after these outcomes, each at its moment.
fn known(outcomes: impl IntoIterator<Item = (Outcome, UnixTime)>) -> Entry {
    let lifetimes = Lifetimes::default();
    let mut known = None;
    for (outcome, now) in outcomes {
        known = Some(Entry::after(known.as_ref(), outcome, &lifetimes, 0, now));
    }
    known.unwrap()
}

/// The code and the source, when judged.
fn judged(
    entry: &Entry,
    mode: Mode,
    now: UnixTime,
) -> (Result<&'static str, &'static str>, Source) {
    match entry.judge(mode, Source::Cached, now) {
        Ok(verdict) => (Ok(verdict.code()), verdict.source()),
        Err(refused) => (Err(refused.code()), refused.origin()),
    }
}

const MODES: [Mode; 3] = [
    Mode::HardFail,
    Mode::SoftFail,
    Mode::Grace(Duration::from_secs(600)),
];

#[test]
fn what_is_proven_and_holds_is_the_same_in_every_mode() {
    for mode in MODES {
        let holds = after(NOW, 3600);
        assert_eq!(
            judged(&known([(good(NOW), NOW)]), mode, holds),
            (Ok("good"), Source::Cached)
        );
        let code = Err("certificate_revoked");
        assert_eq!(
            judged(&known([(revoked(NOW), NOW)]), mode, holds),
            (code, Source::Cached)
        );
        let code = Err("certificate_unknown");
        assert_eq!(
            judged(&known([(unknown(NOW), NOW)]), mode, after(NOW, 60)),
            (code, Source::Cached)
        );
    }
}

#[test]
fn when_nobody_can_be_asked_only_a_soft_failure_lets_pass() {
    let entry = known([(down(), NOW)]);
    let refused = (Err("responder_timed_out"), Source::Cached);
    assert_eq!(judged(&entry, Mode::HardFail, NOW), refused);
    assert_eq!(judged(&entry, MODES[2], NOW), refused);
    assert_eq!(
        judged(&entry, Mode::SoftFail, NOW),
        (Ok("responder_timed_out"), Source::Cached)
    );
    let verdict = entry.judge(Mode::SoftFail, Source::Fetched, NOW).unwrap();
    assert!(!verdict.is_proven());
    // It is asked again before long.
    assert_eq!(verdict.valid_until(), after(NOW, 5));
}

#[test]
fn an_answer_that_proves_nothing_is_refused_in_every_mode() {
    for mode in MODES {
        let refused = (Err("ocsp_nonce_missing"), Source::Cached);
        assert_eq!(judged(&known([(forged(), NOW)]), mode, NOW), refused);
        let later = after(NOW, 3601);
        assert_eq!(
            judged(&known([(good(NOW), NOW), (forged(), later)]), mode, later),
            refused
        );
    }
}

#[test]
fn a_good_answer_that_has_run_out_serves_for_the_grace_and_not_longer() {
    let grace = Mode::Grace(Duration::from_secs(600));
    let at = |seconds| {
        let now = after(NOW, seconds);
        (known([(good(NOW), NOW), (down(), now)]), now)
    };
    let (entry, now) = at(3601);
    assert_eq!(judged(&entry, grace, now), (Ok("good"), Source::Stale));
    let verdict = entry.judge(grace, Source::Fetched, now).unwrap();
    assert_eq!(verdict.failure().unwrap().code(), "responder_timed_out");
    assert_eq!(verdict.valid_until(), after(now, 5));
    let (entry, now) = at(4200);
    assert_eq!(judged(&entry, grace, now), (Ok("good"), Source::Stale));
    assert_eq!(
        entry
            .judge(grace, Source::Fetched, now)
            .unwrap()
            .valid_until(),
        now
    );
    let (entry, now) = at(4201);
    assert_eq!(
        judged(&entry, grace, now),
        (Err("responder_timed_out"), Source::Cached)
    );
    let (entry, now) = at(3601);
    assert_eq!(
        judged(&entry, Mode::HardFail, now),
        (Err("responder_timed_out"), Source::Cached)
    );
}

#[test]
fn unknown_that_has_run_out_is_no_reason_to_let_pass() {
    let later = after(NOW, 3601);
    let entry = known([(unknown(NOW), NOW), (down(), later)]);
    assert_eq!(
        judged(&entry, MODES[2], later),
        (Err("responder_timed_out"), Source::Cached)
    );
}

#[test]
fn what_was_revoked_stays_so_while_nobody_can_be_asked() {
    let later = after(NOW, 1_000_000);
    for failure in [down, forged] {
        let entry = known([(revoked(NOW), NOW), (failure(), later)]);
        for mode in MODES {
            assert_eq!(
                judged(&entry, mode, later),
                (Err("certificate_revoked"), Source::Stale)
            );
        }
    }
}

#[test]
fn an_older_answer_does_not_take_a_revocation_back_and_a_newer_one_does() {
    let now = after(NOW, 120);
    for replayed in [good(NOW), unknown(NOW), good(before(NOW, 60))] {
        let entry = known([(revoked(NOW), NOW), (replayed, now)]);
        assert_eq!(
            judged(&entry, Mode::SoftFail, now).0,
            Err("certificate_revoked")
        );
        // Also when the revocation itself has run out.
        let late = after(NOW, 3590);
        let replayed = proven(|root, alice| ocsp::good(alice, root), NOW);
        let entry = known([(revoked(before(NOW, 60)), NOW), (replayed, late)]);
        assert_eq!(judged(&entry, Mode::SoftFail, late).0, Ok("good"));
    }
    // As when a hold is lifted.
    let entry = known([(revoked(NOW), NOW), (good(now), now)]);
    assert_eq!(judged(&entry, Mode::HardFail, now).0, Ok("good"));
}

#[test]
fn an_older_answer_than_a_revocation_is_told_as_such_when_that_has_run_out() {
    let (outcome, now) = (good(before(NOW, 10)), after(NOW, 3580));
    let lifetimes = Lifetimes {
        revoked: Some(Duration::from_secs(10)),
        ..Lifetimes::default()
    };
    let first = Entry::after(None, revoked(NOW), &lifetimes, 0, NOW);
    let second = Entry::after(Some(&first), outcome, &lifetimes, 0, now);
    assert!(second.is_settled(now));
    let refused = second
        .judge(Mode::SoftFail, Source::Fetched, now)
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.origin()),
        ("certificate_revoked", Source::Stale)
    );
}

#[test]
fn failures_in_a_row_rest_longer_up_to_a_minute_and_success_ends_the_row() {
    let mut entry = known([(down(), NOW)]);
    let mut now = NOW;
    for rest in [5, 10, 20, 40, 60, 60, 60] {
        assert!(entry.is_settled(after(now, rest)));
        now = after(now, rest + 1);
        assert!(!entry.is_settled(now), "{rest}");
        entry = Entry::after(Some(&entry), down(), &Lifetimes::default(), 0, now);
    }
    entry = Entry::after(Some(&entry), good(now), &Lifetimes::default(), 0, now);
    now = after(now, 3601);
    entry = Entry::after(Some(&entry), down(), &Lifetimes::default(), 0, now);
    assert!(!entry.is_settled(after(now, 6)));
}

#[test]
fn an_answer_is_due_between_three_quarters_and_nine_tenths_of_its_life() {
    let mut moments: Vec<u64> = Vec::new();
    for jitter in [0, 20, 127, 255] {
        let entry = Entry::after(None, good(NOW), &Lifetimes::default(), jitter, NOW);
        let due = (0..=3600).find(|seconds| entry.is_due(after(NOW, *seconds)));
        moments.push(due.unwrap());
        assert!(
            !entry.is_due(after(NOW, 3601)),
            "what has run out is not refreshed ahead"
        );
    }
    assert!(
        moments.iter().all(|moment| (2700..=3240).contains(moment)),
        "{moments:?}"
    );
    assert!(
        moments.windows(2).all(|pair| pair[1] < pair[0]),
        "{moments:?}"
    );
}

#[test]
fn a_failed_refresh_leaves_the_answer_and_rests() {
    let now = after(NOW, 3300);
    let entry = known([(good(NOW), NOW), (down(), now)]);
    assert_eq!(
        judged(&entry, Mode::HardFail, now),
        (Ok("good"), Source::Cached)
    );
    assert!(!entry.is_due(after(now, 5)));
    assert!(entry.is_due(after(now, 6)));
}

#[test]
fn each_kind_of_answer_has_its_own_bound() {
    let lifetimes = Lifetimes {
        good: Some(Duration::from_secs(100)),
        revoked: Some(Duration::from_secs(200)),
        unknown: Duration::from_secs(300),
        first_failure: Duration::from_secs(400),
        longest_failure: Duration::from_secs(400),
    };
    for (outcome, seconds) in [
        (good(NOW), 100),
        (revoked(NOW), 200),
        (unknown(NOW), 300),
        (down(), 400),
    ] {
        let entry = Entry::after(None, outcome, &lifetimes, 0, NOW);
        assert!(entry.is_settled(after(NOW, seconds)), "{seconds}");
        assert!(!entry.is_settled(after(NOW, seconds + 1)), "{seconds}");
    }
}

#[test]
fn a_revocation_keeps_its_time_and_reason() {
    let entry = known([(
        proven(
            |root, alice| {
                ocsp::Response::new(root).answer(ocsp::Answer::revoked_for(alice, root, NOW, 1))
            },
            NOW,
        ),
        NOW,
    )]);
    let refused = entry
        .judge(Mode::HardFail, Source::Fetched, NOW)
        .unwrap_err();
    let Failure::CertificateRevoked { at, reason } = refused.failure() else {
        panic!("{refused}")
    };
    assert_eq!((*at, *reason), (NOW, Some(RevocationReason::KeyCompromise)));
}
