//! How backends are asked over TLS whether they are well.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use http_body_util::{BodyExt as _, Full};
use portcullis_test_pki::{Ca, Certified};
use rustls::ServerConfig;

use crate::backend_tls::{demanding, showing};
use crate::rig::{Answer, Backend, Backend2, Client, Pki, Profile, Rig, Setup, now, patiently};

const HOST: &str = "www.contoso.com";
const NAMED: &str = "sni = \"www.contoso.com\"";
const UNNAMED: &str = "";
const TRUSTING: &str = "protocol = \"https\"\ntrusted_roots = [\"backend-root.pem\"]";
const SHOWING: &str = "client_certificate = { pem = \"client.pem\", key = \"client.key\" }";
/// As often as can be, and the first answer counts.
const PROBE: &str = "probe = \"h\"\n[probe.h]\nprotocol = \"https\"\npath = \"/health\"\ninterval = 1\n\
                     unhealthy_threshold = 1";
const UNHEALTHY: (u16, &str) = (502, "backend_unhealthy");

fn ca() -> Ca {
    let ca = Ca::root("Backend Root CA");
    ca.valid_around(now().as_secs()).issue()
}

/// A backend that answers probes with this status, and everybody else with 200.
async fn backend(config: ServerConfig, status: u16) -> Backend {
    Backend::secured(config, move |request| {
        let status = match request.line.starts_with("GET /health ") {
            true => status,
            false => 200,
        };
        format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").into_bytes()
    })
    .await
}

async fn shown(certificate: &Certified, status: u16) -> Backend {
    backend(showing(certificate).0, status).await
}

fn gateway(pki: &Pki, backend: &Backend, ca: &Ca, lines: &[&str]) -> Rig {
    let client = ca.client("gateway").issue();
    let setup = Setup::new(pki, backend)
        .site(HOST, Profile::off())
        .file("backend-root.pem", ca.pem())
        .file("client.pem", client.pem())
        .file("client.key", client.key_pem())
        .reaching(TRUSTING);
    let setup = lines.iter().fold(setup, |setup, line| setup.reaching(line));
    setup.reaching(PROBE).admin("").start()
}

async fn get(pki: &Pki, gateway: &Rig) -> Answer {
    Client::new(pki).get(gateway.address(), HOST).await
}

/// Waits until requests are kept away from the backend.
async fn unhealthy(pki: &Pki, gateway: &Rig) {
    patiently(async {
        loop {
            let answer = get(pki, gateway).await;
            if (answer.status, &*answer.reason()) == UNHEALTHY {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// Waits until this many probes have come.
async fn probed(backend: &Backend, probes: usize) {
    let is_probe = |request: &crate::rig::Recorded| request.line.starts_with("GET /health ");
    patiently(async {
        while backend
            .requests()
            .iter()
            .filter(|request| is_probe(request))
            .count()
            < probes
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_probe_shows_the_client_certificate_that_requests_do() {
    let (pki, ca) = (Pki::new(), ca());
    for named in [NAMED, UNNAMED] {
        let backend = backend(demanding(&ca, HOST), 200).await;
        let with = gateway(&pki, &backend, &ca, &[named, SHOWING]);
        // The second comes after the answer to the first was heard.
        probed(&backend, 2).await;
        assert_eq!(get(&pki, &with).await.status, 200);
        // That it ends some day is told like the end of any other.
        let listed = with.operator().json("/api/certificates").await;
        let mut listed = listed["certificates"].as_array().unwrap().iter();
        let shown = listed.find(|one| one["use"] == "to_backends").unwrap();
        assert_eq!(shown["subject"], "CN=gateway");
        assert_eq!(shown["backend_settings"], "all");
    }
}

#[tokio::test]
async fn without_a_client_certificate_a_backend_that_wants_one_is_unhealthy() {
    let (pki, ca) = (Pki::new(), ca());
    for named in [NAMED, UNNAMED] {
        let backend = backend(demanding(&ca, HOST), 200).await;
        let without = gateway(&pki, &backend, &ca, &[named]);
        unhealthy(&pki, &without).await;
        assert!(backend.requests().is_empty());
    }
}

/// Also where nothing is known of it but its address.
#[tokio::test]
async fn what_the_backend_answers_counts() {
    let (pki, ca) = (Pki::new(), ca());
    let server = ca.server(&[HOST]).issue();
    for named in [NAMED, UNNAMED] {
        let sick = shown(&server, 503).await;
        unhealthy(&pki, &gateway(&pki, &sick, &ca, &[named])).await;
        let well = shown(&server, 204).await;
        let gateway = gateway(&pki, &well, &ca, &[named]);
        probed(&well, 2).await;
        assert_eq!(get(&pki, &gateway).await.status, 200);
    }
}

#[tokio::test]
async fn a_backend_that_proves_nothing_is_asked_nothing_and_unhealthy() {
    let (pki, ca) = (Pki::new(), ca());
    let other = Ca::root("Other Root CA").valid_around(now().as_secs());
    let wrong_name = ca.server(&["other.contoso.com"]).issue();
    let untrusted = other.issue().server(&[HOST]).issue();
    let expired = ca.server(&[HOST]).expired().issue();
    for (certificate, named) in [
        (&wrong_name, NAMED),
        (&untrusted, NAMED),
        (&untrusted, UNNAMED),
        (&expired, NAMED),
        (&expired, UNNAMED),
    ] {
        let backend = shown(certificate, 200).await;
        unhealthy(&pki, &gateway(&pki, &backend, &ca, &[named])).await;
        assert!(backend.requests().is_empty());
    }
}

#[tokio::test]
async fn a_probe_speaks_the_version_of_the_settings() {
    let (pki, ca, unused) = (Pki::new(), ca(), Backend::start().await);
    let (mut config, _) = showing(&ca.server(&[HOST]).issue());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let sick = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let says = Arc::clone(&sick);
    let backend = Backend2::start(Some(config), 100, move |request| {
        let is_probe = request.parts.uri.path() == "/health";
        let status = match is_probe && says.load(std::sync::atomic::Ordering::Relaxed) {
            true => 503,
            false => 200,
        };
        let body = Full::from("ok").boxed();
        let response = Response::builder().status(status).body(body);
        async { response.unwrap() }
    })
    .await;
    let gateway = Setup::new(&pki, &unused)
        .site(HOST, Profile::off())
        .to(backend.address())
        .file("backend-root.pem", ca.pem())
        .reaching(TRUSTING)
        .reaching("http_version = \"2\"")
        .reaching(PROBE)
        .start();
    assert_eq!(get(&pki, &gateway).await.status, 200);
    patiently(async {
        while backend
            .requests()
            .iter()
            .filter(|request| request.parts.uri.path() == "/health")
            .count()
            < 2
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(get(&pki, &gateway).await.status, 200);
    sick.store(true, std::sync::atomic::Ordering::Relaxed);
    unhealthy(&pki, &gateway).await;
}
