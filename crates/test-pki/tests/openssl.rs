//! What this crate writes, read by `openssl`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use portcullis_test_pki::{
    Algorithm, BasicConstraints, Ca, Certified, Criticality, DAY, ExtendedKeyUsage, NOW, Name,
    Version, before, ocsp,
};

/// Runs openssl on `input`: whether it succeeded, and what it said.
fn openssl(arguments: &[&str], input: &[u8]) -> (bool, String) {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn text_of(certificate: &Certified) -> String {
    let read = ["x509", "-inform", "DER", "-noout", "-text"];
    let (success, text) = openssl(&read, &certificate.der);
    assert!(success, "{text}");
    text
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("portcullis-test-pki-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
#[ignore = "needs openssl"]
fn every_knob_of_a_leaf_is_seen_by_openssl() {
    let root = Ca::root(
        Name::common_name("Root")
            .organization("Contoso")
            .country("DE"),
    )
    .issue();
    let leaf = root
        .client("alice")
        .serial(&[0x80, 0x01])
        .ocsp_url("http://ocsp.example/one")
        .ocsp_url("http://ocsp.example/two")
        .dns("alice.example")
        .ip("2001:db8::1".parse().unwrap())
        .email("alice@example.com")
        .uri("spiffe://example/alice")
        .directory_name("Alice")
        .policies(Criticality::NonCritical, &["1.2.3.4"])
        .extension("1.2.840.99999.1", Criticality::Critical, &[5, 0])
        .issue();
    let text = text_of(&leaf);
    for expected in [
        "Version: 3 (0x2)",
        "Serial Number: 32769 (0x8001)",
        "CN = Root, O = Contoso, C = DE",
        "OCSP - URI:http://ocsp.example/one",
        "OCSP - URI:http://ocsp.example/two",
        "DNS:alice.example, IP Address:2001:DB8:0:0:0:0:0:1, email:alice@example.com, \
         URI:spiffe://example/alice, DirName:/CN=Alice",
        "Policy: 1.2.3.4",
        "1.2.840.99999.1: critical",
        "TLS Web Client Authentication",
        "Digital Signature",
        "CA:FALSE",
        "Not Before: Mar  3 00:00:00 2026 GMT",
        "Not After : Aug 30 00:00:00 2026 GMT",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn version_one_has_no_extensions() {
    let root = Ca::root("Root").version(Version::V1).issue();
    let text = text_of(&root);
    assert!(text.contains("Version: 1 (0x0)"), "{text}");
    assert!(!text.contains("X509v3"), "{text}");
}

#[test]
#[ignore = "needs openssl"]
fn every_key_algorithm_verifies() {
    let folder = Folder::new("algorithms");
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
        Algorithm::Rsa2048Sha384,
        Algorithm::Rsa2048Sha512,
    ] {
        let root = Ca::root("Root").algorithm(algorithm).issue();
        let issuing = root
            .intermediate("Issuing")
            .algorithm(algorithm)
            .path_length(0)
            .issue();
        let leaf = issuing.client("alice").algorithm(algorithm).issue();
        let (trust, untrusted) = (
            folder.write("root", root.pem()),
            folder.write("issuing", issuing.pem()),
        );
        let leaf_file = folder.write("leaf", leaf.pem());
        let at = NOW.as_secs().to_string();
        let verify = [
            "verify",
            "-x509_strict",
            "-attime",
            &at,
            "-purpose",
            "sslclient",
            "-CAfile",
            &trust,
        ];
        let verify = [&verify[..], &["-untrusted", &untrusted, &leaf_file]].concat();
        let (success, text) = openssl(&verify, b"");
        assert!(success, "{algorithm:?}: {text}");

        let (success, text) = openssl(&["pkey", "-noout", "-check"], leaf.key_pem().as_bytes());
        assert!(success, "{algorithm:?}: {text}");
    }
}

/// One certificate for each way to be wrong, and openssl's word for it.
fn wrong_certificates(root: &Ca, not_a_ca: &Ca) -> Vec<(Certified, &'static str)> {
    let other = Ca::root("Root").issue();
    let alice = || root.client("alice");
    vec![
        (alice().expired(), "has expired"),
        (alice().not_yet_valid(), "not yet valid"),
        (alice().wrong_signature(), "signature failure"),
        (alice().signed_by(&other.key), "signature failure"),
        (alice().issuer_name("Nobody"), "unable to get local issuer"),
        (
            alice().extension("1.2.3.4", Criticality::Critical, &[5, 0]),
            "critical",
        ),
        (
            alice().extended_key_usage(&[ExtendedKeyUsage::ServerAuth]),
            "unsuitable certificate purpose",
        ),
        (not_a_ca.client("alice"), "invalid CA certificate"),
    ]
    .into_iter()
    .map(|(builder, expected)| (builder.issue(), expected))
    .collect()
}

#[test]
#[ignore = "needs openssl"]
fn wrong_certificates_are_wrong_for_openssl_too() {
    let folder = Folder::new("wrong");
    let root = Ca::root("Root").issue();
    let not_a_ca = root
        .intermediate("Issuing")
        .basic_constraints(BasicConstraints::Absent)
        .issue();
    let trust = folder.write("root", root.pem());
    let untrusted = folder.write("issuing", not_a_ca.pem());
    let at = NOW.as_secs().to_string();
    for (leaf, expected) in wrong_certificates(&root, &not_a_ca) {
        let leaf = folder.write("leaf", leaf.pem());
        let verify = [
            "verify",
            "-attime",
            &at,
            "-purpose",
            "sslclient",
            "-CAfile",
            &trust,
        ];
        let verify = [&verify[..], &["-untrusted", &untrusted, &leaf]].concat();
        let (success, text) = openssl(&verify, b"");
        assert!(!success && text.contains(expected), "{expected}: {text}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn a_cross_signed_authority_leads_to_both_roots() {
    let folder = Folder::new("cross");
    let (first, second) = (Ca::root("First").issue(), Ca::root("Second").issue());
    let issuing = first.intermediate("Issuing").issue();
    let crossed = second.cross_sign(&issuing).issue();
    let leaf = folder.write("leaf", issuing.client("alice").issue().pem());
    let at = NOW.as_secs().to_string();
    for (root, issuing) in [(&first, &issuing), (&second, &crossed)] {
        let (trust, untrusted) = (
            folder.write("root", root.pem()),
            folder.write("issuing", issuing.pem()),
        );
        let verify = [
            "verify",
            "-attime",
            &at,
            "-CAfile",
            &trust,
            "-untrusted",
            &untrusted,
            &leaf,
        ];
        let (success, text) = openssl(&verify, b"");
        assert!(success, "{text}");
    }
}

/// The identifier of SHA-256, 2.16.840.1.101.3.4.2.1: openssl asks with the hash that it is told.
const SHA256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

/// What `openssl ocsp` says of a response at the wall clock, which its certificates are valid around.
fn openssl_ocsp(
    folder: &Folder,
    leaf: &Certified,
    issuing: &Ca,
    root: &Ca,
    response: &[u8],
) -> (bool, String) {
    let chain = folder.write("chain", issuing.pem_with(&[root]));
    let (issuer, leaf) = (
        folder.write("issuing", issuing.pem()),
        folder.write("leaf", leaf.pem()),
    );
    let hash = if response.windows(SHA256.len()).any(|bytes| bytes == SHA256) {
        "-sha256"
    } else {
        "-sha1"
    };
    let response = folder.write("response", response);
    let ocsp = [
        "ocsp", hash, "-issuer", &issuer, "-cert", &leaf, "-respin", &response,
    ];
    openssl(
        &[
            &ocsp[..],
            &["-CAfile", &chain, "-verify_other", &issuer, "-no_nonce"],
        ]
        .concat(),
        b"",
    )
}

fn wall_clock() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// An issuing authority, its root and a leaf at the wall clock, which `openssl ocsp` reads.
fn chain_of_today() -> (Ca, Ca, Certified) {
    let root = Ca::root("Root").valid_around(wall_clock()).issue();
    let issuing = root.intermediate("Issuing").issue();
    let leaf = issuing.client("alice").issue();
    (root, issuing, leaf)
}

#[test]
#[ignore = "needs openssl"]
fn openssl_believes_the_right_answers() {
    let folder = Folder::new("ocsp-right");
    let (root, issuing, leaf) = chain_of_today();
    let delegate = issuing
        .ocsp_responder("Responder")
        .algorithm(Algorithm::P384)
        .issue();
    let last_week = before(leaf.around(), 7 * DAY);
    let revoked = ocsp::Answer::revoked_for(&leaf, &issuing, last_week, 1);
    let good = || ocsp::good(&leaf, &issuing);
    let cases = [
        (good(), "leaf: good"),
        (good().by_key(), "leaf: good"),
        (good().delegate(&delegate), "leaf: good"),
        (
            good().each(|answer| answer.hash(ocsp::Hash::Sha256)),
            "leaf: good",
        ),
        (good().version(0), "leaf: good"),
        (ocsp::unknown(&leaf, &issuing), "leaf: unknown"),
        (
            ocsp::Response::new(&issuing).answer(revoked),
            "Reason: keyCompromise",
        ),
    ];
    for (response, expected) in cases {
        let answer = openssl_ocsp(&folder, &leaf, &issuing, &root, &response.issue());
        let (success, text) = answer;
        let believed = success && text.contains("Response verify OK");
        assert!(believed && text.contains(expected), "{expected}: {text}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn openssl_sees_what_is_wrong_with_the_wrong_answers() {
    let folder = Folder::new("ocsp-wrong");
    let (root, issuing, leaf) = chain_of_today();
    let stranger = issuing.client("mallory").issue();
    let last_week = before(leaf.around(), 7 * DAY);
    let good = || ocsp::good(&leaf, &issuing);
    let cases = [
        (good().wrong_signature().issue(), "signature failure"),
        (good().delegate(&stranger).issue(), "missing ocspsigning"),
        (
            good().next_update(last_week).issue(),
            "Status times invalid",
        ),
        (
            good().each(|answer| answer.serial(&[9])).issue(),
            "No Status found",
        ),
        (ocsp::error(3), "trylater (3)"),
    ];
    for (response, expected) in cases {
        let answer = openssl_ocsp(&folder, &leaf, &issuing, &root, &response);
        let (_, text) = answer;
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn the_nonce_of_a_request_is_found() {
    let folder = Folder::new("nonce");
    let root = Ca::root("Root").issue();
    let leaf = folder.write("leaf", root.client("alice").issue().pem());
    let (issuer, request) = (
        folder.write("root", root.pem()),
        folder.write("request", ""),
    );
    let ask = [
        "ocsp",
        "-issuer",
        &issuer,
        "-cert",
        &leaf,
        "-nonce",
        "-reqout",
        &request,
        "-req_text",
    ];
    let (success, text) = openssl(&ask, b"");
    assert!(success, "{text}");
    let nonce = ocsp::nonce_of(&std::fs::read(&request).unwrap()).unwrap();
    let hex: String = nonce.iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(text.contains(&hex), "{hex} is missing in {text}");
    assert_eq!(ocsp::nonce_of(b"no request"), None);
}
