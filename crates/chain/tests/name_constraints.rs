//! Name constraints (RFC 5280 section 4.2.1.10): which names an authority may give, and nobody below it.

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

use portcullis_chain::{AnchorConstraints, Reason};
use portcullis_test_pki::general_name::{
    self as general, directory, dns, email, ip, network, registered_id, uri, x400,
};
use portcullis_test_pki::{Builder, Ca, Certified, Criticality, Name, der};
use question::{ACCEPTED, all, client, is};

const NOT_PERMITTED: &str = "name_not_permitted";
const EXCLUDED: &str = "name_excluded";
const NOT_COMPARABLE: &str = "name_not_comparable";

const NAME_CONSTRAINTS: &str = "2.5.29.30";
const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";
const COMMON_NAME: &str = "2.5.4.3";
const SMTP_UTF8_MAILBOX: &str = "1.3.6.1.5.5.7.8.9";
const USER_PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";

/// What becomes of `leaf` when the authority that issues it is constrained so.
fn verdict(
    constrain: impl FnOnce(Builder<Ca>) -> Builder<Ca>,
    leaf: impl FnOnce(Builder<Certified>) -> Builder<Certified>,
) -> &'static str {
    let root = Ca::root("Root").issue();
    let issuing = constrain(root.intermediate("Issuing")).issue();
    let leaf = leaf(issuing.client("alice")).issue();
    is(&leaf).with(&[&issuing]).under(&[&root]).code()
}

fn where_permitted(base: &[u8], name: &[u8]) -> &'static str {
    verdict(
        |authority| authority.permitted(base),
        |leaf| leaf.general_name(name),
    )
}

fn where_excluded(base: &[u8], name: &[u8]) -> &'static str {
    verdict(
        |authority| authority.excluded(base),
        |leaf| leaf.general_name(name),
    )
}

/// Each row is a subtree of this kind, a name of it, and what becomes of a leaf with the name.
fn where_each_is(
    judged: fn(&[u8], &[u8]) -> &'static str,
    kind: fn(&str) -> Vec<u8>,
    rows: &[(&str, &str, &'static str)],
) {
    all(rows.iter().map(|(base, name, expected)| {
        let found = judged(&kind(base), &kind(name));
        (format!("{name:?} and {base:?}"), found, *expected)
    }));
}

/// Names that nobody can place are refused by any constraint of their kind, permitting or excluding.
fn are_not_comparable(kind: fn(&str) -> Vec<u8>, bases: [&str; 2], names: &[&str]) {
    let [permitted, excluded] = bases.map(kind);
    all(names.iter().flat_map(|name| {
        [
            (
                format!("{name:?}, something permitted"),
                where_permitted(&permitted, &kind(name)),
                NOT_COMPARABLE,
            ),
            (
                format!("{name:?}, something excluded"),
                where_excluded(&excluded, &kind(name)),
                NOT_COMPARABLE,
            ),
        ]
    }));
}

#[test]
fn a_host_lies_in_itself_and_in_whatever_is_above_it_by_whole_labels() {
    where_each_is(
        where_permitted,
        dns,
        &[
            ("example.org", "example.org", ACCEPTED),
            ("example.org", "www.example.org", ACCEPTED),
            ("example.org", "a.b.example.org", ACCEPTED),
            ("EXAMPLE.org", "www.Example.ORG", ACCEPTED),
            ("example.org", "www.example.org.", ACCEPTED),
            ("", "www.example.org", ACCEPTED),
            ("example.org", "evilexample.org", NOT_PERMITTED),
            ("example.org", "evil-example.org", NOT_PERMITTED),
            ("example.org", "example.org.evil.com", NOT_PERMITTED),
            ("example.org", "org", NOT_PERMITTED),
            ("www.example.org", "example.org", NOT_PERMITTED),
            (".example.org", "www.example.org", ACCEPTED),
            (".example.org", "evilexample.org", NOT_PERMITTED),
        ],
    );
}

#[test]
fn no_host_of_an_excluded_domain_gets_through() {
    where_each_is(
        where_excluded,
        dns,
        &[
            ("example.org", "example.org", EXCLUDED),
            ("example.org", "www.example.org", EXCLUDED),
            ("example.org", "WWW.EXAMPLE.ORG", EXCLUDED),
            ("Example.Org", "a.b.example.org", EXCLUDED),
            ("example.org", "www.example.org.", EXCLUDED),
            ("example.org", "example.org.", EXCLUDED),
            (".example.org", "www.example.org", EXCLUDED),
            ("", "www.example.org", EXCLUDED),
            ("example.org", "evilexample.org", ACCEPTED),
            ("example.org", "example.org.example.com", ACCEPTED),
            ("www.example.org", "example.org", ACCEPTED),
        ],
    );
}

/// RUSTSEC-2026-0099: `*.example.org` stands for `reject.example.org` too.
#[test]
fn a_wildcard_is_permitted_where_all_that_it_stands_for_is() {
    where_each_is(
        where_permitted,
        dns,
        &[
            ("example.org", "*.example.org", ACCEPTED),
            ("example.org", "*.EXAMPLE.org", ACCEPTED),
            ("example.org", "*.www.example.org", ACCEPTED),
            (".example.org", "*.example.org", ACCEPTED),
            ("accept.example.org", "*.example.org", NOT_PERMITTED),
            ("example.org", "*.org", NOT_PERMITTED),
            ("example.org", "*.evilexample.org", NOT_PERMITTED),
        ],
    );
}

/// CVE-2025-61727: `*.example.org` stands for `test.example.org`.
#[test]
fn a_wildcard_is_excluded_where_anything_that_it_stands_for_is() {
    where_each_is(
        where_excluded,
        dns,
        &[
            ("test.example.org", "*.example.org", EXCLUDED),
            ("TEST.example.org", "*.Example.Org", EXCLUDED),
            ("example.org", "*.example.org", EXCLUDED),
            (".example.org", "*.example.org", EXCLUDED),
            ("example.org", "*.www.example.org", EXCLUDED),
            ("example.org", "*.org", EXCLUDED),
            ("example.org", "*.example.com", ACCEPTED),
            ("example.org", "*.evilexample.org", ACCEPTED),
        ],
    );
}

/// Every host of one to three labels out of two.
fn hosts() -> Vec<String> {
    let longer = |hosts: &[String]| -> Vec<String> {
        let below = |host: &String| ["a", "b"].map(|label| format!("{label}.{host}"));
        hosts.iter().flat_map(below).collect()
    };
    let one = vec!["a".to_owned(), "b".to_owned()];
    let two = longer(&one);
    let three = longer(&two);
    [one, two, three].concat()
}

/// What a name stands for: with a wildcard the hosts one label below, of which `c` is like any other.
fn stands_for(name: &str) -> Vec<String> {
    match name.strip_prefix("*.") {
        Some(domain) => ["a", "b", "c"]
            .map(|label| format!("{label}.{domain}"))
            .to_vec(),
        None => vec![name.to_owned()],
    }
}

/// Section 4.2.1.10: whatever comes of adding labels on the left.
fn is_in(base: &str, host: &str) -> bool {
    host == base || host.ends_with(&format!(".{base}"))
}

#[test]
fn every_small_name_is_judged_as_all_that_it_stands_for() {
    let wildcards = hosts().into_iter().map(|host| format!("*.{host}"));
    let names: Vec<_> = hosts().into_iter().chain(wildcards).collect();
    for base in hosts() {
        for name in &names {
            let within: Vec<bool> = stands_for(name)
                .iter()
                .map(|host| is_in(&base, host))
                .collect();
            let permitted = where_permitted(&dns(&base), &dns(name)) == ACCEPTED;
            assert_eq!(
                permitted,
                within.iter().all(|within| *within),
                "{name} in {base}"
            );
            let excluded = where_excluded(&dns(&base), &dns(name)) == EXCLUDED;
            let any = within.iter().any(|within| *within);
            // A host two labels below may be taken for one of the wildcard's, to be safe.
            let deeper = name
                .strip_prefix("*.")
                .is_some_and(|domain| is_in(domain, &base));
            assert!(
                excluded == any || (excluded && deeper),
                "{name} out of {base}"
            );
        }
    }
}

#[test]
fn a_host_that_is_none_is_within_nothing_and_outside_of_nothing() {
    are_not_comparable(
        dns,
        ["example.org", "example.com"],
        &[
            "",
            ".",
            "*",
            ".example.org",
            "a..example.org",
            "*.*.example.org",
            "w*.example.org",
            "www.*.example.org",
            "www.example.org\0.evil.com",
            "www.example.org\n",
            " www.example.org",
            "www example.org",
            "www.example.org/",
            "-.example.org",
        ],
    );
}

fn v4(text: &str) -> Vec<u8> {
    ip(text.parse().unwrap())
}

fn cidr(text: &str) -> Vec<u8> {
    let (address, prefix) = text.split_once('/').unwrap();
    network(address.parse().unwrap(), prefix.parse().unwrap())
}

#[test]
fn an_address_lies_in_the_network_that_has_its_bits() {
    let rows = [
        ("10.1.0.0/16", "10.1.2.3", true),
        ("10.1.2.3/16", "10.1.255.255", true),
        ("10.1.0.0/16", "10.2.0.1", false),
        ("10.1.16.0/20", "10.1.31.255", true),
        ("10.1.16.0/20", "10.1.32.0", false),
        ("192.0.2.1/32", "192.0.2.1", true),
        ("192.0.2.1/32", "192.0.2.0", false),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "203.0.113.9", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::1/128", "2001:db8::1", true),
        ("2001:db8::1/128", "2001:db8::2", false),
        ("2001:db8::/33", "2001:db8:8000::", false),
    ];
    all(rows.iter().flat_map(|(base, name, within)| {
        let (base, name) = (cidr(base), v4(name));
        let (permitted, excluded) = if *within {
            (ACCEPTED, EXCLUDED)
        } else {
            (NOT_PERMITTED, ACCEPTED)
        };
        let said = format!("{name:?} and {base:?}");
        [
            (said.clone(), where_permitted(&base, &name), permitted),
            (said, where_excluded(&base, &name), excluded),
        ]
    }));
}

#[test]
fn an_address_of_no_length_that_addresses_have_is_not_comparable() {
    all([0, 1, 3, 5, 8, 15, 17, 32].into_iter().flat_map(|length| {
        let (base, name) = (
            cidr("10.0.0.0/8"),
            der::context_primitive(7, &vec![10; length]),
        );
        let said = format!("{length} octets");
        [
            (said.clone(), where_permitted(&base, &name), NOT_COMPARABLE),
            (said, where_excluded(&base, &name), NOT_COMPARABLE),
        ]
    }));
}

#[test]
fn a_mailbox_is_permitted_by_itself_its_host_or_a_domain_above_the_host() {
    where_each_is(
        where_permitted,
        email,
        &[
            ("root@example.com", "root@example.com", ACCEPTED),
            ("root@example.com", "root@EXAMPLE.com", ACCEPTED),
            ("root@example.com", "Root@example.com", NOT_PERMITTED),
            ("root@example.com", "alice@example.com", NOT_PERMITTED),
            ("root@example.com", "root@mail.example.com", NOT_PERMITTED),
            ("example.com", "alice@example.com", ACCEPTED),
            ("Example.com", "alice@EXAMPLE.COM", ACCEPTED),
            ("example.com", "alice@mail.example.com", NOT_PERMITTED),
            ("example.com", "alice@evilexample.com", NOT_PERMITTED),
            (".example.com", "alice@mail.example.com", ACCEPTED),
            (".example.com", "alice@a.b.example.com", ACCEPTED),
            (".example.com", "alice@example.com", NOT_PERMITTED),
            (".example.com", "alice@evilexample.com", NOT_PERMITTED),
        ],
    );
}

#[test]
fn a_mailbox_is_excluded_by_itself_its_host_or_a_domain_above_the_host() {
    where_each_is(
        where_excluded,
        email,
        &[
            ("root@example.com", "root@Example.com", EXCLUDED),
            ("root@example.com", "alice@example.com", ACCEPTED),
            ("example.com", "alice@EXAMPLE.com", EXCLUDED),
            ("example.com", "alice@mail.example.com", ACCEPTED),
            ("example.com", "alice@evilexample.com", ACCEPTED),
            (".example.com", "alice@mail.example.com", EXCLUDED),
            (".example.com", "alice@example.com", ACCEPTED),
        ],
    );
}

#[test]
fn a_mailbox_that_is_none_is_not_comparable() {
    are_not_comparable(
        email,
        ["example.com", "example.org"],
        &[
            "",
            "alice",
            "example.com",
            "@example.com",
            "alice@",
            "alice@.example.com",
            "alice@evil.com@example.com",
            "alice@example.com\0.evil.com",
            "alice@example.com ",
            "ali\0ce@example.com",
        ],
    );
}

#[test]
fn a_uri_is_permitted_by_its_very_host_or_a_domain_above_it() {
    where_each_is(
        where_permitted,
        uri,
        &[
            ("host.example.com", "https://host.example.com/a", ACCEPTED),
            ("host.example.com", "HTTPS://HOST.Example.com", ACCEPTED),
            (
                "host.example.com",
                "https://user@host.example.com:8443/?q#f",
                ACCEPTED,
            ),
            (
                "host.example.com",
                "https://www.host.example.com/",
                NOT_PERMITTED,
            ),
            (
                "host.example.com",
                "https://evilhost.example.com/",
                NOT_PERMITTED,
            ),
            ("contoso.com", "spiffe://contoso.com/billing", ACCEPTED),
            (".example.com", "https://host.example.com/", ACCEPTED),
            (".example.com", "https://a.b.example.com/", ACCEPTED),
            (".example.com", "https://example.com/", NOT_PERMITTED),
            (".example.com", "https://evilexample.com/", NOT_PERMITTED),
        ],
    );
}

#[test]
fn a_uri_is_excluded_by_its_very_host_or_a_domain_above_it() {
    where_each_is(
        where_excluded,
        uri,
        &[
            ("host.example.com", "https://HOST.example.com:1/", EXCLUDED),
            ("host.example.com", "https://a@host.example.com/", EXCLUDED),
            ("host.example.com", "https://host.example.com./", EXCLUDED),
            (
                "host.example.com",
                "https://www.host.example.com/",
                ACCEPTED,
            ),
            (".example.com", "https://host.example.com/", EXCLUDED),
            (".example.com", "https://example.com/", ACCEPTED),
            ("example.com", "https://evilexample.com/", ACCEPTED),
        ],
    );
}

#[test]
fn what_stands_elsewhere_in_a_uri_is_not_its_host() {
    where_each_is(
        where_permitted,
        uri,
        &[
            (
                "good.example.com",
                "https://good.example.com@evil.com/",
                NOT_PERMITTED,
            ),
            (
                "good.example.com",
                "https://good.example.com:443@evil.com/",
                NOT_PERMITTED,
            ),
            (
                "good.example.com",
                "https://evil.com/@good.example.com",
                NOT_PERMITTED,
            ),
            (
                "good.example.com",
                "https://evil.com?@good.example.com",
                NOT_PERMITTED,
            ),
            (
                "good.example.com",
                "https://evil.com#@good.example.com",
                NOT_PERMITTED,
            ),
        ],
    );
}

/// Section 4.2.1.10: the application MUST reject the certificate.
#[test]
fn a_uri_without_an_authority_or_with_an_address_is_not_comparable() {
    are_not_comparable(
        uri,
        ["host.example.com", ".example.org"],
        &[
            "",
            "host.example.com",
            "urn:example:animal",
            "mailto:alice@host.example.com",
            "https:host.example.com",
            "file:///etc/passwd",
            "https://10.0.0.1/",
            "https://10.0.0.1:443/",
            "https://[2001:db8::1]/",
            "https://[::ffff:10.0.0.1]:443/",
        ],
    );
}

/// RFC 1123 section 2.1: the last label of a host name is alphabetic, so that none looks like an
/// address. Browsers take these for 127.0.0.1.
#[test]
fn a_uri_whose_host_ends_in_a_number_is_not_comparable() {
    are_not_comparable(
        uri,
        ["host.example.com", ".example.org"],
        &["https://127.1/", "https://2130706433/", "https://0x7f.1/"],
    );
}

/// RFC 3986 sections 3.1 and 3.2: what each reader would read its own host from.
#[test]
fn a_malformed_uri_is_not_comparable() {
    are_not_comparable(
        uri,
        ["good.example.com", ".example.org"],
        &[
            r"https://evil.com\@good.example.com/",
            "https://evil.com\0@good.example.com/",
            "https://evil.com @good.example.com/",
            "https://a@evil.com@good.example.com/",
            "https://good.example.com%2eevil.com/",
            "https://good.example.com\0.evil.com/",
            "https://good..example.com/",
            "https://good.example.com:evil/",
            "1https://good.example.com/",
            "://good.example.com/",
        ],
    );
}

fn contoso() -> Name {
    Name::empty().country("US").organization("Contoso")
}

/// What becomes of a client with this subject where a tree of directory names is permitted, and where
/// it is excluded.
fn of_subject(base: &Name, subject: &Name) -> [&'static str; 2] {
    let base = directory(base.clone());
    [
        verdict(
            |authority| authority.permitted(&base),
            |leaf| leaf.subject(subject.clone()),
        ),
        verdict(
            |authority| authority.excluded(&base),
            |leaf| leaf.subject(subject.clone()),
        ),
    ]
}

#[test]
fn a_subject_lies_in_the_trees_that_it_begins_with() {
    let named = |name: Name| name.with(COMMON_NAME, "alice");
    let printable = Name::empty()
        .country("us")
        .attribute("2.5.4.10", &der::printable_string("CONTOSO"));
    for (subject, within) in [
        (named(contoso()), true),
        (contoso(), true),
        (named(contoso().organizational_unit("Billing")), true),
        (named(printable), true),
        (
            named(Name::empty().country("US").organization(" contoso ")),
            true,
        ),
        (
            named(Name::empty().country("US").organization("Contoso Evil")),
            false,
        ),
        (
            named(Name::empty().organization("Contoso").country("US")),
            false,
        ),
        (named(Name::empty().organization("Contoso")), false),
        (Name::empty().country("US"), false),
        (
            Name::empty()
                .with(COMMON_NAME, "alice")
                .country("US")
                .organization("Contoso"),
            false,
        ),
        ("alice".into(), false),
    ] {
        let expected = if within {
            [ACCEPTED, EXCLUDED]
        } else {
            [NOT_PERMITTED, ACCEPTED]
        };
        assert_eq!(of_subject(&contoso(), &subject), expected, "{subject:?}");
    }
}

#[test]
fn the_tree_of_all_directory_names_holds_every_subject() {
    let found = of_subject(&Name::empty(), &"alice".into());
    assert_eq!(found, [ACCEPTED, EXCLUDED]);
}

#[test]
fn a_directory_name_among_the_alternatives_is_constrained_as_the_subject_is() {
    let alice = contoso().with(COMMON_NAME, "alice");
    let of = |name: Name| {
        verdict(
            |authority| authority.permitted(&directory(contoso())),
            |leaf| leaf.subject(alice.clone()).directory_name(name),
        )
    };
    assert_eq!(of(contoso().with(COMMON_NAME, "other")), ACCEPTED);
    assert_eq!(of(Name::empty().organization("Fabrikam")), NOT_PERMITTED);
}

#[test]
fn a_certificate_without_a_subject_has_no_directory_name() {
    for base in [contoso(), Name::empty()] {
        let nameless =
            |leaf: Builder<Certified>| leaf.subject(Name::empty()).dns("www.contoso.com");
        let base = directory(base);
        let permitted = verdict(|authority| authority.permitted(&base), nameless);
        let excluded = verdict(|authority| authority.excluded(&base), nameless);
        assert_eq!([permitted, excluded], [ACCEPTED; 2]);
    }
}

#[test]
fn names_of_a_kind_that_is_not_constrained_are_free() {
    let bases = [
        dns("contoso.com"),
        email("contoso.com"),
        uri("contoso.com"),
        cidr("10.0.0.0/8"),
        registered_id("1.2.3"),
        general::other(USER_PRINCIPAL_NAME, &der::utf8_string("@contoso.com")),
        x400(),
    ];
    let names = [
        dns("www.fabrikam.com"),
        email("alice@fabrikam.com"),
        uri("https://fabrikam.com/"),
        v4("192.0.2.1"),
        registered_id("1.2.4"),
        general::other("1.2.3.4", &der::null()),
        der::context(5, &der::context(1, &der::utf8_string("party"))),
    ];
    for (position, base) in bases.iter().enumerate() {
        let free = names
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != position);
        let found = verdict(
            |authority| authority.permitted(base),
            |leaf| free.fold(leaf, |leaf, (_, name)| leaf.general_name(name)),
        );
        assert_eq!(found, ACCEPTED, "{base:?}");
    }
}

/// Section 4.2.1.10: process the constraint or reject the certificate.
#[test]
fn a_kind_of_name_without_rules_for_subtrees_is_refused_where_it_is_constrained() {
    let principal = |text| general::other(USER_PRINCIPAL_NAME, &der::utf8_string(text));
    let party = der::context(5, &der::context(1, &der::utf8_string("party")));
    for (base, name) in [
        (registered_id("1.2.3"), registered_id("1.2.3")),
        (registered_id("1.2.3"), registered_id("1.2.3.4")),
        (x400(), x400()),
        (party.clone(), party),
        (principal("@contoso.com"), principal("alice@contoso.com")),
    ] {
        assert_eq!(where_permitted(&base, &name), NOT_COMPARABLE, "{base:?}");
        assert_eq!(where_excluded(&base, &name), NOT_COMPARABLE, "{base:?}");
        assert_eq!(where_permitted(&base, &dns("contoso.com")), ACCEPTED);
        assert_eq!(where_excluded(&base, &dns("contoso.com")), ACCEPTED);
    }
}

/// RFC 9598 section 6: constraints of mailboxes hold for internationalised ones.
#[test]
fn an_internationalised_mailbox_is_bound_by_what_is_said_of_mailboxes() {
    let mailbox = general::other(SMTP_UTF8_MAILBOX, &der::utf8_string("\u{e4}@example.com"));
    for base in ["example.com", ".example.com", "example.org"] {
        assert_ne!(where_excluded(&email(base), &mailbox), ACCEPTED);
        assert_ne!(where_permitted(&email(base), &mailbox), ACCEPTED);
    }
    assert_eq!(where_permitted(&dns("example.com"), &mailbox), ACCEPTED);
}

fn with_email_address(value: &[u8]) -> Name {
    Name::common_name("alice").attribute(EMAIL_ADDRESS, value)
}

fn ia5_string(text: &str) -> Vec<u8> {
    der::tlv(0x16, text.as_bytes())
}

#[test]
fn an_email_address_in_the_subject_is_a_mailbox() {
    for (address, expected) in [
        ("alice@contoso.com", ACCEPTED),
        ("alice@CONTOSO.com", ACCEPTED),
        ("alice@fabrikam.com", NOT_PERMITTED),
        ("alice", NOT_COMPARABLE),
    ] {
        let found = verdict(
            |authority| authority.permitted(&email("contoso.com")),
            |leaf| leaf.subject(with_email_address(&ia5_string(address))),
        );
        assert_eq!(found, expected, "{address}");
    }
}

#[test]
fn every_email_address_in_the_subject_is_constrained() {
    let subject = with_email_address(&ia5_string("alice@contoso.com"))
        .attribute(EMAIL_ADDRESS, &ia5_string("alice@fabrikam.com"));
    let found = verdict(
        |authority| authority.excluded(&email("fabrikam.com")),
        |leaf| leaf.subject(subject),
    );
    assert_eq!(found, EXCLUDED);
}

#[test]
fn an_email_address_that_is_no_text_is_refused_where_mailboxes_are_constrained() {
    let values = [
        ("OCTET STRING", der::octet_string(b"alice@fabrikam.com")),
        ("BIT STRING", der::bit_string(b"alice@fabrikam.com")),
        ("no UTF-8", der::tlv(0x0c, b"alice\xff@fabrikam.com")),
        ("odd BMPString", der::tlv(0x1e, b"\0a\0")),
    ];
    all(values.into_iter().map(|(kind, value)| {
        let found = verdict(
            |authority| authority.excluded(&email("fabrikam.com")),
            |leaf| leaf.subject(with_email_address(&value)),
        );
        (kind.to_owned(), found, NOT_COMPARABLE)
    }));
}

#[test]
fn a_common_name_that_looks_like_a_host_is_one_where_no_alternative_name_says_the_host() {
    let of = |name: &str| {
        let permitted = verdict(
            |authority| authority.permitted(&dns("contoso.com")),
            |leaf| leaf.subject(name),
        );
        let excluded = verdict(
            |authority| authority.excluded(&dns("fabrikam.com")),
            |leaf| leaf.subject(name),
        );
        [permitted, excluded]
    };
    assert_eq!(of("www.contoso.com"), [ACCEPTED; 2]);
    for evil in ["www.fabrikam.com", "WWW.Fabrikam.COM.", "*.fabrikam.com"] {
        assert_eq!(of(evil), [NOT_PERMITTED, EXCLUDED], "{evil}");
    }
    for free in [
        "alice",
        "Alice Smith",
        "alice@fabrikam.com",
        "Alice J. Smith",
    ] {
        assert_eq!(of(free), [ACCEPTED; 2], "{free}");
    }
}

/// OpenSSL's `cn2dnsid` refuses it too: whoever reads up to the NUL reads a host.
#[test]
fn a_common_name_with_a_host_before_a_nul_is_not_free() {
    for name in ["www.fabrikam.com\0", "www.fabrikam.com\0.contoso.com"] {
        let found = verdict(
            |authority| authority.permitted(&dns("contoso.com")),
            |leaf| leaf.subject(name),
        );
        assert_ne!(found, ACCEPTED, "{name:?}");
    }
}

#[test]
fn attributes_are_read_in_every_type_of_text() {
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let encoded = |text: &str| {
        [
            der::utf8_string(text),
            der::printable_string(text),
            ia5_string(text),
            der::tlv(0x14, text.as_bytes()),
            der::tlv(0x1e, &utf16(text)),
        ]
    };
    for value in encoded("www.fabrikam.com") {
        let found = verdict(
            |authority| authority.excluded(&dns("fabrikam.com")),
            |leaf| leaf.subject(Name::empty().attribute(COMMON_NAME, &value)),
        );
        assert_eq!(found, EXCLUDED, "{value:?}");
    }
    for value in encoded("alice@fabrikam.com") {
        let found = verdict(
            |authority| authority.excluded(&email("fabrikam.com")),
            |leaf| leaf.subject(with_email_address(&value)),
        );
        assert_eq!(found, EXCLUDED, "{value:?}");
    }
}

#[test]
fn alternative_names_of_hosts_take_the_common_name_s_place_and_others_do_not() {
    let of = |name: &[u8]| {
        verdict(
            |authority| authority.permitted(&dns("contoso.com")),
            |leaf| leaf.subject("www.fabrikam.com").general_name(name),
        )
    };
    assert_eq!(of(&dns("www.contoso.com")), ACCEPTED);
    assert_eq!(of(&v4("10.0.0.1")), ACCEPTED);
    assert_eq!(of(&email("alice@contoso.com")), NOT_PERMITTED);
}

#[test]
fn the_common_name_of_an_authority_is_no_host() {
    let root = Ca::root("Root").permitted_dns(&["contoso.com"]).issue();
    let issuing = root.intermediate("ca.fabrikam.com").issue();
    let alice = issuing.client("alice").issue();
    is(&alice).with(&[&issuing]).under(&[&root]).accepted();
}

/// Section 6.1.3 (b) and (c).
#[test]
fn a_self_issued_intermediate_is_exempt_and_no_other_is() {
    let root = Ca::root("Root").issue();
    let outer = root
        .intermediate("Outer")
        .permitted(&directory(contoso()))
        .issue();
    let alice = || contoso().with(COMMON_NAME, "alice");
    let renewed = outer.intermediate("Outer").issue();
    is(&renewed.client(alice()).issue())
        .with(&[&renewed, &outer])
        .under(&[&root])
        .accepted();
    let inner = outer.intermediate("Inner").issue();
    is(&inner.client(alice()).issue())
        .with(&[&inner, &outer])
        .under(&[&root])
        .refused_for(NOT_PERMITTED, 1);
}

#[test]
fn a_self_issued_leaf_is_not_exempt() {
    let root = Ca::root("Root").issue();
    let outer = root
        .intermediate("Outer")
        .permitted(&directory(contoso()))
        .issue();
    let leaf = outer.client("Outer").issue();
    is(&leaf)
        .with(&[&outer])
        .under(&[&root])
        .refused_for(NOT_PERMITTED, 0);
}

#[test]
fn what_a_self_issued_intermediate_imposes_holds() {
    let root = Ca::root("Root").issue();
    let outer = root.intermediate("Outer").issue();
    let renewed = outer
        .intermediate("Outer")
        .permitted_dns(&["contoso.com"])
        .issue();
    let leaf = renewed.client("alice").dns("www.fabrikam.com").issue();
    is(&leaf)
        .with(&[&renewed, &outer])
        .under(&[&root])
        .refused_for(NOT_PERMITTED, 0);
}

/// What becomes of a client with this host two authorities deep.
fn below(
    outer: impl FnOnce(Builder<Ca>) -> Builder<Ca>,
    inner: impl FnOnce(Builder<Ca>) -> Builder<Ca>,
    host: &str,
) -> &'static str {
    let root = Ca::root("Root").issue();
    let outer = outer(root.intermediate("Outer")).issue();
    let inner = inner(outer.intermediate("Inner")).issue();
    let leaf = inner.client("alice").dns(host).issue();
    is(&leaf).with(&[&inner, &outer]).under(&[&root]).code()
}

#[test]
fn a_name_must_be_permitted_by_every_authority_and_excluded_by_none() {
    let narrowed = |host| {
        below(
            |outer| outer.permitted_dns(&["contoso.com"]),
            |inner| {
                inner
                    .permitted_dns(&["eu.contoso.com", "fabrikam.com"])
                    .excluded(&dns("secret.eu.contoso.com"))
            },
            host,
        )
    };
    assert_eq!(narrowed("www.eu.contoso.com"), ACCEPTED);
    assert_eq!(narrowed("www.contoso.com"), NOT_PERMITTED);
    assert_eq!(narrowed("www.fabrikam.com"), NOT_PERMITTED);
    assert_eq!(narrowed("a.secret.eu.contoso.com"), EXCLUDED);
}

#[test]
fn disjoint_permissions_leave_nothing() {
    for host in ["www.contoso.com", "www.fabrikam.com"] {
        let found = below(
            |outer| outer.permitted_dns(&["contoso.com"]),
            |inner| inner.permitted_dns(&["fabrikam.com"]),
            host,
        );
        assert_eq!(found, NOT_PERMITTED, "{host}");
    }
}

#[test]
fn permissions_of_another_kind_widen_nothing() {
    let found = below(
        |outer| outer.permitted_dns(&["contoso.com"]),
        |inner| inner.permitted(&email("contoso.com")),
        "www.fabrikam.com",
    );
    assert_eq!(found, NOT_PERMITTED);
}

#[test]
fn what_is_excluded_above_cannot_be_permitted_below() {
    let found = below(
        |outer| outer.excluded(&dns("contoso.com")),
        |inner| inner.permitted_dns(&["www.contoso.com"]),
        "www.contoso.com",
    );
    assert_eq!(found, EXCLUDED);
}

#[test]
fn what_is_both_permitted_and_excluded_is_excluded() {
    let found = verdict(
        |authority| {
            authority
                .permitted_dns(&["contoso.com"])
                .excluded(&dns("contoso.com"))
        },
        |leaf| leaf.dns("www.contoso.com"),
    );
    assert_eq!(found, EXCLUDED);
}

#[test]
fn one_name_outside_is_enough() {
    let found = verdict(
        |authority| authority.permitted_dns(&["contoso.com", "contoso.org"]),
        |leaf| {
            leaf.dns("www.contoso.com")
                .dns("www.contoso.org")
                .dns("www.fabrikam.com")
        },
    );
    assert_eq!(found, NOT_PERMITTED);
}

#[test]
fn an_intermediate_s_alternative_names_are_constrained() {
    let root = Ca::root("Root").issue();
    let outer = root
        .intermediate("Outer")
        .permitted_dns(&["contoso.com"])
        .issue();
    let inner = outer.intermediate("Inner").dns("ca.fabrikam.com").issue();
    let alice = inner.client("alice").issue();
    is(&alice)
        .with(&[&inner, &outer])
        .under(&[&root])
        .refused_for(NOT_PERMITTED, 1);
}

#[test]
fn constraints_do_not_bind_the_authority_that_has_them() {
    let found = verdict(
        |authority| {
            authority
                .dns("ca.fabrikam.com")
                .permitted_dns(&["contoso.com"])
        },
        |leaf| leaf.dns("www.contoso.com"),
    );
    assert_eq!(found, ACCEPTED);
}

#[test]
fn constraints_of_a_leaf_bind_nobody() {
    let found = verdict(
        |authority| authority,
        |leaf| leaf.dns("www.fabrikam.com").permitted_dns(&["contoso.com"]),
    );
    assert_eq!(found, ACCEPTED);
}

#[test]
fn the_refusal_says_who_constrains_and_to_what() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .permitted_dns(&["contoso.com"])
        .excluded(&dns("secret.contoso.com"))
        .issue();
    let reason = |host| {
        let leaf = issuing.client("alice").dns(host).issue();
        let refused = is(&leaf).with(&[&issuing]).under(&[&root]).refused();
        assert_eq!(refused.certificate(), 0);
        refused.reason().clone()
    };
    assert_eq!(
        reason("www.fabrikam.com"),
        Reason::NameNotPermitted {
            name: "DNS:www.fabrikam.com".into(),
            permitted: "DNS:contoso.com".into(),
            by: "CN=Issuing".into()
        }
    );
    assert_eq!(
        reason("a.secret.contoso.com"),
        Reason::NameExcluded {
            name: "DNS:a.secret.contoso.com".into(),
            excluded: "DNS:secret.contoso.com".into(),
            by: "CN=Issuing".into()
        }
    );
}

/// One subtree, with whatever follows its base.
fn subtree(base: &[u8], distances: &[u8]) -> Vec<u8> {
    der::sequence(&[base, distances])
}

#[test]
fn constraints_that_cannot_be_read_are_refused() {
    let permitted = |subtrees: &[u8]| der::sequence(&[der::context(0, subtrees)]);
    let minimum = |number| der::context_primitive(0, &[number]);
    let maximum = der::context_primitive(1, &[0]);
    let host = dns("contoso.com");
    let masked = |mask: [u8; 4]| {
        let octets = [[10, 0, 0, 0], mask].concat();
        permitted(&subtree(&der::context_primitive(7, &octets), &[]))
    };
    let of_base = |base: Vec<u8>| permitted(&subtree(&base, &[]));
    let values = [
        ("neither list", der::sequence::<&[u8]>(&[])),
        ("an empty list", permitted(&[])),
        ("an empty subtree", permitted(&der::sequence::<&[u8]>(&[]))),
        ("minimum 1", permitted(&subtree(&host, &minimum(1)))),
        ("a maximum", permitted(&subtree(&host, &maximum))),
        ("a mask with a hole", masked([255, 0, 255, 0])),
        ("a mask with a hole in an octet", masked([255, 0xa0, 0, 0])),
        (
            "an address without a mask",
            of_base(der::context_primitive(7, &[10, 0, 0, 0])),
        ),
        ("no host", of_base(dns("contoso..com"))),
        ("a wildcard", of_base(dns("*.contoso.com"))),
        ("no mailbox", of_base(email("alice@"))),
        ("not DER", vec![0x30, 0x80, 0, 0]),
    ];
    for (what, value) in values {
        let root = Ca::root("Root").issue();
        let issuing = root
            .intermediate("Issuing")
            .extension(NAME_CONSTRAINTS, Criticality::Critical, &value)
            .issue();
        let refused = is(&issuing.client("alice").issue())
            .with(&[&issuing])
            .under(&[&root])
            .refused();
        let found = (refused.reason().code(), refused.certificate());
        assert_eq!(found, ("malformed", 1), "{what}");
    }
}

#[test]
fn constraints_that_are_not_critical_hold() {
    let permitted = der::context(0, &subtree(&dns("contoso.com"), &[]));
    let value = der::sequence(&[permitted]);
    let found = verdict(
        |authority| authority.extension(NAME_CONSTRAINTS, Criticality::NonCritical, &value),
        |leaf| leaf.dns("www.fabrikam.com"),
    );
    assert_eq!(found, NOT_PERMITTED);
}

/// RFC 5937 section 3.2.
#[test]
fn an_anchor_s_own_constraints_hold_unless_it_is_only_a_name_and_a_key() {
    let root = Ca::root("Root")
        .permitted_dns(&["contoso.com"])
        .excluded(&email("contoso.com"))
        .issue();
    let fabrikam = root.client("alice").dns("www.fabrikam.com").issue();
    let mailbox = root.client("alice").email("alice@contoso.com").issue();
    for (constraints, expected) in [
        (AnchorConstraints::Enforce, [NOT_PERMITTED, EXCLUDED]),
        (AnchorConstraints::EnforceStated, [NOT_PERMITTED, EXCLUDED]),
        (AnchorConstraints::Ignore, [ACCEPTED; 2]),
    ] {
        let policy = client().anchor_constraints(constraints);
        let found = [&fabrikam, &mailbox].map(|leaf| is(leaf).under(&[&root]).by(&policy).code());
        assert_eq!(found, expected, "{constraints:?}");
    }
}

#[test]
fn lists_of_names_and_subtrees_that_cost_too_much_end_the_search() {
    let host = |number: usize| dns(&format!("h{number}.contoso.com"));
    let found = verdict(
        |authority| (0..1_500).fold(authority, |ca, number| ca.excluded(&host(number))),
        |leaf| (2_000..3_500).fold(leaf, |leaf, number| leaf.general_name(&host(number))),
    );
    assert_eq!(found, "budget_exceeded");
}

#[test]
fn long_names_cost_more_than_short_ones() {
    let long = |last: &str| {
        let unit = "x".repeat(9_000);
        directory(Name::empty().organization(&unit).with(COMMON_NAME, last))
    };
    let found = verdict(
        |authority| {
            ["a", "b", "c", "d", "e", "f"]
                .iter()
                .fold(authority, |ca, last| ca.excluded(&long(last)))
        },
        |leaf| {
            let small = directory("x");
            (0..250).fold(leaf, |leaf, _| leaf.general_name(&small))
        },
    );
    assert_eq!(found, "budget_exceeded");
}

#[test]
fn as_many_names_as_honest_certificates_have_are_within_the_budget() {
    let host = |number: usize| dns(&format!("h{number}.contoso.com"));
    let found = verdict(
        |authority| (0..50).fold(authority, |ca, number| ca.permitted(&host(number))),
        |leaf| (0..1_000).fold(leaf, |leaf, number| leaf.general_name(&host(number % 50))),
    );
    assert_eq!(found, ACCEPTED);
}
