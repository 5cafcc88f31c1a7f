//! `portcullis verify` and `openssl verify` about certificates that OpenSSL made.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::gateway::portcullis;
use crate::program::run;
use crate::scratch::Scratch;

/// An authority by its key, and how it signs: keys that are for RSASSA-PSS alone are bound to their
/// parameters or are not.
const AUTHORITIES: [&[&str]; 3] = [
    &["-newkey", "rsa-pss", "-sha256"],
    &[
        "-newkey",
        "rsa-pss",
        "-pkeyopt",
        "rsa_pss_keygen_md:sha256",
        "-pkeyopt",
        "rsa_pss_keygen_mgf1_md:sha256",
        "-pkeyopt",
        "rsa_pss_keygen_saltlen:32",
        "-sha256",
    ],
    &[
        "-newkey",
        "rsa-pss",
        "-pkeyopt",
        "rsa_pss_keygen_md:sha384",
        "-pkeyopt",
        "rsa_pss_keygen_mgf1_md:sha384",
        "-pkeyopt",
        "rsa_pss_keygen_saltlen:48",
        "-sha384",
    ],
];

#[test]
#[ignore = "needs openssl"]
fn a_chain_below_a_key_for_pss_alone_is_trusted_by_both() {
    for authority in AUTHORITIES {
        let scratch = Scratch::new();
        let file = |name: &str| scratch.file(name);
        let digest = authority.last().unwrap();
        openssl(&scratch, |command| {
            command.args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=PSS"]);
            command.args(["-sigopt", "rsa_pss_saltlen:digest"]);
            command.args(["-addext", "basicConstraints=critical,CA:TRUE"]);
            command
                .args(authority)
                .args(["-keyout", "ca.key", "-out", "ca.pem"])
        });
        openssl(&scratch, |command| {
            command.args(["req", "-nodes", "-subj", "/CN=alice", "-newkey", "rsa:2048"]);
            command.args(["-keyout", "alice.key", "-out", "alice.csr"])
        });
        openssl(&scratch, |command| {
            command.args(["x509", "-req", "-in", "alice.csr", "-days", "10", digest]);
            command.args(["-sigopt", "rsa_pss_saltlen:digest"]);
            command.args(["-CA", "ca.pem", "-CAkey", "ca.key", "-out", "alice.pem"])
        });
        openssl(&scratch, |command| {
            command.args(["verify", "-CAfile", "ca.pem", "alice.pem"])
        });
        let said = verify(&file("alice.pem"), &file("ca.pem"));
        assert_eq!(said["verdict"], "trusted", "{authority:?}: {said}");
    }
}

fn openssl(scratch: &Scratch, arguments: impl FnOnce(&mut Command) -> &mut Command) {
    let mut command = Command::new("openssl");
    command.current_dir(scratch.file("."));
    let ended = run(arguments(&mut command));
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

fn verify(leaf: &Path, trust: &Path) -> Value {
    let mut command = portcullis();
    command
        .arg("verify")
        .arg(leaf)
        .arg("--trust")
        .arg(trust)
        .arg("--json");
    serde_json::from_str(&run(&mut command).stdout).unwrap()
}
