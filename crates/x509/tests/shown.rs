//! How much of what a peer chose is shown.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_test_pki::{self as pki, Ca, Criticality, der};
use portcullis_x509::{CUT, Certificate, MAX_SHOWN, Malformed, Name, Oid, Shown};

#[test]
fn what_fits_is_shown_whole() {
    let name = pki::Name::common_name("Müller").organization("Contoso, Ltd.");
    let name = Name::parse(name.der()).unwrap();
    let whole = name.to_string();
    assert_eq!(name.shown().to_string(), whole);
    assert_eq!(Shown::up_to(whole.len(), name).to_string(), whole);
    assert!(
        Shown::up_to(whole.len() - 1, name)
            .to_string()
            .ends_with(CUT)
    );
}

#[test]
fn a_name_is_never_cut_within_an_escape_sequence() {
    let name = pki::Name::common_name("a,\u{fc}\"#\\\0\u{1f600}<...>").organization(" o ");
    let name = Name::parse(name.der()).unwrap();
    let whole = name.to_string();
    for limit in 0..whole.len() {
        let shown = Shown::up_to(limit, name).to_string();
        let kept = shown.strip_suffix(CUT).unwrap();
        assert!(kept.len() <= limit && whole.starts_with(kept), "{shown}");
        let mut rest = kept;
        while let Some((_, escaped)) = rest.split_once('\\') {
            let length = if escaped.starts_with(|first: char| first.is_ascii_hexdigit()) {
                2
            } else {
                1
            };
            assert!(escaped.len() >= length, "{shown}");
            rest = &escaped[length..];
        }
    }
}

#[test]
fn no_name_looks_cut() {
    let name = pki::Name::common_name(CUT);
    let shown = Name::parse(name.der()).unwrap().shown().to_string();
    assert_eq!(shown, r"CN=\<...\>");
}

#[test]
fn a_name_that_fills_a_certificate_is_shown_in_one_line_of_the_limit() {
    for (tag, octet) in [(0x14, 0xff), (0x0c, b'x'), (0x1e, 0x21), (0x04, 0xff)] {
        let value = der::tlv(tag, &vec![octet; 58_000]);
        let name = pki::Name::empty().attribute("2.5.4.3", &value);
        let shown = Name::parse(name.der()).unwrap().shown().to_string();
        assert!(shown.len() <= MAX_SHOWN + CUT.len() && shown.ends_with(CUT));
    }
}

#[test]
fn an_object_identifier_without_end_is_cut() {
    let octets = vec![1; 50_000];
    let oid = Oid::from_content(&octets).unwrap();
    assert_eq!(Shown::new(oid).to_string().len(), MAX_SHOWN + CUT.len());
}

#[test]
fn text_is_cut_between_characters() {
    assert_eq!(Shown::up_to(2, "äöü").to_string(), "äö<...>");
    assert_eq!(Shown::up_to(3, "äöü").to_string(), "äöü");
}

#[test]
fn an_error_about_a_certificate_repeats_no_more_than_the_limit() {
    let long = vec!["1"; 10_000].join(".");
    let ca = Ca::root("Root").issue();
    let twice = ca
        .client("alice")
        .extension(&long, Criticality::NonCritical, &[])
        .extension(&long, Criticality::NonCritical, &[])
        .issue();
    let Err(Malformed::DuplicateExtension { oid }) = Certificate::parse(&twice.der) else {
        panic!("an extension twice is refused");
    };
    assert_eq!(oid.len(), MAX_SHOWN + CUT.len());
}
