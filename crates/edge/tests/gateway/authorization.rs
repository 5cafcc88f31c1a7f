//! Who may pass, beside being proven.

use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::Certified;
use sha2::{Digest as _, Sha256};

use crate::rig::{Answer, Backend, Client, Pki, Rig, Setup};

const HOST: &str = "www.contoso.com";

struct Scene {
    pki: Pki,
    backend: Backend,
    gateway: Rig,
}

impl Scene {
    /// An optional listener whose rule, or the rule of whose path `/admin`, demands this.
    async fn demanding(demand: &str) -> Self {
        Self::of(Pki::new(), demand).await
    }

    async fn of(pki: Pki, demand: &str) -> Self {
        let backend = Backend::start().await;
        let toml = format!(
            r#"
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"

[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "optional"
trusted_client_certificates = ["chain.pem"]
revocation = "off"

[pool.b]
targets = ["{}"]

[[rule]]
name = "r"
priority = 1
listener = "l"
path_map = "m"

[path_map.m]
default_pool = "b"

[[path_map.m.rule]]
name = "admin"
paths = ["/admin*"]
pool = "b"
authorization = "a"

[authorization.a]
{demand}
"#,
            backend.address()
        );
        let gateway = Setup::new(&pki, &backend).written(&toml).start();
        Self {
            pki,
            backend,
            gateway,
        }
    }

    async fn get(&self, client: Option<&Certified>, path: &str) -> Answer {
        let other = Client::new(&self.pki);
        let client = match client {
            Some(leaf) => other.showing(leaf, &[]),
            None => other,
        };
        let request = Request::get(path).header("accept", "application/json");
        let request = request.body(Empty::new()).unwrap();
        let mut connection = client.connect(self.gateway.address(), HOST).await;
        connection.send(HOST, request).await
    }

    #[track_caller]
    fn assert_refused(answer: &Answer, reason: &str) {
        assert_eq!((answer.status, &*answer.reason()), (403, reason));
    }
}

#[tokio::test]
async fn a_path_of_an_optional_listener_can_require_a_certificate() {
    let scene = Scene::demanding("require_certificate = true").await;
    assert_eq!(scene.get(None, "/").await.status, 200);
    Scene::assert_refused(
        &scene.get(None, "/admin").await,
        "client_certificate_required",
    );
    assert_eq!(
        scene.get(Some(&scene.pki.alice()), "/admin").await.status,
        200
    );
    assert_eq!(scene.backend.requests().len(), 2);
}

#[tokio::test]
async fn no_other_spelling_of_a_path_is_a_way_round() {
    let scene = Scene::demanding("require_certificate = true").await;
    for path in [
        "/ADMIN",
        "/%61dmin",
        "//admin",
        "/./admin",
        "/public/../admin",
        "/public/%2e%2e/admin",
        "/public/..%2fadmin",
        "/%41dmin/x",
        "/x/..%5cadmin",
        "/admin%2fusers",
        "/admin;x=1",
        "/;/admin",
        "/%00/admin%00",
        "/;x=1/admin/y",
        "/admin?x",
    ] {
        Scene::assert_refused(&scene.get(None, path).await, "client_certificate_required");
    }
    for path in ["/../admin", "/public/..;/admin"] {
        let answer = scene.get(None, path).await;
        assert_eq!((answer.status, &*answer.reason()), (400, "path_invalid"));
    }
    assert!(scene.backend.requests().is_empty());
}

/// What alice meets, and what is like it and she does not.
const DEMANDS: [(&str, &str); 9] = [
    (
        "dns = [\"alice.clients.contoso.com\"]",
        "dns = [\"bob.clients.contoso.com\"]",
    ),
    (
        "dns = [\"*.clients.contoso.com\"]",
        "dns = [\"*.servers.contoso.com\"]",
    ),
    (
        "email = [\"alice@contoso.com\"]",
        "email = [\"Alice@contoso.com\"]",
    ),
    ("email = [\"@contoso.com\"]", "email = [\"@fabrikam.com\"]"),
    (
        "uri = [\"spiffe://contoso.com/alice\"]",
        "uri = [\"spiffe://contoso.com/alic\"]",
    ),
    ("ip = [\"192.0.2.0/24\"]", "ip = [\"192.0.3.0/24\"]"),
    (
        "spiffe_trust_domain = [\"contoso.com\"]",
        "spiffe_trust_domain = [\"com\"]",
    ),
    (
        "issuer_dn = [\"CN=contoso issuing ca\"]",
        "issuer_dn = [\"CN=Contoso Root CA\"]",
    ),
    (
        "subject = { CN = \"alice\" }",
        "subject = { CN = \"alice,O=x\" }",
    ),
];

#[tokio::test]
async fn every_kind_of_demand_lets_pass_whom_it_names_and_nobody_else() {
    let pki = Pki::new();
    let alice = pki
        .client("alice")
        .dns("alice.clients.contoso.com")
        .email("alice@contoso.com")
        .uri("spiffe://contoso.com/alice")
        .ip([192, 0, 2, 7].into())
        .issue();
    let fingerprint = hexadecimal(&Sha256::digest(&alice.der));
    let key = hexadecimal(&Sha256::digest(alice.key.subject_public_key_info()));
    let hashes = |of_certificate: &str, of_key: &str| {
        [
            format!("fingerprint_sha256 = [\"{of_certificate}\"]"),
            format!("spki_sha256 = [\"{of_key}\"]"),
        ]
    };
    let mut demands: Vec<(String, bool)> = Vec::new();
    for (mine, others) in DEMANDS {
        demands.extend([(mine.to_owned(), true), (others.to_owned(), false)]);
    }
    demands.extend(hashes(&fingerprint, &key).map(|demand| (demand, true)));
    demands.extend(hashes(&key, &fingerprint).map(|demand| (demand, false)));
    for (demand, passes) in demands {
        let scene = Scene::of(pki.clone(), &demand).await;
        let answer = scene.get(Some(&alice), "/admin").await;
        if passes {
            assert_eq!(answer.status, 200, "{demand}");
        } else {
            Scene::assert_refused(&answer, "client_not_authorised");
        }
    }
}

#[tokio::test]
async fn lists_hold_together_and_entries_of_one_suffice() {
    let demand = "dns = [\"a.contoso.com\", \"b.contoso.com\"]\nemail = [\"@contoso.com\"]";
    let scene = Scene::demanding(demand).await;
    let both = scene
        .pki
        .client("b")
        .dns("b.contoso.com")
        .email("x@contoso.com")
        .issue();
    assert_eq!(scene.get(Some(&both), "/admin").await.status, 200);
    let one = scene.pki.client("b").dns("b.contoso.com").issue();
    Scene::assert_refused(
        &scene.get(Some(&one), "/admin").await,
        "client_not_authorised",
    );
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
