//! `portcullis pki`: its files, its exit codes and what it prints.
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

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use command::{Finished, Folder};

/// A folder with an authority whose certificates name this responder.
fn authority() -> Folder {
    let folder = Folder::new();
    let init = [
        "init",
        "--name",
        "Contoso",
        "--ocsp-url",
        "http://127.0.0.1:8888",
    ];
    pki(&folder, &init).expect(0);
    folder
}

fn pki(folder: &Folder, arguments: &[&str]) -> Finished {
    folder.portcullis(&[&["pki"], arguments].concat())
}

#[test]
fn an_authority_is_made_once() {
    let folder = Folder::new();
    let made = pki(
        &folder,
        &["init", "--json", "--ocsp-url", "http://127.0.0.1:8888"],
    )
    .expect(0)
    .json();
    let expected = json!({
        "dir": "pki",
        "root": "pki/root.pem",
        "chain": "pki/chain.pem",
        "ocsp_url": "http://127.0.0.1:8888",
    });
    assert_eq!(made, expected);
    assert!(folder.path().join("pki/issuing.key").exists());

    let again = pki(&folder, &["init"]).expect(1);
    assert!(
        again.stdout.is_empty() && again.stderr.contains("exists already"),
        "{again:?}"
    );
    let again = pki(&folder, &["init", "--json"]).expect(1).json();
    assert_eq!(again["refused"], "already_initialised");
}

#[test]
fn what_is_issued_is_trusted_for_what_it_was_issued_for() {
    let folder = authority();
    pki(&folder, &["issue", "client", "alice"]).expect(0);
    pki(
        &folder,
        &["issue", "server", "www.contoso.com", "127.0.0.1"],
    )
    .expect(0);
    let verify = |leaf: &str, purpose: &str| {
        folder.portcullis(&[
            "verify",
            leaf,
            "--trust",
            "pki/chain.pem",
            "--purpose",
            purpose,
        ])
    };
    verify("pki/alice.pem", "client").expect(0);
    verify("pki/www.contoso.com.pem", "server").expect(0);
    verify("pki/alice.pem", "server").expect(1);
    verify("pki/www.contoso.com.pem", "client").expect(1);
}

#[test]
fn every_answer_has_one_json_object() {
    let folder = authority();
    let issued = pki(
        &folder,
        &["issue", "client", "alice", "--days", "7", "--pfx", "--json"],
    )
    .expect(0)
    .json();
    assert_eq!(issued["name"], "alice");
    assert_eq!(issued["certificate"], "pki/alice.pem");
    assert_eq!(issued["key"], "pki/alice.key");
    assert_eq!(issued["pfx"], "pki/alice.pfx");
    assert_eq!(issued["pfx_password"].as_str().unwrap().len(), 20);
    let serial = issued["serial"].as_str().unwrap();

    let revoke = ["revoke", serial, "--reason", "keyCompromise", "--json"];
    let revoked = pki(&folder, &revoke).expect(0).json();
    assert_eq!(revoked["name"], "alice");
    assert_eq!(revoked["reason"], "keyCompromise");
    assert_eq!(revoked["recorded"], "now");
    let again = pki(&folder, &["revoke", "alice", "--json"])
        .expect(0)
        .json();
    assert_eq!(again["recorded"], "before");
    assert_eq!(again["revoked_at"], revoked["revoked_at"]);
    assert_eq!(again["reason"], "keyCompromise");
}

#[test]
fn no_is_1_and_wrong_usage_is_2() {
    let folder = authority();
    pki(&folder, &["issue", "client", "alice"]).expect(0);
    pki(&folder, &["issue", "client", "alice"]).expect(1);
    pki(&folder, &["revoke", "bob"]).expect(1);
    for usage in [
        &["issue", "client", "../alice"][..],
        &["issue", "client", "root"],
        &["issue", "client", "bob", "--san", "bob"],
        &["issue", "client", "bob", "--days", "0"],
        &["issue", "client", "bob", "--pfx-password", "secret"],
        &[
            "issue",
            "client",
            "bob",
            "--pfx",
            "--pfx-password-file",
            "missing",
        ],
        &["issue", "server"],
        &["issue", "server", "a b"],
        &["revoke", "alice", "--reason", "because"],
        &["--dir", "elsewhere", "issue", "client", "bob"],
        &[
            "--dir",
            "elsewhere",
            "init",
            "--ocsp-url",
            "https://127.0.0.1",
        ],
        &["responder", "--bind", "nowhere"],
    ] {
        let finished = pki(&folder, usage).expect(2);
        assert!(
            finished.stdout.is_empty() && !finished.stderr.is_empty(),
            "{usage:?}: {finished:?}"
        );
    }
    assert!(!folder.path().join("pki/bob.pem").exists());
    folder.write("pki/index.txt", "garbage\n");
    let damaged = pki(&folder, &["revoke", "alice"]).expect(2);
    assert!(damaged.stderr.contains("index.txt:1"), "{damaged:?}");
}

#[test]
fn a_password_that_was_given_is_not_shown() {
    let folder = authority();
    folder.write("password", "s3cret\n");
    let files = [
        "issue",
        "client",
        "alice",
        "--pfx",
        "--pfx-password-file",
        "password",
    ];
    let issued = pki(&folder, &files).expect(0);
    assert!(
        issued.stdout.contains("alice.pfx") && !issued.stdout.contains("s3cret"),
        "{issued:?}"
    );
}

/// The responder as a process, ended when dropped.
struct Responder {
    child: Child,
    url: String,
}

impl Responder {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["pki", "responder", "--bind", "127.0.0.1:0", "--json"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let listening: Value = serde_json::from_str(&line).unwrap();
        let url = format!("http://{}", listening["listening"].as_str().unwrap());
        Self { child, url }
    }

    /// Ends it as an init system would, and gives its exit code.
    fn terminate(mut self) -> Option<i32> {
        let kill = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_responder_tells_of_a_revocation_at_once_and_ends_in_peace() {
    let folder = authority();
    pki(&folder, &["issue", "client", "alice"]).expect(0);
    let responder = Responder::start(&folder);
    let url = responder.url.clone();
    let ask = || {
        let ask = [
            "ocsp",
            "ask",
            "--cert",
            "pki/alice.pem",
            "--issuer",
            "pki/issuing.pem",
        ];
        folder.portcullis(&[&ask[..], &["--url", &url, "--json"]].concat())
    };
    assert_eq!(ask().expect(0).json()["status"], "good");
    pki(&folder, &["revoke", "alice", "--reason", "superseded"]).expect(0);
    let revoked = ask().expect(1).json();
    assert_eq!(revoked["status"], "revoked");
    assert_eq!(revoked["revocation_reason"], "superseded");
    assert_eq!(responder.terminate(), Some(0));
}

#[test]
fn a_responder_without_an_address_asks_for_one() {
    let folder = Folder::new();
    pki(&folder, &["init"]).expect(0);
    let finished = pki(&folder, &["responder"]).expect(2);
    assert!(finished.stderr.contains("--bind"), "{finished:?}");
}
