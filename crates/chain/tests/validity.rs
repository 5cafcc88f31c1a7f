//! Periods of validity, and how long a verdict holds.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/question.rs"]
mod question;

use portcullis_chain::{AnchorValidity, Reason};
use portcullis_test_pki::{Ca, Certified, DAY, NOW, after, before};
use question::{client, is};

#[test]
fn both_ends_of_the_period_are_valid() {
    let root = Ca::root("Root").issue();
    let (start, end) = (before(NOW, 100), after(NOW, 100));
    let alice = root
        .client("alice")
        .not_before(start)
        .not_after(end)
        .issue();
    let question = |now| is(&alice).under(&[&root]).at(now);
    question(start).accepted();
    question(end).accepted();
    let early = before(start, 1);
    let expected = Reason::NotYetValid {
        not_before: start,
        now: early,
    };
    assert_eq!(question(early).refused().reason(), &expected);
    let late = after(end, 1);
    let refused = question(late).refused();
    assert_eq!(
        refused.reason(),
        &Reason::Expired {
            not_after: end,
            now: late
        }
    );
    assert_eq!(
        refused.to_string(),
        "certificate 0 (CN=alice): expired at 2026-06-01T00:01:40Z, now is 2026-06-01T00:01:41Z"
    );
}

#[test]
fn every_certificate_of_the_path_must_be_valid() {
    let root = Ca::root("Root").issue();
    let expired = root.intermediate("Issuing").expired().issue();
    let alice = expired.client("alice").issue();
    is(&alice)
        .with(&[&expired])
        .under(&[&root])
        .refused_for("expired", 1);
    let early = root.intermediate("Issuing").not_yet_valid().issue();
    let alice = early.client("alice").issue();
    is(&alice)
        .with(&[&early])
        .under(&[&root])
        .refused_for("not_yet_valid", 1);
}

#[test]
fn an_expired_anchor_is_refused_unless_told_otherwise() {
    let root = Ca::root("Root").expired().issue();
    let alice = root.client("alice").issue();
    is(&alice).under(&[&root]).refused_for("expired", 1);
    let lenient = client().anchor_validity(AnchorValidity::Ignore);
    is(&alice).under(&[&root]).by(&lenient).accepted();
}

#[test]
fn a_pinned_leaf_expires_whatever_holds_for_anchors() {
    let alice = Certified::self_signed("alice").expired().issue();
    let lenient = client().anchor_validity(AnchorValidity::Ignore);
    is(&alice)
        .under(&[&alice])
        .by(&lenient)
        .refused_for("expired", 0);
}

#[test]
fn a_verdict_holds_until_the_first_certificate_expires() {
    let root = Ca::root("Root").not_after(after(NOW, 10 * DAY)).issue();
    let issuing = root
        .intermediate("Issuing")
        .not_after(after(NOW, 20 * DAY))
        .issue();
    let alice = issuing
        .client("alice")
        .not_after(after(NOW, 30 * DAY))
        .issue();
    let question = is(&alice).with(&[&issuing]).under(&[&root]);
    assert_eq!(
        question.answer(|chain| chain.valid_until()),
        Ok(after(NOW, 10 * DAY))
    );
    let lenient = question.by(client().anchor_validity(AnchorValidity::Ignore));
    assert_eq!(
        lenient.answer(|chain| chain.valid_until()),
        Ok(after(NOW, 20 * DAY))
    );
}
