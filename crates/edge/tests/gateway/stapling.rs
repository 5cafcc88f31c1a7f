//! What clients are shown about the server's own certificate.

use std::sync::{Arc, Mutex};

use portcullis_ocsp::{CertificateStatus, Query, Rules, status};
use portcullis_x509::Certificate;
use rustls::crypto::aws_lc_rs;
use rustls::version;

use crate::rig::{
    Backend, Client, Pki, Profile, Question, Reply, Responder, Rig, Setup, Staples, now,
};

const HOST: &str = "www.contoso.com";

/// A server whose certificate names a responder, and comes with that of its issuer.
struct Scene {
    pki: Pki,
    _backend: Backend,
    responder: Responder,
    setup: Setup,
    /// What the responder said last.
    said: Arc<Mutex<Vec<u8>>>,
}

impl Scene {
    async fn new() -> Self {
        let (backend, responder) = (Backend::start().await, Responder::start().await);
        let pki = Pki::new().with_server_asking(&responder.url());
        responder.knows(&pki.server, &pki.root);
        let said = Arc::default();
        let setup = Setup::new(&pki, &backend)
            .serving(&pki)
            .site(HOST, Profile::off().with("ocsp_stapling = true"));
        let scene = Self {
            pki,
            _backend: backend,
            responder,
            setup,
            said,
        };
        scene.is_up();
        scene
    }

    /// The responder says good, each time in other octets.
    fn is_up(&self) {
        let said = Arc::clone(&self.said);
        self.responder.says(move |question: &Question| {
            let response = question.good().issue();
            said.lock().unwrap().clone_from(&response);
            Reply::Ocsp(response)
        });
    }

    fn start(&self) -> Rig {
        self.setup.clone().start()
    }

    fn clients(&self) -> [Staples; 2] {
        [&version::TLS12, &version::TLS13]
            .map(|version| Staples::seen_by(Client::speaking(&self.pki, version), &self.pki))
    }

    /// Waits until all clients are shown what the responder said last.
    async fn shown(&self, gateway: &Rig, asked: usize) -> Vec<u8> {
        self.responder.asked_times(asked).await;
        let said = self.said.lock().unwrap().clone();
        for client in self.clients() {
            client.show(gateway.address(), HOST, &said).await;
        }
        said
    }

    async fn assert_shows_nothing(&self, gateway: &Rig) {
        for client in self.clients() {
            assert!(client.next(gateway.address(), HOST).await.is_empty());
        }
    }
}

#[tokio::test]
async fn clients_are_shown_an_answer_about_the_servers_certificate() {
    let scene = Scene::new().await;
    let gateway = scene.start();
    let staple = scene.shown(&gateway, 1).await;
    let server = Certificate::parse(&scene.pki.server.der).unwrap();
    let root = Certificate::parse(&scene.pki.root.der).unwrap();
    let provider = aws_lc_rs::default_provider();
    let rules = Rules::new(provider.signature_verification_algorithms.all);
    let proven = status(&staple, &Query::new(&server, &root), &rules, now()).unwrap();
    assert_eq!(proven.certificate, CertificateStatus::Good);
    // All of these handshakes, and one question.
    assert_eq!(scene.responder.asked(), 1);
}

#[tokio::test]
async fn without_stapling_nobody_is_asked_and_nothing_is_shown() {
    let scene = Scene::new().await;
    let setup = scene.setup.clone().with_profile(Profile::off());
    let gateway = setup.start();
    scene.assert_shows_nothing(&gateway).await;
    assert_eq!(scene.responder.asked(), 0);
}

/// The question has no nonce, whatever is demanded of answers about clients.
#[tokio::test]
async fn what_is_stapled_is_anybodys_answer() {
    let scene = Scene::new().await;
    let gateway = scene.setup.clone().asking("nonce = \"prefer\"").start();
    scene.shown(&gateway, 1).await;
}

#[tokio::test]
async fn handshakes_go_on_without_an_answer_while_there_is_none() {
    for saying in [
        (|_| Reply::HangUp) as fn(&Question) -> Reply,
        |_| Reply::Silence,
        |question| question.reply(question.revoked()),
        |question| question.reply(question.good().wrong_signature()),
    ] {
        let scene = Scene::new().await;
        scene.responder.says(saying);
        let gateway = scene.start();
        scene.responder.asked_times(1).await;
        for _ in 0..3 {
            scene.assert_shows_nothing(&gateway).await;
        }
        let answer = Client::new(&scene.pki).get(gateway.address(), HOST).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn profiles_are_asked_about_at_the_same_time() {
    let scene = Scene::new().await;
    scene.responder.says(|_| Reply::Silence);
    let stapling = Profile::off().with("ocsp_stapling = true");
    let setup = scene.setup.clone().site("other.contoso.com", stapling);
    let _gateway = setup.start();
    scene.responder.asked_times(2).await;
}

#[tokio::test]
async fn a_reload_asks_anew() {
    let scene = Scene::new().await;
    let mut gateway = scene.start();
    for asked in 1..=3 {
        scene.shown(&gateway, asked).await;
        gateway.reload(|setup| setup);
    }
}

#[tokio::test]
async fn a_reload_goes_on_showing_the_answer_while_the_responder_is_down() {
    let scene = Scene::new().await;
    let mut gateway = scene.start();
    let staple = scene.shown(&gateway, 1).await;
    scene.responder.fails();
    for asked in 2..=3 {
        gateway.reload(|setup| setup.ocsp_timeout(4));
        for _ in 0..2 {
            for client in scene.clients() {
                assert_eq!(client.next(gateway.address(), HOST).await, staple);
            }
            scene.responder.asked_times(asked).await;
        }
    }
}

/// An answer about another certificate is of no use to anybody.
#[tokio::test]
async fn a_reload_with_another_certificate_does_not_show_the_answer_about_the_former() {
    let scene = Scene::new().await;
    let mut gateway = scene.start();
    scene.shown(&gateway, 1).await;
    let pki = scene.pki.clone().with_server_asking(&scene.responder.url());
    scene.responder.knows(&pki.server, &pki.root);
    scene.responder.fails();
    gateway.reload(|setup| setup.serving(&pki));
    scene.assert_shows_nothing(&gateway).await;
    scene.responder.asked_times(2).await;
    scene.assert_shows_nothing(&gateway).await;
}

/// That it is revoked is not hidden behind the answer from before.
#[tokio::test]
async fn a_server_that_is_revoked_is_not_said_to_be_good_any_more() {
    let scene = Scene::new().await;
    let mut gateway = scene.start();
    scene.shown(&gateway, 1).await;
    scene
        .responder
        .says(|question: &Question| question.reply(question.revoked()));
    gateway.reload(|setup| setup);
    for client in scene.clients() {
        client.show(gateway.address(), HOST, &[]).await;
    }
}

#[tokio::test]
async fn stapling_begins_and_ends_with_a_reload() {
    let scene = Scene::new().await;
    let setup = scene.setup.clone().with_profile(Profile::off());
    let mut gateway = setup.start();
    scene.assert_shows_nothing(&gateway).await;
    let stapling = Profile::off().with("ocsp_stapling = true");
    gateway.reload(|setup| setup.with_profile(stapling));
    scene.shown(&gateway, 1).await;
    gateway.reload(|setup| setup.with_profile(Profile::off()));
    scene.assert_shows_nothing(&gateway).await;
}
