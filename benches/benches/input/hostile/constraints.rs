//! Name constraints against names: who compares each with each does so tens of millions of times.
//!
//! All subtrees are excluded and no name lies in one, but for the last in the last. x509-limbo has the shape as
//! `nc-dos-1` to `nc-dos-3`.

use portcullis_test_pki::{Algorithm, Builder, Ca, Certified, Criticality, Name, der};

use super::{Hostile, authority};

/// A GeneralName with this text in it, a whole TLV.
type GeneralName = fn(&str) -> Vec<u8>;

pub(super) fn dns(text: &str) -> Vec<u8> {
    der::context_primitive(2, text.as_bytes())
}

pub(super) fn directory(text: &str) -> Vec<u8> {
    der::context(4, Name::common_name(text).der())
}

/// Subtrees in an intermediate and names in the leaf, half of a handshake each, made by who holds the key of a
/// constrained authority.
pub(super) fn sent(name: &'static str, general_name: GeneralName) -> Hostile {
    let root = authority("Contoso Root").issue();
    let mallory = root.intermediate("Mallory").algorithm(Algorithm::Ed25519);
    let mallory = constrained(mallory, general_name, 31_000).issue();
    let leaf = named(&mallory, general_name, 31_000);
    Hostile::under(&root.der, name, &leaf, vec![mallory.der.to_vec()])
}

/// Subtrees in the anchor, as many as a certificate has room for, and as many names in the leaf.
pub(super) fn trusted(name: &'static str, general_name: GeneralName) -> Hostile {
    let root = constrained(authority("Contoso Root"), general_name, 60_000).issue();
    let leaf = named(&root, general_name, 60_000);
    Hostile::under(&root.der, name, &leaf, vec![])
}

/// Excludes subtrees of so many octets.
fn constrained(authority: Builder<Ca>, general_name: GeneralName, octets: usize) -> Builder<Ca> {
    let subtree = |text: &str| der::sequence(&[general_name(text)]);
    let excluded = der::context(1, &filled(octets, 'b', subtree).concat());
    let value = der::sequence(&[excluded]);
    authority.extension("2.5.29.30", Criticality::Critical, &value)
}

/// A leaf with alternative names of so many octets.
fn named(issuer: &Ca, general_name: GeneralName, octets: usize) -> Vec<u8> {
    let leaf: Builder<Certified> = issuer.client("alice").algorithm(Algorithm::Ed25519);
    let names = filled(octets, 'a', general_name);
    let leaf = names
        .iter()
        .fold(leaf, |leaf, name| leaf.general_name(name));
    leaf.issue().der.to_vec()
}

/// As many different texts from this letter on as there is room for, then the one that all lists end with.
fn filled(octets: usize, letter: char, encode: impl Fn(&str) -> Vec<u8>) -> Vec<Vec<u8>> {
    let last = encode("zzzzz");
    let count = octets / last.len();
    let texts = (1..count).map(|number| format!("{letter}{number:04x}"));
    texts.map(|text| encode(&text)).chain([last]).collect()
}
