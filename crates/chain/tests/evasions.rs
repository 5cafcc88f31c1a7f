//! The same certificate, name or host in another spelling, held against a rule that is to catch it.

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

use portcullis_chain::CertificateId;
use portcullis_test_pki::{Algorithm, Builder, Ca, Certified, Name, der, general_name};
use portcullis_x509::Certificate;
use question::{client, is, is_der};
use sha2::{Digest as _, Sha256};

/// Of an ECDSA signature (r, s) everybody can make (r, n - s).
#[test]
fn the_other_form_of_a_signature_does_not_escape_a_denial() {
    for algorithm in [Algorithm::P256, Algorithm::P384] {
        let root = Ca::root("Root").algorithm(algorithm).issue();
        let alice = root.client("alice").issue();
        let twin = twin(&alice.der, algorithm);
        let denied = client().deny(CertificateId::Fingerprint(
            Sha256::digest(&alice.der).into(),
        ));
        for der in [&alice.der[..], &twin] {
            let accepted = is_der(der).under(&[&root]).answer(|_| ());
            assert!(accepted.is_ok(), "both forms verify");
            let refused = is_der(der).under(&[&root]).by(&denied).refused();
            assert_eq!(refused.reason().code(), "denied");
        }
    }
}

/// The certificate with the other form of its signature.
fn twin(der: &[u8], algorithm: Algorithm) -> Vec<u8> {
    let order = match algorithm {
        Algorithm::P256 => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        _ => {
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
    };
    let order: Vec<u8> = (0..order.len() / 2)
        .map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let certificate = Certificate::parse(der).unwrap();
    let mut reader = portcullis_x509::der::Reader::new(certificate.signature());
    let (r, s) = reader
        .sequence(|reader| {
            Ok::<_, portcullis_x509::der::Error>((reader.integer()?, reader.integer()?))
        })
        .unwrap();
    let s: Vec<u8> = s.iter().copied().skip_while(|octet| *octet == 0).collect();
    let padded = [vec![0; order.len() - s.len()], s].concat();
    let mut borrow = 0;
    let mut other: Vec<u8> = order
        .iter()
        .zip(&padded)
        .rev()
        .map(|(order, s)| {
            let digit = i32::from(*order) - i32::from(*s) - borrow;
            borrow = i32::from(digit < 0);
            u8::try_from(digit.rem_euclid(256)).unwrap()
        })
        .collect();
    other.reverse();
    let signature = der::sequence(&[der::tlv(2, r), der::tlv(2, &der::unsigned(&other))]);
    let algorithm = certificate.signature_algorithm().der().to_vec();
    der::sequence(&[
        certificate.tbs().to_vec(),
        algorithm,
        der::bit_string(&signature),
    ])
}

#[test]
fn an_issuer_in_another_kind_of_string_does_not_escape_a_denial() {
    let root = Ca::root("Root").issue();
    let name = Name::empty().attribute("2.5.4.3", &der::tlv(0x14, b"Issuing"));
    let issuing = root.intermediate(name).issue();
    let bob = issuing.client("bob").serial(&[0x11]).issue();
    let denied = client().deny(CertificateId::serial(
        "CN=Issuing".parse().unwrap(),
        &[0x11],
    ));
    let refused = is(&bob)
        .with(&[&issuing])
        .under(&[&root])
        .by(denied)
        .refused();
    assert_eq!(refused.reason().code(), "denied");
}

/// Asserts that a client of an authority with one constraint is refused for this.
#[track_caller]
fn refuses(
    bound: impl FnOnce(Builder<Ca>) -> Builder<Ca>,
    leaf: impl FnOnce(&Ca) -> Builder<Certified>,
    code: &str,
) {
    let root = Ca::root("Root").issue();
    let issuing = bound(root.intermediate("Issuing")).issue();
    is(&leaf(&issuing).issue())
        .with(&[&issuing])
        .under(&[&root])
        .refused_for(code, 0);
}

#[test]
fn an_excluded_name_is_excluded_in_every_kind_of_string() {
    let evil = general_name::directory(Name::empty().organization("Evil"));
    for tag in [0x0c, 0x13, 0x14, 0x16, 0x1a] {
        let name = Name::empty().attribute("2.5.4.10", &der::tlv(tag, b"EVIL"));
        refuses(
            |ca| ca.excluded(&evil),
            |ca| ca.client(name),
            "name_excluded",
        );
    }
}

#[test]
fn an_excluded_network_holds_addresses_written_for_the_other_family() {
    let network = general_name::network("10.0.0.0".parse().unwrap(), 8);
    let mapped = "::ffff:10.1.2.3".parse().unwrap();
    refuses(
        |ca| ca.excluded(&network),
        |ca| ca.client("alice").ip(mapped),
        "name_excluded",
    );
}

#[test]
fn a_mailbox_in_the_subject_or_of_another_alphabet_is_a_mailbox() {
    let permitted = general_name::email("example.org");
    let address = |tag: u8, octets: &[u8]| {
        let name = Name::common_name("alice");
        name.attribute("1.2.840.113549.1.9.1", &der::tlv(tag, octets))
    };
    for (tag, octets, code) in [
        (0x16, &b"a@evil.example"[..], "name_not_permitted"),
        (0x04, b"a@evil.example", "name_not_comparable"),
        (0x0c, b"a@evil.example\xff", "name_not_comparable"),
    ] {
        let subject = address(tag, octets);
        refuses(|ca| ca.permitted(&permitted), |ca| ca.client(subject), code);
    }
    let text = der::tlv(0x0c, "ä@example.org".as_bytes());
    let international = general_name::other("1.3.6.1.5.5.7.8.9", &text);
    refuses(
        |ca| ca.permitted(&permitted),
        |ca| ca.client("alice").general_name(&international),
        "name_not_comparable",
    );
}

#[test]
fn a_host_is_not_what_follows_another_one() {
    let permitted = general_name::uri("example.org");
    for (uri, code) in [
        ("https://evil/@example.org", "name_not_permitted"),
        ("https://evil\\@example.org/", "name_not_comparable"),
        ("https://example.org:evil/", "name_not_comparable"),
    ] {
        refuses(
            |ca| ca.permitted(&permitted),
            |ca| ca.client("alice").uri(uri),
            code,
        );
    }
    refuses(
        |ca| ca.permitted_dns(&["example.org"]),
        |ca| ca.client("alice").dns("www.example.org\0.evil"),
        "name_not_comparable",
    );
}
