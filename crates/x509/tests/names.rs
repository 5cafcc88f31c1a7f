//! How names are shown and compared.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_test_pki::{self as pki, der};
use portcullis_x509::Name;

const CN: &str = "2.5.4.3";

fn named(text: &str) -> pki::Name {
    pki::Name::common_name(text)
}

fn common_name(tag: u8, value: &[u8]) -> pki::Name {
    pki::Name::empty().attribute(CN, &der::tlv(tag, value))
}

fn shown(name: &pki::Name) -> String {
    Name::parse(name.der()).unwrap().to_string()
}

/// The right-hand sides are what `openssl x509 -noout -subject -nameopt RFC2253` (3.0.19) printed.
#[test]
fn text_is_shown_as_openssl_shows_it() {
    for (name, expected) in [
        (pki::Name::empty(), ""),
        (named(""), "CN="),
        (named(" "), r"CN=\ "),
        (named("  "), r"CN=\ \ "),
        (named(" lead and trail "), r"CN=\ lead and trail\ "),
        (named("#hash"), r"CN=\#hash"),
        (named("# "), r"CN=\#\ "),
        (
            named("client \"one\" <a>;b\\c=d"),
            r#"CN=client \"one\" \<a\>\;b\\c=d"#,
        ),
        (named("Müller €😀"), r"CN=M\C3\BCller \E2\82\AC\F0\9F\98\80"),
        (named("a\0b\r\nc\x7f\x1b"), r"CN=a\00b\0D\0Ac\7F\1B"),
        (common_name(0x1e, b"\x00A\x20\xac\x00,"), r"CN=A\E2\82\AC\,"),
        (
            common_name(0x1c, b"\x00\x00\x00A\x00\x01\xf6\x00"),
            r"CN=A\F0\9F\98\80",
        ),
        (common_name(0x14, b"M\xfcller"), r"CN=M\C3\BCller"),
        (common_name(0x13, b"a\xff"), r"CN=a\C3\BF"),
    ] {
        assert_eq!(shown(&name), expected);
    }
}

/// As above.
#[test]
fn attributes_are_shown_as_openssl_shows_them() {
    let (utf8, empty) = (der::utf8_string, pki::Name::empty);
    let uid = "0.9.2342.19200300.100.1.1";
    let contoso = empty()
        .country("US")
        .with("2.5.4.8", "Washington")
        .organization("Contoso, Ltd.");
    let ia5 = empty()
        .attribute("0.9.2342.19200300.100.1.25", &der::tlv(0x16, b"example"))
        .attribute("1.2.840.113549.1.9.1", &der::tlv(0x16, b"a@b.c"));
    let address = der::sequence(&[utf8("x")]);
    for (name, expected) in [
        (
            contoso.organizational_unit("R+D"),
            r"OU=R\+D,O=Contoso\, Ltd.,ST=Washington,C=US",
        ),
        (ia5, "emailAddress=a@b.c,DC=example"),
        (
            empty().with("1.2.3.4.5", "x, y").with("2.999.1", "z"),
            "2.999.1=#0C017A,1.2.3.4.5=#0C04782C2079",
        ),
        (
            empty()
                .organization("O")
                .rdn(&[(CN, utf8("cn")), (uid, utf8("uid"))]),
            "UID=uid+CN=cn,O=O",
        ),
        (
            empty()
                .rdn(&[(CN, utf8("b")), (CN, utf8("a")), ("2.5.4.10", utf8("c"))])
                .country("DE"),
            "C=DE,O=c+CN=b+CN=a",
        ),
        (
            empty().attribute("2.5.4.45", &der::tlv(0x03, b"\x00\x02")),
            "x500UniqueIdentifier=#03020002",
        ),
        (
            empty().attribute("2.5.4.16", &address),
            "postalAddress=#30030C0178",
        ),
        (
            empty()
                .with("2.5.4.97", "x")
                .with("1.3.6.1.4.1.311.60.2.1.3", "y"),
            "jurisdictionC=y,organizationIdentifier=x",
        ),
        (
            empty().with("1.2.643.3.131.1.1", "x").with("2.5.4.54", "y"),
            "dmdName=y,INN=x",
        ),
    ] {
        assert_eq!(shown(&name), expected);
    }
}

#[test]
fn values_that_are_no_text_are_shown_as_hexadecimal() {
    for (name, expected) in [
        (common_name(0x0c, b"\xff\xfe"), "CN=#0C02FFFE"),
        (common_name(0x1e, b"\x00"), "CN=#1E0100"),
        (common_name(0x1e, b"\xd8\x00"), "CN=#1E02D800"),
        (common_name(0x1c, b"\x00\x11\x00\x00"), "CN=#1C0400110000"),
        (common_name(0x04, b"\x01\x02"), "CN=#04020102"),
    ] {
        assert_eq!(shown(&name), expected);
    }
}

#[test]
fn whatever_a_name_holds_it_is_shown_as_one_printable_line() {
    for tag in [0x0c, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e, 0x30] {
        for octet in 0..=0xff {
            let shown = shown(&common_name(tag, &[octet, b'x', octet, octet]));
            assert!(
                shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_name_of_many_parts_is_shown_without_being_taken_apart() {
    let many = (0..200).fold(pki::Name::empty(), |name, _| name.with(CN, "x"));
    assert!(shown(&many).starts_with("#30"));
}

fn matches(one: &pki::Name, other: &pki::Name) -> bool {
    let one = Name::parse(one.der()).unwrap();
    let other = Name::parse(other.der()).unwrap();
    let matches = one.matches(&other);
    assert_eq!(matches, other.matches(&one), "matching is symmetric");
    assert_eq!(matches, one.normalised() == other.normalised());
    matches
}

#[test]
fn names_match_across_case_white_space_and_string_type() {
    let name = named("Contoso Client CA");
    for same in [
        named("Contoso Client CA"),
        named("CONTOSO client ca"),
        named("  Contoso \t Client   CA "),
        common_name(0x13, b"contoso CLIENT ca"),
        common_name(0x16, b"Contoso Client CA"),
        common_name(
            0x1e,
            &"Contoso Client CA"
                .bytes()
                .flat_map(|octet| [0, octet])
                .collect::<Vec<_>>(),
        ),
    ] {
        assert!(matches(&name, &same), "{}", shown(&same));
    }
}

#[test]
fn names_that_differ_do_not_match() {
    let name = named("Contoso Client CA");
    for other in [
        named("Contoso ClientCA"),
        named("Contoso Client CA\0"),
        named("Contoso Client C"),
        named("Contoso Client CA").organization("Contoso"),
        pki::Name::empty(),
        pki::Name::empty().organization("Contoso Client CA"),
        common_name(0x14, b"Contoso Client CA"),
        common_name(0x04, b"Contoso Client CA"),
    ] {
        assert!(!matches(&name, &other), "{}", shown(&other));
    }
}

#[test]
fn letters_outside_ascii_match_without_regard_to_case() {
    assert!(matches(&named("ÄRZTEKAMMER"), &named("ärztekammer")));
    assert!(!matches(&named("Arztekammer"), &named("Ärztekammer")));
}

#[test]
fn the_order_of_relative_names_counts_and_that_within_one_does_not() {
    let (a, b) = (der::utf8_string("a"), der::utf8_string("b"));
    let sequence = |first: &str, second: &str| pki::Name::empty().with(CN, first).with(CN, second);
    assert!(!matches(&sequence("a", "b"), &sequence("b", "a")));

    let attribute = |value: &[u8]| der::sequence(&[der::oid(CN), value.to_vec()]);
    let set = |parts: &[Vec<u8>]| pki::Name::from_der(&der::sequence(&[der::set(parts)]));
    let (a, b) = (attribute(&a), attribute(&b));
    assert!(matches(
        &set(&[a.clone(), b.clone()]),
        &set(&[b.clone(), a.clone()])
    ));
    assert!(!matches(
        &set(&[a.clone(), a.clone()]),
        &set(&[a.clone(), b.clone()])
    ));
    assert!(!matches(
        &set(&[a.clone(), a.clone(), b.clone()]),
        &set(&[a.clone(), b.clone(), b.clone()])
    ));
    assert!(!matches(
        &set(std::slice::from_ref(&a)),
        &set(&[a.clone(), b])
    ));
}

#[test]
fn large_sets_match_only_octet_for_octet() {
    let attribute = |value: String| der::sequence(&[der::oid(CN), der::utf8_string(&value)]);
    let set = |parts: Vec<Vec<u8>>| pki::Name::from_der(&der::sequence(&[der::set(&parts)]));
    let forwards = |count: usize| {
        set((0..count)
            .map(|index| attribute(index.to_string()))
            .collect())
    };
    let backwards = |count: usize| {
        set((0..count)
            .rev()
            .map(|index| attribute(index.to_string()))
            .collect())
    };
    let limit = Name::MAX_SET_ATTRIBUTES;
    assert!(matches(&forwards(limit), &backwards(limit)));
    assert!(!matches(&forwards(limit + 1), &backwards(limit + 1)));
    assert!(matches(&forwards(limit + 1), &forwards(limit + 1)));
}

#[test]
fn names_that_are_not_names_are_refused() {
    let attribute = der::sequence(&[der::oid(CN), der::utf8_string("x")]);
    let not_names = [
        vec![],
        der::set(&[der::sequence(&[&attribute])]),
        der::sequence(&[der::set::<Vec<u8>>(&[])]),
        der::sequence(&[der::sequence(&[&attribute])]),
        der::sequence(&[der::set(&[der::sequence(&[der::oid(CN)])])]),
        der::sequence(&[der::set(&[der::sequence(&[
            der::utf8_string("x"),
            der::utf8_string("x"),
        ])])]),
        der::sequence(&[der::set(&[der::sequence(&[
            der::oid(CN),
            der::utf8_string("x"),
            der::null(),
        ])])]),
        [der::sequence(&[der::set(&[&attribute])]), vec![0]].concat(),
    ];
    for der in not_names {
        assert!(Name::parse(&der).is_err(), "{der:x?}");
    }
}
