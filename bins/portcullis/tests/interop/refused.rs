//! Clients that are refused after a completed handshake: what they are told, and what the log has.

use crate::answer::Answer;
use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::node::Node;
use crate::s_client::SClient;
use crate::scene::Scene;

/// What a refusal says.
struct Refusal {
    reason: &'static str,
    /// What the page has below its heading, and JSON as detail.
    words: &'static str,
    /// What the log has as the result of the verification.
    verification: &'static str,
}

#[test]
#[ignore = "needs curl, node, openssl"]
fn no_certificate_is_answered_with_the_documented_page() {
    let scene = Scene::required();
    let refusal = Refusal {
        reason: "certificate_missing",
        words: "No required SSL certificate was sent",
        verification: "NONE",
    };
    assert_refused(&scene, None, &refusal);
    let page = Curl::to(&scene.site).get().body;
    for line in [
        "<head><title>400 No required SSL certificate was sent</title></head>",
        "<center><h1>400 Bad Request</h1></center>",
        "<center>No required SSL certificate was sent</center>",
    ] {
        assert!(page.contains(line), "{line} is missing in {page}");
    }
}

#[test]
#[ignore = "needs curl, node, openssl"]
fn a_certificate_of_another_ca_is_refused() {
    let scene = Scene::required();
    let mallory = scene.foreign_ca().client("mallory").issue();
    assert_refused(
        &scene,
        Some(&mallory),
        &Refusal {
            reason: "issuer_not_found",
            words: "unable to get local issuer certificate",
            verification: "FAILED:unable to get local issuer certificate",
        },
    );
}

#[test]
#[ignore = "needs curl, node, openssl"]
fn an_expired_certificate_is_refused() {
    let scene = Scene::required();
    let expired = scene.clients.client("expired").expired().issue();
    assert_refused(
        &scene,
        Some(&expired),
        &Refusal {
            reason: "expired",
            words: "certificate has expired",
            verification: "FAILED:certificate has expired",
        },
    );
}

#[test]
#[ignore = "needs curl, node, openssl"]
fn a_certificate_for_servers_alone_is_refused() {
    let scene = Scene::required();
    let server = scene.clients.server("server.contoso.com").issue();
    assert_refused(
        &scene,
        Some(&server),
        &Refusal {
            reason: "purpose_not_allowed",
            words: "unsupported certificate purpose",
            verification: "FAILED:unsupported certificate purpose",
        },
    );
}

#[test]
#[ignore = "needs curl, node, openssl"]
fn a_certificate_whose_intermediate_is_missing_is_refused() {
    let scene = Scene::required_by_root();
    let alice = scene.clients.client("alice").issue();
    let alone = Credentials {
        chain: alice.certificate.clone(),
        ..alice.clone()
    };
    assert_refused(
        &scene,
        Some(&alone),
        &Refusal {
            reason: "issuer_not_found",
            words: "unable to verify the first certificate",
            verification: "FAILED:unable to verify the first certificate",
        },
    );
    // Nothing else is wrong with it.
    Curl::to(&scene.site).present(&alice).get().expect_backend();
}

/// A client with several certificates sees which of them to present.
#[test]
#[ignore = "needs openssl"]
fn s_client_is_told_which_authorities_are_trusted() {
    let scene = Scene::required();
    for version in ["-tls1_2", "-tls1_3"] {
        let said = SClient::to(&scene.site).option(version).talk().0.stdout;
        let (_, names) = said
            .split_once("Acceptable client certificate CA names")
            .unwrap();
        assert!(names.contains("CN = Contoso Root"), "{names}");
    }
}

/// By every program, over every version, in both forms, and in the log. Nothing reaches the backend.
#[track_caller]
fn assert_refused(scene: &Scene, client: Option<&Credentials>, refusal: &Refusal) {
    for options in [
        ["--http1.1", "--tls-max", "1.2"],
        ["--http1.1", "--tls-max", "1.3"],
        ["--http2", "--tls-max", "1.3"],
    ] {
        let mark = scene.gateway.mark();
        assert_page(&curl(scene, client).options(options).get(), refusal);
        assert_json(
            &curl(scene, client).options(options).options(JSON).get(),
            refusal,
        );
        let reason = format!("\"reason\":\"{}\"", refusal.reason);
        let verification = format!("\"sslClientVerify\":\"{}\"", refusal.verification);
        scene
            .gateway
            .log(mark, &["\"httpStatus\":400", &reason, &verification]);
    }
    assert_page(&node(scene, client).get(), refusal);
    assert_json(&node(scene, client).accept_json().get(), refusal);
    for version in ["-tls1_2", "-tls1_3"] {
        assert_page(&s_client(scene, client).option(version).get(), refusal);
    }
    assert_eq!(scene.backend.requests().len(), 0);
}

const JSON: [&str; 2] = ["--header", "Accept: application/json"];

fn curl(scene: &Scene, client: Option<&Credentials>) -> Curl {
    let curl = Curl::to(&scene.site);
    match client {
        Some(credentials) => curl.present(credentials),
        None => curl,
    }
}

fn node(scene: &Scene, client: Option<&Credentials>) -> Node {
    let node = Node::to(&scene.site);
    match client {
        Some(credentials) => node.present(credentials),
        None => node,
    }
}

fn s_client(scene: &Scene, client: Option<&Credentials>) -> SClient {
    let s_client = SClient::to(&scene.site);
    match client {
        Some(credentials) => s_client.present(credentials),
        None => s_client,
    }
}

#[track_caller]
fn assert_page(answer: &Answer, refusal: &Refusal) {
    answer.expect_refusal(refusal.reason);
    assert_eq!(answer.content_type, "text/html");
    let words = format!("<center>{}</center>", refusal.words);
    assert!(
        answer.body.contains(&words),
        "{words} is missing in {}",
        answer.body
    );
    assert!(answer.body.contains("<title>400 "), "{}", answer.body);
}

#[track_caller]
fn assert_json(answer: &Answer, refusal: &Refusal) {
    answer.expect_refusal(refusal.reason);
    assert_eq!(answer.content_type, "application/json");
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], 400);
    assert_eq!(body["detail"], refusal.words);
}
