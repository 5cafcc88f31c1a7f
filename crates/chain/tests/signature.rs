//! Signatures, their algorithms and the keys behind them.

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

use portcullis_chain::{KeyOwner, Reason};
use portcullis_test_pki::{Algorithm, Ca, der};
use question::{client, is};

const RSA: &str = "1.2.840.113549.1.1.1";

fn rsa_key(bits: usize) -> Vec<u8> {
    let modulus = [&[0x00][..], &vec![0xff; bits / 8]].concat();
    let key = der::sequence(&[der::integer(&modulus), der::number(65_537)]);
    der::sequence(&[der::algorithm_with_null(RSA), der::bit_string(&key)])
}

#[test]
fn every_algorithm_of_the_provider_is_accepted() {
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
        Algorithm::Rsa2048Sha384,
        Algorithm::Rsa2048Sha512,
    ] {
        let root = Ca::root("Root").algorithm(algorithm).issue();
        let issuing = root.intermediate("Issuing").algorithm(algorithm).issue();
        let alice = issuing.client("alice").issue();
        is(&alice).with(&[&issuing]).under(&[&root]).accepted();
    }
}

#[test]
fn a_wrong_signature_is_refused_wherever_it_is() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").wrong_signature().issue();
    let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    assert_eq!(
        refused.reason(),
        &Reason::BadSignature {
            issuer: "CN=Issuing".into()
        }
    );
    assert_eq!(
        refused.reason().openssl(),
        Some("certificate signature failure")
    );
    let forged = root.intermediate("Issuing").wrong_signature().issue();
    let alice = forged.client("alice").issue();
    is(&alice)
        .with(&[&forged])
        .under(&[&root])
        .refused_for("bad_signature", 1);
}

#[test]
fn the_name_of_a_trusted_authority_is_not_its_key() {
    let root = Ca::root("Root").issue();
    let mallory = Ca::root("Root").issue();
    let alice = mallory.client("alice").issue();
    is(&alice)
        .under(&[&root])
        .refused_for("issuer_not_found", 0);
    let copied = mallory
        .client("alice")
        .authority_key_identifier(&root.key_identifier())
        .issue();
    is(&copied).under(&[&root]).refused_for("bad_signature", 0);
}

#[test]
fn signatures_with_sha_1_are_not_accepted() {
    let root = Ca::root("Root").issue();
    let sha1 = der::algorithm("1.2.840.10045.4.1");
    let alice = root.client("alice").signature_algorithm(&sha1).issue();
    let refused = is(&alice).under(&[&root]).refused();
    assert_eq!(
        (refused.reason().code(), refused.certificate()),
        ("unsupported_algorithm", 0)
    );
    let source = std::error::Error::source(refused.reason())
        .unwrap()
        .to_string();
    assert_eq!(
        source,
        "signature algorithm ecdsa-with-SHA1 is not among those accepted"
    );
}

#[test]
fn short_rsa_keys_are_refused_wherever_they_are() {
    let root = Ca::root("Root").issue();
    let alice = root
        .client("alice")
        .subject_public_key_info(&rsa_key(1024))
        .issue();
    let weak = |owner| Reason::WeakKey {
        expected: 2048,
        found: 1024,
        owner,
    };
    let refused = is(&alice).under(&[&root]).refused();
    assert_eq!(
        (refused.certificate(), refused.reason()),
        (0, &weak(KeyOwner::Leaf))
    );
    assert_eq!(
        refused.reason().openssl(),
        Some("EE certificate key too weak")
    );
    is(&alice)
        .under(&[&root])
        .by(client().least_rsa_bits(1024))
        .accepted();

    let issuing = root
        .intermediate("Issuing")
        .subject_public_key_info(&rsa_key(1024))
        .issue();
    let alice = issuing.client("alice").issue();
    let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    assert_eq!(refused.reason(), &weak(KeyOwner::Authority));
    assert_eq!(
        (refused.certificate(), refused.subject()),
        (1, "CN=Issuing")
    );
    assert_eq!(
        refused.reason().openssl(),
        Some("CA certificate key too weak")
    );
}

#[test]
fn more_bits_may_be_demanded() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").algorithm(Algorithm::Rsa2048).issue();
    is(&alice).under(&[&root]).accepted();
    is(&alice)
        .under(&[&root])
        .by(client().least_rsa_bits(3072))
        .refused_for("weak_key", 0);
}

#[test]
fn an_rsa_key_that_is_none_is_malformed() {
    let root = Ca::root("Root").issue();
    let spki = der::sequence(&[
        der::algorithm_with_null(RSA),
        der::bit_string(&[0x30, 0x00]),
    ]);
    let alice = root.client("alice").subject_public_key_info(&spki).issue();
    is(&alice).under(&[&root]).refused_for("malformed", 0);
}

#[test]
fn a_key_that_costs_too_much_to_check_with_is_refused_before_it_is_used() {
    let root = Ca::root("Root").issue();
    let oversized = |bits, owner| Reason::OversizedKey {
        expected: 8_192,
        found: bits,
        owner,
    };
    let issuing = root
        .intermediate("Issuing")
        .subject_public_key_info(&rsa_key(16_384))
        .issue();
    let alice = issuing.client("alice").issue();
    let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    assert_eq!(
        (refused.reason(), refused.certificate()),
        (&oversized(16_384, KeyOwner::Authority), 1)
    );
    let most = |bits| {
        let key = rsa_key(bits);
        root.client("alice").subject_public_key_info(&key).issue()
    };
    is(&most(8_192)).under(&[&root]).accepted();
    let refused = is(&most(8_200)).under(&[&root]).refused();
    assert_eq!(refused.reason(), &oversized(8_200, KeyOwner::Leaf));
    let larger = client().most_rsa_bits(16_384);
    is(&most(8_200)).under(&[&root]).by(larger).accepted();
}
