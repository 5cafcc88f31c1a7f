//! What a certificate and its key may be used for.

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

use portcullis_chain::{
    AnchorConstraints, ExtendedKeyUsageRule as Rule, LeafKeyUsage, Policy, Purpose, Reason,
};
use portcullis_test_pki::{Algorithm, Ca, ExtendedKeyUsage as Eku, Key, KeyUsage, der};
use portcullis_x509::oid;
use question::{ACCEPTED, all, client, is, policy};

const EMAIL_PROTECTION: Eku = Eku::Other("1.3.6.1.5.5.7.3.4");
const TIME_STAMPING: Eku = Eku::Other("1.3.6.1.5.5.7.3.8");

const REFUSED: &str = "purpose_not_allowed";

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

/// What becomes of a leaf that lists these purposes below an authority that lists those.
fn listed(policy: &Policy, issuing: &[Eku], leaf: &[Eku]) -> (&'static str, usize) {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .extended_key_usage(issuing)
        .issue();
    let leaf = issuing.leaf("leaf").extended_key_usage(leaf).issue();
    let question = is(&leaf).with(&[&issuing]).under(&[&root]).by(policy);
    match question.answer(|_| ()) {
        Ok(()) => (ACCEPTED, 0),
        Err(rejection) => (rejection.reason().code(), rejection.certificate()),
    }
}

#[test]
fn on_a_leaf_the_very_purpose_may_be_demanded() {
    let strict = client().extended_key_usage(Rule::OnLeaf);
    all([
        (&[Eku::ClientAuth][..], true),
        (&[Eku::ClientAuth, Eku::ServerAuth], true),
        (&[Eku::ClientAuth, EMAIL_PROTECTION], true),
        (&[Eku::ClientAuth, Eku::Any], true),
        (&[], false),
        (&[Eku::Any], false),
        (&[Eku::ServerAuth], false),
        (&[Eku::ClientAuth, Eku::CodeSigning], false),
        (&[TIME_STAMPING, Eku::ClientAuth], false),
        (&[Eku::ClientAuth, Eku::OcspSigning], false),
    ]
    .map(|(leaf, accepted)| {
        let expected = if accepted { ACCEPTED } else { REFUSED };
        let found = listed(&strict, &[], leaf);
        (format!("{leaf:?}"), found, (expected, 0))
    }));
}

#[test]
fn the_demand_on_a_leaf_leaves_authorities_as_they_were() {
    let strict = client().extended_key_usage(Rule::OnLeaf);
    for (issuing, expected) in [
        (&[][..], (ACCEPTED, 0)),
        (&[Eku::Any], (ACCEPTED, 0)),
        (&[Eku::ClientAuth], (ACCEPTED, 0)),
        (&[Eku::ServerAuth], (REFUSED, 1)),
    ] {
        let found = listed(&strict, issuing, &[Eku::ClientAuth]);
        assert_eq!(found, expected, "{issuing:?}");
    }
}

#[test]
fn on_each_certificate_the_very_purpose_may_be_demanded() {
    let strict = client().extended_key_usage(Rule::OnEach);
    for (issuing, leaf, expected) in [
        (
            &[Eku::ClientAuth][..],
            &[Eku::ClientAuth][..],
            (ACCEPTED, 0),
        ),
        (
            &[Eku::ServerAuth, Eku::ClientAuth],
            &[Eku::ClientAuth],
            (ACCEPTED, 0),
        ),
        (&[], &[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::Any], &[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::ServerAuth], &[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::ClientAuth], &[], (REFUSED, 0)),
        (&[Eku::ClientAuth], &[Eku::Any], (REFUSED, 0)),
        (
            &[Eku::ClientAuth],
            &[Eku::ClientAuth, Eku::CodeSigning],
            (REFUSED, 0),
        ),
    ] {
        let found = listed(&strict, issuing, leaf);
        assert_eq!(found, expected, "{issuing:?} {leaf:?}");
    }
}

#[test]
fn authorities_of_servers_need_not_list_the_purpose() {
    let strict = policy(Purpose::ServerAuth).extended_key_usage(Rule::OnEach);
    for (issuing, expected) in [
        (&[][..], (ACCEPTED, 0)),
        (&[Eku::ServerAuth], (ACCEPTED, 0)),
        (&[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::Any], (REFUSED, 1)),
    ] {
        let found = listed(&strict, issuing, &[Eku::ServerAuth]);
        assert_eq!(found, expected, "{issuing:?}");
    }
}

#[test]
fn an_anchor_need_not_list_the_purpose() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let strict = client().extended_key_usage(Rule::OnEach);
    is(&alice).under(&[&root]).by(strict).accepted();
}

#[test]
fn an_authority_is_no_leaf_where_every_certificate_is_held_to_its_purpose() {
    let root = Ca::root("Root").issue();
    let leaf = root
        .intermediate("Issuing")
        .key_usage(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign])
        .extended_key_usage(&[Eku::ClientAuth])
        .issue();
    let judged = |rule| {
        let policy = client().extended_key_usage(rule);
        is(&leaf).under(&[&root]).by(policy).code()
    };
    assert_eq!(judged(Rule::OnEach), "authority_as_leaf");
    assert_eq!(judged(Rule::OnLeaf), ACCEPTED);
    assert_eq!(judged(Rule::IfPresent), ACCEPTED);
}

#[test]
fn any_other_purpose_is_listed_or_every_purpose_is() {
    let mail = policy(Purpose::Other(oid::EMAIL_PROTECTION));
    for (issuing, leaf, expected) in [
        (&[][..], &[EMAIL_PROTECTION][..], (ACCEPTED, 0)),
        (&[], &[], (ACCEPTED, 0)),
        (&[], &[Eku::Any], (ACCEPTED, 0)),
        (&[], &[Eku::ClientAuth], (REFUSED, 0)),
        (&[Eku::ClientAuth], &[EMAIL_PROTECTION], (REFUSED, 1)),
        (&[EMAIL_PROTECTION], &[EMAIL_PROTECTION], (ACCEPTED, 0)),
    ] {
        let found = listed(&mail, issuing, leaf);
        assert_eq!(found, expected, "{issuing:?} {leaf:?}");
    }
}

#[test]
fn a_purpose_whose_keys_are_kept_apart_may_be_the_only_one() {
    let signing = policy(Purpose::Other(oid::CODE_SIGNING)).extended_key_usage(Rule::OnLeaf);
    let alone = listed(&signing, &[], &[Eku::CodeSigning]);
    assert_eq!(alone, (ACCEPTED, 0));
    let with_another = listed(&signing, &[], &[Eku::CodeSigning, TIME_STAMPING]);
    assert_eq!(with_another, (REFUSED, 0));
}

#[test]
fn nothing_is_asked_of_key_usage_for_another_purpose() {
    let root = Ca::root("Root").issue();
    let leaf = root
        .leaf("leaf")
        .key_usage(&[KeyUsage::KeyEncipherment])
        .issue();
    is(&leaf)
        .under(&[&root])
        .by(policy(Purpose::Other(oid::EMAIL_PROTECTION)))
        .accepted();
}

#[test]
fn the_key_usage_of_a_leaf_may_be_passed_over() {
    let root = Ca::root("Root").issue();
    let leaf = root
        .client("alice")
        .key_usage(&[KeyUsage::KeyAgreement])
        .issue();
    let judged = |rule| {
        let policy = client().leaf_key_usage(rule);
        is(&leaf).under(&[&root]).by(policy).code()
    };
    assert_eq!(judged(LeafKeyUsage::Enforce), "key_usage_missing");
    assert_eq!(judged(LeafKeyUsage::Ignore), ACCEPTED);
}

#[test]
fn the_key_usage_of_an_authority_is_never_passed_over() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .key_usage(&[KeyUsage::DigitalSignature])
        .issue();
    is(&issuing.client("alice").issue())
        .with(&[&issuing])
        .under(&[&root])
        .by(client().leaf_key_usage(LeafKeyUsage::Ignore))
        .refused_for("key_usage_missing", 1);
}

#[test]
fn a_leaf_may_have_a_key_of_every_kind_that_the_provider_verifies_with() {
    let root = Ca::root("Root").issue();
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
    ] {
        let alice = root.client("alice").algorithm(algorithm).issue();
        is(&alice).under(&[&root]).accepted();
    }
}

/// A SubjectPublicKeyInfo with this algorithm, and parameters where they are not empty.
fn key_info(algorithm: &str, parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let algorithm = der::sequence(&[der::oid(algorithm), parameters.to_vec()]);
    der::sequence(&[algorithm, der::bit_string(key)])
}

#[test]
fn a_leaf_with_a_key_that_nothing_verifies_with_is_refused() {
    const EC: &str = "1.2.840.10045.2.1";
    let point = [&[4][..], &[7; 64]].concat();
    let keys = [
        ("Ed448", key_info("1.3.101.113", &[], &[7; 57])),
        ("X25519", key_info("1.3.101.110", &[], &[7; 32])),
        ("DSA", key_info("1.2.840.10040.4.1", &[], &der::number(7))),
        ("secp256k1", key_info(EC, &der::oid("1.3.132.0.10"), &point)),
        (
            "P-192",
            key_info(EC, &der::oid("1.2.840.10045.3.1.1"), &point),
        ),
        ("EC without a curve", key_info(EC, &[], &point)),
    ];
    let root = Ca::root("Root").issue();
    all(keys.map(|(kind, key)| {
        let leaf = root.client("alice").subject_public_key_info(&key).issue();
        let found = is(&leaf).under(&[&root]).code();
        (kind.to_owned(), found, "unsupported_key")
    }));
}

/// RFC 4055 section 1.2.
#[test]
fn a_leaf_may_have_an_rsa_key_that_is_for_pss_alone() {
    let rsa = Key::generate(Algorithm::Rsa2048);
    let key = key_info("1.2.840.113549.1.1.10", &[], rsa.public_key());
    let root = Ca::root("Root").issue();
    let leaf = root.client("alice").subject_public_key_info(&key).issue();
    is(&leaf).under(&[&root]).accepted();
}
