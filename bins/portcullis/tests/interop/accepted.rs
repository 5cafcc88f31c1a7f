//! Good clients, of every program, version and kind of key.

use crate::backend::Backend;
use crate::configuration::{IDENTITY, Listener, configuration, judged, pem};
use crate::curl::Curl;
use crate::gateway::{Gateway, Site};
use crate::node::Node;
use crate::openssl_ca::OpensslCa;
use crate::own_ca::OwnCa;
use crate::s_client::SClient;
use crate::scene::{HOST, Scene};
use crate::scratch::Scratch;

#[test]
#[ignore = "needs curl, openssl"]
fn curl_gets_200_over_http_2_and_over_http_1_1() {
    let scene = Scene::required();
    let alice = scene.clients.client("alice").issue();
    for (option, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let answer = Curl::to(&scene.site)
            .present(&alice)
            .options([option])
            .get();
        answer.expect_backend();
        assert_eq!(answer.version, version);
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn curl_gets_200_over_tls_1_2_and_over_tls_1_3() {
    let scene = Scene::required();
    let alice = scene.clients.client("alice").issue();
    for options in [["--tls-max", "1.2"], ["--tls-max", "1.3"]] {
        Curl::to(&scene.site)
            .present(&alice)
            .options(options)
            .get()
            .expect_backend();
    }
    Curl::to(&scene.site)
        .present(&alice)
        .options(["--tlsv1.3"])
        .get()
        .expect_backend();
}

#[test]
#[ignore = "needs curl, openssl"]
fn curl_gets_200_with_keys_of_every_kind_over_both_versions() {
    let scene = Scene::required();
    for (name, key) in [
        ("p256", "EC -pkeyopt ec_paramgen_curve:P-256"),
        ("p384", "EC -pkeyopt ec_paramgen_curve:P-384"),
        ("p521", "EC -pkeyopt ec_paramgen_curve:P-521"),
        ("ed25519", "ED25519"),
        ("rsa2048", "RSA -pkeyopt rsa_keygen_bits:2048"),
        ("rsa3072", "RSA -pkeyopt rsa_keygen_bits:3072"),
    ] {
        let client = scene.clients.client(name).key(key).issue();
        for version in ["1.2", "1.3"] {
            let answer = Curl::to(&scene.site)
                .present(&client)
                .options(["--tls-max", version])
                .get();
            assert_eq!(answer.status, 200, "{name} over {version}: {answer:?}");
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn s_client_gets_200_to_a_typed_request_with_its_chain_and_without() {
    let scene = Scene::required();
    let alice = scene.clients.client("alice").issue();
    for version in ["-tls1_2", "-tls1_3"] {
        SClient::to(&scene.site)
            .present(&alice)
            .option(version)
            .get()
            .expect_backend();
        SClient::to(&scene.site)
            .present_alone(&alice)
            .option(version)
            .get()
            .expect_backend();
    }
}

#[test]
#[ignore = "needs openssl"]
fn s_client_brings_the_intermediate_that_the_gateway_does_not_have() {
    let scene = Scene::required_by_root();
    let alice = scene.clients.client("alice").issue();
    for version in ["-tls1_2", "-tls1_3"] {
        SClient::to(&scene.site)
            .present(&alice)
            .option(version)
            .get()
            .expect_backend();
        let without = SClient::to(&scene.site)
            .present_alone(&alice)
            .option(version)
            .get();
        without.expect_refusal("issuer_not_found");
    }
}

#[test]
#[ignore = "needs node, openssl"]
fn node_gets_200_without_judging_the_gateway_and_with() {
    let scene = Scene::required();
    let alice = scene.clients.client("alice").issue();
    Node::to(&scene.site).present(&alice).get().expect_backend();
    Node::proving(&scene.site)
        .present(&alice)
        .get()
        .expect_backend();
}

/// The other way round: the gateway's certificate is OpenSSL's, the clients' are ours.
#[test]
#[ignore = "needs curl, node, openssl"]
fn clients_of_our_pki_get_200_in_every_program_also_from_a_pfx() {
    let scratch = Scratch::new();
    let servers = OpensslCa::new(scratch.file("servers"), "Contoso");
    let clients = OwnCa::without_responder(scratch.file("clients"));
    let backend = Backend::start();
    let listener = Listener {
        host: HOST,
        certificate: &pem(&servers.server(HOST).issue()),
        client_auth: &judged("required", &clients.chain(), "off"),
        rewrites: IDENTITY,
    };
    let gateway = Gateway::start(&scratch, &configuration(&[listener], backend.address()));
    let site = Site {
        address: gateway.address(),
        host: HOST,
        root: servers.root(),
    };

    let alice = clients.client("alice");
    Curl::to(&site).present(&alice).get().expect_backend();
    SClient::to(&site).present(&alice).get().expect_backend();
    Node::proving(&site).present(&alice).get().expect_backend();

    let (pfx, password) = clients.client_pfx("bob");
    let file = format!("{}:{password}", pfx.display());
    let curl = Curl::to(&site).options(["--cert-type", "P12", "--cert", &file]);
    curl.get().expect_backend();
    Node::proving(&site)
        .present_pfx(&pfx, &password)
        .get()
        .expect_backend();
}
