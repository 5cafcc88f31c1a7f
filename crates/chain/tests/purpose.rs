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

use portcullis_chain::{AnchorConstraints, ExtendedKeyUsageRule, LeafKeyUsage, Purpose, Reason};
use portcullis_test_pki::{Ca, Certified, ExtendedKeyUsage as Eku, KeyUsage};
use portcullis_x509::oid;
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

/// A root, an authority with these purposes and a client with those.
fn with_purposes(authority: &[Eku], leaf: &[Eku]) -> (Ca, Ca, Certified) {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .extended_key_usage(authority)
        .issue();
    let alice = issuing.client("alice").extended_key_usage(leaf).issue();
    (root, issuing, alice)
}

#[test]
fn the_purpose_may_have_to_be_listed_itself() {
    use Eku::{Any, ClientAuth, CodeSigning, ServerAuth};
    use ExtendedKeyUsageRule::{IfPresent, OnEach, OnLeaf};
    // Of each rule the certificate that falls: 0 the leaf, 1 the authority, 9 none.
    let none: &[Eku] = &[];
    for (authority, leaf, falls) in [
        (none, &[ClientAuth][..], [9, 9, 1]),
        (&[ClientAuth], &[ClientAuth, ServerAuth], [9, 9, 9]),
        (&[Any], &[ClientAuth], [9, 9, 1]),
        (&[ClientAuth], &[Any], [9, 0, 0]),
        (&[ClientAuth], none, [9, 0, 0]),
        (&[ClientAuth], &[ClientAuth, CodeSigning], [9, 0, 0]),
        (&[ServerAuth], &[ClientAuth], [1, 1, 1]),
    ] {
        let (root, issuing, alice) = with_purposes(authority, leaf);
        for (rule, falls) in [IfPresent, OnLeaf, OnEach].into_iter().zip(falls) {
            let policy = client().extended_key_usage(rule);
            let question = is(&alice).with(&[&issuing]).under(&[&root]).by(policy);
            let found = question.answer(|_| ()).err();
            let found = found.map_or(9, |refused| {
                assert_eq!(refused.reason().code(), "purpose_not_allowed");
                refused.certificate()
            });
            assert_eq!(found, falls, "{authority:?} {leaf:?} {rule:?}");
        }
    }
}

#[test]
fn an_authority_is_no_leaf_where_every_certificate_has_its_purpose() {
    let root = Ca::root("Root").issue();
    let both = root
        .intermediate("alice")
        .extended_key_usage(&[Eku::ClientAuth])
        .key_usage(&[KeyUsage::KeyCertSign, KeyUsage::DigitalSignature])
        .issue();
    is(&both).under(&[&root]).accepted();
    let each = client().extended_key_usage(ExtendedKeyUsageRule::OnEach);
    is(&both)
        .under(&[&root])
        .by(each)
        .refused_for("authority_as_leaf", 0);
}

#[test]
fn the_use_of_the_leafs_key_counts_unless_told_otherwise() {
    let root = Ca::root("Root").issue();
    let alice = root
        .client("alice")
        .key_usage(&[KeyUsage::KeyEncipherment])
        .issue();
    is(&alice)
        .under(&[&root])
        .refused_for("key_usage_missing", 0);
    let ignored = client().leaf_key_usage(LeafKeyUsage::Ignore);
    is(&alice).under(&[&root]).by(ignored).accepted();
}

#[test]
fn any_purpose_can_be_asked_for_by_its_identifier() {
    let root = Ca::root("Root").issue();
    let signer = root
        .client("signer")
        .extended_key_usage(&[Eku::CodeSigning])
        .issue();
    let asked = |purpose| policy(Purpose::Other(purpose));
    is(&signer)
        .under(&[&root])
        .by(asked(oid::CODE_SIGNING))
        .accepted();
    let refused = is(&signer)
        .under(&[&root])
        .by(asked(oid::TIME_STAMPING))
        .refused();
    assert_eq!(
        refused.reason().to_string(),
        "purpose timeStamping is not allowed, found codeSigning"
    );
}
