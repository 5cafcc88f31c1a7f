//! The checker against `openssl ocsp` as the responder, over the database of a certification authority.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use portcullis_chain::{Anchors, Purpose, verify};
use portcullis_revocation::{
    Checker, Destinations, Mode, Policy, Refused, Scope, Settings, Source, Verdict,
};
use portcullis_test_pki::{Ca, Certified};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;

/// A database with a valid certificate, number 10, and a revoked one, number 11.
const INDEX: &str = "\
V\t491231235959Z\t\t10\tunknown\t/CN=alice
R\t491231235959Z\t260101000000Z,keyCompromise\t11\tunknown\t/CN=bob
";

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("portcullis-revocation-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// `openssl ocsp -port`, until it is dropped.
struct OpensslResponder {
    process: Child,
    port: u16,
}

impl OpensslResponder {
    /// Answers about what `authority` issued, in the name and with the key of `signer`.
    fn start(folder: &Path, authority: &Path, signer: &Path, key: &Path) -> Self {
        let mut process = Command::new("openssl")
            .args(["ocsp", "-port", "0", "-nmin", "5", "-index"])
            .arg(folder)
            .arg("-CA")
            .arg(authority)
            .arg("-rsigner")
            .arg(signer)
            .arg("-rkey")
            .arg(key)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        // ACCEPT [::]:44839 PID=19879
        let address = said.split(' ').nth(1).unwrap_or_else(|| panic!("{said}"));
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        Self { process, port }
    }
}

impl Drop for OpensslResponder {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn settings() -> Settings {
    Settings::new(algorithms(), Destinations::Any)
}

fn algorithms() -> &'static [&'static dyn rustls_pki_types::SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

async fn check(checker: &Checker, root: &Ca, client: &Certified) -> Result<Verdict, Refused> {
    let anchors = Anchors::new(vec![root.der.clone()], vec![]).unwrap();
    let leaf = Certificate::parse(&client.der).unwrap();
    let now = UnixTime::now();
    let policy = portcullis_chain::Policy::new(Purpose::ClientAuth, algorithms());
    let chain = verify(&leaf, &[], &anchors, &policy, now).unwrap();
    checker.check(&chain, now).await
}

/// Good, revoked and unknown by this signer, asked at a URL that ends so.
async fn ask_openssl(name: &str, root: &Ca, signer: &Certified, path: &str) {
    let folder = Folder::new(name);
    let index = folder.write("index.txt", INDEX);
    let authority = folder.write("authority.pem", &root.pem());
    let certificate = folder.write("signer.pem", &signer.pem());
    let key = folder.write("key.pem", &signer.key_pem());
    let responder = OpensslResponder::start(&index, &authority, &certificate, &key);
    let url = format!("http://127.0.0.1:{}/{path}", responder.port);
    let client = |name, serial| root.client(name).serial(&[serial]).ocsp_url(&url).issue();
    let checker = Checker::new(settings(), Policy::new(Mode::HardFail, Scope::Leaf));

    let alice = client("alice", 0x10);
    let verdict = check(&checker, root, &alice).await.unwrap();
    assert_eq!(verdict.source(), Source::Fetched);
    let lifetime = verdict.valid_until().as_secs() - UnixTime::now().as_secs();
    assert!((280..=300).contains(&lifetime), "{lifetime}");
    let verdict = check(&checker, root, &alice).await.unwrap();
    assert_eq!(verdict.source(), Source::Cached);
    let revoked = check(&checker, root, &client("bob", 0x11))
        .await
        .unwrap_err();
    assert_eq!(
        revoked.to_string(),
        "certificate is revoked since 2026-01-01T00:00:00Z: keyCompromise"
    );
    let unknown = check(&checker, root, &client("carol", 0x12))
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), "certificate_unknown");
}

fn root() -> Ca {
    Ca::root("Root")
        .valid_around(UnixTime::now().as_secs())
        .issue()
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn the_issuer_answers_by_get() {
    let root = root();
    ask_openssl("get", &root, &root, "").await;
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn the_issuer_answers_by_post() {
    let root = root();
    ask_openssl("post", &root, &root, &"long/".repeat(50)).await;
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn a_delegate_answers() {
    let root = root();
    let delegate = root.ocsp_responder("Responder").issue();
    ask_openssl("delegate", &root, &delegate, "").await;
}
