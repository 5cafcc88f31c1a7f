//! Finding the right anchor among thousands.

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

use portcullis_chain::{Anchors, VerifiedChain, verify};
use portcullis_test_pki::{Algorithm, Builder, Ca, Certified, Key, NOW, Name, der};
use portcullis_x509::Certificate;
use question::{client, is};

const COUNT: usize = 2_000;

/// Anchors with names of their own, and one key among them all: what differs is what is looked for by.
fn many() -> Vec<Ca> {
    let key = Key::generate(Algorithm::Ed25519);
    (0..COUNT)
        .map(|number| {
            Ca::root(format!("Root {number}").as_str())
                .key(&key)
                .issue()
        })
        .collect()
}

fn list(all: &[Ca]) -> Vec<&Certified> {
    all.iter().map(|ca| &**ca).collect()
}

#[test]
fn every_anchor_is_found_among_many() {
    let all = many();
    let own = all.iter().map(|ca| ca.der.clone()).collect();
    let anchors = Anchors::new(own, Vec::new()).unwrap();
    assert_eq!(anchors.count(), COUNT);
    for number in [0, 1, 999, 1_000, COUNT - 1] {
        let leaf = all[number].client("alice").issue();
        let leaf = Certificate::parse(&leaf.der).unwrap();
        let chain = verify(&leaf, &[], &anchors, &client(), NOW).unwrap();
        assert_eq!(chain.anchor().der(), &*all[number].der);
    }
}

#[test]
fn who_is_not_among_many_is_not_found() {
    let all = many();
    let other = Ca::root("Root 2000").issue();
    is(&other.client("alice").issue())
        .under(&list(&all))
        .refused_for("issuer_not_found", 0);
}

#[test]
fn an_intermediate_is_found_among_many() {
    let root = Ca::root("Root").issue();
    let key = Key::generate(Algorithm::Ed25519);
    let all: Vec<_> = (0..COUNT)
        .map(|number| {
            let name = format!("Issuing {number}");
            root.intermediate(name.as_str()).key(&key).issue()
        })
        .collect();
    let subjects = is(&all[1_234].client("alice").issue())
        .under(&[&root])
        .knowing(&list(&all))
        .accepted();
    assert_eq!(subjects, ["CN=alice", "CN=Issuing 1234", "CN=Root"]);
}

#[test]
fn of_many_namesakes_the_key_identifier_tells_the_one() {
    let all: Vec<_> = (0..COUNT)
        .map(|_| Ca::root("Root").algorithm(Algorithm::Ed25519).issue())
        .collect();
    for number in [0, 1_000, COUNT - 1] {
        let leaf = all[number].client("alice").issue();
        let anchor = |chain: &VerifiedChain<'_>| chain.anchor().der().to_vec();
        let question = is(&leaf).under(&list(&all)).answer(anchor);
        assert_eq!(question.unwrap(), all[number].der.to_vec());
    }
}

/// Without an identifier each must be tried, and there is an end to that.
#[test]
fn of_a_few_namesakes_without_identifiers_the_one_is_found_by_its_signature() {
    let root = |_| {
        let root = Ca::root("Root").algorithm(Algorithm::Ed25519);
        root.without_key_identifiers().issue()
    };
    let few: Vec<Ca> = (0..20).map(root).collect();
    let leaf = few[19].client("alice").without_key_identifiers().issue();
    is(&leaf).under(&list(&few)).accepted();
    let many: Vec<Ca> = (0..COUNT).map(root).collect();
    let leaf = many[COUNT - 1]
        .client("alice")
        .without_key_identifiers()
        .issue();
    is(&leaf)
        .under(&list(&many))
        .refused_for("budget_exceeded", 0);
}

fn renamed(leaf: Builder<Certified>, issuer: Name) -> Certified {
    leaf.issuer_name(issuer).issue()
}

/// Section 7.1: in any case, with any spaces, in any of the types of text.
#[test]
fn an_anchor_is_known_by_its_name_however_it_is_written() {
    let all = many();
    let root = Ca::root(Name::common_name("Contoso Root CA")).issue();
    let mut trusted = list(&all);
    trusted.push(&root);
    let printable = |text| Name::empty().attribute("2.5.4.3", &der::printable_string(text));
    for name in [
        Name::common_name("contoso root ca"),
        Name::common_name("CONTOSO ROOT CA"),
        Name::common_name("  Contoso   Root CA "),
        printable("Contoso Root CA"),
        printable("cONTOSO rOOT cA"),
    ] {
        let leaf = renamed(root.client("alice"), name);
        is(&leaf).under(&trusted).accepted();
    }
    for name in [
        Name::common_name("ContosoRootCA"),
        Name::common_name("Contoso Root CB"),
        Name::empty().organization("Contoso Root CA"),
        Name::common_name("Contoso Root CA").organization("Contoso"),
    ] {
        let leaf = renamed(root.client("alice"), name);
        is(&leaf).under(&trusted).refused_for("issuer_not_found", 0);
    }
}

#[test]
fn an_anchor_that_is_listed_twice_is_one_anchor() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    is(&alice)
        .under(&[&root, &root])
        .knowing(&[&root])
        .accepted();
    let expired = root.client("alice").expired().issue();
    let refused = is(&expired).under(&[&root, &root]).refused();
    assert_eq!(refused.candidates().len(), 1);
}
