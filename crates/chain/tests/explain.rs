//! What people are told: every path, the rule that was broken, and the words that they search for.

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
    Anchors, IssuanceProfile, Origin, Policy, Purpose, Rejection, Step, explain,
};
use portcullis_test_pki::general_name::{dns, registered_id};
use portcullis_test_pki::{
    BasicConstraints, Builder, Ca, Certified, Criticality, ExtendedKeyUsage as Eku, KeyUsage, NOW,
    Name, der,
};
use portcullis_x509::Certificate;
use question::{Question, all, client, is, policy};

/// The verdict in words, the accepted path, and every path that fell.
fn explained(
    leaf: &Certified,
    offered: &[&Certified],
    trusted: &[&Certified],
    policy: &Policy,
) -> (Result<Vec<String>, Rejection>, Vec<Step>, Vec<String>) {
    let own = trusted.iter().map(|ca| ca.der.clone()).collect();
    let anchors = Anchors::new(own, Vec::new()).unwrap();
    let leaf = Certificate::parse(&leaf.der).unwrap();
    let offered: Vec<_> = offered
        .iter()
        .map(|ca| Certificate::parse(&ca.der).unwrap())
        .collect();
    let explanation = explain(&leaf, &offered, &anchors, policy, NOW);
    let subjects = explanation
        .verdict
        .map(|chain| chain.subjects().map(|name| name.to_string()).collect());
    let fallen = explanation.fallen.iter().map(ToString::to_string).collect();
    (subjects, explanation.accepted, fallen)
}

fn shown(steps: &[Step]) -> Vec<(&str, Origin)> {
    steps
        .iter()
        .map(|step| (&*step.subject, step.origin))
        .collect()
}

#[test]
fn an_accepted_path_is_explained_after_those_that_fell_before_it() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let expired = root.cross_sign(&issuing).expired().issue();
    let early = root.cross_sign(&issuing).not_yet_valid().issue();
    let alice = issuing.client("alice").issue();
    let path = "CN=alice [leaf] <- CN=Issuing [offered] <- CN=Root [anchor]";
    let fell = |why: &str| format!("{path}: certificate 1 (CN=Issuing): {why}");
    let expired_then = fell("expired at 2026-05-31T00:00:00Z, now is 2026-06-01T00:00:00Z");
    let early_then = fell("not valid before 2026-06-02T00:00:00Z, now is 2026-06-01T00:00:00Z");
    for (offered, expected) in [
        (vec![&issuing, &expired, &early], vec![]),
        (vec![&expired, &issuing, &early], vec![&expired_then]),
        (
            vec![&expired, &early, &issuing],
            vec![&expired_then, &early_then],
        ),
        (
            vec![&early, &expired, &issuing],
            vec![&early_then, &expired_then],
        ),
    ] {
        let offered: Vec<&Certified> = offered.into_iter().map(|ca| &**ca).collect();
        let (subjects, accepted, fallen) = explained(&alice, &offered, &[&root], &client());
        assert_eq!(subjects.unwrap(), ["CN=alice", "CN=Issuing", "CN=Root"]);
        assert_eq!(
            shown(&accepted),
            [
                ("CN=alice", Origin::Leaf),
                ("CN=Issuing", Origin::Offered),
                ("CN=Root", Origin::Anchor)
            ]
        );
        assert_eq!(fallen.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_refusal_is_explained_by_every_path_in_order_and_no_accepted_one() {
    let (one, two) = (Ca::root("One").issue(), Ca::root("Two").issue());
    let issuing = one.intermediate("Issuing").issue();
    let crossed = two.cross_sign(&issuing).expired().issue();
    let server = issuing.server(&["www.contoso.com"]).issue();
    let (subjects, accepted, fallen) =
        explained(&server, &[&issuing, &crossed], &[&one, &two], &client());
    assert!(subjects.is_err() && accepted.is_empty());
    assert_eq!(
        fallen,
        [
            "CN=www.contoso.com [leaf] <- CN=Issuing [offered] <- CN=One [anchor]: certificate 0 \
             (CN=www.contoso.com): purpose clientAuth is not allowed, found serverAuth",
            "CN=www.contoso.com [leaf] <- CN=Issuing [offered] <- CN=Two [anchor]: certificate 1 \
             (CN=Issuing): expired at 2026-05-31T00:00:00Z, now is 2026-06-01T00:00:00Z",
        ]
    );
}

/// A leaf that none of so many namesakes issued.
fn below_one_of(count: usize) -> (Certified, Vec<Ca>) {
    let root = || Ca::root("Root").without_key_identifiers().issue();
    let leaf = root().client("alice").without_key_identifiers().issue();
    (leaf, (0..count).map(|_| root()).collect())
}

#[test]
fn every_path_is_explained_however_many_there_are() {
    let (alice, namesakes) = below_one_of(60);
    let offered: Vec<&Certified> = namesakes[1..].iter().map(|ca| &**ca).collect();
    let (_, _, fallen) = explained(&alice, &offered, &[&namesakes[0]], &client());
    assert_eq!(fallen.len(), 60);
}

/// `Rejection::candidates` promises no more than that, whoever made it.
#[test]
fn the_verdict_that_is_explained_is_the_one_that_is_given() {
    let (alice, namesakes) = below_one_of(60);
    let offered: Vec<&Certified> = namesakes[1..].iter().map(|ca| &**ca).collect();
    let trusted: [&Certified; 1] = [&namesakes[0]];
    let (verdict, _, _) = explained(&alice, &offered, &trusted, &client());
    let given = is(&alice).with(&offered).under(&trusted).refused();
    let explained = verdict.unwrap_err();
    assert_eq!(explained.nearest(), given.nearest());
    assert_eq!(given.candidates().len(), Rejection::MAX_KEPT);
    assert_eq!(explained.candidates().len(), Rejection::MAX_KEPT);
}

#[test]
fn a_leaf_that_nobody_issued_is_explained_alone() {
    let root = Ca::root("Root").issue();
    let alice = Ca::root("Other").issue().client("alice").issue();
    let (_, _, fallen) = explained(&alice, &[], &[&root], &client());
    assert_eq!(
        fallen,
        ["CN=alice [leaf]: certificate 0 (CN=alice): issuer not found: CN=Other"]
    );
}

/// A leaf below an authority, each with what is wrong with it.
fn refusal(
    policy: &Policy,
    authority: fn(Builder<Ca>) -> Builder<Ca>,
    leaf: fn(Builder<Certified>) -> Builder<Certified>,
) -> Rejection {
    let root = Ca::root("Root").issue();
    let issuing = authority(root.intermediate("Issuing")).issue();
    let leaf = leaf(issuing.client("alice")).issue();
    is(&leaf)
        .with(&[&issuing])
        .under(&[&root])
        .by(policy)
        .refused()
}

/// Two words about a path, then what is wrong with its authority and its leaf.
type Departures = (
    &'static str,
    &'static str,
    fn(Builder<Ca>) -> Builder<Ca>,
    fn(Builder<Certified>) -> Builder<Certified>,
);

/// The code, the section, and a path that breaks its rule.
const BROKEN: [Departures; 18] = [
    (
        "bad_signature",
        "section 6.1.3 (a)(1)",
        |ca| ca,
        |leaf| leaf.wrong_signature(),
    ),
    (
        "expired",
        "section 6.1.3 (a)(2)",
        |ca| ca.expired(),
        |leaf| leaf,
    ),
    (
        "expired",
        "section 6.1.3 (a)(2)",
        |ca| ca,
        |leaf| leaf.expired(),
    ),
    (
        "not_yet_valid",
        "section 6.1.3 (a)(2)",
        |ca| ca,
        |leaf| leaf.not_yet_valid(),
    ),
    (
        "name_not_permitted",
        "section 6.1.3 (b)",
        |ca| ca.permitted_dns(&["contoso.com"]),
        |leaf| leaf.dns("www.fabrikam.com"),
    ),
    (
        "name_excluded",
        "section 6.1.3 (c)",
        |ca| ca.excluded(&dns("fabrikam.com")),
        |leaf| leaf.dns("www.fabrikam.com"),
    ),
    (
        "name_not_comparable",
        "section 4.2.1.10",
        |ca| ca.permitted(&registered_id("1.2.3")),
        |leaf| leaf.general_name(&registered_id("1.2.3")),
    ),
    (
        "no_valid_policy",
        "section 6.1.5 (g)",
        |ca| ca.policy_constraints(Some(0), None),
        |leaf| leaf,
    ),
    (
        "any_policy_mapped",
        "section 6.1.4 (a)",
        |ca| ca.policy_mappings(&[("2.5.29.32.0", "1.2.3")]),
        |leaf| leaf,
    ),
    (
        "not_a_ca",
        "section 6.1.4 (k)",
        |ca| ca.basic_constraints(BasicConstraints::EndEntity),
        |leaf| leaf,
    ),
    (
        "key_usage_missing",
        "section 6.1.4 (n)",
        |ca| ca.key_usage(&[KeyUsage::CrlSign]),
        |leaf| leaf,
    ),
    (
        "key_usage_missing",
        "section 4.2.1.3",
        |ca| ca,
        |leaf| leaf.key_usage(&[KeyUsage::KeyAgreement]),
    ),
    (
        "unknown_critical_extension",
        "sections 6.1.4 (o) and 6.1.5 (f)",
        |ca| ca.extension("1.2.3", Criticality::Critical, &[]),
        |leaf| leaf,
    ),
    (
        "purpose_not_allowed",
        "section 4.2.1.12",
        |ca| ca.extended_key_usage(&[Eku::ServerAuth]),
        |leaf| leaf,
    ),
    (
        "purpose_not_allowed",
        "section 4.2.1.12",
        |ca| ca,
        |leaf| leaf.extended_key_usage(&[Eku::ServerAuth]),
    ),
    (
        "issuer_not_found",
        "section 6.1.1 (d)",
        |ca| ca.issuer_name("Nobody"),
        |leaf| leaf,
    ),
    (
        "malformed",
        "section 4",
        |ca| ca,
        |leaf| leaf.policies(Criticality::NonCritical, &["1.2.3", "1.2.3"]),
    ),
    (
        "malformed",
        "section 4",
        |ca| ca.extension("2.5.29.30", Criticality::Critical, &[0]),
        |leaf| leaf,
    ),
];

#[test]
fn every_failure_of_a_path_names_the_rule_of_rfc_5280() {
    all(BROKEN.into_iter().map(|(code, section, authority, leaf)| {
        let rejection = refusal(&client(), authority, leaf);
        let rule = format!("RFC 5280 {section}");
        let found = (
            rejection.reason().code(),
            rejection.reason().rule().to_owned(),
        );
        (code.to_owned(), found, (code, rule))
    }));
}

#[test]
fn a_path_that_is_too_long_names_the_rule() {
    let root = Ca::root("Root").path_length(0).issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let refused = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    assert_eq!(refused.reason().code(), "path_too_long");
    assert_eq!(refused.reason().rule(), "RFC 5280 section 6.1.4 (l)");
}

#[test]
fn what_only_the_policy_demands_names_the_policy() {
    let fussy = client().issuer("CN=Other".parse().unwrap());
    let refused = refusal(&fussy, |ca| ca, |leaf| leaf);
    assert_eq!(refused.reason().rule(), "policy of the verifier");
}

#[test]
fn every_requirement_names_the_section_that_makes_it() {
    let strict = client().issuance_profile(IssuanceProfile::Enforce);
    let rows: [Departures; 7] = [
        ("serial", "4.1.2.2", |ca| ca, |leaf| leaf.serial(&[0])),
        (
            "authority key identifier",
            "4.2.1.1",
            |ca| ca,
            |leaf| leaf.without_extension("2.5.29.35"),
        ),
        (
            "subject key identifier",
            "4.2.1.2",
            |ca| ca.without_extension("2.5.29.14"),
            |leaf| leaf,
        ),
        (
            "key usage",
            "4.2.1.3",
            |ca| ca,
            |leaf| leaf.key_usage(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign]),
        ),
        (
            "alternative name",
            "4.2.1.6",
            |ca| ca,
            |leaf| leaf.subject(Name::empty()),
        ),
        (
            "basic constraints",
            "4.2.1.9",
            |ca| ca.basic_constraints_criticality(Criticality::NonCritical),
            |leaf| leaf,
        ),
        (
            "name constraints",
            "4.2.1.10",
            |ca| ca,
            |leaf| leaf.permitted_dns(&["contoso.com"]),
        ),
    ];
    all(rows.map(|(what, section, authority, leaf)| {
        let rejection = refusal(&strict, authority, leaf);
        let rule = format!("RFC 5280 section {section}");
        assert_eq!(rejection.reason().code(), "not_conforming");
        (what.to_owned(), rejection.reason().rule().to_owned(), rule)
    }));
}

/// Section 6.1.4 (o) is about authorities, 6.1.5 (f) about the leaf.
#[test]
fn a_critical_extension_of_a_leaf_breaks_the_rule_for_leaves() {
    let refused = refusal(
        &client(),
        |ca| ca,
        |leaf| leaf.extension("1.2.3", Criticality::Critical, &[]),
    );
    assert_eq!(
        refused.reason().rule(),
        "RFC 5280 sections 6.1.4 (o) and 6.1.5 (f)"
    );
}

#[test]
fn a_critical_subject_key_identifier_breaks_the_rule_for_it() {
    const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
    let strict = client().issuance_profile(IssuanceProfile::Enforce);
    let refused = refusal(
        &strict,
        |ca| ca,
        |leaf| {
            let identifier = der::octet_string(&[7]);
            leaf.without_extension(SUBJECT_KEY_IDENTIFIER).extension(
                SUBJECT_KEY_IDENTIFIER,
                Criticality::Critical,
                &identifier,
            )
        },
    );
    assert_eq!(refused.reason().rule(), "RFC 5280 section 4.2.1.2");
}

fn words(question: &Question<'_>) -> Option<&'static str> {
    question.refused().reason().openssl()
}

/// The reasons that Application Gateway documents for `sslClientVerify`, and those that OpenSSL adds.
#[test]
fn the_words_are_those_of_openssl() {
    let root = Ca::root("Root").issue();
    let trusted: [&Certified; 1] = [&root];
    let other = Ca::root("Other").issue();
    let issuing = other.intermediate("Issuing").issue();
    let stranger = issuing.client("stranger").issue();
    let alone = is(&stranger).under(&trusted);
    assert_eq!(
        words(&alone),
        Some("unable to verify the first certificate")
    );
    assert_eq!(
        words(&alone.with(&[&issuing])),
        Some("unable to get local issuer certificate")
    );
    assert_eq!(
        words(&is(&stranger).under(&trusted).knowing(&[&issuing])),
        Some("unable to get issuer certificate")
    );
    assert_eq!(
        words(&is(&stranger).with(&[&issuing, &other]).under(&trusted)),
        Some("self-signed certificate in certificate chain")
    );
    let own = Certified::self_signed("own").issue();
    assert_eq!(
        words(&is(&own).under(&trusted)),
        Some("self-signed certificate")
    );
}

/// OpenSSL's words, our code, and a path that makes both say them.
const REFUSED: [Departures; 7] = [
    (
        "unsupported certificate purpose",
        "purpose_not_allowed",
        |ca| ca,
        |leaf| leaf.extended_key_usage(&[Eku::ServerAuth]),
    ),
    (
        "certificate has expired",
        "expired",
        |ca| ca,
        |leaf| leaf.expired(),
    ),
    (
        "certificate is not yet valid",
        "not_yet_valid",
        |ca| ca.not_yet_valid(),
        |leaf| leaf,
    ),
    (
        "invalid CA certificate",
        "not_a_ca",
        |ca| ca.basic_constraints(BasicConstraints::Absent),
        |leaf| leaf,
    ),
    (
        "permitted subtree violation",
        "name_not_permitted",
        |ca| ca.permitted_dns(&["contoso.com"]),
        |leaf| leaf.dns("www.fabrikam.com"),
    ),
    (
        "excluded subtree violation",
        "name_excluded",
        |ca| ca.excluded(&dns("fabrikam.com")),
        |leaf| leaf.dns("www.fabrikam.com"),
    ),
    (
        "certificate signature failure",
        "bad_signature",
        |ca| ca,
        |leaf| leaf.wrong_signature(),
    ),
];

#[test]
fn the_words_for_a_path_that_leads_to_an_anchor_are_those_of_openssl() {
    for (expected, code, authority, leaf) in REFUSED {
        let rejection = refusal(&client(), authority, leaf);
        assert_eq!(rejection.reason().code(), code);
        assert_eq!(rejection.reason().openssl(), Some(expected));
    }
    for (policy, expected) in [
        (
            client().issuer("CN=Other".parse().unwrap()),
            "unable to verify the client certificate issuer",
        ),
        (client().max_depth(0), "certificate chain too long"),
    ] {
        let rejection = refusal(&policy, |ca| ca, |leaf| leaf);
        assert_eq!(rejection.reason().openssl(), Some(expected));
    }
}

fn rsa_key(bits: usize) -> Vec<u8> {
    let modulus = [&[0x00][..], &vec![0xff; bits / 8]].concat();
    let key = der::sequence(&[der::integer(&modulus), der::number(65_537)]);
    let algorithm = der::algorithm_with_null("1.2.840.113549.1.1.1");
    der::sequence(&[algorithm, der::bit_string(&key)])
}

fn curve_key(curve: &str) -> Vec<u8> {
    let algorithm = der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid(curve)]);
    der::sequence(&[algorithm, der::bit_string(&[4; 65])])
}

fn ed448_key() -> Vec<u8> {
    der::sequence(&[der::algorithm("1.3.101.113"), der::bit_string(&[7; 57])])
}

fn of_a_stranger() -> &'static str {
    let stranger = Ca::root("Other").issue().client("alice").issue();
    let root = Ca::root("Root").issue();
    is(&stranger).under(&[&root]).code()
}

/// The code of a client with this key.
fn with_key(key: &[u8]) -> &'static str {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").subject_public_key_info(key).issue();
    let policy = client().least_rsa_bits(2_048).most_rsa_bits(4_096);
    is(&alice).under(&[&root]).by(policy).code()
}

/// The code of a client below so many intermediates.
fn below(depth: usize) -> &'static str {
    let root = Ca::root("Root").issue();
    let mut chain: Vec<Ca> = Vec::new();
    for level in 0..depth {
        let issuer = chain.last().unwrap_or(&root);
        let name = format!("Level {level}");
        chain.push(issuer.intermediate(name.as_str()).issue());
    }
    let alice = chain.last().unwrap_or(&root).client("alice").issue();
    let offered: Vec<&Certified> = chain.iter().map(|ca| &**ca).collect();
    is(&alice).with(&offered).under(&[&root]).code()
}

/// The code of a client of an authority that has so many certificates, none of them valid.
fn certified(times: usize) -> &'static str {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let copies: Vec<Ca> = (0..times)
        .map(|_| root.cross_sign(&issuing).expired().issue())
        .collect();
    let alice = issuing.client("alice").issue();
    let offered: Vec<&Certified> = copies.iter().map(|ca| &**ca).collect();
    is(&alice).with(&offered).under(&[&root]).code()
}

fn with_subtrees_and_names(count: usize) -> &'static str {
    let host = |number: usize| dns(&format!("h{number}.contoso.com"));
    let root = Ca::root("Root").issue();
    let issuing = (0..count).fold(root.intermediate("Issuing"), |ca, number| {
        ca.excluded(&host(number))
    });
    let issuing = issuing.issue();
    let alice = (count..2 * count).fold(issuing.client("alice"), |leaf, number| {
        leaf.general_name(&host(number))
    });
    let alice = alice.issue();
    is(&alice).with(&[&issuing]).under(&[&root]).code()
}

fn with_a_serial_number_of(octets: usize) -> &'static str {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").serial(&vec![7; octets]).issue();
    let strict = client().issuance_profile(IssuanceProfile::Enforce);
    is(&alice).under(&[&root]).by(strict).code()
}

fn without_the_purpose(authority: &[Eku], leaf: &[Eku]) -> &'static str {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").extended_key_usage(authority);
    let issuing = issuing.issue();
    let leaf = issuing.leaf("leaf").extended_key_usage(leaf).issue();
    is(&leaf)
        .with(&[&issuing])
        .under(&[&root])
        .by(policy(Purpose::ClientAuth))
        .code()
}

/// Google Cloud's conditions, as far as they are a path validator's. Where it counts constraints, issuers
/// and iterations, this one counts what they cost.
#[test]
fn what_google_cloud_tells_apart_has_codes_of_ours() {
    let (server, any) = (&[Eku::ServerAuth][..], &[Eku::ClientAuth][..]);
    let rows = [
        ("validation_failed", of_a_stranger(), "issuer_not_found"),
        (
            "chain_invalid_eku, leaf",
            without_the_purpose(any, server),
            "purpose_not_allowed",
        ),
        (
            "chain_invalid_eku, issuer",
            without_the_purpose(server, any),
            "purpose_not_allowed",
        ),
        ("chain_exceeded_limit, 10", below(10), "accepted"),
        ("chain_exceeded_limit, 11", below(11), "depth_exceeded"),
        (
            "invalid_rsa_key_size, 1024",
            with_key(&rsa_key(1_024)),
            "weak_key",
        ),
        (
            "invalid_rsa_key_size, 2048",
            with_key(&rsa_key(2_048)),
            "accepted",
        ),
        (
            "invalid_rsa_key_size, 4096",
            with_key(&rsa_key(4_096)),
            "accepted",
        ),
        (
            "invalid_rsa_key_size, 8192",
            with_key(&rsa_key(8_192)),
            "oversized_key",
        ),
        (
            "unsupported_elliptic_curve_key",
            with_key(&curve_key("1.3.132.0.10")),
            "unsupported_key",
        ),
        (
            "unsupported_key_algorithm",
            with_key(&ed448_key()),
            "unsupported_key",
        ),
        ("pki_too_large", certified(150), "budget_exceeded"),
        (
            "chain_max_name_constraints_exceeded",
            with_subtrees_and_names(1_000),
            "budget_exceeded",
        ),
        (
            "serial_number_exceeded_size_limit",
            with_a_serial_number_of(51),
            "not_conforming",
        ),
    ];
    all(rows.map(|(condition, found, expected)| (condition.to_owned(), found, expected)));
}
