//! Extensions that are not understood are never ignored where ignoring them would grant trust.

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

use portcullis_chain::Reason;
use portcullis_test_pki::{Ca, Criticality, der};
use question::is;

const NAME_CONSTRAINTS: &str = "2.5.29.30";
const POLICY_MAPPINGS: &str = "2.5.29.33";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const INHIBIT_ANY_POLICY: &str = "2.5.29.54";

#[test]
fn an_unknown_critical_extension_is_refused_anywhere() {
    let root = Ca::root("Root").issue();
    let unknown = |criticality| {
        (
            root.client("alice")
                .extension("1.2.3", criticality, &[5, 0])
                .issue(),
            root.intermediate("Issuing")
                .extension("1.2.3", criticality, &[5, 0])
                .issue(),
        )
    };
    let (alice, issuing) = unknown(Criticality::Critical);
    let refused = is(&alice).under(&[&root]).refused();
    assert_eq!(
        refused.reason(),
        &Reason::UnknownCriticalExtension {
            oid: "1.2.3".into()
        }
    );
    assert_eq!(
        refused.reason().openssl(),
        Some("unhandled critical extension")
    );
    let below = issuing.client("alice").issue();
    is(&below)
        .with(&[&issuing])
        .under(&[&root])
        .refused_for("unknown_critical_extension", 1);
    let (alice, issuing) = unknown(Criticality::NonCritical);
    is(&alice).under(&[&root]).accepted();
    is(&issuing.client("alice").issue())
        .with(&[&issuing])
        .under(&[&root])
        .accepted();
}

#[test]
fn an_authority_with_name_constraints_is_refused_critical_or_not() {
    let root = Ca::root("Root").issue();
    let excluded = der::sequence(&[der::context(
        1,
        &der::sequence(&[der::context_primitive(2, b"example.org")]),
    )]);
    for criticality in [Criticality::Critical, Criticality::NonCritical] {
        let issuing = root
            .intermediate("Issuing")
            .extension(NAME_CONSTRAINTS, criticality, &excluded)
            .issue();
        let alice = issuing.client("alice").issue();
        is(&alice)
            .with(&[&issuing])
            .under(&[&root])
            .refused_for("unsupported_name_constraints", 1);
    }
}

#[test]
fn name_constraints_of_a_leaf_constrain_nobody() {
    let root = Ca::root("Root").issue();
    let constrained = |criticality| {
        root.client("alice")
            .extension(NAME_CONSTRAINTS, criticality, &[0x30, 0x00])
            .issue()
    };
    is(&constrained(Criticality::NonCritical))
        .under(&[&root])
        .accepted();
    is(&constrained(Criticality::Critical))
        .under(&[&root])
        .refused_for("unsupported_name_constraints", 0);
}

#[test]
fn critical_policy_extensions_are_refused() {
    let root = Ca::root("Root").issue();
    let alice = root
        .client("alice")
        .policies(Criticality::Critical, &["1.2.3"])
        .issue();
    is(&alice)
        .under(&[&root])
        .refused_for("unsupported_policies", 0);
    for oid in [POLICY_MAPPINGS, POLICY_CONSTRAINTS, INHIBIT_ANY_POLICY] {
        let issuing = root
            .intermediate("Issuing")
            .extension(oid, Criticality::Critical, &[0x30, 0x00])
            .issue();
        let alice = issuing.client("alice").issue();
        let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
        assert_eq!(
            refused.reason(),
            &Reason::UnsupportedPolicies { oid: oid.into() }
        );
    }
}

#[test]
fn policies_that_demand_nothing_are_accepted() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .policies(Criticality::NonCritical, &["2.5.29.32.0"])
        .issue();
    let alice = issuing
        .client("alice")
        .policies(Criticality::NonCritical, &["1.2.3"])
        .issue();
    is(&alice).with(&[&issuing]).under(&[&root]).accepted();
}

#[test]
fn a_demand_for_policies_is_refused_even_when_it_is_not_critical() {
    let root = Ca::root("Root").issue();
    let require = [0x30, 0x03, 0x80, 0x01, 0x00];
    let issuing = root
        .intermediate("Issuing")
        .extension(POLICY_CONSTRAINTS, Criticality::NonCritical, &require)
        .issue();
    let alice = issuing.client("alice").issue();
    is(&alice)
        .with(&[&issuing])
        .under(&[&root])
        .refused_for("unsupported_policies", 1);
    let alice = root
        .client("alice")
        .extension(POLICY_CONSTRAINTS, Criticality::NonCritical, &require)
        .issue();
    is(&alice)
        .under(&[&root])
        .refused_for("unsupported_policies", 0);
}

#[test]
fn understood_extensions_may_be_critical() {
    let root = Ca::root("Root").issue();
    let alice = root
        .client("alice")
        .extended_key_usage_criticality(Criticality::Critical)
        .extension(
            "2.5.29.17",
            Criticality::Critical,
            &[0x30, 0x03, 0x82, 0x01, b'a'],
        )
        .issue();
    is(&alice).under(&[&root]).accepted();
}
