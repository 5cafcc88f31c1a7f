//! The certificate that a server shows, read from PEM and PFX, right and wrong.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::error::Error as _;

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use portcullis_test_pki::{Algorithm, Ca, Certified, pem};
use portcullis_tls::{ServerCertificate, ServerCertificateError};
use rustls::crypto::{CryptoProvider, aws_lc_rs};

const PASSWORD: &str = "correct horse";

fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

fn from_pem(chain: &str, key: &str) -> Result<ServerCertificate, ServerCertificateError> {
    ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes(), &provider())
}

fn from_pfx(pfx: &[u8], password: &str) -> Result<ServerCertificate, ServerCertificateError> {
    ServerCertificate::from_pfx(pfx, password, &provider())
}

/// A server with its intermediate.
fn server() -> (Certified, Ca) {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    (issuing.server(&["www.contoso.com"]).issue(), issuing)
}

#[test]
fn a_pem_chain_is_kept_in_its_order() {
    let (server, issuing) = server();
    let chain = server.pem_with(&[&issuing]);
    let certificate = from_pem(&chain, &server.key_pem()).unwrap();
    assert_eq!(
        certificate.chain(),
        [server.der.clone(), issuing.der.clone()]
    );
}

#[test]
fn what_stands_around_pem_sections_does_not_matter() {
    let (server, issuing) = server();
    let key = server.key_pem();
    let chain = format!(
        "subject=CN=www.contoso.com\n{}\nissuer\r\n{}{key}",
        server.pem().replace('\n', "\r\n"),
        issuing.pem()
    );
    // One file may serve as both, as with nginx and HAProxy.
    let certificate = from_pem(&chain, &chain).unwrap();
    assert_eq!(certificate.chain().len(), 2);
}

#[test]
fn every_kind_of_key_that_tls_knows_is_read() {
    let root = Ca::root("Root").issue();
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
    ] {
        let server = root.server(&["a"]).algorithm(algorithm).issue();
        from_pem(&server.pem(), &server.key_pem()).unwrap();
    }
}

#[test]
fn the_key_of_another_certificate_is_refused() {
    let (server, issuing) = server();
    let (other, _) = self::server();
    for key in [other.key_pem(), issuing.key_pem()] {
        let error = from_pem(&server.pem_with(&[&issuing]), &key).unwrap_err();
        assert!(
            matches!(error, ServerCertificateError::Unusable(_)),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            "the key and the certificate cannot be used together"
        );
    }
}

#[test]
fn a_chain_with_the_leaf_last_is_refused() {
    let (server, issuing) = server();
    let error = from_pem(&issuing.pem_with(&[&server]), &server.key_pem()).unwrap_err();
    assert!(
        matches!(error, ServerCertificateError::Unusable(_)),
        "{error:?}"
    );
}

#[test]
fn no_certificate_is_not_an_empty_chain() {
    let (server, _) = server();
    for nothing in ["", "\n", "no PEM at all", &server.key_pem()] {
        let error = from_pem(nothing, &server.key_pem()).unwrap_err();
        assert!(
            matches!(error, ServerCertificateError::NoCertificate),
            "{error:?}"
        );
    }
}

#[test]
fn a_damaged_or_missing_section_is_refused_with_its_cause() {
    let (server, _) = server();
    let (chain, key) = (server.pem(), server.key_pem());
    for damaged in [
        chain.replace("-----END CERTIFICATE-----", ""),
        chain.replacen("MII", "M!!", 1),
    ] {
        let error = from_pem(&damaged, &key).unwrap_err();
        assert!(
            matches!(error, ServerCertificateError::CertificatePem(_)),
            "{error:?}"
        );
        assert!(error.source().is_some());
    }
    let encrypted = pem("ENCRYPTED PRIVATE KEY", &[0x30, 0]);
    for no_key in ["", &*chain, &*encrypted, &key.replacen("MI", "M!", 1)] {
        let error = from_pem(&chain, no_key).unwrap_err();
        assert!(
            matches!(error, ServerCertificateError::KeyPem(_)),
            "{error:?}"
        );
    }
    let garbage = pem("CERTIFICATE", b"garbage");
    let error = from_pem(&garbage, &key).unwrap_err();
    assert!(
        matches!(error, ServerCertificateError::Unusable(_)),
        "{error:?}"
    );
}

fn pfx(leaf: &Certified, key: &Certified, others: &[&Certified], write: Write) -> Vec<u8> {
    let key = PrivateKey::from_der(key.key.pkcs8()).unwrap();
    let certificates = [leaf].into_iter().chain(others.iter().copied());
    let certificates = certificates.map(|one| Certificate::from_der(&one.der).unwrap());
    let chain = PrivateKeyChain::new(vec![1], key, certificates);
    let mut store = KeyStore::new();
    store.add_entry("server", KeyStoreEntry::PrivateKeyChain(chain));
    let writer = store.writer(write.password).encryption_iterations(10);
    writer
        .mac_iterations(10)
        .encryption_algorithm(write.encryption)
        .mac_algorithm(write.mac)
        .write()
        .unwrap()
}

#[derive(Clone, Copy)]
struct Write {
    password: &'static str,
    encryption: EncryptionAlgorithm,
    mac: MacAlgorithm,
}

const MODERN: Write = Write {
    password: PASSWORD,
    encryption: EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
    mac: MacAlgorithm::HmacSha256,
};

#[test]
fn a_pfx_gives_the_chain_leaf_first() {
    let (server, issuing) = server();
    for write in [
        MODERN,
        // What Windows and Azure wrote for decades.
        Write {
            encryption: EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
            mac: MacAlgorithm::HmacSha1,
            ..MODERN
        },
        Write {
            password: "",
            ..MODERN
        },
        Write {
            password: "p\u{e4}ssw\u{f6}rd \u{20ac}",
            ..MODERN
        },
    ] {
        let pfx = pfx(&server, &server, &[&issuing], write);
        let certificate = from_pfx(&pfx, write.password).unwrap();
        assert_eq!(
            certificate.chain(),
            [server.der.clone(), issuing.der.clone()]
        );
    }
}

#[test]
fn a_wrong_password_opens_nothing() {
    let (server, issuing) = server();
    let pfx = pfx(&server, &server, &[&issuing], MODERN);
    for wrong in ["", "wrong", "correct horse ", "Correct horse"] {
        let error = from_pfx(&pfx, wrong).unwrap_err();
        assert!(matches!(error, ServerCertificateError::Pfx(_)), "{error:?}");
        assert!(!format!("{error:?}").contains(PASSWORD));
    }
}

#[test]
fn a_pfx_whose_key_is_another_certificates_is_refused() {
    let (server, issuing) = server();
    let (other, _) = self::server();
    let pfx = pfx(&server, &other, &[&issuing], MODERN);
    let error = from_pfx(&pfx, PASSWORD).unwrap_err();
    assert!(
        matches!(
            error,
            ServerCertificateError::Unusable(_) | ServerCertificateError::NoKeyInPfx
        ),
        "{error:?}"
    );
}

#[test]
fn a_pfx_without_a_key_is_refused() {
    let (server, _) = server();
    let mut store = KeyStore::new();
    let certificate = Certificate::from_der(&server.der).unwrap();
    store.add_entry("server", KeyStoreEntry::Certificate(certificate));
    let pfx = store.writer(PASSWORD).encryption_iterations(10).write();
    let error = from_pfx(&pfx.unwrap(), PASSWORD).unwrap_err();
    assert!(
        matches!(error, ServerCertificateError::NoKeyInPfx),
        "{error:?}"
    );
}

#[test]
fn damaged_pfx_bytes_are_refused_without_a_panic() {
    let (server, _) = server();
    let pfx = pfx(&server, &server, &[], MODERN);
    let (start, end) = (pfx.len() / 2, pfx.len() - 1);
    for length in (0..200).chain([start, end]) {
        assert!(from_pfx(&pfx[..length], PASSWORD).is_err(), "{length}");
    }
    // The MAC covers the content; damage outside it must at least not be believed to be another key.
    for at in (0..pfx.len()).step_by(17) {
        let mut damaged = pfx.clone();
        damaged[at] ^= 1;
        if let Ok(certificate) = from_pfx(&damaged, PASSWORD) {
            assert_eq!(
                certificate.chain(),
                std::slice::from_ref(&server.der),
                "{at}"
            );
        }
    }
}
