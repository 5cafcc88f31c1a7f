//! What the listener for operators shows, and to whom.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_edge::{ReloadError, StartError};
use portcullis_test_pki::Name;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

use crate::rig::{Backend, Client, Pki, Profile, Reply, Responder, Setup, patiently};

const HOST: &str = "www.contoso.com";

const PATHS: [(&str, &str); 10] = [
    ("/", "text/html; charset=utf-8"),
    ("/healthz", "text/plain; charset=utf-8"),
    ("/readyz", "text/plain; charset=utf-8"),
    ("/api/configuration", "application/json"),
    ("/api/listeners", "application/json"),
    ("/api/profiles", "application/json"),
    ("/api/certificates", "application/json"),
    ("/api/backend-health", "application/json"),
    ("/api/ocsp", "application/json"),
    ("/api/refusals", "application/json"),
];

#[tokio::test]
async fn every_answer_has_its_type_and_its_guards() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .admin("")
        .start();
    let operator = gateway.operator();
    for (path, content_type) in PATHS {
        let answer = operator.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), [content_type], "{path}");
        assert_eq!(answer.header("cache-control"), ["no-store"]);
        assert_eq!(answer.header("x-content-type-options"), ["nosniff"]);
        assert_eq!(answer.header("x-frame-options"), ["DENY"]);
        let policy = answer.header("content-security-policy");
        assert!(
            policy[0].starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy:?}"
        );
        let names = answer.names();
        assert!(
            !names.iter().any(|name| name.starts_with("access-control")),
            "{names:?}"
        );
        assert!(!answer.body.is_empty());
    }
    let missing = operator.get("/api").await;
    assert_eq!(
        (missing.status, missing.text()),
        (404, "there is nothing here\n")
    );
    assert!(
        Setup::new(&pki, &backend)
            .site(HOST, Profile::off())
            .start()
            .take()
            .admin_address()
            .is_none()
    );
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .admin("")
        .start();
    let operator = gateway.operator();
    let host = operator.address();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let head =
            format!("{method} /metrics HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
        let answer = operator.ask(&head).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), ["GET, HEAD"]);
    }
    let head = operator
        .bytes(&format!("HEAD /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"))
        .await;
    let head = String::from_utf8(head).unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    assert!(head.contains("content-length: 6\r\n"), "{head}");
}

#[tokio::test]
async fn a_page_of_another_site_reads_nothing() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .admin("hosts = [\"gateway.contoso.com\"]")
        .start();
    let operator = gateway.operator();
    let port = operator.address().port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        ("[::1]".to_owned(), 200),
        ("GATEWAY.contoso.com".to_owned(), 200),
        (format!("rebound.evil.example:{port}"), 421),
        (format!("127.0.0.1.evil.example:{port}"), 421),
        ("192.0.2.7".to_owned(), 421),
        (String::new(), 421),
    ] {
        for path in [
            "/",
            "/metrics",
            "/api/configuration",
            "/healthz",
            "/nowhere",
        ] {
            let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let answer = operator.ask(&head).await;
            let expected = if path == "/nowhere" && status == 200 {
                404
            } else {
                status
            };
            assert_eq!(answer.status, expected, "{host} {path}");
        }
    }
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        assert_eq!(operator.ask(head).await.status, 421, "{head}");
    }
}

/// A configuration that holds secrets of every kind, with this certificate and this key in it.
fn secretive(certificate: &str, key: &str, backend: SocketAddr) -> String {
    format!(
        r#"
[admin]
bind = "127.0.0.1:0"
[[listener]]
name = "main"
bind = "127.0.0.1:0"
tls_profile = "p"
[tls_profile.p]
certificate = {{ pem = "data:;base64,{certificate}", key = "data:;base64,{key}" }}
client_auth = "required"
trusted_client_certificates = ["chain.pem"]
revocation = "off"
[pool.b]
targets = ["{}"]
[backend_settings.all]
request_timeout = 7
[[rule]]
name = "r"
priority = 1
listener = "main"
pool = "b"
backend_settings = "all"
rewrite_set = "set"
[rewrite_set.set]
[[rewrite_set.set.rule]]
name = "one"
request_headers = {{ Authorization = "Basic hunter2" }}
url = {{ query = "code=hunter2" }}
"#,
        backend
    )
}

#[tokio::test]
async fn what_is_in_force_is_shown_without_secrets() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let key = STANDARD.encode(pki.server.key_pem());
    let certificate = STANDARD.encode(pki.server.pem());
    let toml = secretive(&certificate, &key, backend.address());
    let gateway = Setup::new(&pki, &backend).written(&toml).start();
    let operator = gateway.operator();
    let shown = operator.json("/api/configuration").await;
    assert_eq!(shown["generation"], 1);
    assert_eq!(
        shown["configuration"]["backend_settings"]["all"]["request_timeout"],
        7
    );
    let profile = &shown["configuration"]["tls_profile"]["p"];
    assert_eq!(profile["certificate"]["key"], "data:(not shown)");
    assert_eq!(profile["trusted_client_certificates"], json!(["chain.pem"]));
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    assert_eq!(backend.last().only("authorization"), "Basic hunter2");
    let pieces: Vec<&str> = key
        .as_bytes()
        .chunks(40)
        .map(|piece| std::str::from_utf8(piece).unwrap())
        .collect();
    let pem = pki.server.key_pem();
    for path in PATHS.iter().map(|(path, _)| *path).chain(["/metrics"]) {
        let answer = operator.get(path).await;
        let text = answer.text();
        assert!(
            !text.contains("hunter2") && !text.contains("PRIVATE KEY"),
            "{path}"
        );
        assert!(!pieces.iter().any(|piece| text.contains(piece)), "{path}");
        assert!(!pem.lines().any(|line| text.contains(line)), "{path}");
    }
}

#[tokio::test]
async fn what_there_is_has_its_documented_shape() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .admin("")
        .start();
    let operator = gateway.operator();
    let listeners = operator.json("/api/listeners").await;
    let listener = &listeners["listeners"][0];
    assert_eq!(listener["name"], "l0");
    assert_eq!(listener["hosts"], json!([HOST]));
    assert_eq!(listener["listens_on"], gateway.address().to_string());
    let profiles = operator.json("/api/profiles").await;
    let profile = &profiles["profiles"][0];
    assert_eq!(
        (&profile["name"], &profile["client_auth"]),
        (&json!("p0"), &json!("required"))
    );
    assert_eq!(profile["listeners"], json!(["l0"]));
    let certificates = operator.json("/api/certificates").await;
    let certificates = certificates["certificates"].as_array().unwrap();
    let uses: Vec<&Value> = certificates.iter().map(|one| &one["use"]).collect();
    assert_eq!(uses, ["server", "trusted_intermediate", "trusted_root"]);
    for one in certificates {
        assert_eq!(one["tls_profile"], "p0");
        assert_eq!(one["listeners"], json!(["l0"]));
        assert!(one["days_left"].as_i64().unwrap() > 0, "{one}");
        assert_eq!(one["fingerprint_sha256"].as_str().unwrap().len(), 64);
        assert!(one["not_after"].as_str().unwrap().ends_with('Z'));
        assert!(!one["serial"].as_str().unwrap().is_empty());
    }
    assert_eq!(certificates[2]["subject"], "CN=Contoso Root CA");
    let health = operator.json("/api/backend-health").await;
    let expected = json!({ "backendAddressPools": [{
        "backendAddressPool": { "id": "b0" },
        "backendHttpSettingsCollection": [{
            "backendHttpSettings": { "id": "all" },
            "servers": [{
                "address": backend.address().to_string(),
                "health": "Unknown",
                "healthProbeLog": "",
                "addresses": [{
                    "address": backend.address().to_string(),
                    "health": "Unknown",
                    "healthProbeLog": "",
                    "requests": 0,
                }],
            }],
        }],
    }] });
    assert_eq!(health, expected);
}

#[tokio::test]
async fn the_latest_refusals_are_shown_with_their_reasons() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .site("alert.contoso.com", Profile::required(&pki).alert())
        .admin("")
        .start();
    let operator = gateway.operator();
    let expired = pki.client("alice").expired().issue();
    let client = Client::new(&pki).showing(&expired, &[]);
    assert_eq!(client.get(gateway.address(), HOST).await.status, 400);
    client.alert(gateway.address(), "alert.contoso.com").await;
    operator
        .until(
            "portcullis_handshakes_failed_total",
            &[("reason", "expired")],
            1.0,
        )
        .await;
    let shown = operator.json("/api/refusals").await;
    assert_eq!(shown["capacity"], 256);
    let [by_alert, by_page] = &shown["refusals"].as_array().unwrap()[..] else {
        panic!("{shown}")
    };
    assert_eq!(
        (&by_alert["status"], &by_alert["reason"]),
        (&Value::Null, &json!("expired"))
    );
    assert_eq!(
        (&by_page["status"], &by_page["reason"]),
        (&json!(400), &json!("expired"))
    );
    assert_eq!(by_page["class"], "expired");
    assert_eq!(by_page["subject"], "CN=alice");
    assert_eq!(by_page["listener"], "l0");
    assert!(
        by_page["client"]
            .as_str()
            .unwrap()
            .starts_with("127.0.0.1:")
    );
    assert!(
        by_page["detail"].as_str().unwrap().contains("expired"),
        "{by_page}"
    );
    assert!(by_page["time"].as_str().unwrap().ends_with('Z'));
}

/// The subject is the client's own, also where nothing proves the certificate.
#[tokio::test]
async fn the_page_runs_nothing_that_a_certificate_says() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .admin("")
        .start();
    let operator = gateway.operator();
    let evil = "</td><script src=//evil.example></script><img src=x onerror=alert(1)>'\"&\u{202e}";
    let foreign = Pki::named("Fabrikam");
    let leaf = foreign.client("x").subject(Name::common_name(evil)).issue();
    let client = Client::new(&pki).showing(&leaf, &[]);
    assert_eq!(client.get(gateway.address(), HOST).await.status, 400);
    let page = operator.get("/").await;
    let html = page.text();
    assert!(html.contains("issuer_not_found"), "{html}");
    assert!(html.contains(r"\&lt;/td\&gt;\&lt;script src"), "{html}");
    assert!(
        !html.contains("<script") && !html.contains("<img"),
        "{html}"
    );
    assert!(!html.contains('\u{202e}'));
    for attribute in [
        " onerror=\"",
        " src=\"",
        " style=\"",
        "http://",
        "https://",
        "@import",
        "url(",
    ] {
        assert!(!html.contains(attribute), "{attribute}");
    }
    // The style is the very one that the policy allows.
    let style = html
        .split_once("<style>")
        .unwrap()
        .1
        .split_once("</style>")
        .unwrap()
        .0;
    let digest = <sha2::Sha256 as sha2::Digest>::digest(style);
    let digest = STANDARD.encode(digest);
    let policy = page.header("content-security-policy")[0];
    assert!(policy.contains(&format!("'sha256-{digest}'")), "{policy}");
    let refusals = operator.get("/api/refusals").await;
    let json: Value = serde_json::from_slice(&refusals.body).unwrap();
    let subject = json["refusals"][0]["subject"].as_str().unwrap();
    assert!(subject.contains(r"\<script src"), "{subject}");
}

#[tokio::test]
async fn a_gateway_that_drains_is_alive_and_not_ready() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .admin("")
        .start();
    let operator = gateway.operator();
    assert_eq!(operator.get("/readyz").await.text(), "ready\n");
    let address = gateway.address();
    let client = Client::new(&pki);
    let asking = tokio::spawn(async move { client.get(address, HOST).await });
    let mut connection = backend.accept().await;
    connection.request().await.unwrap();
    let running = gateway.take();
    let drained = spawn_blocking(move || running.drain(Duration::from_secs(600)));
    patiently(async {
        while operator.get("/readyz").await.status == 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let answer = operator.get("/readyz").await;
    assert_eq!((answer.status, answer.text()), (503, "draining\n"));
    assert_eq!(operator.get("/healthz").await.text(), "alive\n");
    assert!(operator.get("/").await.text().contains("Draining"));
    assert!((operator.metrics().await.sum("portcullis_draining", &[]) - 1.0).abs() < 1e-9);
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .await;
    assert_eq!(asking.await.unwrap().status, 200);
    patiently(drained).await.unwrap();
    assert!(TcpStream::connect(operator.address()).await.is_err());
}

#[tokio::test]
async fn a_reload_changes_what_is_shown_and_not_where() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .admin("")
        .start();
    let operator = gateway.operator();
    gateway.reload(|setup| {
        setup
            .with_profile(Profile::passthrough())
            .request_timeout(9)
    });
    let shown = operator.json("/api/configuration").await;
    assert_eq!(shown["generation"], 2);
    assert_eq!(
        shown["configuration"]["backend_settings"]["all"]["request_timeout"],
        9
    );
    let profiles = operator.json("/api/profiles").await;
    assert_eq!(profiles["profiles"][0]["client_auth"], "passthrough");
    let moved = gateway.reload_in_vain(|setup| {
        setup.replacing_in_ocsp("bind = \"127.0.0.1:0\"", "bind = \"127.0.0.2:0\"")
    });
    assert!(matches!(moved, ReloadError::OtherAdmin), "{moved:?}");
    let gone = gateway
        .reload_in_vain(|setup| setup.replacing_in_ocsp("[admin]\nbind = \"127.0.0.1:0\"", ""));
    assert!(matches!(gone, ReloadError::OtherAdmin), "{gone:?}");
    let shown = operator.json("/api/configuration").await;
    assert_eq!(shown["generation"], 2);
    let samples = operator.metrics().await;
    let reloads = |outcome| {
        samples.sum(
            "portcullis_configuration_reloads_total",
            &[("outcome", outcome)],
        )
    };
    assert!((reloads("succeeded") - 1.0).abs() < 1e-9 && (reloads("failed") - 2.0).abs() < 1e-9);
}

#[tokio::test]
async fn an_address_that_is_taken_is_no_start() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .admin("")
        .start();
    let taken = gateway.operator().address();
    let other =
        gateway.start_changed(|setup| setup.replacing_in_ocsp("127.0.0.1:0", &taken.to_string()));
    assert!(matches!(other, Err(StartError::Bind(error)) if error.address == taken));
}

/// More connections than there may be, all of them silent: the oldest end, and the next is served at once.
#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .admin("")
        .start();
    let operator = gateway.operator();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(operator.address()).await.unwrap());
    }
    let asked = Instant::now();
    assert_eq!(operator.get("/healthz").await.status, 200);
    // They would end for their silence after ten seconds.
    assert!(asked.elapsed() < Duration::from_secs(5));
    let mut first = silent.remove(0);
    let mut rest = Vec::new();
    drop(patiently(first.read_to_end(&mut rest)).await);
    assert!(asked.elapsed() < Duration::from_secs(5));
    // Heads without end are not read to it.
    let mut stream = TcpStream::connect(operator.address()).await.unwrap();
    let endless = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}",
        "x".repeat(1 << 20)
    );
    let _ = stream.write_all(endless.as_bytes()).await;
    let mut rest = Vec::new();
    drop(patiently(stream.read_to_end(&mut rest)).await);
    assert!(
        !rest.starts_with(b"HTTP/1.1 200"),
        "{}",
        rest.escape_ascii()
    );
    assert_eq!(operator.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn what_is_known_of_responders_is_shown() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .admin("")
        .start();
    let operator = gateway.operator();
    responder.says(|question| question.reply(question.revoked()));
    let client = Client::new(&pki).showing(&alice, &[]);
    for _ in 0..2 {
        assert_eq!(
            client.get(gateway.address(), HOST).await.reason(),
            "certificate_revoked"
        );
    }
    let shown = operator.json("/api/ocsp").await;
    assert_eq!(shown["cache"], json!({ "entries": 1, "capacity": 65_536 }));
    let known = &shown["responders"][0];
    let place = responder.url();
    let place = place.trim_start_matches("http://").trim_end_matches('/');
    assert_eq!(known["responder"], place);
    assert_eq!(
        (&known["asked"], &known["answers"]),
        (&json!(1), &json!({ "revoked": 1 }))
    );
    assert_eq!(known["suspended_until"], Value::Null);
    let sources: Vec<&Value> = shown["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["source"])
        .collect();
    assert_eq!(sources, ["cached", "fetched"]);
    assert!(operator.get("/").await.text().contains(place));
    responder.says(|_| Reply::HangUp);
}
