//! The variables that Application Gateway has not, and one that it has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::{BasicConstraints, Certified, der, general_name};
use sha2::{Digest as _, Sha256};

use crate::rig::{Backend, Client, Pki, Profile, Recorded, Responder, Rig, Setup};

/// Its listener proves who comes.
const PROVEN: &str = "www.contoso.com";
/// Its listener judges nobody.
const ANYONE: &str = "anyone.contoso.com";

/// What `encodeURIComponent` makes of PEM.
fn escaped(pem: &str) -> String {
    pem.replace(' ', "%20")
        .replace('\n', "%0A")
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

/// An otherName that is a user principal name.
fn principal(name: &str) -> Vec<u8> {
    general_name::other("1.3.6.1.4.1.311.20.2.3", &der::utf8_string(name))
}

/// A gateway that asks about clients and tells the variables beyond in headers of their names.
struct Beyond {
    backend: Backend,
    gateway: Rig,
    responder: Responder,
    client: Client,
    pki: Pki,
    alice: Certified,
    chain_pem: String,
}

impl Beyond {
    /// With a profile that proves clients in some way.
    async fn new(profile: fn(&Pki) -> Profile) -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let responder = Responder::start().await;
        let alice = pki
            .client("alice")
            .uri("spiffe://contoso.com/billing")
            .dns("alice.contoso.com")
            .dns("a.contoso.com")
            .email("alice@contoso.com")
            .ip("192.0.2.1".parse().unwrap())
            .general_name(&principal("alice@corp.contoso.com"))
            .ocsp_url(&responder.url())
            .issue();
        responder.knows(&alice, &pki.issuing);
        let headers = BEYOND.map(|name| {
            let header = name.replace('_', "-");
            format!("X-Told-{header} = \"{{var_client_certificate_{name}}}\"")
        });
        let headers = headers.join(", ");
        let rule = format!(
            "name = \"beyond\"\nrequest_headers = {{ {headers}, X-User = \"{{var_client_user}}\" }}"
        );
        let gateway = Setup::new(&pki, &backend)
            .site(PROVEN, profile(&pki))
            .site(ANYONE, Profile::passthrough())
            .rule(&rule)
            .start();
        Self {
            client: Client::new(&pki).showing(&alice, &[]),
            chain_pem: format!("{}{}", alice.pem(), pki.issuing.pem()),
            backend,
            gateway,
            responder,
            pki,
            alice,
        }
    }

    async fn ask(&self, host: &str) -> Recorded {
        let request = Request::get("/")
            .header("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
            .header("x-told-spiffe-id", "spiffe://contoso.com/admin");
        let mut connection = self.client.connect(self.gateway.address(), host).await;
        let request = request.body(Empty::new()).unwrap();
        assert_eq!(connection.send(host, request).await.status, 200);
        self.backend.last()
    }
}

const BEYOND: [&str; 12] = [
    "chain",
    "days_left",
    "der",
    "revocation_status",
    "san_dns",
    "san_email",
    "san_ip",
    "san_upn",
    "san_uri",
    "spiffe_id",
    "fingerprint_sha256",
    "spki_sha256",
];

fn asking(pki: &Pki) -> Profile {
    Profile::required(pki).ocsp()
}

fn tolerating(pki: &Pki) -> Profile {
    asking(pki).with("revocation_mode = \"soft-fail\"")
}

#[tokio::test]
async fn the_variables_beyond_reach_the_backend() {
    let scene = Beyond::new(asking).await;
    let seen = scene.ask(PROVEN).await;
    let fingerprint: String = Sha256::digest(&scene.alice.der)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    for (name, expected) in [
        ("chain", &*escaped(&scene.chain_pem)),
        ("der", &*STANDARD.encode(&scene.alice.der)),
        ("revocation-status", "good"),
        ("san-dns", "alice.contoso.com,a.contoso.com"),
        ("san-email", "alice@contoso.com"),
        ("san-ip", "192.0.2.1"),
        ("san-upn", "alice@corp.contoso.com"),
        ("san-uri", "spiffe://contoso.com/billing"),
        ("spiffe-id", "spiffe://contoso.com/billing"),
        ("fingerprint-sha256", &fingerprint),
    ] {
        assert_eq!(seen.only(&format!("x-told-{name}")), expected, "{name}");
    }
    assert!(seen.only("x-told-days-left").parse::<u64>().is_ok());
    assert_eq!(seen.only("x-told-spki-sha256").len(), 64);
    assert_eq!(seen.only("x-user"), "Aladdin");
}

#[tokio::test]
async fn of_a_certificate_that_nobody_has_judged_there_is_no_chain_and_no_status() {
    let seen = Beyond::new(asking).await.ask(ANYONE).await;
    assert!(seen.header("x-told-chain").is_empty());
    assert!(seen.header("x-told-revocation-status").is_empty());
    assert_eq!(seen.only("x-told-san-email"), "alice@contoso.com");
}

#[tokio::test]
async fn the_status_is_the_failure_that_was_tolerated_and_nothing_where_nobody_was_asked() {
    let scene = Beyond::new(tolerating).await;
    scene.responder.fails();
    let seen = scene.ask(PROVEN).await;
    let status = seen.only("x-told-revocation-status");
    assert_eq!(status, "responder_unreachable");

    let scene = Beyond::new(Profile::required).await;
    let seen = scene.ask(PROVEN).await;
    assert!(seen.header("x-told-revocation-status").is_empty());
    assert_eq!(
        seen.only("x-told-spiffe-id"),
        "spiffe://contoso.com/billing"
    );
}

#[tokio::test]
async fn an_authority_or_a_certificate_of_two_uris_has_no_spiffe_id() {
    let scene = Beyond::new(Profile::required).await;
    let two = scene.pki.client("two");
    let two = two
        .uri("spiffe://contoso.com/a")
        .uri("spiffe://contoso.com/b");
    let constraints = BasicConstraints::Ca { path_length: None };
    let authority = scene.pki.client("authority").uri("spiffe://contoso.com/a");
    for leaf in [two, authority.basic_constraints(constraints)] {
        let client = Client::new(&scene.pki).showing(&leaf.issue(), &[]);
        assert_eq!(
            client.get(scene.gateway.address(), ANYONE).await.status,
            200
        );
        let seen = scene.backend.last();
        assert!(
            seen.only("x-told-san-uri")
                .starts_with("spiffe://contoso.com/a")
        );
        assert!(seen.header("x-told-spiffe-id").is_empty());
    }
}

#[tokio::test]
async fn what_is_known_of_connection_and_request_reaches_the_backend() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let rule = r#"name = "known"
request_headers = { X-Offered = "{var_ciphers_supported}", X-Used = "{var_ciphers_used}", X-Rtt = "{var_client_tcp_rtt}", X-Received = "{var_received_bytes}" }
response_headers = { X-Sent = "{var_sent_bytes}" }"#;
    let gateway = Setup::new(&pki, &backend)
        .site(ANYONE, Profile::passthrough())
        .rule(rule)
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut connection = client.connect(gateway.address(), ANYONE).await;
        let request = Request::get("/a?b").header("x-padding", "1234567890");
        let answer = connection.send(ANYONE, request.body(Empty::new()).unwrap());
        let answer = answer.await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers.contains(&("x-sent".into(), "0".into())));
        let seen = backend.last();
        let offered = seen.only("x-offered");
        let used = seen.only("x-used");
        assert!(used.starts_with("TLS_"), "{used}");
        assert!(offered.split(':').any(|suite| suite == used), "{offered}");
        assert!(
            offered.contains("ECDHE-ECDSA-AES128-GCM-SHA256"),
            "{offered}"
        );
        let rtt: u64 = seen.only("x-rtt").parse().unwrap();
        assert!((1..60_000_000).contains(&rtt), "{rtt}");
        let received: usize = seen.only("x-received").parse().unwrap();
        let least = "GET /a?b HTTP/1.1\r\nx-padding: 1234567890\r\n\r\n".len();
        assert!((least..1_000).contains(&received), "{received}");
    }
}
