//! Sessions that `openssl s_client` keeps and resumes: TLS remembers them, the gateway judges them again.

use std::path::Path;

use crate::credentials::Credentials;
use crate::relay::Relay;
use crate::s_client::{Conversation, SClient};
use crate::scene::Scene;

const VERSIONS: [&str; 2] = ["-tls1_2", "-tls1_3"];

#[test]
#[ignore = "needs openssl"]
fn a_resumed_session_has_the_identity_of_the_first() {
    for version in VERSIONS {
        let scene = Scene::required();
        let alice = scene.clients.client("alice").issue();
        let session = scene.file("session");
        let first = talk(&scene, &alice, version, Session::Kept(&session));
        assert!(!first.is_resumed(), "{version}: {first:#?}");
        first.answer().expect_backend();
        let second = talk(&scene, &alice, version, Session::Resumed(&session));
        assert!(second.is_resumed(), "{version}: {second:#?}");
        second.answer().expect_backend();
        for request in scene.backend.requests() {
            assert_eq!(request.header("Caller"), "CN=alice");
            assert_eq!(
                request.header("X-Client-Certificate-Verification"),
                "SUCCESS"
            );
        }
    }
}

/// TLS itself would let it in: the session was made before anybody judged the certificate.
#[test]
#[ignore = "needs openssl"]
fn a_refused_client_is_refused_again_on_the_resumed_session() {
    let scene = Scene::required();
    let expired = scene.clients.client("expired").expired().issue();
    let mallory = scene.foreign_ca().client("mallory").issue();
    for (client, reason) in [(&expired, "expired"), (&mallory, "issuer_not_found")] {
        for version in VERSIONS {
            let session = scene.file("session");
            let first = talk(&scene, client, version, Session::Kept(&session));
            first.answer().expect_refusal(reason);
            let second = talk(&scene, client, version, Session::Resumed(&session));
            assert!(second.is_resumed(), "{version}: {second:#?}");
            second.answer().expect_refusal(reason);
        }
    }
    assert_eq!(scene.backend.requests().len(), 0);
}

#[test]
#[ignore = "needs openssl"]
fn a_session_from_before_a_revocation_and_a_reload_is_refused() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = scene
        .clients
        .client("alice")
        .responder(&relay.url())
        .issue();
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    let sessions = VERSIONS.map(|version| {
        let session = scene.file(version);
        talk(&scene, &alice, version, Session::Kept(&session))
            .answer()
            .expect_backend();
        (version, session)
    });

    scene.clients.revoke(&alice);
    drop(responder);
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    scene.gateway.reload_with_another_max_age();
    for (version, session) in sessions {
        let later = talk(&scene, &alice, version, Session::Resumed(&session));
        // Sessions end where responders are asked otherwise than when they were made.
        assert!(!later.is_resumed(), "{version}: {later:#?}");
        later.answer().expect_refusal("certificate_revoked");
    }
    assert_eq!(scene.backend.requests().len(), VERSIONS.len());
}

#[test]
#[ignore = "needs openssl"]
fn a_session_from_before_the_trust_was_replaced_is_refused() {
    let scene = Scene::required();
    let alice = scene.clients.client("alice").issue();
    let sessions = VERSIONS.map(|version| {
        let session = scene.file(version);
        talk(&scene, &alice, version, Session::Kept(&session))
            .answer()
            .expect_backend();
        (version, session)
    });

    let foreign = scene.foreign_ca();
    std::fs::copy(foreign.chain(), scene.clients.chain()).unwrap();
    scene.gateway.reload();
    for (version, session) in sessions {
        let later = talk(&scene, &alice, version, Session::Resumed(&session));
        assert!(!later.is_resumed(), "{version}: {later:#?}");
        later.answer().expect_refusal("issuer_not_found");
    }
    assert_eq!(scene.backend.requests().len(), VERSIONS.len());
    let mallory = foreign.client("mallory").issue();
    SClient::to(&scene.site)
        .present(&mallory)
        .get()
        .expect_backend();
}

/// What becomes of the session.
enum Session<'a> {
    /// It is written to a file.
    Kept(&'a Path),
    /// It is the one in a file.
    Resumed(&'a Path),
}

fn talk(scene: &Scene, client: &Credentials, version: &str, session: Session<'_>) -> Conversation {
    let s_client = SClient::to(&scene.site).present(client).option(version);
    match session {
        Session::Kept(file) => s_client.keep_session(file).talk(),
        Session::Resumed(file) => s_client.resume_session(file).talk(),
    }
}
