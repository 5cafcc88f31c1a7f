//! OpenSSL's client and curl ask `portcullis pki responder`; OpenSSL judges what they are told.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::credentials::Credentials;
use crate::own_ca::{OwnCa, OwnResponder};
use crate::program::{Ended, run};
use crate::scratch::Scratch;

#[test]
#[ignore = "needs openssl"]
fn openssl_is_told_of_several_clients_in_one_answer() {
    let scene = Scene::new();
    for nonce in ["-nonce", "-no_nonce"] {
        let ended = scene.openssl(|command| {
            scene.about_everyone(command.arg(nonce));
            command.args(["-url", &scene.url(""), "-header", "Host=ocsp.example"])
        });
        scene.assert_told_of_everyone(&ended);
    }
}

#[test]
#[ignore = "needs openssl"]
fn openssl_may_name_certificates_by_both_hashes_in_one_request() {
    let scene = Scene::new();
    for hash in ["-sha1", "-sha256"] {
        let ended = scene.openssl(|command| {
            command.arg("-issuer").arg(scene.ca.issuing());
            command.arg("-cert").arg(&scene.alice.certificate);
            // A hash counts for the certificates that follow it.
            command.arg(hash);
            command.arg("-cert").arg(&scene.bob.certificate);
            command.args(["-url", &scene.url("ocsp")])
        });
        assert_told(&ended, &scene.alice, "good");
        assert_told(&ended, &scene.bob, "revoked");
    }
}

#[test]
#[ignore = "needs openssl"]
fn openssl_is_answered_though_it_signs_its_request() {
    let scene = Scene::new();
    let ended = scene.openssl(|command| {
        command.arg("-signer").arg(&scene.alice.certificate);
        command.arg("-signkey").arg(&scene.alice.key);
        scene.about_everyone(command);
        command.args(["-url", &scene.url("")])
    });
    scene.assert_told_of_everyone(&ended);
}

#[test]
#[ignore = "needs curl, openssl"]
fn openssl_believes_what_curl_is_told_by_get_and_by_post() {
    let scene = Scene::new();
    for options in [&["-no_nonce"][..], &["-nonce"], &["-no_nonce", "-sha256"]] {
        let request = scene.request(options);
        for response in [scene.curl_gets(&request), scene.curl_posts(&request)] {
            scene.assert_told_of_everyone(&scene.openssl(|command| {
                scene.about_everyone(command.args(options));
                // It would put a nonce of its own in the place of the one that was sent.
                command.arg("-no_nonce").arg("-reqin").arg(&request);
                command.arg("-respin").arg(&response)
            }));
        }
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn openssl_misses_its_nonce_in_what_curl_was_told_before() {
    let scene = Scene::new();
    let response = scene.curl_posts(&scene.request(&["-nonce"]));
    let another = scene.request(&["-nonce"]);
    let mut command = Command::new("openssl");
    command.args(["ocsp", "-no_nonce", "-reqin"]).arg(&another);
    command.arg("-respin").arg(&response);
    command.arg("-CAfile").arg(scene.ca.chain());
    let ended = run(&mut command);
    assert!(ended.stderr.contains("Nonce Verify error"), "{ended:?}");
}

/// A CA of `portcullis pki` with its responder; of its clients, bob is revoked and carol is another's.
struct Scene {
    ca: OwnCa,
    responder: OwnResponder,
    alice: Credentials,
    bob: Credentials,
    carol: Credentials,
    scratch: Scratch,
}

impl Scene {
    fn new() -> Self {
        let scratch = Scratch::new();
        let ca = OwnCa::without_responder(scratch.file("ca"));
        let other = OwnCa::without_responder(scratch.file("other"));
        let bob = ca.client("bob");
        ca.revoke("bob");
        Self {
            alice: ca.client("alice"),
            bob,
            carol: other.client("carol"),
            responder: ca.responder(300),
            ca,
            scratch,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.responder.port)
    }

    /// What `openssl ocsp` makes of an answer, which must prove itself.
    #[track_caller]
    fn openssl(&self, options: impl FnOnce(&mut Command) -> &mut Command) -> Ended {
        let mut command = Command::new("openssl");
        command.arg("ocsp").arg("-CAfile").arg(self.ca.chain());
        let ended = run(options(&mut command));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stderr.contains("Response verify OK"), "{ended:?}");
        let warned = ended.stderr.to_ascii_lowercase().contains("warning");
        assert!(!warned, "{ended:?}");
        ended
    }

    /// Names the three clients in a request.
    fn about_everyone(&self, command: &mut Command) {
        command.arg("-issuer").arg(self.ca.issuing());
        for client in [&self.alice, &self.bob, &self.carol] {
            command.arg("-cert").arg(&client.certificate);
        }
    }

    #[track_caller]
    fn assert_told_of_everyone(&self, ended: &Ended) {
        assert_told(ended, &self.alice, "good");
        assert_told(ended, &self.bob, "revoked");
        assert_told(ended, &self.carol, "unknown");
        let reason = ended.stdout.contains("Reason: keyCompromise");
        assert!(reason, "{ended:?}");
    }

    /// A request that OpenSSL wrote about the three clients.
    fn request(&self, options: &[&str]) -> PathBuf {
        let file = self.scratch.file("request.der");
        let mut command = Command::new("openssl");
        command.arg("ocsp").args(options);
        self.about_everyone(&mut command);
        run(command.arg("-reqout").arg(&file)).succeeded();
        file
    }

    #[track_caller]
    fn curl_gets(&self, request: &Path) -> PathBuf {
        let base64 = ["base64", "-A", "-in", request.to_str().unwrap()];
        let base64 = run(Command::new("openssl").args(base64)).succeeded();
        let escaped = base64
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        self.curl("GET", &format!("ocsp/{escaped}"), |command| command)
    }

    #[track_caller]
    fn curl_posts(&self, request: &Path) -> PathBuf {
        let body = format!("@{}", request.to_str().unwrap());
        self.curl("POST", "ocsp", |command| {
            command.args(["--header", "Content-Type: application/ocsp-request"]);
            command.args(["--data-binary", &body])
        })
    }

    /// Keeps what curl is answered.
    #[track_caller]
    fn curl(
        &self,
        method: &str,
        path: &str,
        options: impl FnOnce(&mut Command) -> &mut Command,
    ) -> PathBuf {
        let file = self.scratch.file(&format!("{method}.der"));
        let mut command = Command::new("curl");
        command.args(["-q", "--silent", "--show-error", "--fail", "--noproxy", "*"]);
        command.args(["--write-out", "%{method} %{content_type}"]);
        command.arg("--output").arg(&file).arg(self.url(path));
        let said = run(options(&mut command)).succeeded();
        assert_eq!(said, format!("{method} application/ocsp-response"));
        file
    }
}

#[track_caller]
fn assert_told(ended: &Ended, client: &Credentials, status: &str) {
    let line = format!("{}: {status}", client.certificate.display());
    assert!(ended.stdout.contains(&line), "{line} in {ended:?}");
}
