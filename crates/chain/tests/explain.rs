//! Every path that was tried, and the words for why it fell.

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

use portcullis_chain::{Anchors, Class, Explanation, Origin, Policy, Purpose, explain};
use portcullis_test_pki::{Algorithm, Ca, Certified, ExtendedKeyUsage, NOW, Name};
use portcullis_x509::Certificate;
use question::{Question, client, is};
use rustls_pki_types::{SignatureVerificationAlgorithm, alg_id};

fn explained<'a>(
    leaf: &'a Certified,
    offered: &[&'a Certified],
    anchors: &'a Anchors,
    policy: &Policy,
) -> Explanation<'a> {
    let leaf = Certificate::parse(&leaf.der).unwrap();
    let offered: Vec<_> = offered
        .iter()
        .map(|one| Certificate::parse(&one.der).unwrap())
        .collect();
    explain(&leaf, &offered, anchors, policy, NOW)
}

fn anchored(roots: &[&Ca]) -> Anchors {
    Anchors::new(roots.iter().map(|root| root.der.clone()).collect(), vec![]).unwrap()
}

#[test]
fn an_accepted_path_comes_with_those_that_fell_before_it() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let expired = root.cross_sign(&issuing).expired().issue();
    let alice = issuing.client("alice").issue();
    let anchors = anchored(&[&root]);
    let found = explained(&alice, &[&expired, &issuing], &anchors, &client());
    assert!(found.verdict.is_ok());
    let accepted: Vec<_> = found
        .accepted
        .iter()
        .map(|step| (&*step.subject, step.origin))
        .collect();
    assert_eq!(
        accepted,
        [
            ("CN=alice", Origin::Leaf),
            ("CN=Issuing", Origin::Offered),
            ("CN=Root", Origin::Anchor)
        ]
    );
    let [fell] = &found.fallen[..] else {
        panic!("one path fell");
    };
    assert_eq!((fell.certificate(), fell.reason().code()), (1, "expired"));
    assert_ne!(
        fell.steps()[1].id,
        found.accepted[1].id,
        "another certificate"
    );
    assert_eq!(fell.steps()[2].id, found.accepted[2].id, "the same one");
}

#[test]
fn every_path_is_kept_where_a_rejection_keeps_the_first() {
    let leaf = Ca::root("X")
        .issue()
        .client("alice")
        .without_key_identifiers()
        .issue();
    let namesakes: Vec<Ca> = (0..60)
        .map(|_| {
            Ca::root("X")
                .algorithm(Algorithm::Ed25519)
                .without_key_identifiers()
                .issue()
        })
        .collect();
    let offered: Vec<&Certified> = namesakes.iter().map(|ca| &**ca).collect();
    let root = Ca::root("Root").issue();
    let anchors = anchored(&[&root]);
    let found = explained(&leaf, &offered, &anchors, &client());
    assert_eq!(found.fallen.len(), 60);
    assert!(found.accepted.is_empty());
    let refused = is(&leaf).with(&offered).under(&[&root]).refused();
    assert_eq!(refused.candidates(), &found.fallen[..32]);
    assert_eq!(found.verdict.unwrap_err().reason(), refused.reason());
}

/// A question and the code and OpenSSL's words for its refusal.
type Named<'a> = (Question<'a>, &'static str, Option<&'static str>);

fn are_named<'a>(cases: impl IntoIterator<Item = Named<'a>>) {
    for (question, code, words) in cases {
        let refused = question.refused();
        let reason = refused.reason();
        assert_eq!(
            (reason.code(), reason.openssl()),
            (code, words),
            "{refused}"
        );
        assert_ne!(reason.class(), Class::Malformed);
        assert!(!reason.rule().is_empty());
    }
}

/// What Google Cloud calls `chain_invalid_eku` and `chain_exceeded_limit`.
#[test]
fn purposes_and_depth_have_their_codes() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let for_servers = [ExtendedKeyUsage::ServerAuth];
    let narrow = root.intermediate("Narrow").extended_key_usage(&for_servers);
    let narrow = narrow.issue();
    let [below_narrow, alice] = [&narrow, &issuing].map(|ca| ca.client("alice").issue());
    let server = issuing
        .client("alice")
        .extended_key_usage(&for_servers)
        .issue();
    let purpose = Some("unsupported certificate purpose");
    are_named([
        (
            is(&below_narrow).with(&[&narrow]).under(&[&root]),
            "purpose_not_allowed",
            purpose,
        ),
        (
            is(&server).with(&[&issuing]).under(&[&root]),
            "purpose_not_allowed",
            purpose,
        ),
        (
            is(&alice)
                .with(&[&issuing])
                .under(&[&root])
                .by(client().max_depth(0)),
            "depth_exceeded",
            Some("certificate chain too long"),
        ),
    ]);
}

/// What Google Cloud calls `invalid_rsa_key_size`, `unsupported_elliptic_curve_key` and
/// `unsupported_key_algorithm`.
#[test]
fn keys_have_their_codes() {
    let root = Ca::root("Root").issue();
    let rsa = Ca::root("RSA").algorithm(Algorithm::Rsa2048).issue();
    let alice = rsa.client("alice").issue();
    let other = root.client("alice").algorithm(Algorithm::Ed25519).issue();
    let elsewhere = Ca::root("Ed25519").algorithm(Algorithm::Ed25519).issue();
    let signed_elsewhere = elsewhere.client("alice").issue();
    let p256 = || Policy::new(Purpose::ClientAuth, p256());
    let small = client().most_rsa_bits(1_024).least_rsa_bits(0);
    are_named([
        (
            is(&alice).under(&[&rsa]).by(client().least_rsa_bits(3_072)),
            "weak_key",
            Some("CA certificate key too weak"),
        ),
        (is(&alice).under(&[&rsa]).by(small), "oversized_key", None),
        (
            is(&other).under(&[&root]).by(p256()),
            "unsupported_key",
            None,
        ),
        (
            is(&signed_elsewhere).under(&[&elsewhere]).by(p256()),
            "unsupported_algorithm",
            Some("certificate signature failure"),
        ),
    ]);
}

fn p256() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    let is_p256 = |algorithm: &&&'static dyn SignatureVerificationAlgorithm| {
        algorithm.public_key_alg_id() == alg_id::ECDSA_P256
    };
    let of_p256 = question::algorithms().iter().filter(is_p256).copied();
    of_p256.collect::<Vec<_>>().leak()
}

/// The reasons that Application Gateway logs after `FAILED`.
#[test]
fn a_missing_issuer_is_told_in_the_words_that_operators_search_for() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client(Name::common_name("alice")).issue();
    let stranger = Ca::root("Stranger").issue();
    let first = is(&alice).under(&[&root]).refused();
    assert_eq!(
        first.reason().openssl(),
        Some("unable to verify the first certificate")
    );
    let local = is(&alice).with(&[&issuing]).under(&[&stranger]).refused();
    assert_eq!(
        local.reason().openssl(),
        Some("unable to get local issuer certificate")
    );
    let configured = is(&alice)
        .knowing(&[&issuing])
        .under(&[&stranger])
        .refused();
    assert_eq!(
        configured.reason().openssl(),
        Some("unable to get issuer certificate")
    );
    assert_eq!(configured.reason().rule(), "RFC 5280 section 6.1.1 (d)");
}
