//! Which connections to backends are used again, and by whom.

use portcullis_test_pki::Ca;

use crate::backend_tls::showing;
use crate::rig::{Backend, Client, Pki, Profile, Setup, now};

const HOST: &str = "www.contoso.com";
const OTHER: &str = "shop.contoso.com";

fn answer(_: &crate::rig::Recorded) -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()
}

/// Who is believed under one name is not believed under another, and a configuration that trusts nobody
/// does not use what another one has proven.
#[tokio::test]
async fn connections_are_not_shared_between_names_nor_between_trusts() {
    let pki = Pki::new();
    let ca = Ca::root("Backend Root CA")
        .valid_around(now().as_secs())
        .issue();
    let other = Ca::root("Other Root CA")
        .valid_around(now().as_secs())
        .issue();
    let (config, names) = showing(&ca.server(&[HOST, OTHER]).issue());
    let backend = Backend::secured(config, answer).await;
    let mut gateway = Setup::new(&pki, &backend)
        .site("*", Profile::off())
        .file("backend-root.pem", ca.pem())
        .file("other-root.pem", other.pem())
        .reaching("protocol = \"https\"\ntrusted_roots = [\"backend-root.pem\"]")
        .start();
    for (host, connections) in [(HOST, 1), (OTHER, 2), (HOST, 2), (OTHER, 2)] {
        let answer = Client::new(&pki).get(gateway.address(), host).await;
        assert_eq!((answer.status, backend.connections()), (200, connections));
    }
    assert_eq!(names.lock().unwrap().len(), 2);
    // What a reload leaves as it was goes on.
    gateway.reload(|setup| setup.request_timeout(7));
    let answer = Client::new(&pki).get(gateway.address(), HOST).await;
    assert_eq!((answer.status, backend.connections()), (200, 2));
    gateway.reload(|setup| setup.file("backend-root.pem", other.pem()));
    let answer = Client::new(&pki).get(gateway.address(), HOST).await;
    let refused = (502, "backend_certificate_untrusted");
    assert_eq!((answer.status, &*answer.reason()), refused);
    assert_eq!(backend.requests().len(), 5);
}

#[tokio::test]
async fn dedicated_connections_are_those_of_one_client() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .reaching("dedicated_connections = true")
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        for _ in 0..2 {
            let before = backend.connections();
            let mut http = client.connect(gateway.address(), HOST).await;
            for _ in 0..3 {
                assert_eq!(http.get(HOST).await.status, 200);
            }
            assert_eq!(backend.connections(), before + 1);
            drop(http);
        }
    }
    // They end with their client.
    assert!(backend.residues().await.is_empty());
}

/// A backend may close a kept connection at the very moment a request takes it.
#[tokio::test]
async fn kept_connections_that_the_backend_closed_cost_no_request() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let address = gateway.address();
    for _ in 0..3 {
        let client = Client::new(&pki);
        let task = tokio::spawn(async move { client.get(address, HOST).await });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        connection.send(answer(&backend.last())).await;
        assert_eq!(task.await.unwrap().status, 200);
        drop(connection);
    }
}
