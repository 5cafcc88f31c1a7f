//! `portcullis ocsp ask` and what `openssl ocsp -port` answers: whoever signs, however long it holds,
//! asked by GET and by POST.

use serde_json::Value;

use crate::credentials::Credentials;
use crate::ocsp::{ask, lifetime};
use crate::openssl_ca::{Leaf, OpensslCa, OpensslResponder, P256};
use crate::relay::Relay;
use crate::scratch::Scratch;

/// How the question is put, and by which method where the URL is short. With both, the URL may end
/// on either side of the 255 octets that a GET has.
const QUESTIONS: [(&[&str], Option<&str>); 4] = [
    (&[], Some("GET")),
    (&["--hash", "sha256"], Some("GET")),
    (&["--nonce"], Some("GET")),
    (&["--hash", "sha256", "--nonce"], None),
];

/// Who signs in which words, and whom the answer is then said to be of.
const SIGNERS: [(&str, &str); 10] = [
    ("-rsigner issuing.pem -rkey issuing.key", "CN=Contoso Issu"),
    (
        "-rsigner issuing.pem -rkey issuing.key -resp_key_id",
        "key ",
    ),
    (
        "-rsigner issuing.pem -rkey issuing.key -resp_no_certs",
        "CN=Contoso Issu",
    ),
    ("-rsigner ocsp.pem -rkey ocsp.key", "CN=Contoso OCSP"),
    ("-rsigner ocsp.pem -rkey ocsp.key -resp_key_id", "key "),
    (
        "-rsigner ocsp.pem -rkey ocsp.key -rmd sha512",
        "CN=Contoso OCSP",
    ),
    ("-rsigner checked.pem -rkey checked.key", "CN=checked"),
    ("-rsigner rsa.pem -rkey rsa.key", "CN=rsa"),
    (
        "-rsigner rsa.pem -rkey rsa.key -rmd sha384 -rsigopt rsa_padding_mode:pss -rsigopt rsa_pss_saltlen:digest",
        "CN=rsa",
    ),
    (
        "-rsigner checked.pem -rkey checked.key -resp_key_id",
        "key ",
    ),
];

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_believes_openssl_for_the_issuer_and_its_delegates_by_get_and_by_post() {
    let scene = Scene::new();
    scene.ca.checked_delegate("checked", P256, "issuing");
    scene.ca.checked_delegate("rsa", RSA, "issuing");
    let good = scene.client("good").issue();
    let revoked = scene.client("revoked").issue();
    let unknown = scene.client("unknown").issue_unrecorded();
    scene.ca.revoke(&revoked);
    for (signer, responder) in SIGNERS {
        let _running = scene.pass_on_to(scene.ca.responder_with(signer));
        for (client, status) in [
            (&good, "good"),
            (&revoked, "revoked"),
            (&unknown, "unknown"),
        ] {
            for (options, method) in QUESTIONS {
                let said = scene.ask(client, options);
                let context = format!("{signer} {options:?}: {said}");
                assert_eq!(said["status"], status, "{context}");
                let name = said["responder"].as_str().unwrap();
                assert!(name.contains(responder), "{context}");
                assert_holds(&said, 300);
                let asked = scene.relay.last_method();
                assert_eq!(method.unwrap_or(&asked), asked, "{context}");

                let by_post = scene.ask_by_post(client, options);
                assert_eq!(by_post["status"], status, "{context}: {by_post}");
            }
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_says_how_long_an_answer_of_openssl_holds() {
    let scene = Scene::new();
    let alice = scene.client("alice").issue();
    for (options, seconds) in [("-nmin 7", 7 * 60), ("-ndays 2", 2 * 86400)] {
        let _running = scene.pass_on_to(scene.ca.responder_for(options, DELEGATE));
        for said in [scene.ask(&alice, &[]), scene.ask_by_post(&alice, &[])] {
            assert_eq!(said["status"], "good", "{said}");
            assert_holds(&said, seconds);
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_believes_a_fresh_answer_without_next_update() {
    let scene = Scene::new();
    let alice = scene.client("alice").issue();
    let _running = scene.pass_on_to(scene.ca.responder_for("", DELEGATE));
    for said in [scene.ask(&alice, &[]), scene.ask_by_post(&alice, &[])] {
        assert_eq!(said["status"], "good", "{said}");
        assert!(said["this_update"].is_string(), "{said}");
        assert!(said["next_update"].is_null(), "{said}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_says_why_and_when_openssl_revoked() {
    let scene = Scene::new();
    let reasons = [
        ("none", "", None),
        ("superseded", "-crl_reason superseded", Some("superseded")),
        ("ca", "-crl_reason CACompromise", Some("cACompromise")),
        (
            "hold",
            "-crl_hold holdInstructionReject",
            Some("certificateHold"),
        ),
        (
            "lost",
            "-crl_compromise 20240229120000Z",
            Some("keyCompromise"),
        ),
    ];
    let clients = reasons.map(|(name, why, _)| {
        let client = scene.client(name).issue();
        scene.ca.revoke_as(&client, why);
        client
    });
    let _running = scene.pass_on_to(scene.ca.responder());
    for (client, (_, why, reason)) in clients.iter().zip(reasons) {
        for said in [scene.ask(client, &[]), scene.ask_by_post(client, &[])] {
            assert_eq!(said["status"], "revoked", "{why}: {said}");
            assert_eq!(said["revocation_reason"].as_str(), reason, "{why}: {said}");
            assert!(said["revoked_at"].is_string(), "{why}: {said}");
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_refuses_a_delegate_of_another_authority_than_the_issuer() {
    let scene = Scene::new();
    scene.ca.checked_delegate("of-root", P256, "root");
    let alice = scene.client("alice").issue();
    for more in ["", "-resp_key_id", "-resp_no_certs"] {
        let signer = format!("-rsigner of-root.pem -rkey of-root.key {more}");
        let _running = scene.pass_on_to(scene.ca.responder_with(&signer));
        let said = scene.ask(&alice, &[]);
        assert_eq!(said["status"], "refused", "{more}: {said}");
        assert_eq!(said["reason"], "unauthorised_responder", "{more}: {said}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_refuses_a_recorded_answer_that_lacks_or_mistakes_the_nonce() {
    let scene = Scene::new();
    let alice = scene.client("alice").issue();
    let certificate = alice.certificate.to_str().unwrap();
    for (nonce, reason) in [("-no_nonce", "nonce_missing"), ("-nonce", "nonce_mismatch")] {
        let question = format!("{nonce} -cert {certificate}");
        let recorded = scene.ca.answer_to(&question, "-nmin 5");
        scene.relay.answer_with(recorded);
        assert_eq!(scene.ask(&alice, &[])["status"], "good", "{nonce}");
        let said = scene.ask(&alice, &["--nonce"]);
        assert_eq!(said["status"], "refused", "{nonce}: {said}");
        assert_eq!(said["reason"], reason, "{nonce}: {said}");
    }
}

/// OpenSSL reads the clock for either end, so that a second may begin in between.
#[track_caller]
fn assert_holds(said: &Value, seconds: i64) {
    assert!((seconds..=seconds + 1).contains(&lifetime(said)), "{said}");
}

const RSA: &str = "RSA -pkeyopt rsa_keygen_bits:2048";

const DELEGATE: &str = "-rsigner ocsp.pem -rkey ocsp.key";

/// A CA of OpenSSL whose clients name a relay as their responder.
struct Scene {
    relay: Relay,
    ca: OpensslCa,
    _scratch: Scratch,
}

impl Scene {
    fn new() -> Self {
        let scratch = Scratch::new();
        Self {
            relay: Relay::start(),
            ca: OpensslCa::new(scratch.file("ca"), "Contoso"),
            _scratch: scratch,
        }
    }

    fn client(&self, name: &'static str) -> Leaf<'_> {
        self.ca.client(name).responder(&self.relay.url())
    }

    /// Has questions answered by a responder for as long as it is kept.
    fn pass_on_to(&self, responder: OpensslResponder) -> OpensslResponder {
        self.relay.pass_on_to(responder.port);
        responder
    }

    /// Asks the responder that the certificate names.
    #[track_caller]
    fn ask(&self, client: &Credentials, options: &[&str]) -> Value {
        ask(&client.certificate, &self.ca.issuing(), options)
    }

    /// Asks at a URL that is too long for a GET.
    #[track_caller]
    fn ask_by_post(&self, client: &Credentials, options: &[&str]) -> Value {
        let url = self.relay.url() + &"long/".repeat(50);
        let said = self.ask(client, &[options, &["--url", &url]].concat());
        assert_eq!(self.relay.last_method(), "POST");
        said
    }
}
