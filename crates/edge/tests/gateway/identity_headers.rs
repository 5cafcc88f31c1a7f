//! Who the client is, in the headers that one word of the configuration names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::Certified;
use sha2::{Digest as _, Sha256};

use crate::rig::log::visit;
use crate::rig::{Answer, Backend, Client, Pki, Recorded, Rig, Setup};

/// Its listener proves whoever shows a certificate.
const PROVEN: &str = "www.contoso.com";
/// Its listener judges nobody.
const ANYONE: &str = "anyone.contoso.com";

/// The words, each with the names it stands for.
const WORDS: [(&str, &[&str]); 5] = [
    ("rfc9440", &["client-cert", "client-cert-chain"]),
    ("xfcc", &["x-forwarded-client-cert"]),
    (
        "aws",
        &[
            "x-amzn-mtls-clientcert",
            "x-amzn-mtls-clientcert-issuer",
            "x-amzn-mtls-clientcert-leaf",
            "x-amzn-mtls-clientcert-serial-number",
            "x-amzn-mtls-clientcert-subject",
            "x-amzn-mtls-clientcert-validity",
        ],
    ),
    ("app_service", &["x-arr-clientcert"]),
    (
        "nginx",
        &[
            "x-ssl-client-cert",
            "x-ssl-client-i-dn",
            "x-ssl-client-s-dn",
            "x-ssl-client-verify",
        ],
    ),
];

struct Scene {
    pki: Pki,
    backend: Backend,
    gateway: Rig,
}

impl Scene {
    async fn new(word: &str) -> Self {
        Self::with(word, "", "").await
    }

    /// `oversize` is a line of both listeners, `headers` lines of the table of request headers.
    async fn with(word: &str, oversize: &str, headers: &str) -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let address = backend.address();
        let mut toml = format!(
            r#"
[tls_profile.proven]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "optional"
trusted_client_certificates = ["chain.pem"]
revocation = "off"
[tls_profile.anyone]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "passthrough"
[pool.b]
targets = ["{address}"]
[rewrite_set.s]
[[rewrite_set.s.rule]]
name = "r"
sequence = 1
[rewrite_set.s.rule.request_headers]
X-Marked = "yes"
{headers}
"#
        );
        for (priority, (name, host)) in [(1, ("proven", PROVEN)), (2, ("anyone", ANYONE))] {
            toml.push_str(&format!(
                r#"
[[listener]]
name = "{name}"
bind = "127.0.0.1:0"
hosts = ["{host}"]
tls_profile = "{name}"
identity_headers = "{word}"
{oversize}
[[rule]]
name = "{name}"
priority = {priority}
listener = "{name}"
pool = "b"
rewrite_set = "s"
"#
            ));
        }
        let gateway = Setup::new(&pki, &backend).written(&toml).start();
        Self {
            pki,
            backend,
            gateway,
        }
    }

    fn anonymous(&self) -> Client {
        Client::new(&self.pki)
    }

    fn showing(&self, leaf: &Certified) -> Client {
        self.anonymous().showing(leaf, &[&self.pki.issuing])
    }

    /// What the backend gets of a request with these fields.
    async fn seen(&self, client: &Client, host: &str, fields: &[(&str, &str)]) -> Recorded {
        let answer = self.send(client, host, fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = self.backend.last();
        assert_eq!(seen.only("x-marked"), "yes");
        seen
    }

    async fn send(&self, client: &Client, host: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request = Request::get("/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut connection = client.connect(self.gateway.address(), host).await;
        let request = request.body(Empty::new()).unwrap();
        connection.send(host, request).await
    }
}

/// What `encodeURIComponent` makes of PEM.
fn escaped(pem: &str) -> String {
    with_base64(pem)
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

/// The same without what base64 has.
fn with_base64(pem: &str) -> String {
    pem.replace(' ', "%20").replace('\n', "%0A")
}

/// The names of the identity headers of any word, and of others that one of them could be read as.
fn identity_names(seen: &Recorded) -> Vec<&str> {
    let mut names = seen.names();
    names.retain(|name| {
        let plain = name.replace('_', "-");
        WORDS
            .iter()
            .any(|(_, names)| names.contains(&plain.as_str()))
    });
    names
}

fn alice(pki: &Pki) -> Certified {
    pki.client("alice")
        .uri("spiffe://contoso.com/billing")
        .dns("alice.contoso.com")
        .dns("a.contoso.com")
        .serial(&[0x0A, 0x1B])
        .issue()
}

#[tokio::test]
async fn rfc_9440_tells_the_leaf_and_the_chain_without_the_anchor() {
    let scene = Scene::new("rfc9440").await;
    let alice = alice(&scene.pki);
    for client in [scene.showing(&alice), scene.showing(&alice).http2()] {
        let seen = scene.seen(&client, PROVEN, &[]).await;
        let byte_sequence = |der: &[u8]| format!(":{}:", STANDARD.encode(der));
        assert_eq!(seen.only("client-cert"), byte_sequence(&alice.der));
        let chain = byte_sequence(&scene.pki.issuing.der);
        assert_eq!(seen.only("client-cert-chain"), chain);
    }
}

#[tokio::test]
async fn xfcc_tells_one_element_as_envoy_writes_it() {
    let scene = Scene::new("xfcc").await;
    let alice = alice(&scene.pki);
    let seen = scene.seen(&scene.showing(&alice), PROVEN, &[]).await;
    let hash: String = Sha256::digest(&alice.der)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    let leaf = escaped(&alice.pem());
    let issuing = escaped(&scene.pki.issuing.pem());
    assert_eq!(
        seen.only("x-forwarded-client-cert"),
        format!(
            "Hash={hash};Cert=\"{leaf}\";Chain=\"{leaf}{issuing}\";Subject=\"CN=alice\";\
             URI=spiffe://contoso.com/billing;DNS=alice.contoso.com;DNS=a.contoso.com"
        )
    );
}

#[tokio::test]
async fn aws_app_service_and_nginx_tell_what_their_backends_read() {
    let scene = Scene::new("aws").await;
    let leaf = alice(&scene.pki);
    let seen = scene.seen(&scene.showing(&leaf), PROVEN, &[]).await;
    let pem = with_base64(&leaf.pem());
    let chain = format!("{pem}{}", with_base64(&scene.pki.issuing.pem()));
    for (suffix, expected) in [
        ("", &*chain),
        ("-leaf", &*pem),
        ("-serial-number", "0A1B"),
        ("-subject", "CN=alice"),
        ("-issuer", "CN=Contoso Issuing CA"),
    ] {
        let name = format!("x-amzn-mtls-clientcert{suffix}");
        assert_eq!(seen.only(&name), expected, "{name}");
    }
    let validity = seen.only("x-amzn-mtls-clientcert-validity");
    let (before, after) = validity.split_once(';').unwrap();
    assert!(before.starts_with("NotBefore=20") && before.ends_with('Z'));
    assert!(after.starts_with("NotAfter=20") && after.ends_with('Z'));

    let scene = Scene::new("app_service").await;
    let leaf = alice(&scene.pki);
    let seen = scene.seen(&scene.showing(&leaf), PROVEN, &[]).await;
    assert_eq!(seen.only("x-arr-clientcert"), STANDARD.encode(&leaf.der));

    let scene = Scene::new("nginx").await;
    let leaf = alice(&scene.pki);
    let seen = scene.seen(&scene.showing(&leaf), PROVEN, &[]).await;
    for (name, expected) in [
        ("x-ssl-client-cert", &*escaped(&leaf.pem())),
        ("x-ssl-client-verify", "SUCCESS"),
        ("x-ssl-client-s-dn", "CN=alice"),
        ("x-ssl-client-i-dn", "CN=Contoso Issuing CA"),
    ] {
        assert_eq!(seen.only(name), expected, "{name}");
    }
}

#[tokio::test]
async fn only_a_proven_client_has_them_and_no_client_can_bring_them() {
    let every: Vec<&str> = WORDS
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let underscored: Vec<String> = every.iter().map(|name| name.replace('-', "_")).collect();
    let partly: Vec<String> = every
        .iter()
        .map(|name| name.replacen('-', "_", 1))
        .collect();
    let mut forged = Vec::new();
    for name in every
        .iter()
        .copied()
        .chain(underscored.iter().map(|name| &**name))
    {
        forged.extend([(name, "forged"), (name, "forged twice")]);
    }
    forged.extend(partly.iter().map(|name| (&**name, "forged")));
    for (word, names) in WORDS {
        let scene = Scene::new(word).await;
        let alice = scene.showing(&alice(&scene.pki));
        let stranger = scene.showing(&Pki::named("Fabrikam").alice());
        for (client, host, expected) in [
            (&alice, PROVEN, names),
            (&scene.anonymous(), PROVEN, &[]),
            (&alice, ANYONE, &[]),
            (&stranger, ANYONE, &[]),
            (&scene.anonymous(), ANYONE, &[]),
        ] {
            let honest = scene.seen(client, host, &[]).await;
            assert_eq!(identity_names(&honest), expected, "{word} {host}");
            let seen = scene.seen(client, host, &forged).await;
            assert_eq!(seen.headers.len(), honest.headers.len(), "{word} {host}");
            for name in expected {
                assert_eq!(seen.only(name), honest.only(name), "{name}");
            }
            let told = format!("{:?}", seen.headers);
            assert!(!told.contains("forged"), "{told}");
        }
    }
}

#[tokio::test]
async fn the_connection_field_takes_none_of_them_away() {
    for (word, names) in WORDS {
        let scene = Scene::new(word).await;
        let alice = scene.showing(&alice(&scene.pki));
        let named = names.join(", ");
        let seen = scene.seen(&alice, PROVEN, &[("connection", &named)]).await;
        assert_eq!(identity_names(&seen), names);
    }
}

#[tokio::test]
async fn a_rule_can_neither_set_nor_change_what_the_word_stands_for() {
    for (word, names) in WORDS {
        let rule: String = names
            .iter()
            .map(|name| format!("{name} = \"by rule {{http_req_x-wish}}\"\n"))
            .collect();
        let scene = Scene::with(word, "", &rule).await;
        let alice = scene.showing(&alice(&scene.pki));
        for (client, host, expected) in [
            (&alice, PROVEN, names),
            (&scene.anonymous(), PROVEN, &[]),
            (&alice, ANYONE, &[]),
        ] {
            let seen = scene.seen(client, host, &[("x-wish", "CN=admin")]).await;
            assert_eq!(identity_names(&seen), expected, "{word} {host}");
            assert!(!format!("{:?}", seen.headers).contains("by rule"));
        }
    }
}

/// A client of so many names that its certificate does not fit into a header.
fn of_many_names(pki: &Pki) -> Certified {
    let builder = pki.client("many");
    let names = (0..250).map(|number| format!("name-{number}.of.a.client.contoso.com"));
    names
        .fold(builder, |builder, name| builder.dns(&name))
        .issue()
}

#[tokio::test]
async fn what_is_too_large_is_refused_unless_it_is_to_be_left_out() {
    for (word, _) in WORDS {
        let scene = Scene::new(word).await;
        let many = scene.showing(&of_many_names(&scene.pki));
        let answer = scene.send(&many, PROVEN, &[]).await;
        assert_eq!(answer.status, 400);
        let page = answer.text();
        assert!(
            page.contains("<center>reason: identity_too_large</center>"),
            "{page}"
        );
        assert!(scene.backend.requests().is_empty());
        // What is not told cannot be too large.
        assert!(identity_names(&scene.seen(&many, ANYONE, &[]).await).is_empty());
        let alice = scene.showing(&alice(&scene.pki));
        assert_eq!(scene.send(&alice, PROVEN, &[]).await.status, 200);

        let omit = "identity_header_oversize = \"omit\"";
        let scene = Scene::with(word, omit, "").await;
        let many = scene.showing(&of_many_names(&scene.pki));
        let forged = [
            ("client-cert", "forged"),
            ("x-forwarded-client-cert", "forged"),
        ];
        let seen = scene.seen(&many, PROVEN, &forged).await;
        assert!(identity_names(&seen).is_empty(), "{word}");
    }
}

#[tokio::test]
async fn the_log_says_which_header_was_too_large() {
    let scene = Scene::new("app_service").await;
    let many = scene.showing(&of_many_names(&scene.pki));
    let line = visit(&many, scene.gateway.address(), PROVEN).await;
    let told = format!("{line:?}");
    assert!(told.contains("identity_too_large"), "{told}");
    assert!(told.contains("x-arr-clientcert has "), "{told}");
}
