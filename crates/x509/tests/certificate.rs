//! What a certificate says, field by field, and which certificates are refused.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_test_pki::{
    Algorithm, BasicConstraints, Ca, Certified, Criticality, DAY, ExtendedKeyUsage,
    KeyUsage as Usage, NOW, Name, Version as BuiltVersion, after, before, der, mutate,
};
use portcullis_x509::{
    Certificate, Extensions, Field, GeneralName, KeyUsage, Malformed, SignatureError, Version, oid,
    verify_signature,
};

fn algorithms() -> &'static [&'static dyn rustls_pki_types::SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

fn parse(certified: &Certified) -> Certificate<'_> {
    Certificate::parse(&certified.der).unwrap()
}

#[test]
fn a_certificate_is_read_field_by_field() {
    let root = Ca::root("Root").issue();
    let name = Name::common_name("alice").organization("Contoso");
    let alice = root
        .client(name.clone())
        .serial(&[0x0a, 0x1b])
        .valid_for_days(30)
        .issue();
    let certificate = parse(&alice);
    assert_eq!(certificate.der(), &*alice.der);
    assert_eq!(certificate.version(), Version::V3);
    assert_eq!(certificate.serial().as_bytes(), [0x0a, 0x1b]);
    assert_eq!(certificate.serial().to_string(), "0A1B");
    assert_eq!(certificate.subject().der(), name.der());
    assert_eq!(certificate.issuer().der(), root.subject().der());
    assert_eq!(certificate.validity().not_before, before(NOW, 30 * DAY));
    assert_eq!(certificate.validity().not_after, after(NOW, 30 * DAY));
    let key = certificate.subject_public_key_info();
    assert_eq!(key.der(), alice.key.subject_public_key_info());
    assert_eq!(key.key(), alice.key.public_key());
    assert_eq!(
        certificate.signature_algorithm().oid(),
        oid::ECDSA_WITH_SHA256
    );
    assert!(!certificate.is_self_issued());
    assert!(parse(&root).is_self_issued());
}

#[test]
fn both_ends_of_the_validity_period_belong_to_it() {
    let leaf = Certified::self_signed("x")
        .not_before(NOW)
        .not_after(after(NOW, 10))
        .issue();
    let validity = parse(&leaf).validity();
    assert!(validity.contains(NOW) && validity.contains(after(NOW, 10)));
    assert!(!validity.contains(before(NOW, 1)) && !validity.contains(after(NOW, 11)));
}

#[test]
fn the_signature_is_the_issuers_with_every_key_algorithm() {
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
    ] {
        let root = Ca::root("Root").algorithm(algorithm).issue();
        let alice = root.client("alice").issue();
        let (root, alice) = (parse(&root), parse(&alice));
        let verify = |key: &Certificate<'_>| {
            verify_signature(
                algorithms(),
                key.subject_public_key_info(),
                alice.signature_algorithm(),
                alice.tbs(),
                alice.signature(),
            )
        };
        assert_eq!(verify(&root), Ok(()), "{algorithm:?}");
        let other = Ca::root("Root").algorithm(algorithm).issue();
        assert_eq!(
            verify(&parse(&other)),
            Err(SignatureError::BadSignature),
            "{algorithm:?}"
        );
    }
}

#[test]
fn a_signature_algorithm_that_nobody_asked_for_is_unsupported() {
    let root = Ca::root("Root").issue();
    let sha1 = der::algorithm("1.2.840.10045.4.1");
    let alice = root.client("alice").signature_algorithm(&sha1).issue();
    let (root, alice) = (parse(&root), parse(&alice));
    let verified = verify_signature(
        algorithms(),
        root.subject_public_key_info(),
        alice.signature_algorithm(),
        alice.tbs(),
        alice.signature(),
    );
    let algorithm = "ecdsa-with-SHA1".to_string();
    assert_eq!(
        verified,
        Err(SignatureError::UnsupportedAlgorithm { algorithm })
    );
}

#[test]
fn a_signature_algorithm_that_does_not_suit_the_key_says_so() {
    let root = Ca::root("Root").algorithm(Algorithm::Rsa2048).issue();
    let alice = Ca::root("Root").issue().client("alice").issue();
    let (root, alice) = (parse(&root), parse(&alice));
    let verified = verify_signature(
        algorithms(),
        root.subject_public_key_info(),
        alice.signature_algorithm(),
        alice.tbs(),
        alice.signature(),
    );
    assert_eq!(
        verified.unwrap_err().to_string(),
        "signature algorithm ecdsa-with-SHA256 is not accepted with a key of type rsaEncryption"
    );
}

fn with_every_extension(root: &Ca) -> Certified {
    root.client("alice")
        .key_usage(&[
            Usage::DigitalSignature,
            Usage::KeyAgreement,
            Usage::DecipherOnly,
        ])
        .extended_key_usage(&[
            ExtendedKeyUsage::ClientAuth,
            ExtendedKeyUsage::Other("1.2.3"),
        ])
        .dns("a.example")
        .ip("192.0.2.1".parse().unwrap())
        .email("alice@example.org")
        .uri("urn:alice")
        .directory_name("alice")
        .ocsp_url("http://ocsp.example/1")
        .ca_issuers_url("http://ca.example/")
        .ocsp_url("http://ocsp.example/2")
        .issue()
}

#[test]
fn typed_extensions_are_read() {
    let root = Ca::root("Root").path_length(3).issue();
    let alice = with_every_extension(&root);
    let ca = parse(&root).basic_constraints().unwrap().unwrap();
    assert_eq!((ca.ca, ca.path_length), (true, Some(3)));
    let certificate = parse(&alice);
    let usage = certificate.key_usage().unwrap().unwrap();
    assert!(usage.contains(KeyUsage::DIGITAL_SIGNATURE.union(KeyUsage::DECIPHER_ONLY)));
    assert!(!usage.contains(KeyUsage::KEY_CERT_SIGN));
    assert_eq!(
        usage.to_string(),
        "digitalSignature, keyAgreement, decipherOnly"
    );
    let purposes = certificate.extended_key_usage().unwrap().unwrap();
    assert!(purposes.contains(oid::CLIENT_AUTH) && !purposes.contains(oid::SERVER_AUTH));
    assert_eq!(purposes.iter().count(), 2);
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    let names: Vec<_> = names.iter().map(|name| name.to_string()).collect();
    assert_eq!(
        names,
        [
            "DNS:a.example",
            "IP Address:192.0.2.1",
            "email:alice@example.org",
            "URI:urn:alice",
            "DirName:CN=alice"
        ]
    );
    let key_identifier = certificate
        .authority_key_identifier()
        .unwrap()
        .unwrap()
        .key_identifier;
    assert_eq!(key_identifier, Some(&*root.key_identifier()));
    assert_eq!(
        certificate.subject_key_identifier().unwrap(),
        Some(&*alice.key_identifier())
    );
    let responders: Vec<_> = certificate.ocsp_responders().unwrap().collect();
    assert_eq!(
        responders,
        ["http://ocsp.example/1", "http://ocsp.example/2"]
    );
}

#[test]
fn absent_malformed_and_present_are_three_answers() {
    let root = Ca::root("Root").issue();
    let aia = "1.3.6.1.5.5.7.1.1";
    let absent = root.client("alice").issue();
    assert_eq!(parse(&absent).authority_information_access(), Ok(None));
    assert_eq!(parse(&absent).ocsp_responders().unwrap().count(), 0);
    for value in [
        &[0x30, 0x00][..],
        &[],
        &[0x05, 0x00],
        &[0x30, 0x02, 0x30, 0x00],
    ] {
        let malformed = root
            .client("alice")
            .extension(aia, Criticality::NonCritical, value)
            .issue();
        let found = parse(&malformed).authority_information_access();
        let field = Field::AuthorityInformationAccess;
        assert!(matches!(found, Err(Malformed::Encoding { field: f, .. }) if f == field));
        assert!(parse(&malformed).ocsp_responders().is_err());
    }
}

#[test]
fn a_usage_without_any_bit_is_malformed() {
    for value in [
        &[0x03, 0x01, 0x00][..],
        &[0x03, 0x02, 0x07, 0x00],
        &[0x03, 0x02, 0x01, 0x01],
        &[0x03, 0x02, 0x08, 0x80],
        &[0x03, 0x00],
    ] {
        let key_usage = "2.5.29.15";
        let leaf = Certified::self_signed("x")
            .without_extension(key_usage)
            .extension(key_usage, Criticality::Critical, value)
            .issue();
        assert!(parse(&leaf).key_usage().is_err(), "{value:x?}");
    }
}

#[test]
fn an_explicit_default_in_basic_constraints_is_read() {
    let constraints = "2.5.29.19";
    let leaf = Certified::self_signed("x")
        .basic_constraints(BasicConstraints::Absent)
        .extension(
            constraints,
            Criticality::Critical,
            &[0x30, 0x03, 0x01, 0x01, 0x00],
        )
        .issue();
    let found = parse(&leaf).basic_constraints().unwrap().unwrap();
    assert_eq!((found.ca, found.path_length), (false, None));
}

#[test]
fn text_of_general_names_is_shown_escaped() {
    let names = [
        (GeneralName::DnsName("a\0b\r\n,c"), r"DNS:a\00b\0D\0A\,c"),
        (GeneralName::IpAddress(&[1, 2, 3]), "IP Address:#010203"),
        (GeneralName::IpAddress(&[0; 16]), "IP Address:::"),
        (
            GeneralName::RegisteredId(oid::OCSP),
            "Registered ID:1.3.6.1.5.5.7.48.1",
        ),
    ];
    for (name, shown) in names {
        assert_eq!(name.to_string(), shown);
    }
}

#[test]
fn serials_of_any_sign_and_length_are_read() {
    for (content, shown) in [
        (&[0x00][..], "00"),
        (&[0xff], "-01"),
        (&[0x7f; 21], "7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F"),
    ] {
        let leaf = Certified::self_signed("x").serial_content(content).issue();
        assert_eq!(parse(&leaf).serial().to_string(), shown);
    }
    for content in [&[][..], &[0x00, 0x01], &[0xff, 0xff]] {
        let leaf = Certified::self_signed("x").serial_content(content).issue();
        let refused = Certificate::parse(&leaf.der);
        assert!(matches!(
            refused,
            Err(Malformed::Encoding {
                field: Field::SerialNumber,
                ..
            })
        ));
    }
}

#[test]
fn old_versions_are_read_and_unknown_ones_refused() {
    for (built, read) in [
        (BuiltVersion::V1, Version::V1),
        (BuiltVersion::V2, Version::V2),
    ] {
        let leaf = Certified::self_signed("x").version(built).issue();
        let certificate = parse(&leaf);
        assert_eq!(certificate.version(), read);
        assert_eq!(certificate.extensions().iter().count(), 0);
    }
    for number in [0, 3, 0x7f] {
        let leaf = Certified::self_signed("x")
            .version(BuiltVersion::Other(number))
            .issue();
        let refused = Certificate::parse(&leaf.der);
        assert_eq!(
            refused.unwrap_err(),
            Malformed::UnknownVersion { found: number }
        );
    }
    let leaf = Certified::self_signed("x")
        .version(BuiltVersion::Other(1))
        .issue();
    let refused = Certificate::parse(&leaf.der);
    let field = Field::Extensions;
    let version = Version::V2;
    assert_eq!(
        refused.unwrap_err(),
        Malformed::FieldNeedsLaterVersion { field, version }
    );
}

#[test]
fn two_different_signature_algorithms_are_refused() {
    let sha512 = der::algorithm("1.2.840.10045.4.3.4");
    let leaf = Certified::self_signed("x")
        .outer_signature_algorithm(&sha512)
        .issue();
    let refused = Certificate::parse(&leaf.der);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "signature algorithm ecdsa-with-SHA512 differs from the signed one, ecdsa-with-SHA256"
    );
}

#[test]
fn an_extension_that_appears_twice_is_refused() {
    let leaf = Certified::self_signed("x")
        .extension("1.2.3", Criticality::NonCritical, &[5, 0])
        .extension("1.2.3", Criticality::Critical, &[5, 0])
        .issue();
    let refused = Certificate::parse(&leaf.der);
    assert_eq!(
        refused.unwrap_err(),
        Malformed::DuplicateExtension {
            oid: "1.2.3".into()
        }
    );
}

#[test]
fn more_extensions_than_the_limit_are_refused() {
    let with = |count: usize| {
        let builder = Certified::self_signed("x");
        let oids = (0..count).map(|number| format!("1.2.{number}"));
        oids.fold(builder, |builder, oid| {
            builder.extension(&oid, Criticality::NonCritical, &[5, 0])
        })
        .issue()
    };
    let built_in = parse(&with(0)).extensions().iter().count();
    let limit = Extensions::MAX_COUNT;
    assert_eq!(
        parse(&with(limit - built_in)).extensions().iter().count(),
        limit
    );
    let refused = with(limit - built_in + 1);
    let refused = Certificate::parse(&refused.der);
    assert_eq!(refused.unwrap_err(), Malformed::TooManyExtensions { limit });
}

#[test]
fn a_certificate_above_the_size_limit_is_refused() {
    let value = der::octet_string(&vec![0; Certificate::MAX_LENGTH]);
    let leaf = Certified::self_signed("x")
        .extension("1.2.3", Criticality::NonCritical, &value)
        .issue();
    let refused = Certificate::parse(&leaf.der);
    assert!(matches!(
        refused,
        Err(Malformed::TooLong {
            limit: Certificate::MAX_LENGTH,
            ..
        })
    ));
}

#[test]
fn trailing_octets_are_refused() {
    let leaf = Certified::self_signed("x").issue();
    assert!(Certificate::parse(&mutate::with_trailing_byte(&leaf.der)).is_err());
}

#[test]
fn the_size_of_rsa_keys_is_read_from_the_modulus() {
    let rsa = Certified::self_signed("x")
        .algorithm(Algorithm::Rsa2048)
        .issue();
    assert_eq!(
        parse(&rsa).subject_public_key_info().rsa_modulus_bits(),
        Ok(Some(2048))
    );
    let ec = Certified::self_signed("x").issue();
    assert_eq!(
        parse(&ec).subject_public_key_info().rsa_modulus_bits(),
        Ok(None)
    );
    let spki = |modulus: &[u8]| {
        let key = der::sequence(&[der::integer(modulus), der::number(65_537)]);
        der::sequence(&[
            der::algorithm_with_null("1.2.840.113549.1.1.1"),
            der::bit_string(&key),
        ])
    };
    for (modulus, bits) in [
        (&[0x01][..], Some(1)),
        (&[0x00, 0xff, 0x00], Some(16)),
        (&[0x7f, 0x00], Some(15)),
        (&[0xff], None),
    ] {
        let leaf = Certified::self_signed("x")
            .subject_public_key_info(&spki(modulus))
            .issue();
        let found = parse(&leaf).subject_public_key_info().rsa_modulus_bits();
        assert_eq!(found.ok().flatten(), bits, "{modulus:x?}");
    }
}
