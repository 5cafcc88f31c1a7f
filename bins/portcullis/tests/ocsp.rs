//! `portcullis ocsp verify`: what saved responses prove.
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

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_test_pki::{Ca, Certified, DAY, ExtendedKeyUsage, NOW, after, before, ocsp};
use serde_json::{Value, json};

use command::{Finished, Folder, now, rfc3339};

struct Scene {
    folder: Folder,
    ca: Ca,
    client: Certified,
}

impl Scene {
    fn new() -> Self {
        let ca = Ca::root("Issuing").issue();
        let client = ca.client("alice").issue();
        let folder = Folder::new();
        folder.write("client.pem", client.pem());
        folder.write("ca.pem", ca.pem());
        Self { folder, ca, client }
    }

    fn verify(&self, response: &[u8], arguments: &[&str]) -> Finished {
        self.folder.write("response.der", response);
        let at = now();
        let fixed = [
            "ocsp",
            "verify",
            "--cert",
            "client.pem",
            "--issuer",
            "ca.pem",
            "--response",
            "response.der",
            "--at",
            &at,
        ];
        self.folder.portcullis(&[&fixed[..], arguments].concat())
    }

    fn refusal(&self, response: &[u8]) -> String {
        let said = self.verify(response, &["--json"]).expect(1).json();
        assert_eq!(said["status"], "refused", "{said}");
        said["reason"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_delegate_that_names_a_responder_for_itself_is_refused_with_that_reason() {
    let scene = Scene::new();
    let delegate = scene
        .ca
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning])
        .ocsp_url("http://ocsp.example/delegates")
        .issue();
    let response = ocsp::good(&scene.client, &scene.ca)
        .delegate(&delegate)
        .issue();
    assert_eq!(scene.refusal(&response), "unauthorised_responder");
    let told = scene.verify(&response, &[]).expect(1);
    assert!(
        told.stdout
            .contains("its certificate has no id-pkix-ocsp-nocheck and no good answer about it"),
        "{told:?}"
    );
}

#[test]
fn good_is_exit_code_0_and_says_how_long() {
    let scene = Scene::new();
    let response = ocsp::good(&scene.client, &scene.ca)
        .next_update(after(NOW, DAY))
        .issue();
    let said = scene.verify(&response, &["--json"]).expect(0).json();
    assert_eq!(said["status"], "good");
    assert_eq!(said["next_update"], rfc3339(after(NOW, DAY).as_secs()));
    assert_eq!(said["responder"], "CN=Issuing");
    assert!(said.get("reason").is_none());
    let told = scene.verify(&response, &[]).expect(0);
    assert!(told.stdout.starts_with("good\n"), "{told:?}");
}

#[test]
fn revoked_is_exit_code_1_and_says_since_when() {
    let scene = Scene::new();
    let since = before(NOW, DAY);
    let response = ocsp::revoked(&scene.client, &scene.ca, since).issue();
    let said = scene.verify(&response, &["--json"]).expect(1).json();
    assert_eq!(said["status"], "revoked");
    assert_eq!(said["revoked_at"], rfc3339(since.as_secs()));
}

#[test]
fn unknown_is_exit_code_1() {
    let scene = Scene::new();
    let response = ocsp::unknown(&scene.client, &scene.ca).issue();
    assert_eq!(
        scene.verify(&response, &["--json"]).expect(1).json()["status"],
        "unknown"
    );
}

#[test]
fn what_proves_nothing_is_refused_with_its_own_reason() {
    let scene = Scene::new();
    let (client, ca) = (&scene.client, &scene.ca);
    let other = ca.client("bob").issue();
    let stranger = Ca::root("Stranger").issue();
    for (response, reason) in [
        (b"garbage".to_vec(), "malformed"),
        (ocsp::error(3), "try_later"),
        (ocsp::error(6), "unauthorized"),
        (ocsp::good(&other, ca).issue(), "wrong_certificate"),
        (
            ocsp::good(client, ca).wrong_signature().issue(),
            "bad_signature",
        ),
        (
            ocsp::good(client, ca).delegate(&stranger).issue(),
            "unauthorised_responder",
        ),
        (
            ocsp::good(client, ca)
                .this_update(before(NOW, 2 * DAY))
                .next_update(before(NOW, DAY))
                .issue(),
            "expired",
        ),
        (
            ocsp::good(client, ca).this_update(after(NOW, DAY)).issue(),
            "not_yet_valid",
        ),
    ] {
        assert_eq!(scene.refusal(&response), reason);
    }
}

#[test]
fn a_refusal_tells_a_person_why() {
    let scene = Scene::new();
    let told = scene.verify(&ocsp::error(3), &[]).expect(1);
    assert!(told.stdout.starts_with("refused (try_later): "), "{told:?}");
}

#[test]
fn the_age_that_is_allowed_decides() {
    let scene = Scene::new();
    let response = ocsp::good(&scene.client, &scene.ca)
        .this_update(before(NOW, 2 * DAY))
        .next_update(after(NOW, DAY))
        .issue();
    scene.verify(&response, &[]).expect(0);
    let said = scene
        .verify(&response, &["--max-age", "3600", "--json"])
        .expect(1)
        .json();
    assert_eq!(said["reason"], "too_old");
}

#[test]
fn the_skew_that_is_allowed_decides() {
    let scene = Scene::new();
    let response = ocsp::good(&scene.client, &scene.ca)
        .this_update(after(NOW, 1000))
        .produced_at(after(NOW, 1000))
        .next_update(after(NOW, DAY))
        .issue();
    scene.verify(&response, &[]).expect(1);
    scene.verify(&response, &["--skew", "2000"]).expect(0);
}

#[test]
fn the_nonce_must_be_the_one_that_was_sent() {
    let scene = Scene::new();
    let response = ocsp::good(&scene.client, &scene.ca)
        .nonce(&[0xab; 16])
        .issue();
    scene
        .verify(&response, &["--nonce", &"ab".repeat(16)])
        .expect(0);
    let said = scene
        .verify(&response, &["--nonce", &"cd".repeat(16), "--json"])
        .expect(1)
        .json();
    assert_eq!(said["reason"], "nonce_mismatch");
    let said = scene.verify(&response, &["--nonce", "xyz"]).expect(2);
    assert!(
        said.stderr.contains("expected hexadecimal digits"),
        "{said:?}"
    );
}

#[test]
fn a_responder_of_another_house_is_believed_only_when_it_is_named() {
    let scene = Scene::new();
    let stranger = Ca::root("Stranger").issue();
    let responder = stranger.ocsp_responder("Responder").issue();
    scene.folder.write("responder.pem", responder.pem());
    let response = ocsp::good(&scene.client, &scene.ca)
        .delegate(&responder)
        .issue();
    scene.verify(&response, &[]).expect(1);
    scene
        .verify(&response, &["--trusted-responder", "responder.pem"])
        .expect(0);
}

#[test]
fn unreadable_certificate_files_are_exit_code_2() {
    let scene = Scene::new();
    let response = ocsp::good(&scene.client, &scene.ca).issue();
    scene.folder.write("client.pem", "");
    let said = scene.verify(&response, &[]).expect(2);
    assert!(
        said.stderr
            .starts_with("portcullis: client.pem holds no certificate"),
        "{said:?}"
    );
    scene.folder.write("client.pem", "garbage");
    let said = scene.verify(&response, &[]).expect(2);
    assert!(
        said.stderr
            .starts_with("portcullis: client.pem is malformed: "),
        "{said:?}"
    );
}

fn case(scene: &Scene, id: &str, response: &[u8]) -> Value {
    json!({
        "id": id,
        "cert": BASE64_STANDARD.encode(&scene.client.der),
        "issuer": BASE64_STANDARD.encode(&scene.ca.der),
        "response": BASE64_STANDARD.encode(response),
        "time": NOW.as_secs(),
        "max_age": null,
        "expect": "ignored",
    })
}

#[test]
fn a_batch_answers_each_case_by_its_id() {
    let scene = Scene::new();
    let good = ocsp::good(&scene.client, &scene.ca).issue();
    let revoked = ocsp::revoked(&scene.client, &scene.ca, before(NOW, DAY)).issue();
    let cases = [
        case(&scene, "good", &good),
        case(&scene, "revoked", &revoked),
    ];
    scene
        .folder
        .write("cases.ndjson", format!("{}\n\n{}\n", cases[0], cases[1]));
    let arguments = ["ocsp", "verify", "--batch", "cases.ndjson"];
    let answers = scene.folder.portcullis(&arguments).expect(1).json_lines();
    assert_eq!(answers[0]["id"], "good");
    assert_eq!(answers[0]["status"], "good");
    assert_eq!(answers[1]["id"], "revoked");
    assert_eq!(answers[1]["status"], "revoked");
}
