//! Damaged certificates: reading never panics, and nothing damaged verifies.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_test_pki::{Algorithm, Ca, Certified, Criticality, Name, mutate};
use portcullis_x509::{Certificate, verify_signature};

/// One certificate with every extension that is taken apart.
fn rich(ca: &Ca) -> Certified {
    ca.client(
        Name::common_name("alice")
            .organization("Contoso, Ltd.")
            .country("US"),
    )
    .dns("a.example")
    .ip("2001:db8::1".parse().unwrap())
    .email("alice@example.org")
    .directory_name("alice")
    .ocsp_url("http://ocsp.example/")
    .policies(Criticality::NonCritical, &["1.2.3"])
    .issue()
}

/// Everything that reads from a parsed certificate.
fn read_all(certificate: &Certificate<'_>) -> usize {
    let _ = certificate.basic_constraints();
    let _ = certificate.key_usage();
    let _ = certificate.authority_key_identifier();
    let _ = certificate.subject_key_identifier();
    let _ = certificate.subject_public_key_info().rsa_modulus_bits();
    let purposes = certificate
        .extended_key_usage()
        .ok()
        .flatten()
        .map_or(0, |found| found.iter().count());
    let names = certificate.subject_alternative_name().ok().flatten();
    let names: String = names
        .iter()
        .flat_map(|names| names.iter())
        .map(|name| name.to_string())
        .collect();
    let access = certificate.ocsp_responders().map_or(0, Iterator::count);
    let shown = format!(
        "{certificate:?} {} {names}",
        certificate.signature_algorithm()
    );
    shown.len() + purposes + access
}

#[test]
fn every_prefix_is_refused() {
    let certificate = rich(&Ca::root("Root").issue());
    for prefix in mutate::every_prefix(&certificate.der) {
        assert!(Certificate::parse(prefix).is_err());
    }
}

#[test]
fn no_flipped_bit_makes_reading_panic_and_none_verifies() {
    let ca = Ca::root("Root").algorithm(Algorithm::Ed25519).issue();
    let key = Certificate::parse(&ca.der)
        .unwrap()
        .subject_public_key_info();
    let certificate = rich(&ca);
    let algorithms = rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all;
    for flipped in mutate::every_flipped_bit(&certificate.der) {
        let Ok(parsed) = Certificate::parse(&flipped) else {
            continue;
        };
        assert!(read_all(&parsed) > 0);
        let (algorithm, signature) = (parsed.signature_algorithm(), parsed.signature());
        assert!(verify_signature(algorithms, key, algorithm, parsed.tbs(), signature).is_err());
    }
}

#[test]
fn a_damaged_extension_value_never_panics() {
    let ca = Ca::root("Root").issue();
    for (oid, value) in [
        (
            "2.5.29.19",
            &[0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x03][..],
        ),
        ("2.5.29.15", &[0x03, 0x02, 0x05, 0xa0]),
        (
            "2.5.29.37",
            &[
                0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02,
            ],
        ),
        (
            "2.5.29.17",
            &[0x30, 0x08, 0x82, 0x01, 0x61, 0x87, 0x01, 0x01, 0x88, 0x00],
        ),
        (
            "2.5.29.35",
            &[
                0x30, 0x0a, 0x80, 0x01, 0x01, 0xa1, 0x02, 0x82, 0x00, 0x82, 0x01, 0x01,
            ],
        ),
        (
            "1.3.6.1.5.5.7.1.1",
            &[0x30, 0x07, 0x30, 0x05, 0x06, 0x01, 0x2a, 0x86, 0x00],
        ),
    ] {
        let prefixes = mutate::every_prefix(value).map(<[u8]>::to_vec);
        for damaged in prefixes.chain(mutate::every_flipped_bit(value)) {
            let leaf = ca
                .leaf("x")
                .without_extension(oid)
                .extension(oid, Criticality::NonCritical, &damaged)
                .issue();
            assert!(read_all(&Certificate::parse(&leaf.der).unwrap()) > 0);
        }
    }
}
