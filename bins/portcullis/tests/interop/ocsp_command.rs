//! `portcullis ocsp` and `openssl ocsp`, each with what the other says.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::credentials::Credentials;
use crate::gateway::portcullis;
use crate::openssl_ca::OpensslCa;
use crate::program::run;
use crate::relay::Relay;
use crate::scratch::Scratch;

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_understands_openssl_with_either_hash_and_with_a_nonce() {
    let scratch = Scratch::new();
    let relay = Relay::start();
    let ca = OpensslCa::new(scratch.file("ca"), "Contoso");
    let good = ca.client("good").responder(&relay.url()).issue();
    let revoked = ca.client("revoked").responder(&relay.url()).issue();
    let unknown = ca.client("unknown").responder(&relay.url());
    let unknown = unknown.issue_unrecorded();
    ca.revoke(&revoked);
    let responder = ca.responder();
    relay.pass_on_to(responder.port);
    for (client, status, code) in [
        (&good, "good", 0),
        (&revoked, "revoked", 1),
        (&unknown, "unknown", 1),
    ] {
        for options in [&[][..], &["--hash", "sha256"], &["--nonce"]] {
            let said = ocsp("ask", &ca, client, code, |command| command.args(options));
            assert_eq!(said["status"], status, "{options:?}: {said}");
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_verify_understands_a_response_that_openssl_saved() {
    let scratch = Scratch::new();
    let ca = OpensslCa::new(scratch.file("ca"), "Contoso");
    let alice = ca.client("alice").issue();
    let bob = ca.client("bob").issue();
    let good = scratch.write("good.der", ca.answer_about(&alice));
    ca.revoke(&alice);
    let revoked = scratch.write("revoked.der", ca.answer_about(&alice));

    let verify = |client: &Credentials, response: &Path, code: i32| {
        ocsp("verify", &ca, client, code, |command| {
            command.arg("--response").arg(response)
        })
    };
    assert_eq!(verify(&alice, &good, 0)["status"], "good");
    let said = verify(&alice, &revoked, 1);
    assert_eq!(said["status"], "revoked");
    assert_eq!(said["revocation_reason"], "keyCompromise");
    let said = verify(&bob, &good, 1);
    assert_eq!(said["status"], "refused");
    assert_eq!(said["reason"], "wrong_certificate");
}

/// What `portcullis ocsp` says of a client's certificate.
#[track_caller]
fn ocsp(
    action: &str,
    ca: &OpensslCa,
    client: &Credentials,
    code: i32,
    options: impl FnOnce(&mut Command) -> &mut Command,
) -> Value {
    let mut command = portcullis();
    command.args(["ocsp", action, "--json", "--cert"]);
    command.arg(&client.certificate).arg("--issuer");
    let ended = run(options(command.arg(ca.issuing())));
    assert_eq!(ended.code, Some(code), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}
