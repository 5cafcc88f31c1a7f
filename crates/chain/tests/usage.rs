//! How strictly purposes are read, which keys leaves have, and what is demanded of those who issue certificates.

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
    AnchorConstraints, ExtendedKeyUsageRule as Rule, IssuanceProfile, LeafKeyUsage, PartialChain,
    Policy, Purpose, Reason, Requirement,
};
use portcullis_test_pki::general_name::dns;
use portcullis_test_pki::{
    Algorithm, BasicConstraints, Builder, Ca, Certified, Criticality, ExtendedKeyUsage as Eku, Key,
    KeyUsage, Name, Version, der,
};
use portcullis_x509::oid;
use question::{ACCEPTED, all, client, is, policy};

const EMAIL_PROTECTION: Eku = Eku::Other("1.3.6.1.5.5.7.3.4");
const TIME_STAMPING: Eku = Eku::Other("1.3.6.1.5.5.7.3.8");

const REFUSED: &str = "purpose_not_allowed";

/// What becomes of a leaf that lists these purposes below an authority that lists those.
fn listed(policy: &Policy, issuing: &[Eku], leaf: &[Eku]) -> (&'static str, usize) {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .extended_key_usage(issuing)
        .issue();
    let leaf = issuing.leaf("leaf").extended_key_usage(leaf).issue();
    let question = is(&leaf).with(&[&issuing]).under(&[&root]).by(policy);
    match question.answer(|_| ()) {
        Ok(()) => (ACCEPTED, 0),
        Err(rejection) => (rejection.reason().code(), rejection.certificate()),
    }
}

#[test]
fn on_a_leaf_the_very_purpose_may_be_demanded() {
    let strict = client().extended_key_usage(Rule::OnLeaf);
    all([
        (&[Eku::ClientAuth][..], true),
        (&[Eku::ClientAuth, Eku::ServerAuth], true),
        (&[Eku::ClientAuth, EMAIL_PROTECTION], true),
        (&[Eku::ClientAuth, Eku::Any], true),
        (&[], false),
        (&[Eku::Any], false),
        (&[Eku::ServerAuth], false),
        (&[Eku::ClientAuth, Eku::CodeSigning], false),
        (&[TIME_STAMPING, Eku::ClientAuth], false),
        (&[Eku::ClientAuth, Eku::OcspSigning], false),
    ]
    .map(|(leaf, accepted)| {
        let expected = if accepted { ACCEPTED } else { REFUSED };
        let found = listed(&strict, &[], leaf);
        (format!("{leaf:?}"), found, (expected, 0))
    }));
}

#[test]
fn the_demand_on_a_leaf_leaves_authorities_as_they_were() {
    let strict = client().extended_key_usage(Rule::OnLeaf);
    for (issuing, expected) in [
        (&[][..], (ACCEPTED, 0)),
        (&[Eku::Any], (ACCEPTED, 0)),
        (&[Eku::ClientAuth], (ACCEPTED, 0)),
        (&[Eku::ServerAuth], (REFUSED, 1)),
    ] {
        let found = listed(&strict, issuing, &[Eku::ClientAuth]);
        assert_eq!(found, expected, "{issuing:?}");
    }
}

#[test]
fn on_each_certificate_the_very_purpose_may_be_demanded() {
    let strict = client().extended_key_usage(Rule::OnEach);
    for (issuing, leaf, expected) in [
        (
            &[Eku::ClientAuth][..],
            &[Eku::ClientAuth][..],
            (ACCEPTED, 0),
        ),
        (
            &[Eku::ServerAuth, Eku::ClientAuth],
            &[Eku::ClientAuth],
            (ACCEPTED, 0),
        ),
        (&[], &[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::Any], &[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::ServerAuth], &[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::ClientAuth], &[], (REFUSED, 0)),
        (&[Eku::ClientAuth], &[Eku::Any], (REFUSED, 0)),
        (
            &[Eku::ClientAuth],
            &[Eku::ClientAuth, Eku::CodeSigning],
            (REFUSED, 0),
        ),
    ] {
        let found = listed(&strict, issuing, leaf);
        assert_eq!(found, expected, "{issuing:?} {leaf:?}");
    }
}

#[test]
fn authorities_of_servers_need_not_list_the_purpose() {
    let strict = policy(Purpose::ServerAuth).extended_key_usage(Rule::OnEach);
    for (issuing, expected) in [
        (&[][..], (ACCEPTED, 0)),
        (&[Eku::ServerAuth], (ACCEPTED, 0)),
        (&[Eku::ClientAuth], (REFUSED, 1)),
        (&[Eku::Any], (REFUSED, 1)),
    ] {
        let found = listed(&strict, issuing, &[Eku::ServerAuth]);
        assert_eq!(found, expected, "{issuing:?}");
    }
}

#[test]
fn an_anchor_need_not_list_the_purpose() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let strict = client().extended_key_usage(Rule::OnEach);
    is(&alice).under(&[&root]).by(strict).accepted();
}

#[test]
fn an_authority_is_no_leaf_where_every_certificate_is_held_to_its_purpose() {
    let root = Ca::root("Root").issue();
    let leaf = root
        .intermediate("Issuing")
        .key_usage(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign])
        .extended_key_usage(&[Eku::ClientAuth])
        .issue();
    let judged = |rule| {
        let policy = client().extended_key_usage(rule);
        is(&leaf).under(&[&root]).by(policy).code()
    };
    assert_eq!(judged(Rule::OnEach), "authority_as_leaf");
    assert_eq!(judged(Rule::OnLeaf), ACCEPTED);
    assert_eq!(judged(Rule::IfPresent), ACCEPTED);
}

#[test]
fn any_other_purpose_is_listed_or_every_purpose_is() {
    let mail = policy(Purpose::Other(oid::EMAIL_PROTECTION));
    for (issuing, leaf, expected) in [
        (&[][..], &[EMAIL_PROTECTION][..], (ACCEPTED, 0)),
        (&[], &[], (ACCEPTED, 0)),
        (&[], &[Eku::Any], (ACCEPTED, 0)),
        (&[], &[Eku::ClientAuth], (REFUSED, 0)),
        (&[Eku::ClientAuth], &[EMAIL_PROTECTION], (REFUSED, 1)),
        (&[EMAIL_PROTECTION], &[EMAIL_PROTECTION], (ACCEPTED, 0)),
    ] {
        let found = listed(&mail, issuing, leaf);
        assert_eq!(found, expected, "{issuing:?} {leaf:?}");
    }
}

#[test]
fn a_purpose_whose_keys_are_kept_apart_may_be_the_only_one() {
    let signing = policy(Purpose::Other(oid::CODE_SIGNING)).extended_key_usage(Rule::OnLeaf);
    let alone = listed(&signing, &[], &[Eku::CodeSigning]);
    assert_eq!(alone, (ACCEPTED, 0));
    let with_another = listed(&signing, &[], &[Eku::CodeSigning, TIME_STAMPING]);
    assert_eq!(with_another, (REFUSED, 0));
}

#[test]
fn nothing_is_asked_of_key_usage_for_another_purpose() {
    let root = Ca::root("Root").issue();
    let leaf = root
        .leaf("leaf")
        .key_usage(&[KeyUsage::KeyEncipherment])
        .issue();
    is(&leaf)
        .under(&[&root])
        .by(policy(Purpose::Other(oid::EMAIL_PROTECTION)))
        .accepted();
}

#[test]
fn the_key_usage_of_a_leaf_may_be_passed_over() {
    let root = Ca::root("Root").issue();
    let leaf = root
        .client("alice")
        .key_usage(&[KeyUsage::KeyAgreement])
        .issue();
    let judged = |rule| {
        let policy = client().leaf_key_usage(rule);
        is(&leaf).under(&[&root]).by(policy).code()
    };
    assert_eq!(judged(LeafKeyUsage::Enforce), "key_usage_missing");
    assert_eq!(judged(LeafKeyUsage::Ignore), ACCEPTED);
}

#[test]
fn the_key_usage_of_an_authority_is_never_passed_over() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .key_usage(&[KeyUsage::DigitalSignature])
        .issue();
    is(&issuing.client("alice").issue())
        .with(&[&issuing])
        .under(&[&root])
        .by(client().leaf_key_usage(LeafKeyUsage::Ignore))
        .refused_for("key_usage_missing", 1);
}

#[test]
fn a_leaf_may_have_a_key_of_every_kind_that_the_provider_verifies_with() {
    let root = Ca::root("Root").issue();
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
    ] {
        let alice = root.client("alice").algorithm(algorithm).issue();
        is(&alice).under(&[&root]).accepted();
    }
}

/// A SubjectPublicKeyInfo with this algorithm, and parameters where they are not empty.
fn key_info(algorithm: &str, parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let algorithm = der::sequence(&[der::oid(algorithm), parameters.to_vec()]);
    der::sequence(&[algorithm, der::bit_string(key)])
}

#[test]
fn a_leaf_with_a_key_that_nothing_verifies_with_is_refused() {
    const EC: &str = "1.2.840.10045.2.1";
    let point = [&[4][..], &[7; 64]].concat();
    let keys = [
        ("Ed448", key_info("1.3.101.113", &[], &[7; 57])),
        ("X25519", key_info("1.3.101.110", &[], &[7; 32])),
        ("DSA", key_info("1.2.840.10040.4.1", &[], &der::number(7))),
        ("secp256k1", key_info(EC, &der::oid("1.3.132.0.10"), &point)),
        (
            "P-192",
            key_info(EC, &der::oid("1.2.840.10045.3.1.1"), &point),
        ),
        ("EC without a curve", key_info(EC, &[], &point)),
    ];
    let root = Ca::root("Root").issue();
    all(keys.map(|(kind, key)| {
        let leaf = root.client("alice").subject_public_key_info(&key).issue();
        let found = is(&leaf).under(&[&root]).code();
        (kind.to_owned(), found, "unsupported_key")
    }));
}

/// RFC 4055 section 1.2.
#[test]
fn a_leaf_may_have_an_rsa_key_that_is_for_pss_alone() {
    let rsa = Key::generate(Algorithm::Rsa2048);
    let key = key_info("1.2.840.113549.1.1.10", &[], rsa.public_key());
    let root = Ca::root("Root").issue();
    let leaf = root.client("alice").subject_public_key_info(&key).issue();
    is(&leaf).under(&[&root]).accepted();
}

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
        .extended_key_usage(Rule::OnEach);
    is(&alice).under(&[&alice]).by(policy).accepted();
}
