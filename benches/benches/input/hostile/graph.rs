//! Authorities that certify each other.

use portcullis_test_pki::{Algorithm, Ca, Criticality, Key, der};

use super::{Hostile, authority};

/// Whether all authorities of a list share their key: then every signature holds under every one of them.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    One,
    Many,
}

/// Authorities that all certify each other: the number of paths is a factorial.
pub(super) fn mesh(name: &'static str, keys: Keys) -> Hostile {
    let authorities = authorities(9, keys);
    let mut offered = Vec::new();
    for issuer in &authorities {
        let others = authorities
            .iter()
            .filter(|subject| subject.der != issuer.der);
        offered.extend(others.map(|subject| issuer.cross_sign(subject).issue().der.to_vec()));
    }
    let issuer = authorities.first().expect("nine authorities");
    Hostile::new(name, &issuer.client("alice").issue().der, offered)
}

/// A hundred authorities one above the other, the topmost of which nobody trusts.
///
/// x509-limbo has it as `pathological-chain-distinct-subject-distinct-key` and `-same-key`.
pub(super) fn line(name: &'static str, keys: Keys) -> Hostile {
    let authorities = authorities(100, keys);
    let mut issuer = authorities.first().expect("a hundred authorities");
    let mut offered = vec![issuer.der.to_vec()];
    for subject in authorities.iter().skip(1) {
        offered.push(issuer.cross_sign(subject).issue().der.to_vec());
        issuer = subject;
    }
    Hostile::new(name, &issuer.client("alice").issue().der, offered)
}

/// Two authorities that certify each other, each fifty times over.
///
/// x509-limbo has it as `intermediate-cycle-distinct-cas`, once over.
pub(super) fn cycle() -> Hostile {
    let (left, right) = (authority("Left").issue(), authority("Right").issue());
    let pairs = (0..50).flat_map(|_| [left.cross_sign(&right), right.cross_sign(&left)]);
    let offered = pairs.map(|builder| builder.issue().der.to_vec());
    let leaf = left.client("alice").issue();
    Hostile::new("cycle of two authorities", &leaf.der, offered.collect())
}

fn authorities(count: usize, keys: Keys) -> Vec<Ca> {
    let shared = Key::generate(Algorithm::Ed25519);
    let authorities = (0..count).map(|number| {
        let authority = authority(format!("CA {number}").as_str());
        match keys {
            Keys::One => authority.key(&shared).issue(),
            Keys::Many => authority.issue(),
        }
    });
    authorities.collect()
}

/// Who holds the key of a trusted authority: seven layers below it, each certified twice, and a
/// leaf that takes long to read, so that 128 paths of good signatures reach the anchor.
pub(super) fn renewed() -> Hostile {
    let root = Ca::root("Contoso Root").issue();
    let mut issuer = root.intermediate("Mallory").issue();
    let mut offered = vec![issuer.der.to_vec()];
    for layer in 0..7 {
        let name = format!("Layer {layer}");
        let next = issuer.intermediate(name.as_str()).issue();
        offered.push(issuer.cross_sign(&next).issue().der.to_vec());
        offered.push(next.der.to_vec());
        issuer = next;
    }
    let names = der::sequence(&vec![der::tlv(0x82, b"a"); 16_000]);
    let leaf = issuer
        .server(&["www.contoso.com"])
        .without_extension("2.5.29.17")
        .extension("2.5.29.17", Criticality::NonCritical, &names)
        .issue();
    Hostile::under(&root.der, "100 paths to an anchor", &leaf.der, offered)
}
