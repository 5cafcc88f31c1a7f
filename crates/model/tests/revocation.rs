//! How certificates are checked for revocation: what is meant where nothing is said, and what is said.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use portcullis_model::{Gateway, Revocation, RevocationMode, RevocationScope, diagnose, parse};

/// A gateway whose TLS profile judges client certificates, with further lines of that profile.
fn judging(lines: &str) -> Gateway {
    gateway(&format!(
        "client_auth = \"required\"\ntrusted_client_certificates = [\"ca.pem\"]\n{lines}\n"
    ))
}

/// A gateway with these lines in its TLS profile, and tables below it.
fn gateway(lines: &str) -> Gateway {
    let text = format!(
        r#"
[pool.web]
targets = ["127.0.0.1:8080"]

[[listener]]
name = "contoso"
bind = "0.0.0.0:8443"
tls_profile = "contoso"

[[rule]]
name = "contoso"
priority = 100
listener = "contoso"
pool = "web"

[tls_profile.contoso]
certificate = {{ pem = "server.pem", key = "server.key" }}
{lines}
"#
    );
    parse(&text).unwrap_or_else(|_| panic!("{:#?}", diagnose(&text).problems))
}

fn revocation(lines: &str) -> Revocation {
    let gateway = judging(lines);
    let trust = gateway.tls_profiles[0].client_auth.trust();
    trust.unwrap().revocation
}

#[test]
fn the_leaf_is_asked_about_and_no_answer_is_a_refusal_unless_said() {
    let expected = Revocation::Ocsp {
        mode: RevocationMode::HardFail,
        scope: RevocationScope::Leaf,
    };
    assert_eq!(revocation("revocation = \"ocsp\""), expected);
    let lines =
        "revocation = \"ocsp\"\nrevocation_mode = \"hard-fail\"\nrevocation_scope = \"leaf\"";
    assert_eq!(revocation(lines), expected);
    assert_eq!(revocation("revocation = \"off\""), Revocation::Off);
}

#[test]
fn modes_and_scopes_are_those_that_are_said() {
    let said = |mode: &str| {
        revocation(&format!(
            "revocation = \"ocsp\"\nrevocation_scope = \"chain\"\nrevocation_mode = {mode}"
        ))
    };
    let chain = |mode| Revocation::Ocsp {
        mode,
        scope: RevocationScope::Chain,
    };
    assert_eq!(said("\"soft-fail\""), chain(RevocationMode::SoftFail));
    assert_eq!(
        said("\"grace\"\nrevocation_grace = 3600"),
        chain(RevocationMode::Grace(Duration::from_secs(3600)))
    );
}

#[test]
fn stapling_is_off_unless_said_and_asks_nothing_of_clients() {
    let stapling = |lines: &str| gateway(lines).tls_profiles[0].ocsp_stapling;
    assert!(!stapling("client_auth = \"off\""));
    for mode in ["off", "passthrough"] {
        for staple in [true, false] {
            let lines = format!("client_auth = {mode:?}\nocsp_stapling = {staple}");
            assert_eq!(stapling(&lines), staple);
        }
    }
    assert!(judging("revocation = \"off\"\nocsp_stapling = true").tls_profiles[0].ocsp_stapling);
}
