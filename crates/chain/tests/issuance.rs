//! What section 4 of RFC 5280 demands of those who issue certificates.

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
    AnchorConstraints, ExtendedKeyUsageRule, IssuanceProfile, PartialChain, Reason, Requirement,
};
use portcullis_test_pki::general_name::dns;
use portcullis_test_pki::{
    BasicConstraints, Builder, Ca, Certified, Criticality, KeyUsage, Name, Version, der,
};
use question::{client, is};

/// Departures of an authority or a leaf from one that conforms.
enum Departure {
    Authority(fn(Builder<Ca>) -> Builder<Ca>),
    Leaf(fn(Builder<Certified>) -> Builder<Certified>),
}

use Departure::{Authority, Leaf};

const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const INHIBIT_ANY_POLICY: &str = "2.5.29.54";

/// The requirement that a path falls short of, where certificates are held to how they must be issued.
fn unmet(departure: &Departure) -> Option<(Requirement, usize)> {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing");
    let issuing = match departure {
        Authority(depart) => depart(issuing),
        Leaf(_) => issuing,
    }
    .issue();
    let leaf = issuing.client("alice");
    let leaf = match departure {
        Leaf(depart) => depart(leaf),
        Authority(_) => leaf,
    }
    .issue();
    let question = is(&leaf).with(&[&issuing]).under(&[&root]);
    question.accepted();
    let rejection = question
        .by(client().issuance_profile(IssuanceProfile::Enforce))
        .answer(|_| ())
        .err()?;
    match rejection.reason() {
        Reason::NotConforming { requirement } => Some((*requirement, rejection.certificate())),
        other => panic!("{other}"),
    }
}

fn not_critical<T: From<Certified>>(builder: Builder<T>, oid: &str, value: &[u8]) -> Builder<T> {
    builder
        .without_extension(oid)
        .extension(oid, Criticality::NonCritical, value)
}

fn critical<T: From<Certified>>(builder: Builder<T>, oid: &str, value: &[u8]) -> Builder<T> {
    builder
        .without_extension(oid)
        .extension(oid, Criticality::Critical, value)
}

fn constraining(host: &str) -> Vec<u8> {
    let subtree = der::sequence(&[dns(host)]);
    der::sequence(&[der::context(1, &subtree)])
}

fn alternative(host: &str) -> Vec<u8> {
    der::sequence(&[dns(host)])
}

fn each_is(requirement: Requirement, departures: &[(Departure, Option<usize>)]) {
    for (number, (departure, at)) in departures.iter().enumerate() {
        let expected = at.map(|at| (requirement, at));
        assert_eq!(unmet(departure), expected, "departure {number}");
    }
}

#[test]
fn certificates_as_they_must_be_issued_conform() {
    let named = Leaf(|leaf| leaf.dns("*.contoso.com").email("alice@contoso.com"));
    let nameless = Leaf(|leaf| leaf.subject(Name::empty()).dns("a.contoso.com"));
    let constrained = Authority(|ca| {
        ca.permitted(&dns("contoso.com"))
            .policy_constraints(Some(9), None)
            .inhibit_any_policy(9)
    });
    for departure in [Authority(|ca| ca), named, nameless, constrained] {
        assert_eq!(unmet(&departure), None);
    }
}

#[test]
fn a_serial_number_is_positive_and_has_at_most_20_octets() {
    each_is(
        Requirement::SerialNumber,
        &[
            (Leaf(|leaf| leaf.serial(&[0])), Some(0)),
            (Leaf(|leaf| leaf.serial_content(&[0xff])), Some(0)),
            (Leaf(|leaf| leaf.serial(&[0x7f; 21])), Some(0)),
            (Leaf(|leaf| leaf.serial(&[0x7f; 20])), None),
            (Leaf(|leaf| leaf.serial(&[1])), None),
            (Authority(|ca| ca.serial(&[0])), Some(1)),
        ],
    );
}

#[test]
fn key_identifiers_are_not_critical() {
    let identifier = |oid| {
        move |leaf: Builder<Certified>| {
            let value = match oid {
                AUTHORITY_KEY_IDENTIFIER => der::sequence(&[der::context_primitive(0, &[7; 20])]),
                _ => der::octet_string(&[7; 20]),
            };
            critical(leaf, oid, &value)
        }
    };
    for oid in [AUTHORITY_KEY_IDENTIFIER, SUBJECT_KEY_IDENTIFIER] {
        let root = Ca::root("Root").issue();
        let leaf = identifier(oid)(root.client("alice")).issue();
        is(&leaf)
            .under(&[&root])
            .by(client().issuance_profile(IssuanceProfile::Enforce))
            .refused_for("not_conforming", 0);
    }
}

#[test]
fn every_certificate_that_is_not_self_signed_names_its_issuer_s_key() {
    each_is(
        Requirement::AuthorityKeyIdentifier,
        &[
            (
                Leaf(|leaf| leaf.without_extension(AUTHORITY_KEY_IDENTIFIER)),
                Some(0),
            ),
            (
                Authority(|ca| ca.without_extension(AUTHORITY_KEY_IDENTIFIER)),
                Some(1),
            ),
        ],
    );
}

/// Section 4.2.1.1: in all certificates, which takes version 3.
#[test]
fn a_leaf_of_a_version_without_extensions_does_not_conform() {
    let root = Ca::root("Root").issue();
    let leaf = root.client("alice").version(Version::V1).issue();
    is(&leaf).under(&[&root]).accepted();
    is(&leaf)
        .under(&[&root])
        .by(client().issuance_profile(IssuanceProfile::Enforce))
        .refused_for("not_conforming", 0);
}

/// Section 4.2.1.1: the keyIdentifier field MUST be included.
#[test]
fn an_authority_key_identifier_has_the_key_s_identifier() {
    let issuer = |leaf: Builder<Certified>| {
        let names = der::context(1, &der::context(4, Name::common_name("Root").der()));
        let serial = der::context_primitive(2, &[1]);
        not_critical(
            leaf,
            AUTHORITY_KEY_IDENTIFIER,
            &der::sequence(&[names, serial]),
        )
    };
    each_is(
        Requirement::AuthorityKeyIdentifier,
        &[(Leaf(issuer), Some(0))],
    );
}

/// Section 4.2.1.1 excepts self-signed certificates, of which a renewed key's is none.
#[test]
fn a_self_issued_certificate_of_another_key_names_its_issuer_s_key() {
    let root = Ca::root("Root").issue();
    let renewed = root
        .intermediate("Root")
        .without_extension(AUTHORITY_KEY_IDENTIFIER)
        .issue();
    is(&renewed.client("alice").issue())
        .with(&[&renewed])
        .under(&[&root])
        .by(client().issuance_profile(IssuanceProfile::Enforce))
        .refused_for("not_conforming", 1);
}

#[test]
fn every_authority_names_its_key_and_a_leaf_need_not() {
    each_is(
        Requirement::SubjectKeyIdentifier,
        &[
            (
                Authority(|ca| ca.without_extension(SUBJECT_KEY_IDENTIFIER)),
                Some(1),
            ),
            (
                Leaf(|leaf| leaf.without_extension(SUBJECT_KEY_IDENTIFIER)),
                None,
            ),
        ],
    );
}

/// Section 4.2.1.2: all certificates with cA TRUE, wherever they are.
#[test]
fn an_authority_that_is_a_leaf_names_its_key() {
    let authority = |leaf: Builder<Certified>| {
        leaf.basic_constraints(BasicConstraints::Ca { path_length: None })
            .without_extension(SUBJECT_KEY_IDENTIFIER)
    };
    each_is(
        Requirement::SubjectKeyIdentifier,
        &[(Leaf(authority), Some(0))],
    );
}

#[test]
fn certificates_are_signed_by_authorities_only() {
    let signing = |leaf: Builder<Certified>| {
        leaf.key_usage(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign])
    };
    each_is(
        Requirement::KeyCertSignOfAuthorities,
        &[(Leaf(signing), Some(0))],
    );
}

#[test]
fn the_only_name_of_a_certificate_is_critical() {
    let not_so = |leaf: Builder<Certified>| {
        let value = alternative("a.contoso.com");
        not_critical(
            leaf.subject(Name::empty()),
            SUBJECT_ALTERNATIVE_NAME,
            &value,
        )
    };
    each_is(
        Requirement::AlternativeNameCritical,
        &[
            (Leaf(not_so), Some(0)),
            (Leaf(|leaf| leaf.subject(Name::empty())), Some(0)),
        ],
    );
}

#[test]
fn a_host_has_the_preferred_syntax() {
    each_is(
        Requirement::DnsNameSyntax,
        &[
            (Leaf(|leaf| leaf.dns("a_b.contoso.com")), Some(0)),
            (Leaf(|leaf| leaf.dns("")), Some(0)),
            (Leaf(|leaf| leaf.dns(" ")), Some(0)),
            (Leaf(|leaf| leaf.dns("-a.contoso.com")), Some(0)),
            (Leaf(|leaf| leaf.dns("a.contoso.com.")), Some(0)),
            (Leaf(|leaf| leaf.dns("a.contoso.com\0")), Some(0)),
            (Leaf(|leaf| leaf.dns("a.*.contoso.com")), Some(0)),
            (Leaf(|leaf| leaf.dns("*.contoso.com")), None),
            (Authority(|ca| ca.dns("a_b.contoso.com")), Some(1)),
        ],
    );
}

#[test]
fn basic_constraints_of_an_authority_are_critical() {
    let not_so = |ca: Builder<Ca>| ca.basic_constraints_criticality(Criticality::NonCritical);
    each_is(
        Requirement::BasicConstraintsCritical,
        &[(Authority(not_so), Some(1))],
    );
}

#[test]
fn name_constraints_are_critical() {
    let not_so = |ca| not_critical(ca, NAME_CONSTRAINTS, &constraining("contoso.org"));
    each_is(
        Requirement::NameConstraintsCritical,
        &[(Authority(not_so), Some(1))],
    );
}

#[test]
fn name_constraints_are_for_authorities() {
    let constrained = |leaf: Builder<Certified>| leaf.permitted(&dns("contoso.com"));
    each_is(
        Requirement::NameConstraintsOfAuthorities,
        &[(Leaf(constrained), Some(0))],
    );
}

#[test]
fn a_host_in_name_constraints_begins_with_no_dot() {
    each_is(
        Requirement::NameConstraintSyntax,
        &[
            (Authority(|ca| ca.permitted(&dns(".contoso.com"))), Some(1)),
            (Authority(|ca| ca.excluded(&dns(".contoso.com"))), Some(1)),
        ],
    );
}

#[test]
fn policy_constraints_are_critical() {
    let not_so = |ca| {
        let value = der::sequence(&[der::context_primitive(0, &[9])]);
        not_critical(ca, POLICY_CONSTRAINTS, &value)
    };
    each_is(
        Requirement::PolicyConstraintsCritical,
        &[(Authority(not_so), Some(1))],
    );
}

#[test]
fn inhibit_any_policy_is_critical() {
    let not_so = |ca| not_critical(ca, INHIBIT_ANY_POLICY, &der::number(9));
    each_is(
        Requirement::InhibitAnyPolicyCritical,
        &[(Authority(not_so), Some(1))],
    );
}

#[test]
fn an_anchor_conforms_unless_it_is_only_a_name_and_a_key() {
    let root = Ca::root("Root").serial(&[0]).issue();
    let alice = root.client("alice").issue();
    let profile = client().issuance_profile(IssuanceProfile::Enforce);
    is(&alice)
        .under(&[&root])
        .by(&profile)
        .refused_for("not_conforming", 1);
    let lenient = profile.anchor_constraints(AnchorConstraints::Ignore);
    is(&alice).under(&[&root]).by(&lenient).accepted();
}

#[test]
fn a_leaf_that_is_an_anchor_has_no_intermediate_to_ask() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let policy = client()
        .partial_chain(PartialChain::Allow)
        .extended_key_usage(ExtendedKeyUsageRule::OnEach);
    is(&alice).under(&[&alice]).by(policy).accepted();
}
