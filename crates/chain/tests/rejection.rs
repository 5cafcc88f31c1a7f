//! Which of several failures is reported, and how.

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

use std::collections::BTreeMap;

use portcullis_chain::{Candidate, Class, Origin, Rejection, Step};
use portcullis_test_pki::{Algorithm, Ca, Certified, Criticality, Key, Name, der};
use portcullis_x509::{CUT, MAX_SHOWN};
use question::is;

#[test]
fn a_fault_below_an_anchor_tells_more_than_a_missing_issuer() {
    let ours = Ca::root("Ours").issue();
    let theirs = Ca::root("Theirs").issue();
    let issuing = ours.intermediate("Issuing").issue();
    let crossed = theirs.cross_sign(&issuing).issue();
    let alice = issuing.client("alice").expired().issue();
    let refused = is(&alice)
        .with(&[&crossed, &issuing])
        .under(&[&ours])
        .refused();
    assert_eq!(
        (refused.reason().code(), refused.certificate()),
        ("expired", 0)
    );
    assert_eq!(refused.class(), Class::Expired);
    let codes: Vec<_> = refused
        .candidates()
        .iter()
        .map(|candidate| candidate.reason().code())
        .collect();
    assert!(
        codes.contains(&"issuer_not_found") && codes.contains(&"expired"),
        "{codes:?}"
    );
}

#[test]
fn the_fault_nearest_to_the_leaf_is_reported() {
    let (old, new) = (Ca::root("Old").issue(), Ca::root("New").issue());
    let issuing = new.intermediate("Issuing").issue();
    let crossed = old.cross_sign(&issuing).expired().issue();
    let server = issuing.server(&["www.contoso.com"]).issue();
    for offered in [[&crossed, &issuing], [&issuing, &crossed]] {
        let offered = offered.map(|ca| &**ca);
        let question = is(&server).with(&offered).under(&[&old, &new]);
        question.refused_for("purpose_not_allowed", 0);
    }
}

#[test]
fn every_path_tried_is_explained() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").expired().issue();
    let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    let [candidate] = refused.candidates() else {
        panic!("{:?}", refused.candidates());
    };
    assert_eq!(candidate, refused.nearest());
    let origins: Vec<_> = candidate.steps().iter().map(|step| step.origin).collect();
    assert_eq!(origins, [Origin::Leaf, Origin::Offered, Origin::Anchor]);
    assert_eq!(
        candidate.to_string(),
        "CN=alice [leaf] <- CN=Issuing [offered] <- CN=Root [anchor]: \
         certificate 0 (CN=alice): expired at 2026-05-31T00:00:00Z, now is 2026-06-01T00:00:00Z"
    );
}

#[test]
fn the_explanation_is_bounded() {
    let root = Ca::root("Root").issue();
    let others: Vec<_> = (0..60)
        .map(|_| Ca::root("Root").without_key_identifiers().issue())
        .collect();
    let offered: Vec<&Certified> = others.iter().map(|ca| &**ca).collect();
    let alice = Ca::root("Root")
        .issue()
        .client("alice")
        .without_key_identifiers()
        .issue();
    let refused = is(&alice).with(&offered).under(&[&root]).refused();
    assert_eq!(refused.candidates().len(), Rejection::MAX_KEPT);
    assert_eq!(refused.reason().code(), "bad_signature");
}

#[test]
fn what_a_peer_writes_into_a_name_never_breaks_a_line() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice\r\nforged: line\0").expired().issue();
    let refused = is(&alice).under(&[&root]).refused().to_string();
    assert!(
        refused.contains(r"CN=alice\0D\0Aforged: line\00"),
        "{refused}"
    );
}

/// Octets that a rejection keeps, each shared name once, reasons as their debug output.
fn kept(rejection: &Rejection) -> usize {
    let candidates = || rejection.candidates().iter().chain([rejection.nearest()]);
    let steps = || candidates().flat_map(|candidate| candidate.steps());
    let names: BTreeMap<_, _> = steps()
        .map(|step| (step.subject.as_ptr(), step.subject.len()))
        .collect();
    let reasons = candidates().map(|candidate| format!("{:?}", candidate.reason()).len());
    names.into_values().sum::<usize>()
        + reasons.sum::<usize>()
        + steps().count() * size_of::<Step>()
        + candidates().count() * size_of::<Candidate>()
}

/// As large as a name can be in a certificate that fits into a TLS handshake; it prints as 350 KB.
fn huge_name() -> Name {
    Name::empty().attribute("2.5.4.3", &der::tlv(0x14, &[0xff; 58_000]))
}

#[test]
fn a_huge_name_is_kept_short_and_once() {
    let root = Ca::root("Root").issue();
    let namesakes: Vec<_> = (0..16)
        .map(|_| Ca::root("X").without_key_identifiers().issue())
        .collect();
    let offered: Vec<&Certified> = namesakes.iter().map(|ca| &**ca).collect();
    let leaf = Ca::root("X")
        .issue()
        .client("alice")
        .subject(huge_name())
        .without_key_identifiers()
        .issue();
    let refused = is(&leaf).with(&offered).under(&[&root]).refused();
    assert_eq!(refused.candidates().len(), 16);
    assert!(refused.subject().starts_with(r"CN=\C3\BF\C3"));
    assert!(refused.subject().ends_with(CUT));
    assert!(refused.subject().len() <= MAX_SHOWN + CUT.len());
    assert!(kept(&refused) < 10_000, "{}", kept(&refused));
}

#[test]
fn the_name_of_an_issuer_that_is_not_found_is_cut() {
    let root = Ca::root("Root").issue();
    let leaf = root.client("alice").issuer_name(huge_name()).issue();
    let refused = is(&leaf).under(&[&root]).refused();
    assert_eq!(refused.reason().code(), "issuer_not_found");
    assert!(refused.to_string().ends_with(CUT));
    assert!(kept(&refused) < 2_000, "{}", kept(&refused));
}

/// A chain of self-issued certificates, which no depth limits, and above it authorities with one key
/// whose names match and are not written alike, each of which names another issuer.
#[test]
fn a_rejection_keeps_less_than_100_kb() {
    let text = |first: &str, number: usize| {
        let cases = (0..240).map(|bit| {
            if number >> (bit % 6) & 1 == 0 {
                'n'
            } else {
                'N'
            }
        });
        Name::common_name(format!("{first}{}", cases.collect::<String>()).as_str())
    };
    let root = Ca::root("Root").issue();
    let top = Key::generate(Algorithm::Ed25519);
    let tops: Vec<_> = (0..60)
        .map(|number| {
            let missing = text(&number.to_string(), number);
            let ca = Ca::root(text("N", number)).key(&top).issuer_name(missing);
            ca.without_key_identifiers().issue()
        })
        .collect();
    for length in [1, 10, 90] {
        let mut chain: Vec<Ca> = Vec::new();
        for _ in 0..length {
            let (issuer, issuer_name) = match chain.last() {
                Some(issuer) => (issuer, text("S", 0)),
                None => (&tops[0], text("N", 0)),
            };
            let ca = Ca::root(text("S", 0)).algorithm(Algorithm::Ed25519);
            let ca = ca.issuer_name(issuer_name).signed_by(&issuer.key);
            chain.push(
                ca.authority_key_identifier(&issuer.key_identifier())
                    .issue(),
            );
        }
        let leaf = chain.last().unwrap().client("alice").issue();
        let offered: Vec<&Certified> = chain.iter().chain(&tops).map(|ca| &**ca).collect();
        let refused = is(&leaf).with(&offered).under(&[&root]).refused();
        let steps = || refused.candidates().iter().map(|path| path.steps().len());
        assert_eq!(steps().max(), Some(length + 2));
        assert!(steps().sum::<usize>() <= Rejection::MAX_STEPS_KEPT);
        assert!(kept(&refused) < 100_000, "{length}: {}", kept(&refused));
    }
}

#[test]
fn whatever_a_reason_repeats_is_cut() {
    let root = Ca::root("Root").issue();
    let long = ["1.3".to_owned(), vec!["1"; 10_000].join(".")].join(".");
    let alice = || root.client("alice");
    let purposes = |value: Vec<Vec<u8>>| {
        let without = alice().without_extension("2.5.29.37");
        without.extension(
            "2.5.29.37",
            Criticality::NonCritical,
            &der::sequence(&value),
        )
    };
    let algorithm = der::sequence(&[der::oid(&long)]);
    let leaves = [
        (
            alice().extension(&long, Criticality::Critical, &[]),
            "unknown_critical_extension",
        ),
        (purposes(vec![der::oid(&long)]), "purpose_not_allowed"),
        (
            purposes(vec![der::oid("1.3.6"); 10_000]),
            "purpose_not_allowed",
        ),
        (
            alice().signature_algorithm(&algorithm),
            "unsupported_algorithm",
        ),
        (
            alice().extension("2.5.29.36", Criticality::Critical, &[0; 30_000]),
            "malformed",
        ),
    ];
    for (leaf, code) in leaves {
        let refused = is(&leaf.issue()).under(&[&root]).refused();
        assert_eq!(refused.reason().code(), code);
        let said = format!("{:?}", refused.reason()).len();
        assert!(said < 2 * MAX_SHOWN, "{code}: {said}");
    }
}
