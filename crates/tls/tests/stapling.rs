//! OCSP answers about the server's own certificate, as clients see them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use portcullis_revocation::{Checker, Destinations, Mode, Policy, Scope, Settings};
use portcullis_test_pki::{Ca, Certified, NOW, after, ocsp};
use portcullis_tls::{
    ClientAuth, OcspStapling, PredefinedPolicy, Profile, ProfileError, ServerCertificate,
    StaplingError, TlsPolicy,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, ServerConnection, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// Answers each question with the next of these OCSP responses, and with nothing after the last.
fn responder(answers: Arc<Mutex<Vec<Vec<u8>>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ocsp", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut octet = [0];
                stream.read_exact(&mut octet).unwrap();
                head.extend(octet);
            }
            let mut answers = answers.lock().unwrap();
            if answers.is_empty() {
                continue;
            }
            let answer = answers.remove(0);
            let length = answer.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: {length}\r\n\r\n"
            );
            drop(stream.write_all(&[head.as_bytes(), &answer].concat()));
        }
    });
    url
}

struct Scene {
    root: Ca,
    server: Certified,
    profile: Profile,
    checker: Checker,
    answers: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Scene {
    fn new() -> Self {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let root = Ca::root("Root").issue();
        let server = root.server(&["www.contoso.com"]);
        let server = server.ocsp_url(&responder(Arc::clone(&answers))).issue();
        let profile = profile(&server.pem_with(&[&root]), &server).unwrap();
        let provider = Box::leak(Box::new(aws_lc_rs::default_provider()));
        let algorithms = provider.signature_verification_algorithms.all;
        let settings = Settings::new(algorithms, Destinations::LoopbackToo);
        Self {
            root,
            server,
            profile,
            checker: Checker::new(settings, Policy::new(Mode::HardFail, Scope::Leaf)),
            answers,
        }
    }

    fn good(&self, now: UnixTime) -> Vec<u8> {
        let answer = ocsp::good(&self.server, &self.root)
            .this_update(now)
            .produced_at(now);
        answer.next_update(after(now, 3600)).issue()
    }

    fn will_answer(&self, answer: Vec<u8>) {
        self.answers.lock().unwrap().push(answer);
    }

    /// When it wants to be called again, and how it failed.
    async fn refresh(&self, now: UnixTime) -> (u64, Option<&'static str>) {
        let stapler = self.profile.stapler().unwrap();
        let (due, failure) = stapler.refresh(&self.checker, now).await;
        let failure = failure.map(|failure| failure.code());
        (due.as_secs() - NOW.as_secs(), failure)
    }

    fn stapled(&self) -> Vec<u8> {
        stapled(&self.profile)
    }
}

fn profile(chain: &str, server: &Certified) -> Result<Profile, ProfileError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = server.key_pem();
    let certificate = ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes(), &provider);
    let policy = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
    let policy = policy.resolve(&provider).unwrap();
    Profile::new(
        certificate.unwrap(),
        OcspStapling::On,
        ClientAuth::Off,
        &policy,
    )
}

/// Keeps what the server stapled.
#[derive(Debug, Default)]
struct Keeping(Mutex<Vec<u8>>);

impl ServerCertVerifier for Keeping {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = ocsp_response.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider = aws_lc_rs::default_provider();
        provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// What a handshake staples, the same in both versions of TLS.
fn stapled(profile: &Profile) -> Vec<u8> {
    let [old, new] = [&rustls::version::TLS12, &rustls::version::TLS13].map(|version| {
        let keeping = Arc::new(Keeping::default());
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&keeping) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        let name = ServerName::try_from("www.contoso.com").unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut server = ServerConnection::new(profile.server_config()).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut octets = Vec::new();
            client.write_tls(&mut octets).unwrap();
            server.read_tls(&mut octets.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut octets = Vec::new();
            server.write_tls(&mut octets).unwrap();
            client.read_tls(&mut octets.as_slice()).unwrap();
            client.process_new_packets().unwrap();
        }
        let kept = keeping.0.lock().unwrap();
        kept.clone()
    });
    assert_eq!(old, new);
    new
}

#[tokio::test]
async fn an_answer_is_stapled_and_renewed_from_half_of_its_life_on() {
    let scene = Scene::new();
    assert!(scene.stapled().is_empty());
    let (first, second) = (scene.good(NOW), scene.good(after(NOW, 1800)));
    scene.will_answer(first.clone());
    assert_eq!(scene.refresh(NOW).await, (1800, None));
    assert_eq!(scene.stapled(), first);
    // Too early: nobody is asked.
    assert_eq!(scene.refresh(after(NOW, 1799)).await, (1800, None));
    scene.will_answer(second.clone());
    assert_eq!(scene.refresh(after(NOW, 1800)).await, (3600, None));
    assert_eq!(scene.stapled(), second);
}

#[tokio::test]
async fn while_the_responder_is_down_the_last_answer_is_stapled_until_it_ends() {
    let scene = Scene::new();
    let answer = scene.good(NOW);
    scene.will_answer(answer.clone());
    scene.refresh(NOW).await;
    let down = Some("responder_unreachable");
    assert_eq!(scene.refresh(after(NOW, 1800)).await, (1860, down));
    assert_eq!(scene.stapled(), answer);
    assert_eq!(scene.refresh(after(NOW, 3590)).await, (3600, down));
    assert_eq!(scene.stapled(), answer);
    let again = scene.refresh(after(NOW, 3600)).await;
    assert!(again.1.is_some());
    assert!(scene.stapled().is_empty());
}

#[tokio::test]
async fn who_takes_over_shows_the_answer_until_it_ends_and_asks_anew_at_once() {
    let former = Scene::new();
    let answer = former.good(NOW);
    former.will_answer(answer.clone());
    former.refresh(NOW).await;
    let chain = former.server.pem_with(&[&former.root]);
    let (down, now) = (Some("responder_unreachable"), after(NOW, 100));
    let scene = Scene {
        profile: profile(&chain, &former.server).unwrap(),
        ..former
    };
    let stapler = scene.profile.stapler().unwrap();
    stapler.take_over(former.profile.stapler().unwrap());
    assert_eq!(scene.stapled(), answer);
    assert_eq!(scene.refresh(now).await, (160, down));
    assert_eq!(scene.stapled(), answer);
    assert!(scene.refresh(after(NOW, 3601)).await.1.is_some());
    assert!(scene.stapled().is_empty());
    // There is nothing left to take over, and nothing is taken from it.
    former.profile.stapler().unwrap().take_over(stapler);
    assert_eq!(stapled(&former.profile), answer);
}

#[tokio::test]
async fn the_answer_about_another_certificate_is_not_taken_over() {
    let former = Scene::new();
    former.will_answer(former.good(NOW));
    former.refresh(NOW).await;
    let renewed = former.root.server(&["www.contoso.com"]).issue();
    let profile = profile(&renewed.pem_with(&[&former.root]), &renewed).unwrap();
    let former = former.profile.stapler().unwrap();
    profile.stapler().unwrap().take_over(former);
    assert!(stapled(&profile).is_empty());
}

#[tokio::test]
async fn nothing_but_good_is_stapled_and_a_revocation_ends_what_is() {
    let scene = Scene::new();
    for (answer, code) in [
        (
            ocsp::unknown(&scene.server, &scene.root).issue(),
            "certificate_unknown",
        ),
        (ocsp::error(3), "ocsp_try_later"),
        (
            ocsp::good(&scene.server, &scene.root)
                .wrong_signature()
                .issue(),
            "ocsp_bad_signature",
        ),
        (
            ocsp::revoked(&scene.server, &scene.root, NOW).issue(),
            "certificate_revoked",
        ),
    ] {
        let scene = Scene {
            answers: Arc::clone(&scene.answers),
            profile: profile(&scene.server.pem_with(&[&scene.root]), &scene.server).unwrap(),
            checker: scene.checker.clone(),
            root: scene.root.clone(),
            server: scene.server.clone(),
        };
        scene.will_answer(answer.clone());
        assert_eq!(scene.refresh(NOW).await, (60, Some(code)));
        assert!(scene.stapled().is_empty());

        scene.will_answer(scene.good(after(NOW, 60)));
        scene.refresh(after(NOW, 60)).await;
        assert!(!scene.stapled().is_empty());
        scene.will_answer(answer);
        scene.refresh(after(NOW, 1900)).await;
        assert_eq!(
            scene.stapled().is_empty(),
            code == "certificate_revoked",
            "{code}"
        );
    }
}

#[test]
fn without_the_certificate_of_the_issuer_there_is_nothing_to_staple() {
    let root = Ca::root("Root").issue();
    let server = root.server(&["www.contoso.com"]).issue();
    let stapling = |chain: &str| match profile(chain, &server) {
        Err(ProfileError::Stapling(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(stapling(&server.pem()), StaplingError::NoIssuer));
    let other = Ca::root("Other").issue();
    let error = stapling(&server.pem_with(&[&other]));
    assert_eq!(
        error.to_string(),
        "the second certificate is CN=Other, not CN=Root, which issued the first"
    );
}
