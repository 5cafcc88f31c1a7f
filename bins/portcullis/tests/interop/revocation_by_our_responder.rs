//! OCSP with `portcullis pki responder`, asked by the gateway and by OpenSSL.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::backend::Backend;
use crate::configuration::{IDENTITY, Listener, configuration, judged, pem};
use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::gateway::{Gateway, Site};
use crate::openssl_ca::OpensslCa;
use crate::own_ca::OwnCa;
use crate::program::{Ended, run};
use crate::relay::Relay;
use crate::s_client::SClient;
use crate::scene::HOST;
use crate::scratch::Scratch;

#[test]
#[ignore = "needs curl, openssl"]
fn a_client_revoked_by_our_pki_is_refused_after_a_reload_that_judges_answers_anew() {
    let scene = Scene::new();
    let responder = scene.clients.responder(300);
    scene.relay.pass_on_to(responder.port);
    let alice = scene.clients.client("alice");
    Curl::to(&scene.site).present(&alice).get().expect_backend();

    scene.clients.revoke("alice");
    Curl::to(&scene.site).present(&alice).get().expect_backend();
    assert_eq!(scene.relay.questions(), 1);
    scene.gateway.reload_with_another_max_age();
    Curl::to(&scene.site)
        .present(&alice)
        .get()
        .expect_refusal("certificate_revoked");
    assert_eq!(scene.relay.questions(), 2);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_client_revoked_by_our_pki_is_refused_when_the_remembered_answer_ends() {
    let scene = Scene::new();
    let responder = scene.clients.responder(1);
    scene.relay.pass_on_to(responder.port);
    let alice = scene.clients.client("alice");
    Curl::to(&scene.site).present(&alice).get().expect_backend();

    scene.clients.revoke("alice");
    let answer = once_refused(|| Curl::to(&scene.site).present(&alice).get());
    answer.expect_refusal("certificate_revoked");
}

/// A session outlives the answer that let it in; the client is judged again when it is resumed.
#[test]
#[ignore = "needs curl, openssl"]
fn a_client_revoked_between_handshake_and_resumption_is_refused_on_the_resumed_session() {
    let scene = Scene::new();
    let responder = scene.clients.responder(1);
    scene.relay.pass_on_to(responder.port);
    for (name, version) in [("alice", "-tls1_2"), ("bob", "-tls1_3")] {
        let client = scene.clients.client(name);
        let session = scene.scratch.file(name);
        let s_client = || SClient::to(&scene.site).present(&client).option(version);
        s_client().keep_session(&session).get().expect_backend();

        scene.clients.revoke(name);
        once_refused(|| Curl::to(&scene.site).present(&client).get());
        let resumed = s_client().resume_session(&session).talk();
        assert!(resumed.is_resumed(), "{version}: {resumed:#?}");
        resumed.answer().expect_refusal("certificate_revoked");
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_recorded_answer_is_refused_when_it_has_expired() {
    let scene = Scene::with(|text| text.replace("[ocsp]", "[ocsp]\nskew = 0"));
    let responder = scene.clients.responder(1);
    scene.relay.pass_on_to(responder.port);
    let alice = scene.clients.client("alice");
    let recording = scene.scratch.file("recording.der");
    let recording_option = ["-no_nonce", "-respout", recording.to_str().unwrap()];
    scene.openssl_ocsp(&alice, &recording_option);

    scene.clients.revoke("alice");
    scene.relay.answer_with(fs::read(recording).unwrap());
    let answer = once_refused(|| Curl::to(&scene.site).present(&alice).get());
    answer.expect_refusal("ocsp_expired");
}

#[test]
#[ignore = "needs openssl"]
fn openssl_believes_our_responder() {
    let scene = Scene::new();
    let responder = scene.clients.responder(300);
    scene.relay.pass_on_to(responder.port);
    let alice = scene.clients.client("alice");
    let bob = scene.clients.client("bob");
    scene.clients.revoke("bob");
    for options in [&["-no_nonce"][..], &["-nonce"], &["-no_nonce", "-sha256"]] {
        let good = scene.openssl_ocsp(&alice, options);
        assert!(good.stderr.contains("Response verify OK"), "{good:?}");
        assert!(good.stdout.contains(": good"), "{good:?}");
        let revoked = scene.openssl_ocsp(&bob, options);
        assert!(revoked.stderr.contains("Response verify OK"), "{revoked:?}");
        assert!(revoked.stdout.contains(": revoked"), "{revoked:?}");
        assert!(
            revoked.stdout.contains("Reason: keyCompromise"),
            "{revoked:?}"
        );
    }
}

/// A gateway with a certificate of OpenSSL before clients of `portcullis pki`, whose responder it asks.
struct Scene {
    gateway: Gateway,
    _backend: Backend,
    relay: Relay,
    clients: OwnCa,
    site: Site,
    scratch: Scratch,
}

impl Scene {
    fn new() -> Self {
        Self::with(|text| text)
    }

    /// With a configuration that is changed before it runs.
    fn with(change: impl FnOnce(String) -> String) -> Self {
        let scratch = Scratch::new();
        let relay = Relay::start();
        let servers = OpensslCa::new(scratch.file("servers"), "Contoso");
        let clients = OwnCa::new(scratch.file("clients"), &relay.url());
        let backend = Backend::start();
        let listener = Listener {
            host: HOST,
            certificate: &pem(&servers.server(HOST).issue()),
            client_auth: &judged("required", &clients.chain(), "ocsp"),
            rewrites: IDENTITY,
        };
        let text = change(configuration(&[listener], backend.address()));
        let gateway = Gateway::start(&scratch, &text);
        let site = Site {
            address: gateway.address(),
            host: HOST,
            root: servers.root(),
        };
        Self {
            gateway,
            _backend: backend,
            relay,
            clients,
            site,
            scratch,
        }
    }

    /// What `openssl ocsp` is told, and makes of it.
    fn openssl_ocsp(&self, client: &Credentials, options: &[&str]) -> Ended {
        let file = |option: &'static str, path: &Path| [option.into(), path.as_os_str().to_owned()];
        let mut command = Command::new("openssl");
        // A hash counts for the certificates that follow it.
        command
            .arg("ocsp")
            .args(options)
            .args(file("-issuer", &self.clients.issuing()))
            .args(file("-cert", &client.certificate))
            .args(file("-CAfile", &self.clients.chain()))
            .args(["-url", &self.relay.url()]);
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }
}

/// The answer when it is no longer 200, which takes the life of a remembered answer.
#[track_caller]
fn once_refused(ask: impl Fn() -> Answer) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = ask();
        if answer.status != 200 {
            return answer;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
    }
}
