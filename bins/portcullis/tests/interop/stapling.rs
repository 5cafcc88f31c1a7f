//! OCSP answers that the gateway staples to its own certificate, as `openssl s_client -status` sees them.

use std::time::{Duration, Instant};

use crate::backend::Backend;
use crate::configuration::{IDENTITY, Listener, configuration, pem};
use crate::credentials::Credentials;
use crate::gateway::{Gateway, Site};
use crate::openssl_ca::OpensslCa;
use crate::own_ca::OwnCa;
use crate::program::Mark;
use crate::relay::Relay;
use crate::s_client::{Conversation, SClient};
use crate::scene::HOST;
use crate::scratch::Scratch;

#[test]
#[ignore = "needs openssl"]
fn openssl_is_shown_the_answer_of_our_responder() {
    let (scratch, relay) = (Scratch::new(), Relay::start());
    let ca = OwnCa::new(scratch.file("servers"), &relay.url());
    let responder = ca.responder(300);
    relay.pass_on_to(responder.port);
    let scene = Scene::new(scratch, &ca.server(&[HOST]), ca.root());
    scene.assert_staples_good();
    assert_eq!(relay.questions(), 1);
    // Clients that do not ask for it get none.
    assert_eq!(SClient::to(&scene.site).talk().staple(), None);
}

#[test]
#[ignore = "needs openssl"]
fn openssl_is_shown_the_answer_of_its_own_responder() {
    let (scratch, relay) = (Scratch::new(), Relay::start());
    let ca = OpensslCa::new(scratch.file("servers"), "Contoso");
    let server = ca.server(HOST).responder(&relay.url()).issue();
    let responder = ca.responder();
    relay.pass_on_to(responder.port);
    let scene = Scene::new(scratch, &server, ca.root());
    scene.assert_staples_good();
}

#[test]
#[ignore = "needs openssl"]
fn while_the_responder_is_down_the_gateway_serves_without_a_staple_and_says_so() {
    let (scratch, relay) = (Scratch::new(), Relay::start());
    let ca = OwnCa::new(scratch.file("servers"), &relay.url());
    let scene = Scene::new(scratch, &ca.server(&[HOST]), ca.root());
    let words = ["no OCSP answer to staple", "responder_unreachable"];
    scene.gateway.log(Mark::START, &words);
    for version in VERSIONS {
        let conversation = scene.status(version);
        assert_eq!(conversation.staple(), None, "{conversation:#?}");
        conversation.answer().expect_backend();
    }
    // It is asked again at a reload.
    let responder = ca.responder(300);
    relay.pass_on_to(responder.port);
    scene.gateway.reload();
    scene.assert_staples_good();
}

#[test]
#[ignore = "needs openssl"]
fn a_reload_goes_on_stapling_while_the_responder_is_down() {
    let (scratch, relay) = (Scratch::new(), Relay::start());
    let ca = OwnCa::new(scratch.file("servers"), &relay.url());
    let responder = ca.responder(300);
    relay.pass_on_to(responder.port);
    let scene = Scene::new(scratch, &ca.server(&[HOST]), ca.root());
    scene.assert_staples_good();
    drop(responder);
    let mark = scene.gateway.mark();
    scene.gateway.reload();
    scene.gateway.log(mark, &["no OCSP answer to staple"]);
    let conversation = scene.status("-tls1_3");
    assert!(conversation.staple().is_some(), "{conversation:#?}");
}

const VERSIONS: [&str; 2] = ["-tls1_2", "-tls1_3"];

/// A gateway that staples.
struct Scene {
    gateway: Gateway,
    _backend: Backend,
    site: Site,
    _scratch: Scratch,
}

impl Scene {
    fn new(scratch: Scratch, server: &Credentials, root: std::path::PathBuf) -> Self {
        let backend = Backend::start();
        let listener = Listener {
            host: HOST,
            certificate: &pem(server),
            client_auth: "client_auth = \"off\"\nocsp_stapling = true",
            rewrites: IDENTITY,
        };
        let gateway = Gateway::start(&scratch, &configuration(&[listener], backend.address()));
        let site = Site {
            address: gateway.address(),
            host: HOST,
            root,
        };
        Self {
            gateway,
            _backend: backend,
            site,
            _scratch: scratch,
        }
    }

    /// A conversation of a client that asks for the status.
    fn status(&self, version: &str) -> Conversation {
        SClient::to(&self.site)
            .option("-status")
            .option(version)
            .talk()
    }

    /// In both versions of TLS. The first answer comes some time after the start.
    #[track_caller]
    fn assert_staples_good(&self) {
        for version in VERSIONS {
            let deadline = Instant::now() + Duration::from_secs(60);
            let conversation = loop {
                let conversation = self.status(version);
                if conversation.staple().is_some() {
                    break conversation;
                }
                assert!(Instant::now() < deadline, "{conversation:#?}");
            };
            let staple = conversation.staple().unwrap();
            assert!(
                staple.contains("OCSP Response Status: successful (0x0)"),
                "{staple}"
            );
            assert!(staple.contains("Cert Status: good"), "{staple}");
            conversation.answer().expect_backend();
        }
    }
}
