//! What a listener demands of certificates beyond a valid path: issuers, names, keys, lists.

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
    CertificateId, NameRule, PartialChain, Policy, Purpose, Sha256Digest, client_certificate_issuer,
};
use portcullis_test_pki::general_name::other;
use portcullis_test_pki::{Builder, Ca, Certified, Name, der};
use portcullis_x509::{Certificate, DistinguishedName};
use question::{ACCEPTED, all, client, is, policy};
use sha2::{Digest as _, Sha256};

const USER_PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

fn rule(text: &str) -> NameRule {
    text.parse().unwrap()
}

fn subject(certified: &Certified) -> DistinguishedName {
    Certificate::parse(&certified.der).unwrap().subject().into()
}

fn fingerprint(certified: &Certified) -> CertificateId {
    CertificateId::Fingerprint(Sha256::digest(&certified.der).into())
}

fn pin(certified: &Certified) -> Sha256Digest {
    Sha256::digest(certified.key.subject_public_key_info()).into()
}

/// The name that a file of these certificates stands for.
fn issuer_of(file: &[&Certified]) -> Option<String> {
    let file: Vec<_> = file
        .iter()
        .map(|certified| Certificate::parse(&certified.der).unwrap())
        .collect();
    client_certificate_issuer(&file).map(|name| name.to_string())
}

/// The five rows of Application Gateway's table.
#[test]
fn the_issuer_of_a_file_is_its_deepest_authority_and_the_first_of_several() {
    let root = Ca::root("Root").issue();
    let first = root.intermediate("First").issue();
    let second = first.intermediate("Second").issue();
    let leaf = second.client("alice").issue();
    let sibling = root.intermediate("Sibling").issue();
    let deeper = sibling.intermediate("Deeper").issue();
    let short = first.client("alice").issue();
    let direct = root.client("alice").issue();
    let rows: [(&[&Certified], &str); 5] = [
        (&[&root, &first, &short], "CN=First"),
        (&[&root, &first, &second, &leaf], "CN=Second"),
        (&[&root, &direct], "CN=Root"),
        (&[&root, &first, &root, &sibling], "CN=First"),
        (&[&root, &first, &root, &sibling, &deeper], "CN=Deeper"),
    ];
    for (file, expected) in rows {
        assert_eq!(issuer_of(file).as_deref(), Some(expected));
    }
}

#[test]
fn the_order_of_a_file_decides_only_between_equals() {
    let root = Ca::root("Root").issue();
    let first = root.intermediate("First").issue();
    let second = first.intermediate("Second").issue();
    let sibling = root.intermediate("Sibling").issue();
    let leaf = second.client("alice").issue();
    let found = issuer_of(&[&leaf, &second, &first, &root]);
    assert_eq!(found.as_deref(), Some("CN=Second"));
    let found = issuer_of(&[&sibling, &root, &first]);
    assert_eq!(found.as_deref(), Some("CN=Sibling"));
    let found = issuer_of(&[&first, &second]);
    assert_eq!(found.as_deref(), Some("CN=Second"));
}

/// What another root certified is deeper through it than it is by itself.
#[test]
fn the_deepest_authority_is_counted_through_whichever_certificate_makes_it_deepest() {
    let root = Ca::root("Root").issue();
    let middle = Ca::root("Middle").issue();
    let crossed = root.cross_sign(&middle).issue();
    let below = middle.intermediate("Below").issue();
    for file in [
        [&root, &middle, &crossed, &below],
        [&root, &crossed, &middle, &below],
        [&below, &middle, &crossed, &root],
    ] {
        let found = issuer_of(&file.map(|ca| &**ca));
        assert_eq!(found.as_deref(), Some("CN=Below"));
    }
}

#[test]
fn a_file_without_an_authority_has_no_issuer() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    assert_eq!(issuer_of(&[]), None);
    assert_eq!(issuer_of(&[&alice]), None);
}

#[test]
fn authorities_that_certify_each_other_have_an_issuer_all_the_same() {
    let one = Ca::root("One").issue();
    let two = Ca::root("Two").issue();
    let (one_by_two, two_by_one) = (two.cross_sign(&one).issue(), one.cross_sign(&two).issue());
    assert!(issuer_of(&[&one_by_two, &two_by_one]).is_some());
}

#[test]
fn only_the_immediate_issuer_may_be_demanded() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let question = |issuers: &[&str]| {
        let policy = issuers
            .iter()
            .fold(client(), |policy, issuer| policy.issuer(name(issuer)));
        is(&alice).with(&[&issuing]).under(&[&root]).by(policy)
    };
    for issuers in [
        &["CN=Issuing"][..],
        &["CN= ISSUING "],
        &["CN=Other", "CN=Issuing"],
    ] {
        question(issuers).accepted();
    }
    for issuers in [&["CN=Root"][..], &["CN=Issuing,O=Contoso"], &["O=Issuing"]] {
        question(issuers).refused_for("issuer_not_allowed", 0);
        let rejection = question(issuers).refused();
        assert_eq!(
            rejection.reason().openssl(),
            Some("unable to verify the client certificate issuer")
        );
    }
}

/// The name alone is anybody's to write.
#[test]
fn a_demanded_issuer_s_name_is_no_path() {
    let root = Ca::root("Root").issue();
    let imposter = Ca::root("Root").issue();
    let mallory = imposter.client("mallory").issue();
    let question = is(&mallory).with(&[&imposter]).under(&[&root]);
    let question = question.by(client().issuer(name("CN=Root")));
    assert_ne!(question.code(), ACCEPTED);
}

/// What becomes of a client with these names where this rule, as people write it, is demanded.
fn judged(
    rule_text: &str,
    names: impl FnOnce(Builder<Certified>) -> Builder<Certified>,
) -> &'static str {
    judged_as(Purpose::ClientAuth, rule_text, names)
}

fn judged_as(
    purpose: Purpose,
    rule_text: &str,
    names: impl FnOnce(Builder<Certified>) -> Builder<Certified>,
) -> &'static str {
    let root = Ca::root("Root").issue();
    let leaf = names(root.leaf("www.contoso.com")).issue();
    let policy = policy(purpose).name(rule(rule_text));
    is(&leaf).under(&[&root]).by(policy).code()
}

const REFUSED: &str = "name_not_allowed";

/// Each row is a rule, a name of this kind, and whether the name meets the rule.
fn each_meets(
    add: fn(Builder<Certified>, &str) -> Builder<Certified>,
    rows: &[(&str, &str, bool)],
) {
    all(rows.iter().map(|(rule, name, met)| {
        let found = judged(rule, |leaf| add(leaf, name));
        let expected = if *met { ACCEPTED } else { REFUSED };
        (format!("{name:?} by {rule}"), found, expected)
    }));
}

#[test]
fn a_host_is_demanded_by_its_name_or_by_a_wildcard_of_one_label() {
    each_meets(
        |leaf, name| leaf.dns(name),
        &[
            ("DNS:a.contoso.com", "a.contoso.com", true),
            ("DNS:a.contoso.com", "A.CONTOSO.com", true),
            ("DNS:A.Contoso.com", "a.contoso.com", true),
            ("DNS:a.contoso.com", "a.contoso.com.", true),
            ("DNS:a.contoso.com", "b.contoso.com", false),
            ("DNS:a.contoso.com", "a.contoso.com.evil.com", false),
            ("DNS:a.contoso.com", "evil-a.contoso.com", false),
            ("DNS:a.contoso.com", "a.contoso.com\0.evil.com", false),
            ("DNS:a.contoso.com", "a.contoso.com\0", false),
            ("DNS:*.contoso.com", "a.contoso.com", true),
            ("DNS:*.contoso.com", "a.CONTOSO.com", true),
            ("DNS:*.contoso.com", "contoso.com", false),
            ("DNS:*.contoso.com", ".contoso.com", false),
            ("DNS:*.contoso.com", "a.b.contoso.com", false),
            ("DNS:*.contoso.com", "a.evilcontoso.com", false),
            ("DNS:*.contoso.com", "evilcontoso.com", false),
        ],
    );
}

/// Bytes that no host name has must not stand for the label of a wildcard.
#[test]
fn a_label_that_is_none_meets_no_wildcard() {
    each_meets(
        |leaf, name| leaf.dns(name),
        &[
            ("DNS:*.contoso.com", "evil\0.contoso.com", false),
            ("DNS:*.contoso.com", "a b.contoso.com", false),
            ("DNS:*.contoso.com", "a/b.contoso.com", false),
            ("DNS:*.contoso.com", "a@b.contoso.com", false),
            ("DNS:*.contoso.com", "\n.contoso.com", false),
        ],
    );
}

#[test]
fn a_wildcard_certificate_is_many_servers_and_no_client() {
    for rule in ["DNS:a.contoso.com", "DNS:*.contoso.com"] {
        let wildcard = |leaf: Builder<Certified>| leaf.dns("*.contoso.com");
        assert_eq!(judged(rule, wildcard), REFUSED, "{rule}");
    }
    let server = |rule, name: &str| judged_as(Purpose::ServerAuth, rule, |leaf| leaf.dns(name));
    for (rule, name, expected) in [
        ("DNS:a.contoso.com", "*.contoso.com", ACCEPTED),
        ("DNS:a.contoso.com", "*.CONTOSO.com", ACCEPTED),
        ("DNS:a.contoso.com", "a.contoso.com", ACCEPTED),
        ("DNS:a.b.contoso.com", "*.contoso.com", REFUSED),
        ("DNS:contoso.com", "*.contoso.com", REFUSED),
        ("DNS:a.contoso.com", "*.com", REFUSED),
        ("DNS:a.contoso.com", "*", REFUSED),
        ("DNS:a.contoso.com", "*.*.com", REFUSED),
        ("DNS:a.contoso.com", "a*.contoso.com", REFUSED),
        ("DNS:a.contoso.com", "*.evil.com", REFUSED),
    ] {
        assert_eq!(server(rule, name), expected, "{name} by {rule}");
    }
}

#[test]
fn the_common_name_is_no_alternative_name() {
    assert_eq!(judged("DNS:www.contoso.com", |leaf| leaf), REFUSED);
    let other = |leaf: Builder<Certified>| leaf.email("www@contoso.com");
    assert_eq!(judged("DNS:www.contoso.com", other), REFUSED);
    let as_server = judged_as(Purpose::ServerAuth, "DNS:www.contoso.com", |leaf| leaf);
    assert_eq!(as_server, REFUSED);
}

#[test]
fn a_name_of_another_kind_meets_no_rule() {
    let add: [fn(Builder<Certified>) -> Builder<Certified>; 5] = [
        |leaf| leaf.dns("spiffe://contoso.com/a"),
        |leaf| leaf.email("a.contoso.com"),
        |leaf| leaf.uri("a.contoso.com"),
        |leaf| leaf.dns("10.0.0.1"),
        |leaf| leaf.dns("alice@contoso.com"),
    ];
    for rule in [
        "DNS:a.contoso.com",
        "URI:spiffe://contoso.com/a",
        "SPIFFE:contoso.com",
        "IP:10.0.0.1",
        "email:alice@contoso.com",
        "UPN:alice@contoso.com",
    ] {
        for names in add {
            assert_eq!(judged(rule, names), REFUSED, "{rule}");
        }
    }
}

#[test]
fn a_uri_is_demanded_character_by_character() {
    each_meets(
        |leaf, name| leaf.uri(name),
        &[
            (
                "URI:spiffe://contoso.com/billing",
                "spiffe://contoso.com/billing",
                true,
            ),
            (
                "URI:spiffe://contoso.com/billing",
                "spiffe://contoso.com/Billing",
                false,
            ),
            (
                "URI:spiffe://contoso.com/billing",
                "spiffe://contoso.com/billing/",
                false,
            ),
            (
                "URI:spiffe://contoso.com/billing",
                "spiffe://contoso.com/billing2",
                false,
            ),
            (
                "URI:spiffe://contoso.com/billing",
                "spiffe://contoso.com/billing\0",
                false,
            ),
            (
                "URI:spiffe://contoso.com/billing",
                "spiffe://contoso.com",
                false,
            ),
        ],
    );
}

/// SPIFFE ID, section 2, and X.509-SVID, sections 2 and 5.2.
#[test]
fn a_trust_domain_is_demanded_of_a_whole_spiffe_id() {
    let rows = [
        ("spiffe://contoso.com/billing", true),
        // X.509-SVID section 4: the ID of a leaf has a path.
        ("spiffe://contoso.com", false),
        ("SPIFFE://contoso.com/billing", true),
        ("spiffe://contoso.com/ns/prod/sa/web", true),
        ("spiffe://contoso.com.evil.com/billing", false),
        ("spiffe://contoso.co", false),
        ("spiffe://evilcontoso.com/billing", false),
        ("spiffe://evil.com/contoso.com", false),
        ("spiffe://sub.contoso.com/billing", false),
        ("spiffe://user@contoso.com/billing", false),
        ("spiffe://contoso.com@evil.com/billing", false),
        ("spiffe://contoso.com:443/billing", false),
        ("spiffe://contoso.com/billing?x=y", false),
        ("spiffe://contoso.com?x=y", false),
        ("spiffe://contoso.com/billing#f", false),
        ("spiffe://contoso.com/", false),
        ("spiffe://contoso.com//billing", false),
        ("spiffe://contoso.com/billing/", false),
        ("spiffe://contoso.com/../evil", false),
        ("spiffe://contoso.com/./billing", false),
        ("spiffe://contoso.com/%62illing", false),
        ("spiffe://contoso%2ecom/billing", false),
        ("spiffe://contoso.com\0.evil.com/billing", false),
        ("spiffe:contoso.com/billing", false),
        ("spiffe:/contoso.com/billing", false),
        ("spiffe:///billing", false),
        ("https://contoso.com/billing", false),
        ("xspiffe://contoso.com/billing", false),
    ];
    all(rows.map(|(uri, met)| {
        let found = judged("SPIFFE:contoso.com", |leaf| leaf.uri(uri));
        (
            format!("{uri:?}"),
            found,
            if met { ACCEPTED } else { REFUSED },
        )
    }));
}

/// SPIFFE ID section 2.2: a segment has letters, digits, dots, hyphens and underscores.
#[test]
fn a_spiffe_path_has_no_characters_that_segments_have_not() {
    let rows = [
        r"spiffe://contoso.com/a\b",
        "spiffe://contoso.com/a b",
        "spiffe://contoso.com/a\0b",
        "spiffe://contoso.com/a\r\nb",
        "spiffe://contoso.com/a;b",
        "spiffe://contoso.com/a@b",
        "spiffe://contoso.com/a:b",
    ];
    all(rows.map(|uri| {
        let found = judged("SPIFFE:contoso.com", |leaf| leaf.uri(uri));
        (format!("{uri:?}"), found, REFUSED)
    }));
}

/// SPIFFE ID section 2.3: at most 2048 octets.
#[test]
fn a_spiffe_id_is_no_longer_than_others_must_support() {
    let of_length = |length: usize| {
        let prefix = "spiffe://contoso.com/";
        let uri = format!("{prefix}{}", "a".repeat(length - prefix.len()));
        judged("SPIFFE:contoso.com", |leaf| leaf.uri(&uri))
    };
    assert_eq!(of_length(2_048), ACCEPTED);
    assert_eq!(of_length(2_049), REFUSED);
}

#[test]
fn a_spiffe_id_stands_beside_no_other_uri() {
    let both = |leaf: Builder<Certified>| {
        leaf.uri("spiffe://contoso.com/billing")
            .uri("https://contoso.com/")
    };
    assert_eq!(judged("SPIFFE:contoso.com", both), REFUSED);
    let two = |leaf: Builder<Certified>| {
        leaf.uri("spiffe://evil.com/a")
            .uri("spiffe://contoso.com/a")
    };
    assert_eq!(judged("SPIFFE:contoso.com", two), REFUSED);
    let with_host = |leaf: Builder<Certified>| {
        leaf.dns("billing.contoso.com")
            .uri("spiffe://contoso.com/billing")
    };
    assert_eq!(judged("SPIFFE:contoso.com", with_host), ACCEPTED);
}

#[test]
fn a_mailbox_is_demanded_by_itself_or_by_its_host() {
    each_meets(
        |leaf, name| leaf.email(name),
        &[
            ("email:alice@contoso.com", "alice@contoso.com", true),
            ("email:alice@contoso.com", "alice@CONTOSO.com", true),
            ("email:alice@contoso.com", "Alice@contoso.com", false),
            ("email:alice@contoso.com", "mallory@contoso.com", false),
            (
                "email:alice@contoso.com",
                "alice@contoso.com.evil.com",
                false,
            ),
            ("email:@contoso.com", "alice@contoso.com", true),
            ("email:@contoso.com", "alice@mail.contoso.com", false),
            ("email:@contoso.com", "alice@evilcontoso.com", false),
            ("email:@contoso.com", "alice@evil.com@contoso.com", false),
            ("email:@contoso.com", "alice@contoso.com\0.evil.com", false),
            ("email:@contoso.com", "contoso.com", false),
        ],
    );
}

/// RFC 5321 section 4.1.2: the part before the @ is not empty and has no such characters.
#[test]
fn a_mailbox_that_is_none_meets_no_demand_on_its_host() {
    each_meets(
        |leaf, name| leaf.email(name),
        &[
            ("email:@contoso.com", "@contoso.com", false),
            ("email:@contoso.com", "mallory\0@contoso.com", false),
            ("email:@contoso.com", "a\r\nb@contoso.com", false),
        ],
    );
}

#[test]
fn an_address_is_demanded_by_its_network() {
    each_meets(
        |leaf, name| leaf.ip(name.parse().unwrap()),
        &[
            ("IP:192.0.2.1", "192.0.2.1", true),
            ("IP:192.0.2.1", "192.0.2.2", false),
            ("IP:192.0.2.0/24", "192.0.2.255", true),
            ("IP:192.0.2.0/24", "192.0.3.0", false),
            ("IP:192.0.2.77/24", "192.0.2.1", true),
            ("IP:192.0.2.0/25", "192.0.2.128", false),
            ("IP:0.0.0.0/0", "203.0.113.1", true),
            ("IP:0.0.0.0/0", "2001:db8::1", false),
            ("IP:2001:db8::/32", "2001:db8:1::1", true),
            ("IP:2001:db8::/32", "2001:db9::1", false),
            ("IP:2001:db8::1", "2001:db8::1", true),
            ("IP:::/0", "192.0.2.1", false),
        ],
    );
}

#[test]
fn an_address_of_no_length_that_addresses_have_meets_no_demand() {
    for octets in [&[][..], &[192, 0, 2], &[192, 0, 2, 1, 255, 255, 255, 255]] {
        let address = der::context_primitive(7, octets);
        let found = judged("IP:0.0.0.0/0", |leaf| leaf.general_name(&address));
        assert_eq!(found, REFUSED, "{octets:?}");
    }
}

fn with_principal(leaf: Builder<Certified>, name: &str) -> Builder<Certified> {
    leaf.general_name(&other(USER_PRINCIPAL_NAME, &der::utf8_string(name)))
}

#[test]
fn a_principal_is_demanded_by_its_name_or_by_its_realm() {
    each_meets(
        with_principal,
        &[
            ("UPN:alice@contoso.com", "alice@contoso.com", true),
            ("UPN:alice@contoso.com", "ALICE@Contoso.com", true),
            ("UPN:alice@contoso.com", "mallory@contoso.com", false),
            ("UPN:alice@contoso.com", "alice@contoso.com\0", false),
            ("UPN:@contoso.com", "alice@contoso.com", true),
            ("UPN:@contoso.com", "alice@evilcontoso.com", false),
            ("UPN:@contoso.com", "alice@sub.contoso.com", false),
            ("UPN:@contoso.com", "@contoso.com", false),
            ("UPN:@contoso.com", "contoso.com", false),
        ],
    );
}

#[test]
fn a_principal_is_text_of_the_right_type() {
    let rule = "UPN:alice@contoso.com";
    let named = |type_id: &'static str, value: Vec<u8>| {
        judged(rule, move |leaf| leaf.general_name(&other(type_id, &value)))
    };
    let text = "alice@contoso.com";
    assert_eq!(named(USER_PRINCIPAL_NAME, der::utf8_string(text)), ACCEPTED);
    assert_eq!(named("1.2.3", der::utf8_string(text)), REFUSED);
    assert_eq!(
        named(USER_PRINCIPAL_NAME, der::octet_string(text.as_bytes())),
        REFUSED
    );
    let twice = der::concat(&[der::utf8_string(text), der::utf8_string(text)]);
    assert_eq!(named(USER_PRINCIPAL_NAME, twice), REFUSED);
}

#[test]
fn one_of_several_rules_suffices() {
    let policy = client()
        .name(rule("DNS:a.contoso.com"))
        .name(rule("email:@contoso.com"));
    let root = Ca::root("Root").issue();
    for (leaf, expected) in [
        (root.client("alice").dns("a.contoso.com"), ACCEPTED),
        (root.client("alice").email("alice@contoso.com"), ACCEPTED),
        (
            root.client("alice").dns("evil.com").dns("a.contoso.com"),
            ACCEPTED,
        ),
        (root.client("alice").dns("b.contoso.com"), REFUSED),
        (root.client("alice"), REFUSED),
    ] {
        let leaf = leaf.issue();
        assert_eq!(is(&leaf).under(&[&root]).by(&policy).code(), expected);
    }
}

#[test]
fn a_rule_is_written_as_it_is_read() {
    for text in [
        "DNS:www.contoso.com",
        "DNS:*.contoso.com",
        "URI:spiffe://contoso.com/billing",
        "URI:https://contoso.com:8443/a?b#c",
        "SPIFFE:contoso.com",
        "email:alice@contoso.com",
        "email:@contoso.com",
        "IP:192.0.2.1/32",
        "IP:192.0.2.0/24",
        "IP:2001:db8::/32",
        "IP:::1/128",
        "UPN:alice@contoso.com",
        "UPN:@contoso.com",
    ] {
        assert_eq!(rule(text).to_string(), text);
        assert_eq!(rule(&rule(text).to_string()), rule(text));
    }
}

#[test]
fn the_words_of_a_rule_are_read_in_any_case_and_an_address_alone_is_itself() {
    assert_eq!(rule("dns:www.contoso.com"), rule("DNS: www.contoso.com"));
    assert_eq!(rule("EMAIL:@contoso.com"), rule("email:@contoso.com"));
    assert_eq!(rule("ip:192.0.2.1"), rule("IP:192.0.2.1/32"));
    assert_eq!(rule("Ip:2001:DB8::1"), rule("IP:2001:db8::1/128"));
}

#[test]
fn what_no_name_could_meet_is_no_rule() {
    let texts = [
        "",
        "contoso.com",
        "DNS:",
        "DNS:*",
        "DNS:*.",
        "DNS:*.*.contoso.com",
        "DNS:a*.contoso.com",
        "DNS:a..contoso.com",
        "DNS:.contoso.com",
        "DNS:contoso com",
        "DNS:contoso.com\0",
        "URI:",
        "URI:contoso.com",
        "SPIFFE:",
        "SPIFFE:Contoso.com",
        "SPIFFE:spiffe://contoso.com",
        "SPIFFE:contoso.com/billing",
        "SPIFFE:contoso.com:443",
        "email:",
        "email:contoso.com",
        "email:@",
        "email:a@b@contoso.com",
        "IP:",
        "IP:192.0.2",
        "IP:192.0.2.1/33",
        "IP:2001:db8::/129",
        "IP:192.0.2.1/",
        "IP:192.0.2.1/-1",
        "UPN:",
        "UPN:alice",
        "UPN:@",
        "RID:1.2.3",
        "unknown:x",
    ];
    all(texts.map(|text| (text.to_owned(), text.parse::<NameRule>().is_ok(), false)));
}

/// A demand that can never be met looks like one that nobody meets.
#[test]
fn a_rule_with_characters_that_no_mailbox_or_uri_has_is_none() {
    let texts = [
        "email:alice@contoso com",
        "email:alice@.contoso.com",
        "email:al ice@contoso.com",
        "email:@*.contoso.com",
        "URI:https://contoso.com/a b",
        "URI::",
        "UPN:alice@contoso\0.com",
    ];
    all(texts.map(|text| (text.to_owned(), text.parse::<NameRule>().is_ok(), false)));
}

#[test]
fn a_subject_is_demanded_by_its_attributes_in_any_order() {
    let root = Ca::root("Root").issue();
    let alice = Name::empty()
        .country("US")
        .organization("Contoso")
        .organizational_unit("Billing")
        .with("2.5.4.3", "alice");
    let alice = root.client(alice).issue();
    let judged = |subjects: &[&str]| {
        let policy = subjects
            .iter()
            .fold(client(), |policy, subject| policy.subject(name(subject)));
        is(&alice).under(&[&root]).by(policy).code()
    };
    for met in [
        &["O=Contoso"][..],
        &["OU=billing,O=CONTOSO"],
        &["O=Contoso,OU=Billing"],
        &["O=Contoso+OU=Billing"],
        &["CN=alice,OU=Billing,O=Contoso,C=US"],
        &["O=Fabrikam", "OU=Billing"],
    ] {
        assert_eq!(judged(met), ACCEPTED, "{met:?}");
    }
    for unmet in [
        &["O=Fabrikam"][..],
        &["OU=Contoso"],
        &["O=Contoso,OU=Sales"],
        &["O=Contoso Ltd"],
        &["CN=alice,L=Redmond"],
        &["O=Fabrikam", "CN=bob"],
    ] {
        assert_eq!(judged(unmet), "subject_not_allowed", "{unmet:?}");
    }
}

#[test]
fn attributes_of_an_authority_or_an_alternative_name_are_not_the_subject_s() {
    let root = Ca::root(Name::empty().organization("Contoso")).issue();
    let alice = root
        .client("alice")
        .directory_name(Name::empty().organization("Contoso"))
        .issue();
    is(&alice)
        .under(&[&root])
        .by(client().subject(name("O=Contoso")))
        .refused_for("subject_not_allowed", 0);
}

#[test]
fn a_key_is_pinned_anywhere_on_the_path_and_nowhere_else() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let junk = root.intermediate("Junk").issue();
    let alice = issuing.client("alice").issue();
    let judged = |pins: &[&Certified]| {
        let policy = pins.iter().fold(client(), |policy, of| policy.pin(pin(of)));
        is(&alice)
            .with(&[&issuing, &junk])
            .under(&[&root])
            .by(policy)
            .code()
    };
    assert_eq!(judged(&[&alice]), ACCEPTED);
    assert_eq!(judged(&[&issuing]), ACCEPTED);
    assert_eq!(judged(&[&root]), ACCEPTED);
    assert_eq!(judged(&[&junk, &issuing]), ACCEPTED);
    assert_eq!(judged(&[&junk]), "key_not_pinned");
}

#[test]
fn a_pinned_key_outlives_its_certificate() {
    let root = Ca::root("Root").issue();
    let old = root.client("alice").issue();
    let renewed = root.client("alice").key(&old.key).issue();
    let policy = client().pin(pin(&old));
    is(&renewed).under(&[&root]).by(policy).accepted();
}

/// Another path, through the authority with the pinned key, is looked for.
#[test]
fn a_path_with_a_pinned_key_is_found_among_others() {
    let (one, two) = (Ca::root("One").issue(), Ca::root("Two").issue());
    let issuing = one.intermediate("Issuing").issue();
    let crossed = two.cross_sign(&issuing).issue();
    let alice = issuing.client("alice").issue();
    for root in [&one, &two] {
        let policy = client().pin(pin(root));
        let subjects = is(&alice)
            .with(&[&issuing, &crossed])
            .under(&[&one, &two])
            .by(policy)
            .accepted();
        let anchor = subjects.last().unwrap();
        assert_eq!(*anchor, subject(root).to_string());
    }
}

#[test]
fn a_leaf_is_allowed_by_its_serial_number_or_its_fingerprint() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let bob = root.client("bob").issue();
    for id in [
        fingerprint(&alice),
        CertificateId::serial(subject(&root), alice.serial()),
    ] {
        let policy = client().allow(id);
        is(&alice).under(&[&root]).by(&policy).accepted();
        is(&bob)
            .under(&[&root])
            .by(&policy)
            .refused_for("not_allowed", 0);
        let both = policy.allow(fingerprint(&bob));
        is(&bob).under(&[&root]).by(&both).accepted();
    }
}

#[test]
fn a_serial_number_means_a_certificate_of_its_issuer_only() {
    let (ours, theirs) = (Ca::root("Ours").issue(), Ca::root("Theirs").issue());
    let alice = ours.client("alice").serial(&[7]).issue();
    let other = theirs.client("alice").serial(&[7]).issue();
    let policy = client().allow(CertificateId::serial(subject(&ours), &[7]));
    let trusted: [&Certified; 2] = [&ours, &theirs];
    is(&alice).under(&trusted).by(&policy).accepted();
    is(&other)
        .under(&trusted)
        .by(&policy)
        .refused_for("not_allowed", 0);
    let denying = client().deny(CertificateId::serial(subject(&ours), &[7]));
    is(&alice)
        .under(&trusted)
        .by(&denying)
        .refused_for("denied", 0);
    is(&other).under(&trusted).by(&denying).accepted();
}

#[test]
fn a_serial_number_is_a_number_however_it_is_written() {
    let root = Ca::root("Root").issue();
    for (issued, denied) in [
        (&[0x7f][..], &[0x7f][..]),
        (&[0x7f], &[0, 0, 0x7f]),
        (&[0x80], &[0x80]),
        (&[0x80], &[0, 0x80]),
        (&[0x01, 0x00], &[0x01, 0x00]),
        (&[0], &[0]),
        (&[0], &[]),
    ] {
        let alice = root.client("alice").serial(issued).issue();
        let policy = client().deny(CertificateId::serial(subject(&root), denied));
        let code = is(&alice).under(&[&root]).by(policy).code();
        assert_eq!(code, "denied", "{issued:?} {denied:?}");
    }
}

#[test]
fn an_issuer_is_told_by_its_name_in_any_case() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").serial(&[7]).issue();
    let policy = client().deny(CertificateId::serial(name("CN=ROOT"), &[7]));
    is(&alice)
        .under(&[&root])
        .by(policy)
        .refused_for("denied", 0);
}

#[test]
fn what_is_denied_is_refused_although_it_is_allowed() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let policy = client()
        .allow(fingerprint(&alice))
        .deny(CertificateId::serial(subject(&root), alice.serial()));
    is(&alice)
        .under(&[&root])
        .by(policy)
        .refused_for("denied", 0);
}

#[test]
fn a_denied_authority_has_no_clients() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let question = |id| {
        let policy = client().deny(id);
        is(&alice).with(&[&issuing]).under(&[&root]).by(policy)
    };
    question(fingerprint(&issuing)).refused_for("denied", 1);
    let serial = CertificateId::serial(subject(&root), issuing.serial());
    question(serial).refused_for("denied", 1);
    question(fingerprint(&root)).refused_for("denied", 2);
}

#[test]
fn a_denied_authority_that_another_one_certified_is_passed_by() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let renewed = root.cross_sign(&issuing).issue();
    let alice = issuing.client("alice").issue();
    let policy = client().deny(fingerprint(&issuing));
    is(&alice)
        .with(&[&issuing, &renewed])
        .under(&[&root])
        .by(policy)
        .accepted();
}

#[test]
fn a_list_of_allowed_leaves_is_no_path() {
    let root = Ca::root("Root").issue();
    let other = Ca::root("Other").issue();
    let alice = other.client("alice").issue();
    let policy = client().allow(fingerprint(&alice));
    is(&alice)
        .under(&[&root])
        .by(policy)
        .refused_for("issuer_not_found", 0);
}

#[test]
fn allowing_an_authority_allows_none_of_its_clients() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let policy = client().allow(fingerprint(&root));
    is(&alice)
        .under(&[&root])
        .by(policy)
        .refused_for("not_allowed", 0);
}

#[test]
fn a_leaf_that_is_an_anchor_meets_demands_too() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let judged = |policy: Policy| {
        let policy = policy.partial_chain(PartialChain::Allow);
        is(&alice).under(&[&alice]).by(policy).code()
    };
    let anchored = client().anchor_constraints(portcullis_chain::AnchorConstraints::Ignore);
    assert_eq!(judged(anchored.clone()), ACCEPTED);
    assert_eq!(judged(anchored.clone().deny(fingerprint(&alice))), "denied");
    assert_eq!(
        judged(anchored.name(rule("DNS:a.contoso.com"))),
        "name_not_allowed"
    );
}

/// A code, a policy whose demand is not met, and what makes a policy one that is.
type Demand = (&'static str, Policy, fn(Policy) -> Policy);

/// Every kind of demand, each met, and then each in turn not.
#[test]
fn demands_of_several_kinds_must_all_be_met() {
    let root = Ca::root("Root").issue();
    let alice = root
        .client(Name::common_name("alice").organization("Contoso"))
        .dns("a.contoso.com")
        .issue();
    let code = |policy: &Policy| is(&alice).under(&[&root]).by(policy).code();
    let demands: [Demand; 3] = [
        (
            "issuer_not_allowed",
            client().issuer(name("CN=Other")),
            |policy| policy.issuer(name("CN=Root")),
        ),
        (
            "name_not_allowed",
            client().name(rule("DNS:b.contoso.com")),
            |policy| policy.name(rule("DNS:a.contoso.com")),
        ),
        (
            "subject_not_allowed",
            client().subject(name("O=Fabrikam")),
            |policy| policy.subject(name("O=Contoso")),
        ),
    ];
    let met = |policy: Policy, but: usize| {
        let others = demands.iter().enumerate().filter(|(at, _)| *at != but);
        let policy = others.fold(policy, |policy, (_, (_, _, meet))| meet(policy));
        policy.pin(pin(&root)).allow(fingerprint(&alice))
    };
    assert_eq!(code(&met(client(), demands.len())), ACCEPTED);
    for (at, (expected, unmet, _)) in demands.iter().enumerate() {
        assert_eq!(code(&met(unmet.clone(), at)), *expected);
    }
    let unpinned = met(client(), demands.len());
    let unpinned = unpinned.deny(fingerprint(&root));
    assert_eq!(code(&unpinned), "denied");
}
