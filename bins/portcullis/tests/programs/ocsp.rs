//! `openssl ocsp` over a CA database as the responder that certificates name.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use portcullis_test_pki::Certified;

use crate::curl::{curl_as, expect_refusal};
use crate::gateway::Gateway;
use crate::world::World;

/// A responder of openssl for the world's issuing authority; it ends with the test.
struct Responder {
    child: Child,
    url: String,
}

/// Serial numbers in the database, and one that is not.
const GOOD: [u8; 2] = [0x10, 0x01];
const REVOKED: [u8; 2] = [0x10, 0x02];
const UNKNOWN: [u8; 2] = [0x10, 0x03];

/// Lines of a CA database: status, expiry, revocation, serial number, file, name.
fn database() -> String {
    let mut lines = String::new();
    for (entry, serial) in [
        ("V\t491231235959Z\t", "1001"),
        ("R\t491231235959Z\t200101000000Z,keyCompromise", "1002"),
    ] {
        writeln!(lines, "{entry}\t{serial}\tunknown\t/CN=client").unwrap();
    }
    lines
}

impl Responder {
    fn start(world: &World) -> Self {
        world.write("index.txt", database());
        world.write("issuing.key", world.issuing.key_pem());
        let mut child = Command::new("openssl")
            .args([
                "ocsp",
                "-port",
                "0",
                "-index",
                "index.txt",
                "-CA",
                "issuing.pem",
            ])
            .args([
                "-rsigner",
                "issuing.pem",
                "-rkey",
                "issuing.key",
                "-ndays",
                "1",
            ])
            .current_dir(world.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // "ACCEPT [::]:41234 PID=1234"
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.split_whitespace().nth(1).unwrap();
        let port = address.rsplit(':').next().unwrap();
        Self {
            child,
            url: format!("http://127.0.0.1:{port}/"),
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The world with clients that name a responder of openssl: `good`, `revoked` and `unknown`.
fn world_with_responder() -> (World, Responder) {
    let world = World::new();
    let responder = Responder::start(&world);
    for (name, serial) in [("good", GOOD), ("revoked", REVOKED), ("unknown", UNKNOWN)] {
        world.save(name, &client(&world, &responder, name, &serial));
    }
    (world, responder)
}

fn client(world: &World, responder: &Responder, name: &str, serial: &[u8]) -> Certified {
    world
        .issuing
        .client(name)
        .serial(serial)
        .ocsp_url(&responder.url)
        .issue()
}

fn asking_gateway(world: &World) -> Gateway {
    world.gateway_with("chain.pem", "revocation = \"ocsp\"")
}

#[test]
#[ignore = "needs openssl, curl"]
fn a_certificate_that_openssl_calls_good_passes_the_gateway() {
    let (world, _responder) = world_with_responder();
    let gateway = asking_gateway(&world);
    for _ in 0..2 {
        let said = curl_as(&world, &gateway, "good", &[]);
        assert!(said.stdout.contains(" 200"), "{said:?}");
    }
}

#[test]
#[ignore = "needs openssl, curl"]
fn a_certificate_that_openssl_calls_revoked_is_refused_with_400() {
    let (world, _responder) = world_with_responder();
    let gateway = asking_gateway(&world);
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "revoked", &[]),
        "certificate_revoked",
    );
}

#[test]
#[ignore = "needs openssl, curl"]
fn a_certificate_that_openssl_does_not_know_is_refused_with_400() {
    let (world, _responder) = world_with_responder();
    let gateway = asking_gateway(&world);
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "unknown", &[]),
        "certificate_unknown",
    );
}

#[test]
#[ignore = "needs openssl, curl"]
fn a_certificate_whose_responder_of_openssl_is_gone_is_refused_with_400() {
    let (world, responder) = world_with_responder();
    let gateway = asking_gateway(&world);
    drop(responder);
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "good", &[]),
        "responder_unreachable",
    );
}

#[test]
#[ignore = "needs curl"]
fn a_certificate_that_names_no_responder_is_refused_with_400() {
    let world = World::new();
    let gateway = asking_gateway(&world);
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "alice", &[]),
        "responder_not_named",
    );
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_ask_understands_openssl_with_either_hash_and_with_a_nonce() {
    let (world, _responder) = world_with_responder();
    for (name, status, code) in [
        ("good", "good", 0),
        ("revoked", "revoked", 1),
        ("unknown", "unknown", 1),
    ] {
        let cert = format!("{name}.pem");
        let fixed = [
            "ocsp",
            "ask",
            "--cert",
            &cert,
            "--issuer",
            "issuing.pem",
            "--json",
        ];
        for more in [&[][..], &["--hash", "sha256"], &["--nonce"]] {
            let said = world
                .folder
                .portcullis(&[&fixed[..], more].concat())
                .expect(code)
                .json();
            assert_eq!(said["status"], status, "{more:?}: {said}");
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn ocsp_verify_understands_a_response_that_openssl_saved() {
    let (world, responder) = world_with_responder();
    let saved = crate::program::run(
        world.path(),
        "openssl",
        &[
            "ocsp",
            "-issuer",
            "issuing.pem",
            "-cert",
            "revoked.pem",
            "-url",
            &responder.url,
            "-no_nonce",
            "-noverify",
            "-respout",
            "answer.der",
        ],
        b"",
    );
    assert!(saved.success, "{saved:?}");
    let arguments = [
        "ocsp",
        "verify",
        "--cert",
        "revoked.pem",
        "--issuer",
        "issuing.pem",
        "--response",
        "answer.der",
        "--json",
    ];
    let said = world.folder.portcullis(&arguments).expect(1).json();
    assert_eq!(said["status"], "revoked");
    assert_eq!(said["revocation_reason"], "keyCompromise");
    assert_eq!(said["revoked_at"], "2020-01-01T00:00:00Z");
}
