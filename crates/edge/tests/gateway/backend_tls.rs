//! TLS to backends: who is believed to be one, and what is said where nobody is.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use portcullis_test_pki::{Ca, Certified, ExtendedKeyUsage};
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};

use crate::rig::{Backend, Client, Dns, Pki, Profile, Rig, Setup};

const HOST: &str = "www.contoso.com";

fn answer(_: &crate::rig::Recorded) -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()
}

/// A CA of backends.
fn backend_ca() -> Ca {
    Ca::root("Backend Root CA")
        .valid_around(crate::rig::now().as_secs())
        .issue()
}

/// Serves with this certificate, and keeps the server names that clients send.
#[derive(Debug)]
struct Shown {
    key: Arc<CertifiedKey>,
    names: Names,
}

type Names = Arc<Mutex<Vec<Option<String>>>>;

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_owned);
        self.names.lock().unwrap().push(name);
        Some(Arc::clone(&self.key))
    }
}

pub(crate) fn showing(certificate: &Certified) -> (ServerConfig, Names) {
    showing_with(certificate, &[])
}

/// The same with certificates of its issuers.
fn showing_with(certificate: &Certified, issuers: &[&Certified]) -> (ServerConfig, Names) {
    let key = aws_lc_rs::sign::any_supported_type(&certificate.private_key_der()).unwrap();
    let chain = [&[certificate], issuers].concat();
    let chain = chain.iter().map(|shown| shown.der.clone()).collect();
    let names = Names::default();
    let shown = Shown {
        key: Arc::new(CertifiedKey::new(chain, key)),
        names: Arc::clone(&names),
    };
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    (config, names)
}

/// A server of this name that takes nobody without a certificate of the same CA.
pub(crate) fn demanding(ca: &Ca, name: &str) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der.clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let server = ca.server(&[name]).issue();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![server.der.clone()], server.private_key_der())
        .unwrap()
}

fn setup(pki: &Pki, backend: &Backend, ca: &Ca) -> Setup {
    Setup::new(pki, backend)
        .site(HOST, Profile::off())
        .file("backend-root.pem", ca.pem())
        .reaching("protocol = \"https\"")
}

fn gateway(pki: &Pki, backend: &Backend, ca: &Ca) -> Rig {
    let roots = "trusted_roots = [\"backend-root.pem\"]";
    setup(pki, backend, ca).reaching(roots).start()
}

async fn outcome(pki: &Pki, gateway: &Rig) -> (u16, String) {
    let answer = Client::new(pki).get(gateway.address(), HOST).await;
    (answer.status, answer.reason())
}

#[tokio::test]
async fn a_backend_of_the_trusted_root_is_believed_and_its_connection_used_again() {
    let (pki, ca) = (Pki::new(), backend_ca());
    let (config, names) = showing(&ca.server(&[HOST]).issue());
    let backend = Backend::secured(config, answer).await;
    let gateway = gateway(&pki, &backend, &ca);
    for _ in 0..3 {
        assert_eq!(outcome(&pki, &gateway).await, (200, String::new()));
    }
    assert_eq!(backend.connections(), 1);
    assert_eq!(*names.lock().unwrap(), [Some(HOST.to_owned())]);
    assert_eq!(backend.last().only("host"), HOST);
}

#[tokio::test]
async fn whoever_is_not_proven_gets_nothing_of_the_request() {
    let (pki, ca) = (Pki::new(), backend_ca());
    let namesake = backend_ca();
    let other = Ca::root("Other Root CA").valid_around(crate::rig::now().as_secs());
    let other = other.issue();
    let expired = ca.server(&[HOST]).expired().issue();
    let early = ca.server(&[HOST]).not_yet_valid().issue();
    for (certificate, reason) in [
        (
            ca.server(&["other.contoso.com"]).issue(),
            "backend_certificate_name_mismatch",
        ),
        (expired, "backend_certificate_expired"),
        (early, "backend_certificate_not_yet_valid"),
        (
            other.server(&[HOST]).issue(),
            "backend_certificate_untrusted",
        ),
        (
            namesake.server(&[HOST]).issue(),
            "backend_certificate_untrusted",
        ),
        (
            ca.client(HOST).dns(HOST).issue(),
            "backend_certificate_invalid",
        ),
    ] {
        let (config, _) = showing(&certificate);
        let backend = Backend::secured(config, answer).await;
        let gateway = gateway(&pki, &backend, &ca);
        let refused = (502, reason.to_owned());
        assert_eq!(outcome(&pki, &gateway).await, refused);
        assert!(backend.requests().is_empty());
    }
}

/// A private CA is in no store of public ones.
#[tokio::test]
async fn without_roots_public_authorities_alone_are_trusted() {
    let (pki, ca) = (Pki::new(), backend_ca());
    let (config, _) = showing(&ca.server(&[HOST]).issue());
    let backend = Backend::secured(config, answer).await;
    let gateway = setup(&pki, &backend, &ca).start();
    let refused = (502, "backend_certificate_untrusted".to_owned());
    assert_eq!(outcome(&pki, &gateway).await, refused);
}

#[tokio::test]
async fn https_never_turns_into_plain_http() {
    let (pki, ca, mut backend) = (Pki::new(), backend_ca(), Backend::by_hand().await);
    let gateway = gateway(&pki, &backend, &ca);
    let (client, address) = (Client::new(&pki), gateway.address());
    let task = tokio::spawn(async move { client.get(address, HOST).await });
    let mut connection = backend.accept().await;
    connection.until(b"\x16").await;
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    connection.send(answer.to_vec()).await;
    let answer = task.await.unwrap();
    let refused = (502, "backend_tls_failed");
    assert_eq!((answer.status, &*answer.reason()), refused);
    drop(connection);
    let residues = backend.residues().await.concat();
    assert!(backend.requests().is_empty());
    assert!(!String::from_utf8_lossy(&residues).contains("GET"));
}

#[tokio::test]
async fn only_what_is_skipped_is_not_checked() {
    let (pki, ca) = (Pki::new(), backend_ca());
    let other = backend_ca();
    let wrong_name = ca.server(&["other.contoso.com"]).issue();
    let wrong_chain = other.server(&[HOST]).issue();
    let expired = ca.server(&[HOST]).expired().issue();
    let both = other.server(&["other.contoso.com"]).issue();
    let roots = "trusted_roots = [\"backend-root.pem\"]\n";
    for (certificate, skip, expected) in [
        (&wrong_name, "validate_name = false", ""),
        (
            &wrong_name,
            "validate_certificate = false",
            "backend_certificate_name_mismatch",
        ),
        (&wrong_chain, "validate_certificate = false", ""),
        (
            &wrong_chain,
            "validate_name = false",
            "backend_certificate_untrusted",
        ),
        (&expired, "validate_certificate = false", ""),
        (
            &expired,
            "validate_name = false",
            "backend_certificate_expired",
        ),
        (
            &both,
            "validate_name = false\nvalidate_certificate = false",
            "",
        ),
    ] {
        let (config, _) = showing(certificate);
        let backend = Backend::secured(config, answer).await;
        let lines = format!("{roots}{skip}");
        let gateway = setup(&pki, &backend, &ca).reaching(&lines).start();
        let (_, reason) = outcome(&pki, &gateway).await;
        assert_eq!(reason, expected, "{skip}");
    }
}

#[tokio::test]
async fn the_name_that_is_sent_is_the_name_that_is_demanded() {
    let (pki, ca) = (Pki::new(), backend_ca());
    for (line, certified, sent) in [
        (
            "sni = \"sni.internal\"",
            "sni.internal",
            Some("sni.internal"),
        ),
        (
            "host = \"host.internal\"",
            "host.internal",
            Some("host.internal"),
        ),
        ("host = \"127.0.0.1\"", "127.0.0.1", None),
        ("pick_host = true", HOST, Some(HOST)),
    ] {
        let (config, names) = showing(&ca.server(&[certified]).issue());
        let backend = Backend::secured(config, answer).await;
        let lines = format!("trusted_roots = [\"backend-root.pem\"]\n{line}");
        let gateway = setup(&pki, &backend, &ca).reaching(&lines).start();
        assert_eq!(outcome(&pki, &gateway).await.0, 200, "{line}");
        let names = names.lock().unwrap();
        assert_eq!(names[0].as_deref(), sent, "{line}");
        let host = match line.split_once("host = ") {
            Some(("", named)) => named.trim_matches('"'),
            Some(_) => "127.0.0.1",
            None => HOST,
        };
        assert_eq!(backend.last().only("host"), host);
    }
}

/// A backend that is configured by its name is called by it, whatever host the client asks for.
#[tokio::test]
async fn a_target_of_a_name_has_to_prove_that_name() {
    const TARGET: &str = "app.test";
    let (pki, ca) = (Pki::new(), backend_ca());
    for (certified, expected) in [
        (TARGET, (200, "")),
        (HOST, (502, "backend_certificate_name_mismatch")),
    ] {
        let (config, names) = showing(&ca.server(&[certified]).issue());
        let backend = Backend::secured(config, answer).await;
        let dns = Dns::start(&[Ipv4Addr::LOCALHOST]).await;
        let toml = format!(
            r#"
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"
[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "off"
[dns]
servers = ["{}"]
[pool.p]
targets = ["{TARGET}:{}"]
[backend_settings.s]
protocol = "https"
trusted_roots = ["backend-root.pem"]
[[rule]]
name = "r"
priority = 1
listener = "l"
pool = "p"
backend_settings = "s"
"#,
            dns.address(),
            backend.address().port()
        );
        let gateway = setup(&pki, &backend, &ca).written(&toml).start();
        let (status, reason) = outcome(&pki, &gateway).await;
        assert_eq!((status, &*reason), expected);
        assert_eq!(names.lock().unwrap()[0].as_deref(), Some(TARGET));
        if status == 200 {
            assert_eq!(backend.last().only("host"), HOST);
        }
    }
}

#[tokio::test]
async fn a_name_is_one_of_the_alternative_names_and_may_have_a_wildcard() {
    let (pki, ca) = (Pki::new(), backend_ca());
    let usage = [ExtendedKeyUsage::ServerAuth];
    let in_subject_alone = ca.leaf(HOST).extended_key_usage(&usage).issue();
    for (certificate, expected) in [
        (ca.server(&["*.contoso.com"]).issue(), ""),
        (ca.server(&["first.test", HOST]).issue(), ""),
        (
            ca.server(&["*.com"]).issue(),
            "backend_certificate_name_mismatch",
        ),
        (in_subject_alone, "backend_certificate_name_mismatch"),
    ] {
        let (config, _) = showing(&certificate);
        let backend = Backend::secured(config, answer).await;
        let gateway = gateway(&pki, &backend, &ca);
        assert_eq!(outcome(&pki, &gateway).await.1, expected);
    }
}

#[tokio::test]
async fn a_backend_shows_the_certificates_between_its_own_and_the_root() {
    let (pki, ca) = (Pki::new(), backend_ca());
    let issuing = ca.intermediate("Backend Issuing CA").issue();
    let server = issuing.server(&[HOST]).issue();
    for (issuers, expected) in [
        (&[&*issuing][..], ""),
        (&[], "backend_certificate_untrusted"),
    ] {
        let (config, _) = showing_with(&server, issuers);
        let backend = Backend::secured(config, answer).await;
        let gateway = gateway(&pki, &backend, &ca);
        assert_eq!(outcome(&pki, &gateway).await.1, expected);
    }
}

#[tokio::test]
async fn a_backend_that_asks_for_a_certificate_gets_the_configured_one_or_none() {
    let (pki, ca) = (Pki::new(), backend_ca());
    let client = ca.client("gateway").issue();
    let backend = Backend::secured(demanding(&ca, HOST), answer).await;
    let with = "trusted_roots = [\"backend-root.pem\"]\n\
                client_certificate = { pem = \"client.pem\", key = \"client.key\" }";
    let gateway_with = setup(&pki, &backend, &ca)
        .file("client.pem", client.pem())
        .file("client.key", client.key_pem())
        .reaching(with)
        .start();
    assert_eq!(outcome(&pki, &gateway_with).await.0, 200);
    let without = gateway(&pki, &backend, &ca);
    let refused = (502, "backend_tls_failed".to_owned());
    assert_eq!(outcome(&pki, &without).await, refused);
    assert_eq!(backend.requests().len(), 1);
}
