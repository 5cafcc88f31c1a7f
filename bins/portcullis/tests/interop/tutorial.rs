//! The example of the repository, with real files behind every name in it.

use std::fs;
use std::path::Path;

use crate::backend::Backend;
use crate::curl::Curl;
use crate::gateway::{Gateway, Site};
use crate::node::Node;
use crate::openssl_ca::OpensslCa;
use crate::own_ca::OwnCa;
use crate::relay::Relay;
use crate::s_client::SClient;
use crate::scene::HOST;
use crate::scratch::Scratch;

const EXAMPLE: &str = "../../examples/application-gateway-tutorial.toml";

#[test]
#[ignore = "needs curl, node, openssl"]
fn the_tutorial_works_as_it_is_written() {
    let scratch = Scratch::new();
    let relay = Relay::start();
    let backend = Backend::start();
    let clients = OpensslCa::new(scratch.file("clients"), "Contoso");
    let servers = OwnCa::without_responder(scratch.file("servers"));
    let server = servers.server(&[HOST]);
    fs::copy(server.chain, scratch.file("www.contoso.com.pem")).unwrap();
    fs::copy(server.key, scratch.file("www.contoso.com.key")).unwrap();
    fs::copy(clients.chain(), scratch.file("client-ca-chain.pem")).unwrap();
    let gateway = Gateway::start(&scratch, &adapted(backend.address().port()));
    let site = Site {
        address: gateway.address(),
        host: HOST,
        root: servers.root(),
    };

    let alice = clients.client("alice").responder(&relay.url()).issue();
    let revoked = clients.client("revoked").responder(&relay.url()).issue();
    clients.revoke(&revoked);
    let responder = clients.responder();
    relay.pass_on_to(responder.port);

    let curl = Curl::to(&site).present(&alice).options(["--include"]).get();
    assert_eq!(curl.status, 200, "{curl:?}");
    let header = "strict-transport-security: max-age=31536000";
    assert!(curl.body.to_lowercase().contains(header), "{curl:?}");
    SClient::to(&site).present(&alice).get().expect_backend();
    Node::to(&site).present(&alice).get().expect_backend();
    for request in backend.requests() {
        assert_eq!(request.header("Host"), "backend.contoso.com");
        assert_eq!(
            request.header("X-Client-Certificate-Verification"),
            "SUCCESS"
        );
        assert_eq!(request.header("X-Client-Certificate-Subject"), "CN=alice");
        assert!(
            request
                .header("X-Client-Certificate")
                .starts_with("-----BEGIN%20CERTIFICATE-----%0A")
        );
    }
    assert_eq!(backend.requests().len(), 3);

    Curl::to(&site).get().expect_refusal("certificate_missing");
    Curl::to(&site)
        .present(&revoked)
        .get()
        .expect_refusal("certificate_revoked");
    assert_eq!(backend.requests().len(), 3);
}

/// The example with ports that are free here, and a responder that is on this machine.
#[track_caller]
fn adapted(backend: u16) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLE);
    let mut text = fs::read_to_string(path).unwrap();
    for (written, here) in [
        (
            "bind = \"0.0.0.0:8443\"",
            "bind = \"127.0.0.1:0\"".to_owned(),
        ),
        ("\nport = 8080", format!("\nport = {backend}")),
        (
            "\nallow_loopback = false",
            "\nallow_loopback = true".to_owned(),
        ),
    ] {
        assert_eq!(text.matches(written).count(), 1, "{written} in {text}");
        text = text.replace(written, &here);
    }
    text
}
