//! Answers that survive a restart, and what a store that was tampered with can do: nothing.

use std::path::PathBuf;
use std::time::Duration;

use portcullis_revocation::{Checker, Mode, Nonces, Policy, Scope, Settings, Source};
use portcullis_test_pki::{NOW, after, before, ocsp};

use crate::responder::Reply;
use crate::responder::{Responder, ok};
use crate::{Pki, hard_fail, settings};

/// A file that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("portcullis-store-{}-{name}", std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        drop(std::fs::remove_file(&scratch.0));
        scratch
    }

    /// Settings of a process that has just begun.
    fn settings(&self) -> Settings {
        settings().store(&self.0)
    }

    /// The question of the process before may still have the file.
    async fn checker(&self) -> Checker {
        self.opened(self.settings()).await
    }

    async fn opened(&self, settings: Settings) -> Checker {
        let checker = hard_fail(settings);
        while checker.open().is_err() {
            tokio::task::yield_now().await;
        }
        checker
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }

    /// Waits until so many answers are in the file.
    async fn holds(&self, answers: usize) {
        while self.text().lines().count() != answers + 1 {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// A checker whose responder said this before the process ended, and the responder, which is down now.
async fn after_a_restart(
    scratch: &Scratch,
    response: impl FnOnce(&Pki) -> Vec<u8>,
) -> (Pki, Responder) {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let response = response(&pki);
    let first = std::sync::atomic::AtomicBool::new(true);
    responder.serve(move |_| {
        let up = first.swap(false, std::sync::atomic::Ordering::Relaxed);
        Reply::Octets(if up { ok(&response) } else { Vec::new() })
    });
    drop(pki.check(&scratch.checker().await, NOW).await);
    scratch.holds(1).await;
    (pki, responder)
}

#[tokio::test]
async fn a_good_answer_and_a_revocation_survive_a_restart() {
    let scratch = Scratch::new("survive");
    let (pki, responder) =
        after_a_restart(&scratch, |pki| ocsp::good(&pki.alice, &pki.root).issue()).await;
    let verdict = pki
        .check(&scratch.checker().await, after(NOW, 3600))
        .await
        .unwrap();
    assert_eq!(
        (verdict.source(), verdict.valid_until()),
        (Source::Cached, after(NOW, 3600))
    );
    assert_eq!(
        (verdict.responder(), responder.hits()),
        (Some(responder.url()), 1)
    );

    let scratch = Scratch::new("revoked");
    let (pki, responder) = after_a_restart(&scratch, |pki| {
        ocsp::revoked(&pki.alice, &pki.root, NOW).issue()
    })
    .await;
    let refused = pki.check(&scratch.checker().await, NOW).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.origin()),
        ("certificate_revoked", Source::Cached)
    );
    assert_eq!(responder.hits(), 1);
}

#[tokio::test]
async fn an_answer_that_has_run_out_is_asked_for_again_and_serves_for_the_grace() {
    let scratch = Scratch::new("grace");
    let (pki, responder) =
        after_a_restart(&scratch, |pki| ocsp::good(&pki.alice, &pki.root).issue()).await;
    // Beyond the skew, so that it does not hold any more.
    let now = after(NOW, 3600 + 301);
    assert!(pki.check(&scratch.checker().await, now).await.is_err());
    assert_eq!(responder.hits(), 2);
    let policy = Policy::new(Mode::Grace(Duration::from_secs(1000)), Scope::Leaf);
    let checker = scratch.checker().await.with_policy(policy);
    let verdict = pki.check(&checker, now).await.unwrap();
    assert_eq!(verdict.source(), Source::Stale);
    assert!(pki.check(&checker, after(now, 1000)).await.is_err());
}

/// Those of responders that sign on demand end by their age.
#[tokio::test]
async fn an_answer_that_has_become_too_old_serves_for_the_grace_too() {
    for (name, max_age, without_next_update) in [
        ("live", 3600, true),
        ("age", 4000, false),
        ("both", 6000, false),
    ] {
        let scratch = Scratch::new(name);
        let (pki, _responder) = after_a_restart(&scratch, |pki| {
            let good = ocsp::good(&pki.alice, &pki.root).this_update(NOW);
            match without_next_update {
                true => good.no_next_update().issue(),
                false => good.next_update(after(NOW, 5000)).issue(),
            }
        })
        .await;
        let settings = scratch.settings().max_age(Duration::from_secs(max_age));
        let policy = Policy::new(Mode::Grace(Duration::from_secs(2000)), Scope::Leaf);
        let checker = async || scratch.opened(settings.clone()).await.with_policy(policy);
        let ends = after(NOW, max_age.min(5000));
        let verdict = pki
            .check(&checker().await, after(ends, 1400))
            .await
            .unwrap();
        assert_eq!(verdict.source(), Source::Stale, "{name}");
        assert!(
            pki.check(&checker().await, after(ends, 2001))
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn what_was_revoked_before_the_restart_stays_so_while_nobody_can_be_asked() {
    let scratch = Scratch::new("stays");
    let (pki, _responder) = after_a_restart(&scratch, |pki| {
        ocsp::revoked(&pki.alice, &pki.root, NOW).issue()
    })
    .await;
    let soft = scratch
        .checker()
        .await
        .with_policy(Policy::new(Mode::SoftFail, Scope::Leaf));
    let refused = pki.check(&soft, after(NOW, 100_000)).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.origin()),
        ("certificate_revoked", Source::Stale)
    );
}

#[tokio::test]
async fn no_flipped_bit_of_a_stored_revocation_makes_it_good() {
    let scratch = Scratch::new("flip");
    let (pki, _responder) = after_a_restart(&scratch, |pki| {
        ocsp::revoked(&pki.alice, &pki.root, NOW).issue()
    })
    .await;
    let text = scratch.text().into_bytes();
    let begin = text.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    let mut seen = std::collections::BTreeSet::new();
    for at in (begin..text.len()).step_by(3) {
        let mut tampered = text.clone();
        tampered[at] ^= 1;
        std::fs::write(&scratch.0, &tampered).unwrap();
        let refused = pki.check(&scratch.checker().await, NOW).await.unwrap_err();
        seen.insert(refused.code());
    }
    // Either the line still says what it said, or the responder is asked, who is down.
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        ["certificate_revoked", "responder_unreachable"]
    );
}

#[tokio::test]
async fn an_answer_about_another_certificate_of_another_signer_or_of_another_time_is_not_taken() {
    use base64::Engine as _;
    let scratch = Scratch::new("other");
    let (pki, _responder) = after_a_restart(&scratch, |pki| {
        ocsp::revoked(&pki.alice, &pki.root, NOW).issue()
    })
    .await;
    let text = scratch.text();
    let response = text.trim_end().rsplit(' ').next().unwrap().to_owned();
    let bob = pki.root.client("bob").issue();
    let mallory = portcullis_test_pki::Ca::root("Root").issue();
    for forged in [
        ocsp::good(&bob, &pki.root).issue(),
        ocsp::good(&pki.alice, &pki.root)
            .signed_by(&mallory.key)
            .issue(),
        ocsp::good(&pki.alice, &pki.root)
            .next_update(before(NOW, 1000))
            .issue(),
        ocsp::error(0),
    ] {
        let forged = base64::engine::general_purpose::STANDARD.encode(forged);
        scratch.write(&text.replace(&response, &forged));
        let refused = pki.check(&scratch.checker().await, NOW).await.unwrap_err();
        assert_eq!(refused.code(), "responder_unreachable");
    }
    // An answer of this very certificate that is older: the newer line counts, in whichever order.
    let older = ocsp::good(&pki.alice, &pki.root)
        .this_update(before(NOW, 7200))
        .issue();
    let older = base64::engine::general_purpose::STANDARD.encode(older);
    let (heading, line) = text.split_once('\n').unwrap();
    scratch.write(&format!(
        "{heading}\n{}{line}",
        line.replace(&response, &older)
    ));
    let refused = pki.check(&scratch.checker().await, NOW).await.unwrap_err();
    assert_eq!(refused.code(), "certificate_revoked");
}

#[tokio::test]
async fn a_line_that_was_cut_off_costs_that_line_alone() {
    let scratch = Scratch::new("cut");
    let (pki, _responder) =
        after_a_restart(&scratch, |pki| ocsp::good(&pki.alice, &pki.root).issue()).await;
    let text = scratch.text();
    scratch.write(&format!(
        "{text}{}",
        &text[text.find('\n').unwrap() + 1..text.len() - 40]
    ));
    assert!(pki.check(&scratch.checker().await, NOW).await.is_ok());
    scratch.write(&text[..text.len() - 1]);
    assert!(pki.check(&scratch.checker().await, NOW).await.is_err());
}

#[test]
fn a_file_of_another_kind_is_left_alone() {
    let scratch = Scratch::new("kind");
    for text in ["something else\n", "no end", "\n"] {
        scratch.write(text);
        assert!(hard_fail(scratch.settings()).open().is_err(), "{text}");
        assert_eq!(scratch.text(), text);
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let scratch = Scratch::new("named");
    let missing = scratch.0.join("ocsp.answers");
    let error = hard_fail(settings().store(&missing)).open().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    let told = error.to_string();
    assert!(told.starts_with(missing.to_str().unwrap()), "{told}");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("mode");
    hard_fail(scratch.settings()).open().unwrap();
    let mode = std::fs::metadata(&scratch.0).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn with_a_nonce_of_each_question_nothing_is_kept() {
    let scratch = Scratch::new("nonce");
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let (alice, root) = (pki.alice.clone(), pki.root.clone());
    responder.serve(move |asked| {
        let nonce = ocsp::nonce_of(&asked.request).unwrap();
        Reply::Octets(ok(&ocsp::good(&alice, &root).nonce(&nonce).issue()))
    });
    let checker = async || {
        scratch
            .opened(scratch.settings().nonces(Nonces::Require))
            .await
    };
    for hits in [1, 2] {
        assert!(pki.check(&checker().await, NOW).await.is_ok());
        assert_eq!(responder.hits(), hits);
    }
    assert_eq!(scratch.text().lines().count(), 1);
}
