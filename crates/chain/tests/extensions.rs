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
use portcullis_test_pki::{Ca, Criticality};
use question::is;

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
