//! What a certificate may be used for.

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

use portcullis_chain::{AnchorConstraints, Purpose, Reason};
use portcullis_test_pki::{Ca, ExtendedKeyUsage as Eku, KeyUsage};
use question::{client, is, policy};

#[test]
fn a_leaf_must_be_for_the_purpose_or_for_any_or_say_nothing() {
    let root = Ca::root("Root").issue();
    for (listed, accepted) in [
        (&[Eku::ClientAuth][..], true),
        (&[Eku::ServerAuth, Eku::ClientAuth], true),
        (&[Eku::Any], true),
        (&[], true),
        (&[Eku::ServerAuth], false),
        (&[Eku::CodeSigning, Eku::Other("1.2.3")], false),
    ] {
        let alice = root.leaf("alice").extended_key_usage(listed).issue();
        let question = is(&alice).under(&[&root]);
        if accepted {
            question.accepted();
        } else {
            question.refused_for("purpose_not_allowed", 0);
        }
    }
}

#[test]
fn the_purposes_found_are_named() {
    let root = Ca::root("Root").issue();
    let alice = root
        .leaf("alice")
        .extended_key_usage(&[Eku::ServerAuth, Eku::Other("1.2.3")])
        .issue();
    let refused = is(&alice).under(&[&root]).refused();
    assert_eq!(
        refused.to_string(),
        "certificate 0 (CN=alice): purpose clientAuth is not allowed, found serverAuth, 1.2.3"
    );
    assert_eq!(
        refused.reason().openssl(),
        Some("unsupported certificate purpose")
    );
}

#[test]
fn an_authority_that_lists_purposes_limits_those_below() {
    let root = Ca::root("Root").issue();
    for (listed, accepted) in [
        (&[Eku::ServerAuth][..], false),
        (&[Eku::ClientAuth], true),
        (&[Eku::Any], true),
        (&[], true),
    ] {
        let issuing = root
            .intermediate("Issuing")
            .extended_key_usage(listed)
            .issue();
        let alice = issuing.client("alice").issue();
        let question = is(&alice).with(&[&issuing]).under(&[&root]);
        if accepted {
            question.accepted();
        } else {
            question.refused_for("purpose_not_allowed", 1);
        }
    }
}

#[test]
fn an_anchor_that_lists_purposes_limits_those_below() {
    let root = Ca::root("Root")
        .extended_key_usage(&[Eku::ServerAuth])
        .issue();
    let alice = root.client("alice").issue();
    is(&alice)
        .under(&[&root])
        .refused_for("purpose_not_allowed", 1);
    let lenient = client().anchor_constraints(AnchorConstraints::Ignore);
    is(&alice).under(&[&root]).by(&lenient).accepted();
}

#[test]
fn a_key_that_must_not_sign_authenticates_nobody() {
    let root = Ca::root("Root").issue();
    for purpose in [Purpose::ClientAuth, Purpose::ServerAuth] {
        for (usage, accepted) in [
            (&[KeyUsage::DigitalSignature][..], true),
            (
                &[KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment],
                true,
            ),
            (&[], true),
            (&[KeyUsage::KeyEncipherment], false),
            (&[KeyUsage::KeyAgreement], false),
            (&[KeyUsage::ContentCommitment], false),
        ] {
            let leaf = root.leaf("leaf").key_usage(usage).issue();
            let question = is(&leaf).under(&[&root]).by(policy(purpose));
            if accepted {
                question.accepted();
            } else {
                question.refused_for("key_usage_missing", 0);
                let openssl = question.refused().reason().openssl();
                assert_eq!(openssl, Some("unsupported certificate purpose"));
            }
        }
    }
}

#[test]
fn a_server_is_no_client_and_a_client_no_server() {
    let root = Ca::root("Root").issue();
    let server = root.server(&["www.contoso.com"]).issue();
    let alice = root.client("alice").issue();
    is(&server)
        .under(&[&root])
        .by(policy(Purpose::ServerAuth))
        .accepted();
    is(&server)
        .under(&[&root])
        .refused_for("purpose_not_allowed", 0);
    is(&alice)
        .under(&[&root])
        .by(policy(Purpose::ServerAuth))
        .refused_for("purpose_not_allowed", 0);
}

#[test]
fn an_ocsp_responder_must_say_that_it_is_one() {
    let root = Ca::root("Root").issue();
    let signing = policy(Purpose::OcspSigning);
    is(&root.ocsp_responder("ocsp").issue())
        .under(&[&root])
        .by(&signing)
        .accepted();
    for listed in [&[][..], &[Eku::Any], &[Eku::ClientAuth]] {
        let leaf = root.leaf("ocsp").extended_key_usage(listed).issue();
        let refused = is(&leaf).under(&[&root]).by(&signing).refused();
        assert!(
            matches!(refused.reason(), Reason::PurposeNotAllowed { .. }),
            "{refused}"
        );
    }
    let issuing = root
        .intermediate("Issuing")
        .extended_key_usage(&[Eku::ClientAuth])
        .issue();
    let responder = issuing.ocsp_responder("ocsp").issue();
    is(&responder)
        .with(&[&issuing])
        .under(&[&root])
        .by(&signing)
        .accepted();
}

#[test]
fn without_a_purpose_no_usage_is_looked_at() {
    let root = Ca::root("Root").issue();
    let leaf = root
        .leaf("leaf")
        .key_usage(&[KeyUsage::KeyEncipherment])
        .extended_key_usage(&[Eku::CodeSigning])
        .issue();
    is(&leaf)
        .under(&[&root])
        .by(policy(Purpose::Any))
        .accepted();
}
