//! Listeners that ask different things of their clients, side by side on one address.

use crate::backend::Backend;
use crate::configuration::{IDENTITY, Listener, configuration, judged, pem};
use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::gateway::{Gateway, Site};
use crate::node::Node;
use crate::openssl_ca::OpensslCa;
use crate::own_ca::OwnCa;
use crate::s_client::SClient;
use crate::scratch::Scratch;

const REQUIRED: &str = "required.contoso.com";
const OPTIONAL: &str = "optional.contoso.com";
const PASSTHROUGH: &str = "passthrough.contoso.com";
/// Asks for nothing, and tells its backend nothing.
const OFF: &str = "off.contoso.com";

#[test]
#[ignore = "needs curl, openssl"]
fn each_listener_asks_what_its_profile_says() {
    let scene = Scene::new();
    let alice = scene.clients.client("alice").issue();
    let mallory = scene.foreign.client("mallory").issue();
    for (host, client, verification) in [
        (REQUIRED, Some(&alice), Some("SUCCESS")),
        (REQUIRED, Some(&mallory), None),
        (REQUIRED, None, None),
        (OPTIONAL, Some(&alice), Some("SUCCESS")),
        (OPTIONAL, Some(&mallory), None),
        (OPTIONAL, None, Some("NONE")),
        (PASSTHROUGH, Some(&alice), Some("PASSTHROUGH")),
        (PASSTHROUGH, Some(&mallory), Some("PASSTHROUGH")),
        (PASSTHROUGH, None, Some("NONE")),
    ] {
        let answer = scene.curl(host, client).get();
        let Some(verification) = verification else {
            assert_eq!(answer.status, 400, "{host}: {answer:?}");
            continue;
        };
        answer.expect_backend();
        let request = scene.backend.requests().pop().unwrap();
        assert_eq!(
            request.header("X-Client-Certificate-Verification"),
            verification
        );
        let certificates = request.headers("X-Client-Certificate");
        assert_eq!(
            certificates.iter().any(|text| !text.is_empty()),
            client.is_some()
        );
    }
    scene.curl(OFF, Some(&alice)).get().expect_backend();
    assert!(
        !scene
            .backend
            .requests()
            .pop()
            .unwrap()
            .mentions("CERTIFICATE")
    );
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_forged_identity_reaches_the_backend_on_no_listener() {
    let scene = Scene::new();
    let alice = scene.clients.client("alice").issue();
    let listeners = [
        (REQUIRED, Some(&alice)),
        (OPTIONAL, None),
        (PASSTHROUGH, None),
        (OFF, None),
    ];
    for (host, client) in listeners {
        for version in ["--http2", "--http1.1"] {
            let mut curl = scene.curl(host, client).options([version]);
            for name in FORGED {
                curl = curl.options(["--header", &format!("{name}: forged")]);
            }
            curl.get().expect_backend();
            let request = scene.backend.requests().pop().unwrap();
            assert!(
                !request.mentions("forged"),
                "{host} {version}: {request:#?}"
            );
        }
    }
}

/// Names of identity headers, in the spellings that backends take for the same.
const FORGED: [&str; 14] = [
    "X-Client-Certificate",
    "x-client-certificate",
    "X-CLIENT-CERTIFICATE-SUBJECT",
    "X_Client_Certificate",
    "X-Client_Certificate-Verification",
    "X.Client.Certificate",
    "X-Client-Certificate-Fingerprint",
    "Caller",
    "caller",
    "Client-Cert",
    "X-Forwarded-Client-Cert",
    "X-ARR-ClientCert",
    "X-SSL-Client-Verify",
    "Ssl-Client-Cert",
];

/// Nor can it take the gateway's own headers away.
#[test]
#[ignore = "needs curl, openssl"]
fn a_client_cannot_have_its_identity_removed_as_hop_by_hop() {
    let scene = Scene::new();
    let alice = scene.clients.client("alice").issue();
    let header = "Connection: keep-alive, X-Client-Certificate, Caller";
    let curl = scene.curl(REQUIRED, Some(&alice));
    curl.options(["--http1.1", "--header", header])
        .get()
        .expect_backend();
    let request = scene.backend.request();
    assert_eq!(request.header("Caller"), "CN=alice");
    assert!(
        request
            .header("X-Client-Certificate")
            .starts_with("-----BEGIN%20CERTIFICATE-----")
    );
}

#[test]
#[ignore = "needs curl, node, openssl"]
fn a_connection_made_for_one_listener_does_not_serve_another() {
    let scene = Scene::new();
    let mallory = scene.foreign.client("mallory").issue();
    for host in [OFF, PASSTHROUGH, OPTIONAL] {
        for version in ["--http2", "--http1.1"] {
            let header = format!("Host: {REQUIRED}");
            let answer = scene
                .curl(host, None)
                .options([version, "--header", &header])
                .get();
            assert_eq!(answer.status, 421, "{host} {version}: {answer:?}");
        }
    }
    let site = scene.site(PASSTHROUGH);
    let answer = Node::to(&site)
        .present(&mallory)
        .host_header(REQUIRED)
        .get();
    assert_eq!(answer.status, 421, "{answer:?}");
    assert_eq!(scene.backend.requests().len(), 0);
}

/// Sessions belong to the listener's profile that they were made for.
#[test]
#[ignore = "needs openssl"]
fn a_session_of_one_listener_is_not_resumed_at_another() {
    let scene = Scene::new();
    let mallory = scene.foreign.client("mallory").issue();
    for version in ["-tls1_2", "-tls1_3"] {
        let session = scene.scratch.file(version);
        let s_client = |host| {
            let site = scene.site(host);
            SClient::to(&site).present(&mallory).option(version)
        };
        let lax = s_client(PASSTHROUGH).keep_session(&session).talk();
        lax.answer().expect_backend();
        let strict = s_client(REQUIRED).resume_session(&session).talk();
        assert!(!strict.is_resumed(), "{version}: {strict:#?}");
        strict.answer().expect_refusal("issuer_not_found");
    }
}

/// One gateway with a listener of every mode.
struct Scene {
    gateway: Gateway,
    backend: Backend,
    clients: OpensslCa,
    foreign: OpensslCa,
    servers: OwnCa,
    scratch: Scratch,
}

impl Scene {
    fn new() -> Self {
        let scratch = Scratch::new();
        let clients = OpensslCa::new(scratch.file("clients"), "Contoso");
        let foreign = OpensslCa::new(scratch.file("foreign"), "Fabrikam");
        let servers = OwnCa::without_responder(scratch.file("servers"));
        let certificate = pem(&servers.server(&[REQUIRED, OPTIONAL, PASSTHROUGH, OFF]));
        let listener = |host, client_auth, rewrites| Listener {
            host,
            certificate: &certificate,
            client_auth,
            rewrites,
        };
        let backend = Backend::start();
        let text = configuration(
            &[
                listener(
                    REQUIRED,
                    &judged("required", &clients.chain(), "off"),
                    IDENTITY,
                ),
                listener(
                    OPTIONAL,
                    &judged("optional", &clients.chain(), "off"),
                    IDENTITY,
                ),
                listener(PASSTHROUGH, "client_auth = \"passthrough\"", IDENTITY),
                listener(OFF, "client_auth = \"off\"", ""),
            ],
            backend.address(),
        );
        let gateway = Gateway::start(&scratch, &text);
        Self {
            gateway,
            backend,
            clients,
            foreign,
            servers,
            scratch,
        }
    }

    fn site(&self, host: &'static str) -> Site {
        Site {
            address: self.gateway.address(),
            host,
            root: self.servers.root(),
        }
    }

    fn curl(&self, host: &'static str, client: Option<&Credentials>) -> Curl {
        let curl = Curl::to(&self.site(host));
        match client {
            Some(credentials) => curl.present(credentials),
            None => curl,
        }
    }
}
