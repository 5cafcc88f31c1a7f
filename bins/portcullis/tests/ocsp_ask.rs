//! `portcullis ocsp ask`: a live question, and whom it goes to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[path = "support/command.rs"]
mod command;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use portcullis_test_pki::{Ca, Certified, DAY, ExtendedKeyUsage, before, ocsp};
use rustls::crypto::aws_lc_rs;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use command::{Finished, Folder};

/// A certificate and its issuer, in files. `ocsp ask` lives in the present, and so do they.
struct Scene {
    folder: Folder,
    ca: Ca,
    client: Certified,
}

impl Scene {
    fn new() -> Self {
        Self::with_responder(None)
    }

    /// Where the certificate names a responder, or none.
    fn with_responder(url: Option<&str>) -> Self {
        let ca = Ca::root("Issuing").valid_around(this_moment()).issue();
        let client = ca.client("alice");
        let client = match url {
            Some(url) => client.ocsp_url(url),
            None => client,
        };
        let client = client.issue();
        let folder = Folder::new();
        folder.write("client.pem", client.pem());
        folder.write("ca.pem", ca.pem());
        Self { folder, ca, client }
    }

    fn good(&self) -> ocsp::Response {
        ocsp::good(&self.client, &self.ca)
    }

    fn ask(&self, arguments: &[&str]) -> Finished {
        let fixed = ["ocsp", "ask", "--cert", "client.pem", "--issuer", "ca.pem"];
        let arguments = [&fixed[..], &["--json"], arguments].concat();
        self.folder.portcullis(&arguments)
    }

    /// The reason of a refusal.
    #[track_caller]
    fn refusal(&self, arguments: &[&str]) -> String {
        let said = self.ask(arguments).expect(1).json();
        assert_eq!(said["status"], "refused", "{said}");
        said["reason"].as_str().unwrap().to_owned()
    }
}

fn this_moment() -> u64 {
    std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs()
}

/// A responder that gives these answers, the first first, and then nobody is there.
struct Responder {
    listener: TcpListener,
    questions: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Responder {
    fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            questions: Arc::default(),
        }
    }

    /// One that gives this answer.
    fn of(answer: Vec<u8>) -> Self {
        let responder = Self::new();
        responder.answers(vec![answer]);
        responder
    }

    fn url(&self) -> String {
        format!("http://{}/", self.listener.local_addr().unwrap())
    }

    fn answers(&self, answers: Vec<Vec<u8>>) {
        self.serve(answers, Ok);
    }

    /// As [`Self::answers`], by TLS.
    fn answers_by_tls(&self, server: &Certified, answers: Vec<Vec<u8>>) {
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![server.der.clone()], server.private_key_der());
        let config = Arc::new(config.unwrap());
        self.serve(answers, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config));
            Ok(StreamOwned::new(
                connection.map_err(io::Error::other)?,
                stream,
            ))
        });
    }

    fn serve<S: Read + Write>(
        &self,
        answers: Vec<Vec<u8>>,
        open: impl Fn(TcpStream) -> io::Result<S> + Send + 'static,
    ) {
        let listener = self.listener.try_clone().unwrap();
        let questions = Arc::clone(&self.questions);
        thread::spawn(move || {
            for answer in answers {
                let stream = listener.accept().and_then(|(stream, _)| open(stream));
                // Whoever does not like this responder's certificate hangs up.
                drop(stream.and_then(|stream| exchange(stream, &answer, &questions)));
            }
        });
    }

    fn asked(&self) -> usize {
        self.questions.lock().unwrap().len()
    }
}

/// Keeps the question, then answers it: whoever has the answer finds the question kept.
fn exchange(
    mut stream: impl Read + Write,
    answer: &[u8],
    questions: &Mutex<Vec<Vec<u8>>>,
) -> io::Result<()> {
    let mut question = vec![0; 4096];
    let length = stream.read(&mut question)?;
    question.truncate(length);
    questions.lock().unwrap().push(question);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/ocsp-response\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(&[head.as_bytes(), answer].concat())?;
    stream.flush()
}

#[test]
fn a_live_responder_is_asked_and_believed() {
    let scene = Scene::new();
    let responder = Responder::of(scene.good().issue());
    let said = scene.ask(&["--url", &responder.url()]).expect(0).json();
    assert_eq!(said["status"], "good");
    assert_eq!(said["url"], responder.url());
}

#[test]
fn a_live_responder_that_says_revoked_is_believed_too() {
    let scene = Scene::new();
    let since = before(scene.client.around(), DAY);
    let responder = Responder::of(ocsp::revoked(&scene.client, &scene.ca, since).issue());
    let arguments = ["--url", &responder.url(), "--hash", "sha256"];
    let said = scene.ask(&arguments).expect(1).json();
    assert_eq!(said["status"], "revoked");
}

#[test]
fn a_responder_that_keeps_no_nonce_is_refused_when_one_is_sent() {
    let scene = Scene::new();
    for (answer, reason) in [
        (scene.good(), "nonce_missing"),
        (scene.good().nonce(&[0x55; 32]), "nonce_mismatch"),
    ] {
        let responder = Responder::of(answer.issue());
        let refusal = scene.refusal(&["--url", &responder.url(), "--nonce"]);
        assert_eq!(refusal, reason);
    }
}

#[test]
fn a_responder_that_is_not_there_is_a_refusal() {
    let scene = Scene::new();
    // The port of this connection is taken, and nobody listens on it.
    let responder = Responder::new();
    let taken = TcpStream::connect(responder.listener.local_addr().unwrap()).unwrap();
    let url = format!("http://{}/", taken.local_addr().unwrap());
    assert_eq!(scene.refusal(&["--url", &url]), "responder_unreachable");
}

#[test]
fn whom_to_ask_must_be_known() {
    let said = Scene::new().ask(&[]).expect(2);
    assert!(said.stderr.contains("names no OCSP responder"), "{said:?}");
}

#[test]
fn the_responder_that_the_certificate_names_is_asked_unless_another_is_given() {
    let (named, given) = (Responder::new(), Responder::new());
    let scene = Scene::with_responder(Some(&named.url()));
    named.answers(vec![scene.good().issue()]);
    given.answers(vec![scene.good().issue()]);
    let said = scene.ask(&[]).expect(0).json();
    assert_eq!(said["url"], named.url());
    let said = scene.ask(&["--url", &given.url()]).expect(0).json();
    assert_eq!(said["url"], given.url());
}

#[test]
fn an_https_responder_is_asked_with_roots_for_it_alone() {
    let scene = Scene::new();
    let house = Ca::root("Web").valid_around(this_moment()).issue();
    scene.folder.write("roots.pem", house.pem());
    let server = house.server(&["127.0.0.1"]).issue();
    let responder = Responder::new();
    responder.answers_by_tls(&server, vec![scene.good().issue(); 2]);
    let url = responder.url().replace("http:", "https:");

    assert_eq!(
        scene.refusal(&["--url", &url]),
        "responder_refused_by_policy"
    );
    assert_eq!(responder.asked(), 0);
    let arguments = ["--url", &url, "--https-roots", "roots.pem"];
    let said = scene.ask(&arguments).expect(0).json();
    assert_eq!(
        (&said["status"], &said["url"]),
        (&"good".into(), &url.as_str().into())
    );

    // These are not its roots.
    let arguments = ["--url", &url, "--https-roots", "ca.pem"];
    assert_eq!(scene.refusal(&arguments), "responder_unreachable");
}

#[test]
fn an_https_responder_of_another_name_is_not_asked() {
    let scene = Scene::new();
    let house = Ca::root("Web").valid_around(this_moment()).issue();
    scene.folder.write("roots.pem", house.pem());
    let server = house.server(&["ocsp.contoso.com"]).issue();
    let responder = Responder::new();
    responder.answers_by_tls(&server, vec![scene.good().issue()]);
    let url = responder.url().replace("http:", "https:");
    let arguments = ["--url", &url, "--https-roots", "roots.pem"];
    assert_eq!(scene.refusal(&arguments), "responder_unreachable");
    assert_eq!(responder.asked(), 0);
}

#[test]
fn roots_that_cannot_be_read_are_exit_code_2() {
    let scene = Scene::new();
    scene.folder.write("garbage.pem", "garbage");
    for (file, words) in [
        ("absent.pem", "cannot read absent.pem"),
        ("garbage.pem", ""),
    ] {
        let arguments = ["--url", "https://a/", "--https-roots", file];
        let said = scene.ask(&arguments).expect(2);
        assert!(said.stderr.contains(words), "{said:?}");
        assert!(said.stderr.contains(file), "{said:?}");
    }
}

#[test]
fn a_proxy_is_told_the_whole_url() {
    let scene = Scene::new();
    let proxy = Responder::of(scene.good().issue());
    let arguments = ["--url", "http://ocsp.invalid/a", "--proxy", &proxy.url()];
    let said = scene.ask(&arguments).expect(0).json();
    assert_eq!(said["status"], "good");
    let questions = proxy.questions.lock().unwrap();
    let question = String::from_utf8_lossy(&questions[0]);
    assert!(
        question.starts_with("GET http://ocsp.invalid/a/"),
        "{question}"
    );
}

#[test]
fn what_is_no_proxy_is_exit_code_2() {
    let scene = Scene::new();
    for proxy in ["https://a/", "a:80", "http://u:p@a/", "http://a/b", ""] {
        let said = scene
            .ask(&["--url", "http://a/", "--proxy", proxy])
            .expect(2);
        assert!(said.stderr.contains("--proxy"), "{said:?}");
    }
}

/// A delegate without `id-pkix-ocsp-nocheck`, whose certificate names this responder.
fn delegate(scene: &Scene, url: &str) -> Certified {
    let delegate = scene.ca.leaf("Delegate").ocsp_url(url);
    let signing = [ExtendedKeyUsage::OcspSigning];
    delegate.extended_key_usage(&signing).issue()
}

#[test]
fn a_delegate_that_names_a_responder_is_asked_about_there() {
    let (named, of_delegate) = (Responder::new(), Responder::new());
    let scene = Scene::with_responder(Some(&named.url()));
    let delegate = delegate(&scene, &of_delegate.url());
    let answer = scene.good().delegate(&delegate).issue();
    let since = before(scene.client.around(), DAY);
    named.answers(vec![answer; 3]);
    of_delegate.answers(vec![
        ocsp::good(&delegate, &scene.ca).issue(),
        ocsp::revoked(&delegate, &scene.ca, since).issue(),
    ]);
    let said = scene.ask(&[]).expect(0).json();
    assert_eq!(
        (&said["status"], &said["url"]),
        (&"good".into(), &named.url().into())
    );
    assert_eq!(scene.refusal(&[]), "unauthorised_responder");
    assert_eq!((named.asked(), of_delegate.asked()), (2, 2));
}

/// Nobody vouches for the delegate.
#[test]
fn a_delegate_whose_responder_is_not_there_is_refused() {
    let named = Responder::new();
    let scene = Scene::with_responder(Some(&named.url()));
    let nobody = Responder::new();
    let taken = TcpStream::connect(nobody.listener.local_addr().unwrap()).unwrap();
    let delegate = delegate(&scene, &format!("http://{}/", taken.local_addr().unwrap()));
    named.answers(vec![scene.good().delegate(&delegate).issue()]);
    assert_eq!(scene.refusal(&[]), "unauthorised_responder");
}

/// `--url` says whom to ask, about a delegate too.
#[test]
fn a_delegate_is_asked_about_where_the_command_says_whom_to_ask() {
    let scene = Scene::new();
    let (given, of_delegate) = (Responder::new(), Responder::new());
    let delegate = delegate(&scene, &of_delegate.url());
    given.answers(vec![
        scene.good().delegate(&delegate).issue(),
        ocsp::good(&delegate, &scene.ca).issue(),
    ]);
    let said = scene.ask(&["--url", &given.url()]).expect(0).json();
    assert_eq!(said["status"], "good");
    assert_eq!((given.asked(), of_delegate.asked()), (2, 0));
}
