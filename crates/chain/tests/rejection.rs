//! Which of several failures is reported, and how.

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

use portcullis_chain::{Class, Origin, Rejection};
use portcullis_test_pki::{Ca, Certified};
use question::is;

#[test]
fn a_fault_below_an_anchor_tells_more_than_a_missing_issuer() {
    let ours = Ca::root("Ours").issue();
    let theirs = Ca::root("Theirs").issue();
    let issuing = ours.intermediate("Issuing").issue();
    let crossed = theirs.cross_sign(&issuing).issue();
    let alice = issuing.client("alice").expired().issue();
    let refused = is(&alice)
        .with(&[&crossed, &issuing])
        .under(&[&ours])
        .refused();
    assert_eq!(
        (refused.reason().code(), refused.certificate()),
        ("expired", 0)
    );
    assert_eq!(refused.class(), Class::Expired);
    let codes: Vec<_> = refused
        .candidates()
        .iter()
        .map(|candidate| candidate.reason().code())
        .collect();
    assert!(
        codes.contains(&"issuer_not_found") && codes.contains(&"expired"),
        "{codes:?}"
    );
}

#[test]
fn the_fault_nearest_to_the_leaf_is_reported() {
    let (old, new) = (Ca::root("Old").issue(), Ca::root("New").issue());
    let issuing = new.intermediate("Issuing").issue();
    let crossed = old.cross_sign(&issuing).expired().issue();
    let server = issuing.server(&["www.contoso.com"]).issue();
    for offered in [[&crossed, &issuing], [&issuing, &crossed]] {
        let offered = offered.map(|ca| &**ca);
        let question = is(&server).with(&offered).under(&[&old, &new]);
        question.refused_for("purpose_not_allowed", 0);
    }
}

#[test]
fn every_path_tried_is_explained() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").expired().issue();
    let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    let [candidate] = refused.candidates() else {
        panic!("{:?}", refused.candidates());
    };
    assert_eq!(candidate, refused.nearest());
    let origins: Vec<_> = candidate.steps().iter().map(|step| step.origin).collect();
    assert_eq!(origins, [Origin::Leaf, Origin::Offered, Origin::Anchor]);
    assert_eq!(
        candidate.to_string(),
        "CN=alice [leaf] <- CN=Issuing [offered] <- CN=Root [anchor]: \
         certificate 0 (CN=alice): expired at 2026-05-31T00:00:00Z, now is 2026-06-01T00:00:00Z"
    );
}

#[test]
fn the_explanation_is_bounded() {
    let root = Ca::root("Root").issue();
    let others: Vec<_> = (0..60)
        .map(|_| Ca::root("Root").without_key_identifiers().issue())
        .collect();
    let offered: Vec<&Certified> = others.iter().map(|ca| &**ca).collect();
    let alice = Ca::root("Root")
        .issue()
        .client("alice")
        .without_key_identifiers()
        .issue();
    let refused = is(&alice).with(&offered).under(&[&root]).refused();
    assert_eq!(refused.candidates().len(), Rejection::MAX_KEPT);
    assert_eq!(refused.reason().code(), "bad_signature");
}

#[test]
fn what_a_peer_writes_into_a_name_never_breaks_a_line() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice\r\nforged: line\0").expired().issue();
    let refused = is(&alice).under(&[&root]).refused().to_string();
    assert!(
        refused.contains(r"CN=alice\0D\0Aforged: line\00"),
        "{refused}"
    );
}
