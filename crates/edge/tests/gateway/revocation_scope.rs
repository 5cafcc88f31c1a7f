//! Whether the authorities of a client are asked about too.

use portcullis_test_pki::Certified;

use crate::rig::log::{field, visit};
use crate::rig::{Backend, Client, Pki, Profile, Question, Reply, Responder, Rig, Setup};

const HOST: &str = "www.contoso.com";

const CHAIN: &str = "revocation_scope = \"chain\"";

/// A client and its issuing authority, whose certificates name one responder.
struct Scene {
    pki: Pki,
    backend: Backend,
    responder: Responder,
    alice: Certified,
}

impl Scene {
    async fn new() -> Self {
        let (backend, responder) = (Backend::start().await, Responder::start().await);
        let pki = Pki::new().with_issuing_asking(&responder.url());
        let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
        responder.knows(&alice, &pki.issuing);
        responder.knows(&pki.issuing, &pki.root);
        Self {
            pki,
            backend,
            responder,
            alice,
        }
    }

    fn gateway(&self, lines: &str) -> Rig {
        Setup::new(&self.pki, &self.backend)
            .site(HOST, Profile::required(&self.pki).ocsp().with(lines))
            .start()
    }

    fn client(&self) -> Client {
        Client::new(&self.pki).showing(&self.alice, &[])
    }

    /// The status and the reason, which the log has for answers of the backend too.
    async fn visit(&self, gateway: &Rig) -> (String, String) {
        let line = visit(&self.client(), gateway.address(), HOST).await;
        let said = |name| field(&line, name).to_owned();
        (said("httpStatus"), said("reason"))
    }
}

fn outcome(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

/// The issuing authority is revoked, and nobody else.
fn authority_revoked(question: &Question) -> Reply {
    let about_authority = question.leaf.subject() != &"alice".into();
    question.reply(if about_authority {
        question.revoked()
    } else {
        question.good()
    })
}

/// The client is revoked, and the responder hangs up on questions about its authority.
fn client_revoked_and_nothing_about_the_authority(question: &Question) -> Reply {
    if *question.leaf.subject() == "alice".into() {
        question.reply(question.revoked())
    } else {
        Reply::HangUp
    }
}

/// Good of the client, and nothing about its authority.
fn nothing_about_the_authority(question: &Question) -> Reply {
    if *question.leaf.subject() == "alice".into() {
        question.reply(question.good())
    } else {
        Reply::HangUp
    }
}

#[tokio::test]
async fn a_revoked_authority_refuses_its_clients_where_the_chain_is_asked_about() {
    for (lines, expected, questions) in [
        ("", outcome("200", "forwarded"), 1),
        (
            "revocation_scope = \"leaf\"",
            outcome("200", "forwarded"),
            1,
        ),
        (CHAIN, outcome("400", "certificate_revoked"), 2),
    ] {
        let scene = Scene::new().await;
        let gateway = scene.gateway(lines);
        scene.responder.says(authority_revoked);
        for _ in 0..2 {
            assert_eq!(scene.visit(&gateway).await, expected, "{lines}");
        }
        assert_eq!(scene.responder.asked(), questions);
    }
}

#[tokio::test]
async fn an_authority_is_asked_about_once_for_all_of_its_clients() {
    let scene = Scene::new().await;
    let gateway = scene.gateway(CHAIN);
    let bob = scene
        .pki
        .client("bob")
        .ocsp_url(&scene.responder.url())
        .issue();
    scene.responder.knows(&bob, &scene.pki.issuing);
    for leaf in [&scene.alice, &bob] {
        let client = Client::new(&scene.pki).showing(leaf, &[]);
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    }
    assert_eq!(scene.responder.asked(), 3);
}

#[tokio::test]
async fn that_the_client_is_revoked_is_told_before_what_is_not_known_of_its_authority() {
    let scene = Scene::new().await;
    scene
        .responder
        .says(client_revoked_and_nothing_about_the_authority);
    for mode in ["", "revocation_mode = \"soft-fail\""] {
        let gateway = scene.gateway(&format!("{CHAIN}\n{mode}"));
        let expected = outcome("400", "certificate_revoked");
        assert_eq!(scene.visit(&gateway).await, expected);
    }
}

#[tokio::test]
async fn an_authority_of_whom_nothing_is_known_is_refused_or_tolerated_by_the_mode() {
    let scene = Scene::new().await;
    scene.responder.says(nothing_about_the_authority);
    let refused = outcome("400", "responder_unreachable");
    assert_eq!(scene.visit(&scene.gateway(CHAIN)).await, refused);

    let soft = scene.gateway(&format!("{CHAIN}\nrevocation_mode = \"soft-fail\""));
    let line = visit(&scene.client(), soft.address(), HOST).await;
    assert_eq!(field(&line, "httpStatus"), "200");
    // What is less sure of the two.
    assert_eq!(field(&line, "revocationStatus"), "responder_unreachable");
}

#[tokio::test]
async fn an_authority_that_names_no_responder_is_refused() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    responder.knows(&pki.issuing, &pki.root);
    let profile = Profile::required(&pki).ocsp().with(CHAIN);
    let setup = Setup::new(&pki, &backend).site(HOST, profile);
    let client = Client::new(&pki).showing(&alice, &[]);
    let gateway = setup.clone().start();
    let answer = client.get(gateway.address(), HOST).await;
    assert_eq!(
        (answer.status, &*answer.reason()),
        (400, "responder_not_named")
    );
    // The operator can say whom to ask about what the root issued.
    let table = format!(
        "[[ocsp.responders]]\nissuer = \"root.pem\"\nfallback = [{:?}]",
        responder.url()
    );
    let gateway = setup
        .file("root.pem", pki.root.pem())
        .asking(&table)
        .start();
    let answer = client.get(gateway.address(), HOST).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
