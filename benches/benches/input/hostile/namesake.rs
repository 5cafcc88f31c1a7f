//! Authorities that all have the name of the leaf's issuer.

use portcullis_test_pki::{Algorithm, Ca, Key};

use super::Hostile;

/// A hundred authorities with the name of the leaf's issuer, none of which signed it.
pub(super) fn none_signed(name: &'static str, algorithm: Algorithm) -> Hostile {
    let offered = (0..100).map(|_| unrelated(algorithm));
    let issuer = Ca::root("X").algorithm(algorithm).issue();
    let leaf = issuer.client("alice").without_key_identifiers().issue();
    Hostile::new(name, &leaf.der, offered.collect())
}

/// A hundred certificates for the leaf's issuer, which claim to come from the anchor and do not.
///
/// x509-limbo has it as `pathological-chain-same-subject-same-key`, there self-issued.
pub(super) fn one_key(name: &'static str, algorithm: Algorithm) -> Hostile {
    let root = Ca::root("Contoso Root").algorithm(algorithm).issue();
    let issuer = root.intermediate("X").algorithm(algorithm).issue();
    let stranger = Key::generate(algorithm);
    let offered = (0..100).map(|_| {
        let copy = root.cross_sign(&issuer).signed_by(&stranger);
        copy.without_key_identifiers().issue().der.to_vec()
    });
    let leaf = issuer.client("alice").without_key_identifiers().issue();
    Hostile::under(&root.der, name, &leaf.der, offered.collect())
}

/// One with the name, and a key that signed nothing.
pub(super) fn unrelated(algorithm: Algorithm) -> Vec<u8> {
    let signer = Key::generate(Algorithm::Ed25519);
    let authority = Ca::root("X").algorithm(algorithm).signed_by(&signer);
    authority.without_key_identifiers().issue().der.to_vec()
}
