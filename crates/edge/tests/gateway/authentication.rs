//! Who passes by which client certificate, and what the others are told.

mod bad;

use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::Algorithm;
use rustls::version::{TLS12, TLS13};

use self::bad::{Bad, bad_certificates};
use crate::rig::{Answer, Backend, Client, Pki, Profile, Rig, Setup};

const HOST: &str = "www.contoso.com";

fn gateway(pki: &Pki, backend: &Backend, profile: Profile) -> Rig {
    Setup::new(pki, backend).site(HOST, profile).start()
}

#[tokio::test]
async fn a_chain_sent_whole_passes() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let root_alone = Profile::required(&pki).trusting(&[pki.root.pem()]);
    let gateway = gateway(&pki, &backend, root_alone);
    for others in [&[&*pki.issuing][..], &[&*pki.issuing, &*pki.root]] {
        let client = Client::new(&pki).showing(&pki.alice(), others);
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
        assert_eq!(backend.last().verification(), "SUCCESS");
    }
}

#[tokio::test]
async fn a_leaf_alone_passes_where_its_issuer_is_configured() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, Profile::required(&pki));
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let answer = client.get(gateway.address(), HOST).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert_eq!(backend.last().verification(), "SUCCESS");
}

#[tokio::test]
async fn one_of_several_chain_files_is_enough() {
    let (pki, other, backend) = (Pki::new(), Pki::named("Fabrikam"), Backend::start().await);
    let both = Profile::required(&pki).trusting(&[pki.chain_pem(), other.chain_pem()]);
    let gateway = gateway(&pki, &backend, both);
    for leaf in [pki.alice(), other.alice()] {
        let client = Client::new(&pki).showing(&leaf, &[]);
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    }
}

#[tokio::test]
async fn every_kind_of_key_passes_in_both_versions_of_tls() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, Profile::required(&pki));
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
    ] {
        let leaf = pki.client("bob").algorithm(algorithm).issue();
        for version in [&TLS12, &TLS13] {
            let client = Client::speaking(&pki, version).showing(&leaf, &[]);
            let answer = client.get(gateway.address(), HOST).await;
            assert_eq!(answer.status, 200, "{algorithm:?} {version:?}");
        }
    }
    assert_eq!(backend.requests().len(), 10);
}

/// The same request for a page.
async fn page(client: &Client, gateway: &Rig) -> Answer {
    let request = Request::get("/").header("accept", "text/html,*/*");
    let mut http = client.connect(gateway.address(), HOST).await;
    http.send(HOST, request.body(Empty::new()).unwrap()).await
}

#[tokio::test]
async fn what_must_not_pass_is_answered_400_with_its_own_reason() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let required = gateway(&pki, &backend, Profile::required(&pki));
    let optional = gateway(&pki, &backend, Profile::optional(&pki));
    for bad in bad_certificates(&pki) {
        let Bad { name, reason, .. } = bad;
        let others: Vec<_> = bad.others.iter().collect();
        for version in [&TLS12, &TLS13] {
            let client = Client::speaking(&pki, version).showing(&bad.leaf, &others);
            for gateway in [&required, &optional] {
                let answer = client.get(gateway.address(), HOST).await;
                assert_eq!((answer.status, &*answer.reason()), (400, reason), "{name}");
                assert_eq!(answer.header("content-type"), ["application/json"]);
                assert_eq!(answer.header("cache-control"), ["no-store"]);

                let page = page(&client, gateway).await;
                assert_eq!(
                    (page.status, page.header("content-type")[0]),
                    (400, "text/html")
                );
                let page = page.text();
                assert!(
                    page.contains("<title>400 The SSL certificate error</title>"),
                    "{name}"
                );
                assert!(
                    page.contains("<center><h1>400 Bad Request</h1></center>"),
                    "{name}"
                );
                assert!(
                    page.contains(&format!("<center>{}</center>", bad.words)),
                    "{name} {page}"
                );
                assert!(page.contains(&format!("reason: {reason}")), "{name}");
                for secret in ["alice", "Contoso", "Fabrikam", "127.0.0.1"] {
                    assert!(!page.contains(secret), "{name} {page}");
                }
            }
        }
    }
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn a_missing_certificate_is_answered_in_the_documented_words() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, Profile::required(&pki));
    for client in [
        Client::new(&pki),
        Client::tls12(&pki),
        Client::new(&pki).http2(),
    ] {
        let answer = client.get(gateway.address(), HOST).await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "certificate_missing")
        );
        let page = page(&client, &gateway).await;
        assert_eq!(page.status, 400);
        for line in [
            "<title>400 No required SSL certificate was sent</title>",
            "<center><h1>400 Bad Request</h1></center>",
            "<center>No required SSL certificate was sent</center>",
        ] {
            assert!(page.text().contains(line), "{line}");
        }
    }
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn a_refused_client_gets_no_second_chance_on_its_connection() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, Profile::required(&pki));
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        assert_eq!(http.get(HOST).await.status, 400);
        http.closed().await;
    }
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    raw.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n").repeat(3))
        .await;
    let answers = crate::rig::answers(&raw.rest().await);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 400);
    assert_eq!(answers[0].header("connection"), ["close"]);
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn an_optional_certificate_may_be_missing() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, Profile::optional(&pki));
    assert_eq!(
        Client::new(&pki).get(gateway.address(), HOST).await.status,
        200
    );
    let request = backend.last();
    assert_eq!(request.verification(), "NONE");
    assert!(request.header("x-client-certificate").is_empty());

    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    assert_eq!(backend.last().verification(), "SUCCESS");
}

#[tokio::test]
async fn passed_through_is_never_success() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, Profile::passthrough());
    assert_eq!(
        Client::new(&pki).get(gateway.address(), HOST).await.status,
        200
    );
    assert_eq!(backend.last().verification(), "NONE");
    let bad = bad_certificates(&pki);
    let leaves = bad.iter().map(|bad| (bad.name, &bad.leaf));
    for (name, leaf) in leaves.chain([("good", &pki.alice())]) {
        for version in [&TLS12, &TLS13] {
            let client = Client::speaking(&pki, version).showing(leaf, &[]);
            let answer = client.get(gateway.address(), HOST).await;
            assert_eq!(answer.status, 200, "{name}");
            let request = backend.last();
            assert_eq!(request.verification(), "PASSTHROUGH", "{name}");
            assert!(
                request
                    .only("x-client-certificate")
                    .starts_with("-----BEGIN%20")
            );
        }
    }
}

#[tokio::test]
async fn off_asks_for_no_certificate() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, Profile::off());
    for client in [Client::new(&pki), Client::tls12(&pki)] {
        let client = client.showing(&pki.alice(), &[]);
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
        assert_eq!(backend.last().verification(), "NONE");
    }
}

#[tokio::test]
async fn a_client_must_hold_the_key_of_the_certificate_it_shows() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let required = gateway(&pki, &backend, Profile::required(&pki));
    let optional = gateway(&pki, &backend, Profile::optional(&pki));
    let passthrough = gateway(&pki, &backend, Profile::passthrough());
    let mut stolen = pki.alice();
    stolen.key = pki.alice().key;
    for gateway in [required, optional, passthrough] {
        for version in [&TLS12, &TLS13] {
            let client = Client::speaking(&pki, version).showing(&stolen, &[]);
            let alert = client.alert(gateway.address(), HOST).await;
            assert_eq!(alert, rustls::AlertDescription::DecryptError);
        }
    }
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn what_is_no_certificate_at_all_ends_the_handshake() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let required = gateway(&pki, &backend, Profile::required(&pki));
    let passthrough = gateway(&pki, &backend, Profile::passthrough());
    let mut garbage = pki.alice();
    garbage.der = vec![0x30, 0x03, 0x02, 0x01, 0x00].into();
    for gateway in [required, passthrough] {
        for version in [&TLS12, &TLS13] {
            let client = Client::speaking(&pki, version).showing(&garbage, &[]);
            let alert = client.alert(gateway.address(), HOST).await;
            assert_eq!(alert, rustls::AlertDescription::BadCertificate);
        }
    }
    assert!(backend.requests().is_empty());
}
