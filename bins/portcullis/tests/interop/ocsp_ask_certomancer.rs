//! `portcullis ocsp ask` and what certomancer answers.

use serde_json::Value;

use crate::certomancer::{Certomancer, Times};
use crate::ocsp::{ask, lifetime};
use crate::scratch::Scratch;

const QUESTIONS: [&[&str]; 4] = [
    &[],
    &["--hash", "sha256"],
    &["--nonce"],
    &["--hash", "sha256", "--nonce"],
];

#[test]
#[ignore = "needs certomancer, openssl"]
fn ocsp_ask_believes_certomancer_for_the_issuer_and_its_delegates() {
    let scene = Scene::new(Times::WholeSeconds);
    for responder in ["issuer", "delegate", "rsa", "ed25519"] {
        for question in QUESTIONS {
            let said = scene.ask("alice", responder, question);
            assert_eq!(said["status"], "good", "{responder} {question:?}: {said}");
            assert_eq!(lifetime(&said), 600, "{responder} {question:?}: {said}");
            let name = said["responder"].as_str().unwrap();
            assert!(name.starts_with("key "), "{responder}: {said}");
        }
    }
}

#[test]
#[ignore = "needs certomancer, openssl"]
fn ocsp_ask_says_why_and_when_certomancer_revoked() {
    let scene = Scene::new(Times::WholeSeconds);
    for question in QUESTIONS {
        let said = scene.ask("bob", "delegate", question);
        assert_eq!(said["status"], "revoked", "{said}");
        assert_eq!(said["revocation_reason"], "keyCompromise", "{said}");
        assert_eq!(said["revoked_at"], "2025-06-01T12:00:00Z", "{said}");
        let said = scene.ask("carol", "issuer", question);
        assert_eq!(said["status"], "revoked", "{said}");
        assert!(said["revocation_reason"].is_null(), "{said}");
        assert_eq!(said["revoked_at"], "2025-06-02T12:00:00Z", "{said}");
    }
}

#[test]
#[ignore = "needs certomancer, openssl"]
fn ocsp_ask_believes_certomancer_without_next_update_and_of_a_root() {
    let scene = Scene::new(Times::WholeSeconds);
    let said = scene.ask("alice", "lasting", &["--nonce"]);
    assert_eq!(said["status"], "good", "{said}");
    assert!(said["next_update"].is_null(), "{said}");
    let said = scene.ask("issuing", "root", &["--nonce"]);
    assert_eq!(said["status"], "good", "{said}");
}

/// It says so of what it did not issue, where other responders say `unknown`.
#[test]
#[ignore = "needs certomancer, openssl"]
fn ocsp_ask_refuses_certomancer_where_it_is_not_authorised() {
    let scene = Scene::new(Times::WholeSeconds);
    for question in QUESTIONS {
        let said = scene.ask("alice", "root", question);
        assert_refused(&said, "unauthorized");
    }
}

/// RFC 6960 section 4.2.2.1 has the times of RFC 5280 section 4.1.2.5.2, which have no fractions.
#[test]
#[ignore = "needs certomancer, openssl"]
fn ocsp_ask_refuses_the_fractions_of_a_second_that_certomancer_writes() {
    let scene = Scene::new(Times::Fractions);
    assert_refused(&scene.ask("alice", "delegate", &[]), "malformed");
}

#[track_caller]
fn assert_refused(said: &Value, reason: &str) {
    assert_eq!(said["status"], "refused", "{said}");
    assert_eq!(said["reason"], reason, "{said}");
}

struct Scene {
    certomancer: Certomancer,
    _scratch: Scratch,
}

impl Scene {
    fn new(times: Times) -> Self {
        let scratch = Scratch::new();
        Self {
            certomancer: Certomancer::start(&scratch, times),
            _scratch: scratch,
        }
    }

    /// Asks one of the responders about a certificate.
    #[track_caller]
    fn ask(&self, name: &str, responder: &str, question: &[&str]) -> Value {
        let issuer = if name == "issuing" { "root" } else { "issuing" };
        let url = self.certomancer.url(responder);
        ask(
            &self.certomancer.certificate(name),
            &self.certomancer.certificate(issuer),
            &[question, &["--url", &url]].concat(),
        )
    }
}
