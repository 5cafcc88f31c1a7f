//! OCSP with `openssl ocsp -port` as the responder, over the database of `openssl ca`.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use crate::backend::GREETING;
use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::relay::Relay;
use crate::scene::Scene;

#[test]
#[ignore = "needs curl, openssl"]
fn a_client_whom_the_responder_calls_good_passes_and_is_asked_about_once() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    let bob = client(&scene, "bob", &relay.url());
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);

    for version in ["--http2", "--http1.1"] {
        let curl = || Curl::to(&scene.site).present(&alice).options([version]);
        curl().get().expect_backend();
        assert_eq!(curl().times(3).end().succeeded(), GREETING.repeat(3));
    }
    assert_eq!(scene.backend.requests().len(), 8);
    assert_eq!(relay.questions(), 1);
    Curl::to(&scene.site).present(&bob).get().expect_backend();
    assert_eq!(relay.questions(), 2);
}

#[test]
#[ignore = "needs curl, openssl"]
fn connections_that_come_at_once_make_one_question() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| Curl::to(&scene.site).present(&alice).get().expect_backend());
        }
    });
    assert_eq!(relay.questions(), 1);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_revoked_client_is_refused_and_is_asked_about_once() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    scene.clients.revoke(&alice);
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    for _ in 0..2 {
        assert_refused(&scene, &alice, "certificate_revoked", "certificate revoked");
    }
    assert_eq!(relay.questions(), 1);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_client_whom_the_responder_does_not_know_is_refused() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let stranger = scene
        .clients
        .client("stranger")
        .responder(&relay.url())
        .issue_unrecorded();
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    assert_refused(
        &scene,
        &stranger,
        "certificate_unknown",
        "certificate status unknown",
    );
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_client_whose_responder_was_killed_is_refused() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    let bob = client(&scene, "bob", &relay.url());
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    Curl::to(&scene.site).present(&alice).get().expect_backend();

    drop(responder);
    assert_refused(&scene, &bob, "responder_unreachable", UNAVAILABLE);
    // What is remembered of the other still holds.
    Curl::to(&scene.site).present(&alice).get().expect_backend();
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_client_at_whose_responder_nobody_listens_is_refused() {
    let scene = Scene::required_with_ocsp();
    // The port of this connection is taken, and nobody listens on it.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let alice = client(
        &scene,
        "alice",
        &format!("http://{}/", taken.local_addr().unwrap()),
    );
    assert_refused(&scene, &alice, "responder_unreachable", UNAVAILABLE);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_client_whose_certificate_names_no_responder_is_refused() {
    let scene = Scene::required_with_ocsp();
    let alice = scene.clients.client("alice").issue();
    assert_refused(&scene, &alice, "responder_not_named", UNAVAILABLE);
}

#[test]
#[ignore = "needs curl, openssl"]
fn an_answer_about_another_client_is_refused() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    let bob = client(&scene, "bob", &relay.url());
    relay.answer_with(scene.clients.answer_about(&bob));
    assert_refused(&scene, &alice, "ocsp_wrong_certificate", UNAVAILABLE);
    Curl::to(&scene.site).present(&bob).get().expect_backend();
}

#[test]
#[ignore = "needs curl, openssl"]
fn an_answer_with_a_bad_signature_is_refused() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    let responder = scene
        .clients
        .responder_with("-rsigner ocsp.pem -rkey ocsp.key -badsig");
    relay.pass_on_to(responder.port);
    let mark = scene.gateway.mark();
    assert_refused(&scene, &alice, "ocsp_bad_signature", UNAVAILABLE);
    // The log says which answer it was, and what is wrong with it.
    scene
        .gateway
        .log(mark, &[&relay.url(), "is refused: ", "signature"]);
}

#[test]
#[ignore = "needs curl, openssl"]
fn an_answer_that_a_client_signed_is_refused() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    client(&scene, "mallory", &relay.url());
    let responder = scene
        .clients
        .responder_with("-rsigner mallory.pem -rkey mallory.key");
    relay.pass_on_to(responder.port);
    assert_refused(&scene, &alice, "ocsp_unauthorised_responder", UNAVAILABLE);
}

#[test]
#[ignore = "needs curl, openssl"]
fn an_answer_that_the_issuer_signed_itself_is_believed() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    for options in ["-resp_key_id", "-resp_no_certs"] {
        let signer = format!("-rsigner issuing.pem -rkey issuing.key {options}");
        let responder = scene.clients.responder_with(&signer);
        relay.pass_on_to(responder.port);
        Curl::to(&scene.site).present(&alice).get().expect_backend();
        scene.gateway.reload_with_another_max_age();
    }
    assert_eq!(relay.questions(), 2);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_reload_keeps_the_answers_unless_it_changes_how_they_are_judged() {
    let scene = Scene::required_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    Curl::to(&scene.site).present(&alice).get().expect_backend();

    scene.clients.revoke(&alice);
    drop(responder);
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    Curl::to(&scene.site).present(&alice).get().expect_backend();
    scene.gateway.reload();
    Curl::to(&scene.site).present(&alice).get().expect_backend();
    assert_eq!(relay.questions(), 1);
    scene.gateway.reload_with_another_max_age();
    assert_refused(&scene, &alice, "certificate_revoked", "certificate revoked");
    assert_eq!(relay.questions(), 2);
}

/// The handshake cannot wait for a responder: a verdict is an answer, also where a refusal is an alert.
#[test]
#[ignore = "needs curl, openssl"]
fn a_revoked_client_is_answered_also_where_refusals_are_alerts() {
    let scene = Scene::required_by_alert_with_ocsp();
    let relay = Relay::start();
    let alice = client(&scene, "alice", &relay.url());
    scene.clients.revoke(&alice);
    let responder = scene.clients.responder();
    relay.pass_on_to(responder.port);
    assert_refused(&scene, &alice, "certificate_revoked", "certificate revoked");
}

/// nginx's words for every answer that did not come, or proves nothing.
const UNAVAILABLE: &str = "certificate status request failed";

fn client(scene: &Scene, name: &'static str, responder: &str) -> Credentials {
    scene.clients.client(name).responder(responder).issue()
}

/// curl is told, and the log has it; the backend sees nothing more.
#[track_caller]
fn assert_refused(scene: &Scene, client: &Credentials, reason: &str, words: &str) {
    let (mark, passed) = (scene.gateway.mark(), scene.backend.requests().len());
    let answer = Curl::to(&scene.site).present(client).get();
    answer.expect_refusal(reason);
    assert!(
        answer.body.contains(words),
        "{words} is missing in {answer:?}"
    );
    let logged = [
        format!("\"reason\":\"{reason}\""),
        format!("\"sslClientVerify\":\"FAILED:{words}\""),
    ];
    scene
        .gateway
        .log(mark, &["\"httpStatus\":400", &logged[0], &logged[1]]);
    assert_eq!(scene.backend.requests().len(), passed);
}
