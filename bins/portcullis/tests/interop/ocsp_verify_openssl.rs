//! `portcullis ocsp verify` and the answers that `openssl ocsp` saves.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::credentials::Credentials;
use crate::ocsp::verify;
use crate::openssl_ca::OpensslCa;
use crate::program::run;
use crate::scratch::Scratch;

#[test]
#[ignore = "needs openssl"]
fn ocsp_verify_understands_a_response_that_openssl_saved() {
    let scene = Scene::new();
    let alice = scene.ca.client("alice").issue();
    let bob = scene.ca.client("bob").issue();
    let good = scene.save("good.der", scene.ca.answer_about(&alice));
    scene.ca.revoke(&alice);
    let revoked = scene.save("revoked.der", scene.ca.answer_about(&alice));

    assert_eq!(scene.verify(&alice, &good, &[])["status"], "good");
    let said = scene.verify(&alice, &revoked, &[]);
    assert_eq!(said["status"], "revoked");
    assert_eq!(said["revocation_reason"], "keyCompromise");
    assert_refused(&scene.verify(&bob, &good, &[]), "wrong_certificate");
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_verify_finds_every_certificate_in_one_answer_of_openssl() {
    let scene = Scene::new();
    let alice = scene.ca.client("alice").issue();
    let bob = scene.ca.client("bob").issue();
    let carol = scene.ca.client("carol").issue_unrecorded();
    let dave = scene.ca.client("dave").issue();
    scene.ca.revoke(&bob);
    let path = |client: &Credentials| client.certificate.to_str().unwrap().to_owned();
    let question = format!(
        "-cert {} -sha256 -cert {} -cert {}",
        path(&alice),
        path(&bob),
        path(&carol)
    );
    let saved = scene.save("saved.der", scene.ca.answer_to(&question, "-nmin 5"));
    for (client, status) in [(&alice, "good"), (&bob, "revoked"), (&carol, "unknown")] {
        let said = scene.verify(client, &saved, &[]);
        assert_eq!(said["status"], status, "{said}");
    }
    assert_refused(&scene.verify(&dave, &saved, &[]), "wrong_certificate");
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_verify_holds_an_answer_of_openssl_to_the_nonce_that_was_sent() {
    let scene = Scene::new();
    let alice = scene.ca.client("alice").issue();
    let (request, nonce) = scene.request_with_nonce(&alice);
    let request = format!("-reqin {}", request.to_str().unwrap());
    let saved = scene.save("saved.der", scene.ca.answer_to(&request, "-nmin 5"));
    assert_eq!(scene.verify(&alice, &saved, &[])["status"], "good");
    let said = scene.verify(&alice, &saved, &["--nonce", &nonce]);
    assert_eq!(said["status"], "good", "{nonce}: {said}");
    let said = scene.verify(
        &alice,
        &saved,
        &["--nonce", "00112233445566778899AABBCCDDEEFF"],
    );
    assert_refused(&said, "nonce_mismatch");

    let certificate = alice.certificate.to_str().unwrap();
    let question = format!("-no_nonce -cert {certificate}");
    let without = scene.save("without.der", scene.ca.answer_to(&question, "-nmin 5"));
    let said = scene.verify(&alice, &without, &["--nonce", &nonce]);
    assert_refused(&said, "nonce_missing");
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_verify_refuses_a_saved_answer_of_openssl_before_and_after_it_holds() {
    let scene = Scene::new();
    let alice = scene.ca.client("alice").issue();
    let question = format!("-cert {}", alice.certificate.to_str().unwrap());
    // The issuer signs, as a delegate's certificate has dates of its own.
    let answer = |lifetime: &str| {
        let options = format!("{lifetime} -rsigner issuing.pem -rkey issuing.key");
        scene.ca.answer_to(&question, &options)
    };
    let saved = scene.save("saved.der", answer("-ndays 1"));
    let lasting = scene.save("lasting.der", answer(""));
    let judge = |response: &Path, options: &[&str]| scene.verify(&alice, response, options);
    for response in [&saved, &lasting] {
        let said = judge(response, &[]);
        let this_update = said["this_update"].as_str().unwrap();
        let then = ["--at", this_update, "--skew", "0", "--max-age", "60"];
        assert_eq!(judge(response, &then)["status"], "good", "{said}");
        let before = ["--at", "2020-01-01T00:00:00Z"];
        assert_refused(&judge(response, &before), "not_yet_valid");
    }
    let said = judge(&saved, &[]);
    let next_update = ["--at", said["next_update"].as_str().unwrap()];
    let aged = [&next_update[..], &["--max-age", "60"]].concat();
    assert_eq!(judge(&saved, &next_update)["status"], "good");
    assert_refused(&judge(&saved, &aged), "too_old");
    assert_refused(&judge(&lasting, &next_update), "too_old");
    let after = ["--at", "2045-01-01T00:00:00Z"];
    assert_refused(&judge(&saved, &after), "expired");
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_verify_believes_a_responder_of_another_ca_only_where_it_is_trusted_by_name() {
    let scene = Scene::new();
    let other = OpensslCa::new(scene.scratch.file("other"), "Fabrikam");
    let alice = scene.ca.client("alice").issue();
    let question = format!("-cert {}", alice.certificate.to_str().unwrap());
    let signer = other.issuing();
    let key = signer.with_extension("key");
    let (signer, key) = (signer.to_str().unwrap(), key.to_str().unwrap());
    // The last signer named counts.
    let signed = format!("-nmin 5 -rsigner {signer} -rkey {key}");
    let saved = scene.save("saved.der", scene.ca.answer_to(&question, &signed));
    let said = scene.verify(&alice, &saved, &[]);
    assert_refused(&said, "unauthorised_responder");
    let said = scene.verify(&alice, &saved, &["--trusted-responder", signer]);
    assert_eq!(said["status"], "good", "{said}");
}

#[track_caller]
fn assert_refused(said: &Value, reason: &str) {
    assert_eq!(said["status"], "refused", "{said}");
    assert_eq!(said["reason"], reason, "{said}");
}

/// A CA of OpenSSL and a place for what it answers.
struct Scene {
    ca: OpensslCa,
    scratch: Scratch,
}

impl Scene {
    fn new() -> Self {
        let scratch = Scratch::new();
        let ca = OpensslCa::new(scratch.file("ca"), "Contoso");
        Self { ca, scratch }
    }

    fn save(&self, name: &str, answer: Vec<u8>) -> PathBuf {
        self.scratch.write(name, answer)
    }

    #[track_caller]
    fn verify(&self, client: &Credentials, response: &Path, options: &[&str]) -> Value {
        verify(&client.certificate, &self.ca.issuing(), response, options)
    }

    /// A request of OpenSSL in a file, and its nonce in hexadecimal.
    fn request_with_nonce(&self, client: &Credentials) -> (PathBuf, String) {
        let file = self.scratch.file("request.der");
        let mut command = Command::new("openssl");
        command.args(["ocsp", "-nonce", "-req_text", "-issuer"]);
        command.arg(self.ca.issuing()).arg("-cert");
        command.arg(&client.certificate).arg("-reqout").arg(&file);
        let text = run(&mut command).succeeded();
        let (_, nonce) = text.split_once("OCSP Nonce:").unwrap();
        // Shown is the OCTET STRING: a tag, a length, and the nonce.
        let nonce = nonce.split_whitespace().next().unwrap();
        (file, nonce.strip_prefix("0410").unwrap().to_owned())
    }
}
