//! Whatever a peer sends, a verification ends soon and damage never verifies.

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
    Anchors, Class, MAX_ISSUERS_TRIED, MAX_SIGNATURE_CHECKS, Reason, Resource, verify,
};
use portcullis_test_pki::{Algorithm, Ca, Certified, NOW, mutate};
use portcullis_x509::Certificate;
use question::{client, is};

#[test]
fn no_flipped_bit_of_a_leaf_or_an_intermediate_verifies() {
    let root = Ca::root("Root").algorithm(Algorithm::Ed25519).issue();
    let issuing = root
        .intermediate("Issuing")
        .algorithm(Algorithm::Ed25519)
        .issue();
    let alice = issuing.client("alice").issue();
    let anchors = Anchors::new(vec![root.der.clone()], vec![]).unwrap();
    let genuine = Certificate::parse(&issuing.der).unwrap();
    for flipped in mutate::every_flipped_bit(&alice.der) {
        if let Ok(leaf) = Certificate::parse(&flipped) {
            let verified = verify(
                &leaf,
                std::slice::from_ref(&genuine),
                &anchors,
                &client(),
                NOW,
            );
            assert!(verified.is_err());
        }
    }
    let leaf = Certificate::parse(&alice.der).unwrap();
    for flipped in mutate::every_flipped_bit(&issuing.der) {
        if let Ok(offered) = Certificate::parse(&flipped) {
            assert!(verify(&leaf, &[offered], &anchors, &client(), NOW).is_err());
        }
    }
}

#[test]
fn namesakes_without_identifiers_exhaust_the_signature_checks() {
    let root = Ca::root("Root").issue();
    let count = usize::try_from(MAX_SIGNATURE_CHECKS).unwrap() + 50;
    let namesakes: Vec<_> = (0..count)
        .map(|_| {
            root.intermediate("Issuing")
                .without_key_identifiers()
                .issue()
        })
        .collect();
    let offered: Vec<&Certified> = namesakes.iter().map(|ca| &**ca).collect();
    let stranger = root.intermediate("Issuing").issue();
    let alice = stranger.client("alice").without_key_identifiers().issue();
    let refused = is(&alice).with(&offered).under(&[&root]).refused();
    let reason = Reason::BudgetExceeded {
        resource: Resource::SignatureChecks,
        limit: MAX_SIGNATURE_CHECKS,
    };
    assert_eq!(
        (refused.reason(), refused.class()),
        (&reason, Class::TooCostly)
    );
}

/// Every authority certifies every other: the number of paths is a factorial, that of signatures a square.
#[test]
fn authorities_that_all_certify_each_other_exhaust_the_budget_and_not_the_gateway() {
    let authorities: Vec<_> = (0..9)
        .map(|index| {
            Ca::root(format!("CA {index}").as_str())
                .algorithm(Algorithm::Ed25519)
                .issue()
        })
        .collect();
    let mut mesh = Vec::new();
    for (issuer_at, issuer) in authorities.iter().enumerate() {
        for (subject_at, subject) in authorities.iter().enumerate() {
            if issuer_at != subject_at {
                mesh.push(issuer.cross_sign(subject).issue());
            }
        }
    }
    let offered: Vec<&Certified> = mesh.iter().map(|ca| &**ca).collect();
    let alice = authorities[0].client("alice").issue();
    let root = Ca::root("Root").issue();
    let refused = is(&alice).with(&offered).under(&[&root]).refused();
    let reason = Reason::BudgetExceeded {
        resource: Resource::Issuers,
        limit: MAX_ISSUERS_TRIED,
    };
    assert_eq!(refused.reason(), &reason);
}

#[test]
fn one_key_under_many_certificates_adds_no_paths() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let copies: Vec<_> = (0..150)
        .map(|_| root.cross_sign(&issuing).issue())
        .collect();
    let offered: Vec<&Certified> = copies.iter().map(|ca| &**ca).collect();
    let alice = issuing.client("alice").issue();
    is(&alice).with(&offered).under(&[&root]).accepted();
    let expired = issuing.client("alice").expired().issue();
    is(&expired)
        .with(&offered[..90])
        .under(&[&root])
        .refused_for("expired", 0);
}

#[test]
fn a_long_chain_is_refused_for_its_depth() {
    let root = Ca::root("CA 0").algorithm(Algorithm::Ed25519).issue();
    let mut chain = vec![root];
    for index in 1..80 {
        let next = chain[index - 1]
            .intermediate(format!("CA {index}").as_str())
            .algorithm(Algorithm::Ed25519)
            .issue();
        chain.push(next);
    }
    let alice = chain[79].client("alice").issue();
    let offered: Vec<&Certified> = chain.iter().map(|ca| &**ca).collect();
    is(&alice)
        .with(&offered)
        .under(&[&chain[0]])
        .refused_for("depth_exceeded", 10);
    let deep = client().max_depth(usize::MAX);
    assert_eq!(
        is(&alice)
            .with(&offered)
            .under(&[&chain[0]])
            .by(deep)
            .accepted()
            .len(),
        81
    );
}
