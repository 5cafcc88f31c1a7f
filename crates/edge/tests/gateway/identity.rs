//! What the backend is told about the client, in exactly the documented formats.

use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::{Algorithm, Name};
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::UnixTime;
use sha1::{Digest as _, Sha1};
use tokio::net::TcpStream;

use crate::rig::{Backend, Client, Http, Pki, Profile, Setup};

const HOST: &str = "www.contoso.com";

fn at(unix_seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(unix_seconds))
}

/// What `encodeURIComponent` makes of PEM.
fn escaped(pem: &str) -> String {
    pem.replace(' ', "%20")
        .replace('\n', "%0A")
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

#[tokio::test]
async fn the_eight_variables_reach_the_backend_as_documented() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let subject = Name::empty()
        .country("DE")
        .organization("Contoso, Ltd.")
        .organizational_unit("Ops")
        .with("2.5.4.3", "alice");
    let alice = pki
        .client("alice")
        .subject(subject)
        .serial(&[0x0A, 0x1B, 0xFF])
        .not_before(at(1_577_934_245))
        .not_after(at(3_284_786_983))
        .issue();
    let fingerprint: String = Sha1::digest(&alice.der)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for version in [&TLS12, &TLS13] {
        for http2 in [false, true] {
            let client = Client::speaking(&pki, version).showing(&alice, &[]);
            let client = if http2 { client.http2() } else { client };
            assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
            let request = backend.last();
            for (suffix, expected) in [
                ("", &*escaped(&alice.pem())),
                ("-subject", "CN=alice,OU=Ops,O=Contoso\\, Ltd.,C=DE"),
                ("-issuer", "CN=Contoso Issuing CA"),
                ("-serial", "0A1BFF"),
                ("-fingerprint", &fingerprint),
                ("-start-date", "Jan  2 03:04:05 2020 GMT"),
                ("-end-date", "Feb  2 08:49:43 2074 GMT"),
                ("-verification", "SUCCESS"),
            ] {
                let name = format!("x-client-certificate{suffix}");
                assert_eq!(request.only(&name), expected, "{name}");
            }
            let pem = request.only("x-client-certificate");
            assert!(pem.starts_with("-----BEGIN%20CERTIFICATE-----%0A"));
            assert!(pem.ends_with("%0A-----END%20CERTIFICATE-----%0A"));
        }
    }
}

#[tokio::test]
async fn only_the_leaf_is_told_whatever_is_sent_with_it() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let (alice, mallory) = (pki.alice(), pki.client("mallory").issue());
    let client = Client::new(&pki).showing(&alice, &[&mallory, &pki.issuing]);
    assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    let request = backend.last();
    assert_eq!(request.only("x-client-certificate"), escaped(&alice.pem()));
    assert_eq!(request.only("x-client-certificate-subject"), "CN=alice");
}

#[tokio::test]
async fn a_name_cannot_break_out_of_its_header() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .site("anyone.contoso.com", Profile::passthrough())
        .start();
    let plain = Client::new(&pki).showing(&pki.alice(), &[]);
    assert_eq!(plain.get(gateway.address(), HOST).await.status, 200);
    let names = backend.last();
    for evil in [
        "a\r\nX-Admin: yes",
        "a\nX-Admin: yes\n\nGET /smuggled HTTP/1.1\n",
        "a\0b",
        "a\u{7f}\u{1b}[31m",
        "Jürgen \u{202e}evil",
        " leading, trailing ",
        "#x+y=z;<\"\\>",
    ] {
        let leaf = pki.client("x").subject(Name::common_name(evil)).issue();
        for host in [HOST, "anyone.contoso.com"] {
            let client = Client::new(&pki).showing(&leaf, &[]);
            assert_eq!(
                client.get(gateway.address(), host).await.status,
                200,
                "{evil:?}"
            );
            let request = backend.last();
            assert_eq!(request.names(), names.names(), "{evil:?}");
            let subject = request.only("x-client-certificate-subject");
            assert!(subject.starts_with("CN="), "{subject:?}");
            assert!(
                subject.bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "{subject:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_kind_of_key_is_told_whole() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::passthrough())
        .start();
    for algorithm in [Algorithm::P384, Algorithm::Ed25519, Algorithm::Rsa2048] {
        let leaf = pki.client("bob").algorithm(algorithm).issue();
        let client = Client::new(&pki).showing(&leaf, &[]);
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
        let request = backend.last();
        assert_eq!(request.only("x-client-certificate"), escaped(&leaf.pem()));
        assert_eq!(request.verification(), "PASSTHROUGH");
    }
}

#[tokio::test]
async fn a_big_certificate_reaches_the_backend_too() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let names: Vec<_> = (0..500)
        .map(|number| format!("host-{number}.contoso.com"))
        .collect();
    let leaf = names
        .iter()
        .fold(pki.client("many"), |leaf, name| leaf.dns(name))
        .issue();
    let client = Client::new(&pki).showing(&leaf, &[]);
    assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    assert_eq!(
        backend.last().only("x-client-certificate"),
        escaped(&leaf.pem())
    );
}

#[tokio::test]
async fn nobody_is_taken_for_somebody_else() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::optional(&pki))
        .cores(2)
        .start();
    let address = gateway.address();
    let mut tasks = Vec::new();
    for number in 0..24 {
        let name = format!("client-{number}");
        let client = match number % 3 {
            0 => Client::new(&pki),
            1 => Client::new(&pki).http2(),
            _ => Client::tls12(&pki),
        };
        let (name, client) = match number % 4 {
            0 => ("nobody".to_owned(), client),
            _ => {
                let leaf = pki.client(&name).issue();
                (name, client.showing(&leaf, &[]))
            }
        };
        tasks.push(tokio::spawn(async move {
            for _ in 0..3 {
                let mut http = client.connect(address, HOST).await;
                for _ in 0..5 {
                    let request = Request::get(format!("/{name}"));
                    let answer = http.send(HOST, request.body(Empty::new()).unwrap()).await;
                    assert_eq!(answer.status, 200);
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let requests = backend.requests();
    assert_eq!(requests.len(), 24 * 15);
    for request in requests {
        let subjects = request.header("x-client-certificate-subject");
        match request.line.strip_prefix("GET /nobody ") {
            Some(_) => assert!(subjects.is_empty(), "{request:?}"),
            None => {
                let name = subjects[0].strip_prefix("CN=").unwrap();
                assert_eq!(request.line, format!("GET /{name} HTTP/1.1"));
            }
        }
    }
}

#[tokio::test]
async fn the_client_is_told_nothing_about_itself() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let answer = client.get(gateway.address(), HOST).await;
    assert_eq!(answer.names(), ["content-length", "date"]);
}

#[tokio::test]
async fn the_backend_learns_where_the_request_came_from() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .backend_host("internal.example")
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let stream = TcpStream::connect(gateway.address()).await.unwrap();
        let local = stream.local_addr().unwrap().to_string();
        let mut http = Http::over(client.tls_over(stream, HOST).await.unwrap()).await;
        let lying = Request::get("/a/b?c=d")
            .header("x-forwarded-for", "192.0.2.1")
            .header("x-forwarded-for", "192.0.2.2")
            .header("x-forwarded-proto", "gopher")
            .header("x-forwarded-port", "1")
            .header("x-forwarded-host", "evil.example")
            .header("x-original-host", "evil.example")
            .header("x-original-url", "/admin")
            .header("x-real-ip", "10.0.0.1")
            .header("forwarded", "for=10.0.0.1");
        let authority = "WWW.contoso.com:8443";
        let answer = http
            .send(authority, lying.body(Empty::new()).unwrap())
            .await;
        assert_eq!(answer.status, 200);
        let request = backend.last();
        assert_eq!(request.line, "GET /a/b?c=d HTTP/1.1");
        assert_eq!(request.only("host"), "internal.example");
        assert_eq!(
            request.only("x-forwarded-for"),
            format!("192.0.2.1, 192.0.2.2, {local}")
        );
        assert_eq!(request.only("x-forwarded-proto"), "https");
        let port = gateway.address().port().to_string();
        assert_eq!(request.only("x-forwarded-port"), port);
        assert_eq!(request.only("x-original-host"), authority);
        assert_eq!(request.only("x-original-url"), "/a/b?c=d");
        for name in ["x-forwarded-host", "x-real-ip", "forwarded"] {
            assert!(request.header(name).is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn without_an_override_the_backend_sees_the_clients_host() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        http.get("www.contoso.com:8443").await;
        assert_eq!(backend.last().only("host"), "www.contoso.com:8443");
    }
}

#[tokio::test]
async fn a_condition_tells_verified_clients_from_others() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::optional(&pki))
        .rule(
            "name = \"tier\"\n\
             conditions = [{ variable = \"var_client_certificate_verification\", pattern = \"^SUCCESS$\" }]\n\
             request_headers = { X-Tier = \"gold\" }\n\
             response_headers = { Strict-Transport-Security = \"max-age=31536000\" }",
        )
        .start();
    let alice = Client::new(&pki).showing(&pki.alice(), &[]);
    for (client, tier, transport) in [
        (alice, &["gold"][..], &["max-age=31536000"][..]),
        (Client::new(&pki), &[], &[]),
    ] {
        let answer = client.get(gateway.address(), HOST).await;
        assert_eq!(answer.header("strict-transport-security"), transport);
        assert_eq!(backend.last().header("x-tier"), tier);
    }
}
