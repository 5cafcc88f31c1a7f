//! Who may issue: basic constraints, path length, key usage, version, names.

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

use portcullis_chain::{AnchorConstraints, AuthorityClaim, Reason};
use portcullis_test_pki::{BasicConstraints, Ca, Criticality, KeyUsage, Name, Version};
use question::{client, is};

#[test]
fn an_intermediate_must_be_a_certificate_authority() {
    let root = Ca::root("Root").issue();
    for (constraints, found) in [
        (BasicConstraints::EndEntity, AuthorityClaim::EndEntity),
        (BasicConstraints::Absent, AuthorityClaim::NoBasicConstraints),
    ] {
        let issuing = root
            .intermediate("Issuing")
            .basic_constraints(constraints)
            .issue();
        let alice = issuing.client("alice").issue();
        let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
        assert_eq!(
            (refused.certificate(), refused.reason()),
            (1, &Reason::NotACa { found })
        );
        assert_eq!(refused.reason().openssl(), Some("invalid CA certificate"));
    }
}

#[test]
fn basic_constraints_need_not_be_critical() {
    let root = Ca::root("Root")
        .basic_constraints_criticality(Criticality::NonCritical)
        .issue();
    let alice = root.client("alice").issue();
    is(&alice).under(&[&root]).accepted();
}

#[test]
fn a_leaf_that_a_client_key_issued_is_refused() {
    let root = Ca::root("Root").issue();
    let alice = Ca::from(root.client("alice").issue());
    let mallory = alice.client("mallory").issue();
    is(&mallory)
        .with(&[&alice])
        .under(&[&root])
        .refused_for("not_a_ca", 1);
}

#[test]
fn an_intermediate_of_an_old_version_is_refused_and_an_anchor_is_not() {
    let root = Ca::root("Root").version(Version::V1).issue();
    let alice = root.client("alice").issue();
    is(&alice).under(&[&root]).accepted();
    let issuing = root.intermediate("Issuing").version(Version::V1).issue();
    let alice = issuing.client("alice").issue();
    is(&alice)
        .with(&[&issuing])
        .under(&[&root])
        .refused_for("not_a_ca", 1);
}

#[test]
fn a_leaf_of_an_old_version_is_accepted() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").version(Version::V1).issue();
    is(&alice).under(&[&root]).accepted();
}

#[test]
fn path_length_limits_the_intermediates_that_follow() {
    let root = Ca::root("Root").path_length(1).issue();
    let one = root.intermediate("One").issue();
    let two = one.intermediate("Two").issue();
    is(&one.client("alice").issue())
        .with(&[&one])
        .under(&[&root])
        .accepted();
    let alice = two.client("alice").issue();
    let refused = is(&alice).with(&[&one, &two]).under(&[&root]).refused();
    let reason = Reason::PathTooLong {
        expected: 1,
        found: 2,
    };
    assert_eq!((refused.certificate(), refused.reason()), (1, &reason));
    assert_eq!(
        refused.reason().openssl(),
        Some("path length constraint exceeded")
    );
}

#[test]
fn the_smallest_path_length_counts() {
    let root = Ca::root("Root").path_length(5).issue();
    let one = root.intermediate("One").path_length(0).issue();
    let two = one.intermediate("Two").path_length(9).issue();
    is(&one.client("alice").issue())
        .with(&[&one])
        .under(&[&root])
        .accepted();
    let alice = two.client("alice").issue();
    is(&alice)
        .with(&[&one, &two])
        .under(&[&root])
        .refused_for("path_too_long", 1);
    let root = Ca::root("Root").path_length(1).issue();
    let one = root.intermediate("One").path_length(7).issue();
    let two = one.intermediate("Two").issue();
    let alice = two.client("alice").issue();
    is(&alice)
        .with(&[&one, &two])
        .under(&[&root])
        .refused_for("path_too_long", 1);
}

#[test]
fn self_issued_intermediates_do_not_count_for_path_length() {
    let root = Ca::root("Root").path_length(0).issue();
    let rolled = root.intermediate("Root").path_length(0).issue();
    let alice = rolled.client("alice").issue();
    is(&alice).with(&[&rolled]).under(&[&root]).accepted();
}

#[test]
fn a_leaf_that_is_an_authority_does_not_count_for_path_length() {
    let root = Ca::root("Root").path_length(0).issue();
    let leaf = root
        .intermediate("Issuing")
        .key_usage(&[KeyUsage::KeyCertSign, KeyUsage::DigitalSignature])
        .issue();
    is(&leaf).under(&[&root]).accepted();
}

#[test]
fn an_issuer_whose_key_usage_lacks_certificate_signing_is_refused() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .key_usage(&[KeyUsage::CrlSign])
        .issue();
    let alice = issuing.client("alice").issue();
    let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    assert_eq!(
        refused.to_string(),
        "certificate 1 (CN=Issuing): key usage keyCertSign is missing, found cRLSign"
    );
    let openssl = "key usage does not include certificate signing";
    assert_eq!(refused.reason().openssl(), Some(openssl));
    let silent = root.intermediate("Issuing").key_usage(&[]).issue();
    let alice = silent.client("alice").issue();
    is(&alice).with(&[&silent]).under(&[&root]).accepted();
}

#[test]
fn an_anchor_is_held_to_its_own_certificate_unless_told_otherwise() {
    let lenient = client().anchor_constraints(AnchorConstraints::Ignore);
    for (root, code) in [
        (
            Ca::root("Root").basic_constraints(BasicConstraints::EndEntity),
            "not_a_ca",
        ),
        (
            Ca::root("Root").key_usage(&[KeyUsage::DigitalSignature]),
            "key_usage_missing",
        ),
        (
            Ca::root("Root").extension("1.2.3", Criticality::Critical, &[5, 0]),
            "unknown_critical_extension",
        ),
    ] {
        let root = root.issue();
        let alice = root.client("alice").issue();
        is(&alice).under(&[&root]).refused_for(code, 1);
        is(&alice).under(&[&root]).by(&lenient).accepted();
    }
    let root = Ca::root("Root").path_length(0).issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    is(&alice)
        .with(&[&issuing])
        .under(&[&root])
        .refused_for("path_too_long", 1);
    is(&alice)
        .with(&[&issuing])
        .under(&[&root])
        .by(&lenient)
        .accepted();
}

#[test]
fn an_authority_without_a_name_issues_nothing() {
    let root = Ca::root(Name::empty()).issue();
    let alice = root.client("alice").issue();
    is(&alice).under(&[&root]).refused_for("empty_issuer", 0);
}

#[test]
fn a_malformed_extension_of_an_authority_is_refused() {
    let root = Ca::root("Root").issue();
    for oid in [
        "2.5.29.19",
        "2.5.29.15",
        "2.5.29.37",
        "2.5.29.17",
        "2.5.29.35",
        "2.5.29.14",
    ] {
        let issuing = root
            .intermediate("Issuing")
            .without_extension(oid)
            .extension(oid, Criticality::NonCritical, &[0x30, 0x01])
            .issue();
        let alice = issuing.client("alice").issue();
        is(&alice)
            .with(&[&issuing])
            .under(&[&root])
            .refused_for("malformed", 1);
    }
}
