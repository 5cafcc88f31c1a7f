//! What issuers must do, where the caller wants to know (RFC 5280 section 4).

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

use portcullis_chain::{IssuanceProfile, Reason, Requirement};
use portcullis_test_pki::{
    BasicConstraints, Builder, Ca, Certified, Criticality, KeyUsage, Name, der,
};
use question::{client, is};

/// What alice's chain falls short of, and at which certificate.
fn falls_short(leaf: &Certified, intermediates: &[&Certified], root: &Ca) -> (Requirement, usize) {
    let strict = client().issuance_profile(IssuanceProfile::Enforce);
    let question = is(leaf).with(intermediates).under(&[root]);
    question.accepted();
    let refused = question.by(strict).refused();
    match refused.reason() {
        Reason::NotConforming { requirement } => {
            assert!(refused.reason().rule().starts_with("RFC 5280 section 4."));
            (*requirement, refused.certificate())
        }
        other => panic!("{other}"),
    }
}

fn of_leaf(change: impl FnOnce(Builder<Certified>) -> Builder<Certified>) -> Requirement {
    let root = Ca::root("Root").issue();
    let leaf = change(root.client("alice")).issue();
    let (requirement, certificate) = falls_short(&leaf, &[], &root);
    assert_eq!(certificate, 0);
    requirement
}

fn of_authority(change: impl FnOnce(Builder<Ca>) -> Builder<Ca>) -> Requirement {
    let root = Ca::root("Root").issue();
    let issuing = change(root.intermediate("Issuing")).issue();
    let leaf = issuing.client("alice").issue();
    let (requirement, certificate) = falls_short(&leaf, &[&issuing], &root);
    assert_eq!(certificate, 1);
    requirement
}

#[test]
fn what_conforms_is_accepted() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .permitted_dns(&["example.org"])
        .issue();
    let alice = issuing
        .client("alice")
        .dns("*.example.org")
        .serial(&[0xff; 20])
        .issue();
    let strict = client().issuance_profile(IssuanceProfile::Enforce);
    is(&alice)
        .with(&[&issuing])
        .under(&[&root])
        .by(strict)
        .accepted();
}

#[test]
fn serial_numbers_are_positive_and_have_at_most_20_octets() {
    for content in [
        &[0][..],
        &[0x80],
        &[1; 21],
        &[
            0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
    ] {
        let found = of_leaf(|leaf| leaf.serial_content(content));
        assert_eq!(found, Requirement::SerialNumber, "{content:x?}");
    }
}

#[test]
fn key_identifiers_are_there_and_not_critical() {
    let (own, issuer) = ("2.5.29.14", "2.5.29.35");
    let found = of_leaf(|leaf| leaf.without_extension(issuer));
    assert_eq!(found, Requirement::AuthorityKeyIdentifier);
    let found = of_authority(|ca| ca.without_extension(own));
    assert_eq!(found, Requirement::SubjectKeyIdentifier);
    let critical = |oid, value: Vec<u8>| {
        of_leaf(move |leaf| {
            leaf.without_extension(oid)
                .extension(oid, Criticality::Critical, &value)
        })
    };
    let found = critical(own, der::tlv(4, &[1]));
    assert_eq!(found, Requirement::SubjectKeyIdentifierNotCritical);
    let found = critical(issuer, der::sequence(&[der::context_primitive(0, &[1])]));
    assert_eq!(found, Requirement::AuthorityKeyIdentifierNotCritical);
}

#[test]
fn what_binds_those_below_is_critical_and_of_authorities() {
    let not_critical = Criticality::NonCritical;
    let found = of_authority(|ca| ca.basic_constraints_criticality(not_critical));
    assert_eq!(found, Requirement::BasicConstraintsCritical);
    let dns = |name: &[u8]| {
        let base = der::sequence(&[der::context_primitive(2, name)]);
        der::sequence(&[der::context(0, &base)])
    };
    let found = of_authority(|ca| ca.extension("2.5.29.30", not_critical, &dns(b"example.org")));
    assert_eq!(found, Requirement::NameConstraintsCritical);
    let critical = Criticality::Critical;
    let found = of_authority(|ca| ca.extension("2.5.29.30", critical, &dns(b".example.org")));
    assert_eq!(found, Requirement::NameConstraintSyntax);
    let found = of_leaf(|leaf| leaf.extension("2.5.29.30", critical, &dns(b"example.org")));
    assert_eq!(found, Requirement::NameConstraintsOfAuthorities);
    let later = der::sequence(&[der::context_primitive(0, &[9])]);
    let found = of_authority(|ca| ca.extension("2.5.29.36", not_critical, &later));
    assert_eq!(found, Requirement::PolicyConstraintsCritical);
    let found = of_authority(|ca| ca.extension("2.5.29.54", not_critical, &der::tlv(2, &[9])));
    assert_eq!(found, Requirement::InhibitAnyPolicyCritical);
    let signs = [KeyUsage::DigitalSignature, KeyUsage::KeyCertSign];
    let found = of_leaf(|leaf| leaf.key_usage(&signs));
    assert_eq!(found, Requirement::KeyCertSignOfAuthorities);
}

#[test]
fn names_are_where_and_what_they_should_be() {
    let names = der::sequence(&[der::context_primitive(2, b"a.example")]);
    let found = of_leaf(|leaf| {
        let leaf = leaf.subject(Name::empty());
        leaf.extension("2.5.29.17", Criticality::NonCritical, &names)
    });
    assert_eq!(found, Requirement::AlternativeNameCritical);
    for name in ["a_b.example", "a b", "", "*.*.example", ".example"] {
        let found = of_leaf(|leaf| leaf.dns(name));
        assert_eq!(found, Requirement::DnsNameSyntax, "{name}");
    }
}

#[test]
fn an_anchor_conforms_where_it_is_held_to_its_certificate() {
    let careless = Ca::root("Root").basic_constraints(BasicConstraints::Ca { path_length: None });
    let careless = careless.without_extension("2.5.29.14").issue();
    let alice = careless.client("alice").issue();
    let found = falls_short(&alice, &[], &careless);
    assert_eq!(found, (Requirement::SubjectKeyIdentifier, 1));
}
