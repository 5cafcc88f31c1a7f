//! Who may pass: what is said is read back, and nothing that is wrong lets everybody in.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use portcullis_model::{Action, Authorization, Diagnostic, diagnose, parse};

const BASE: &str = r#"
[[listener]]
name = "one"
bind = "0.0.0.0:443"
tls_profile = "mutual"

[tls_profile.mutual]
certificate = { pem = "server.pem", key = "server.key" }
client_auth = "required"
trusted_client_certificates = ["a.pem"]
revocation = "off"

[[rule]]
name = "one"
priority = 10
listener = "one"
path_map = "site"
authorization = "staff"

[path_map.site]
default_pool = "web"

[[path_map.site.rule]]
name = "admin"
paths = ["/admin*"]
pool = "web"
authorization = "staff"

[pool.web]
targets = ["10.0.0.1:80"]

[authorization.staff]
"#;

const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

fn shown(problems: &[Diagnostic]) -> Vec<String> {
    let lines = problems
        .iter()
        .map(|problem| problem.display(Path::new("p.toml")).to_string());
    lines.collect()
}

fn read(lines: &str) -> Authorization {
    let text = format!("{BASE}{lines}\n");
    let gateway = parse(&text).unwrap_or_else(|problems| panic!("{:#?}", shown(&problems)));
    let rule = &gateway.listeners[0].rule;
    assert_eq!(rule.authorization.as_ref().unwrap().name, "staff");
    let Action::Paths(map) = &rule.action else {
        panic!("a path map");
    };
    assert!(map.rules[0].authorization.is_some());
    Authorization::clone(&gateway.authorizations[0])
}

fn only_in(text: &str, expected: &str) {
    let problems = shown(&diagnose(text).problems);
    let [problem] = &problems[..] else {
        panic!("{text}\n{problems:#?}");
    };
    assert!(problem.contains(expected), "{problem}");
}

fn only(lines: &str, expected: &str) {
    only_in(&format!("{BASE}{lines}\n"), expected);
}

#[test]
fn every_demand_is_read_back() {
    let found = read(&format!(
        r#"
require_certificate = true
dns = ["*.contoso.com", "App.Contoso.com"]
email = ["alice@contoso.com", "@contoso.com"]
uri = ["urn:contoso:alice", "spiffe://contoso.com/a"]
ip = ["10.1.2.3", "10.1.2.3/16"]
spiffe_trust_domain = ["contoso.com"]
issuer_dn = ["CN=Issuing CA,O=Contoso"]
subject = {{ O = "Contoso", OU = ["Sales", "IT"], "2.5.4.6" = "DE" }}
policy_oid = ["1.3.6.1.4.1.311.21.8"]
fingerprint_sha256 = ["{HASH}"]
spki_sha256 = ["{}"]
"#,
        ["AB"; 32].join(":")
    ));
    assert!(found.require_certificate);
    assert_eq!(found.dns[1].as_str(), "app.contoso.com");
    assert_eq!(found.email[1].value, "@contoso.com");
    assert_eq!(found.uri[0].value, "urn:contoso:alice");
    assert_eq!(found.ip[0].to_string(), "10.1.2.3/32");
    assert_eq!(found.ip[1].to_string(), "10.1.0.0/16");
    assert_eq!(found.spiffe_trust_domain[0].value, "contoso.com");
    assert_eq!(found.issuer_dn[0].value, "CN=Issuing CA,O=Contoso");
    let subject: Vec<(&str, usize)> = found
        .subject
        .iter()
        .map(|demand| (demand.attribute.as_str(), demand.values.len()))
        .collect();
    assert_eq!(subject, [("O", 1), ("OU", 2), ("2.5.4.6", 1)]);
    let place = &found.subject[1].values[1].place;
    assert_eq!(place.path, "authorization.staff.subject.OU[1]");
    assert_eq!(found.policy_oid.len(), 1);
    assert_eq!(found.fingerprint_sha256[0][..3], [0x00, 0x11, 0x22]);
    assert_eq!(found.fingerprint_sha256[0][31], 0xFF);
    assert_eq!(found.spki_sha256[0].value, [0xAB; 32]);
}

#[test]
fn an_authorization_never_means_everybody() {
    only(
        "",
        "authorization.staff: one of \"require_certificate\", \"dns\",",
    );
    only(
        "require_certificate = false",
        "authorization.staff.require_certificate: unknown value \"false\" (accepted: \"true\")",
    );
    assert!(read("require_certificate = true").require_certificate);
    for empty in [
        "dns = []",
        "dns = [\"\"]",
        "subject = {}",
        "subject = { O = [] }",
        "subject = { O = \"\" }",
        "subject = { O = [\"a\", \"\"] }",
    ] {
        only(empty, "this is empty");
    }
}

#[test]
fn a_mistaken_demand_is_reported_where_it_stands() {
    let short = &HASH[1..];
    let split = "0:0".repeat(22);
    for (line, expected) in [
        (
            "dns = [\"a\", \"a b\"]",
            "dns[1]: \"a b\" is not a DNS name",
        ),
        ("email = [\"alice\"]", "is not an e-mail address"),
        ("email = [\"a@b@c\"]", "is not an e-mail address"),
        ("email = [\"alice@\"]", "is not an e-mail address"),
        ("uri = [\"contoso\"]", "is not a URI"),
        ("uri = [\"1a:b\"]", "is not a URI"),
        ("ip = [\"10.0.0.0/33\"]", "is not a network"),
        (
            "spiffe_trust_domain = [\"Contoso.com\"]",
            "is not a SPIFFE trust domain",
        ),
        (
            "spiffe_trust_domain = [\"spiffe://a\"]",
            "is not a SPIFFE trust domain",
        ),
        ("issuer_dn = [\"Contoso\"]", "is not a distinguished name"),
        (
            "subject = { \"O U\" = \"x\" }",
            "is not an attribute of a name",
        ),
        ("policy_oid = [\"1.2.x\"]", "is not an object identifier"),
        ("policy_oid = [\"3.2\"]", "is not an object identifier"),
        ("policy_oid = [\"1.40\"]", "is not an object identifier"),
        ("policy_oid = [\"1.2.03\"]", "is not an object identifier"),
        ("policy_oid = [\"1\"]", "is not an object identifier"),
        (
            &format!("spki_sha256 = [{short:?}]"),
            "is not a SHA-256 hash",
        ),
        (
            &format!("spki_sha256 = [{split:?}]"),
            "is not a SHA-256 hash",
        ),
        (
            &format!("spki_sha256 = [\"é{}\"]", &HASH[2..]),
            "is not a SHA-256 hash",
        ),
        ("subject = { O = 1 }", "subject.O: this is a whole number"),
        (
            "subject = { O = [1] }",
            "subject.O[0]: this is a whole number",
        ),
        (
            "require_certificate = true\nname = \"x\"",
            "unknown key \"name\"",
        ),
    ] {
        only(line, expected);
    }
}

#[test]
fn nobody_is_authorized_where_no_certificate_is_verified() {
    let judged = "client_auth = \"required\"\ntrusted_client_certificates = [\"a.pem\"]\nrevocation = \"off\"";
    let text = format!("{BASE}require_certificate = true\n");
    for mode in ["off", "passthrough"] {
        let text = text.replace(judged, &format!("client_auth = {mode:?}"));
        let problems = shown(&diagnose(&text).problems);
        assert_eq!(problems.len(), 2, "{problems:#?}");
        for (problem, place) in problems.iter().zip(["rule[0]", "path_map.site.rule[0]"]) {
            let expected = format!(
                "{place}: authorization \"staff\" lets nobody pass: listener \"one\" verifies no certificate"
            );
            assert!(problem.contains(&expected), "{problem}");
        }
    }
    let plain = text.replace("tls_profile = \"mutual\"", "protocol = \"http\"");
    assert_eq!(diagnose(&plain).problems.len(), 2);
    assert!(parse(&text.replace("\"required\"", "\"optional\"")).is_ok());
}

#[test]
fn an_authorization_that_is_named_exists() {
    let text = format!("{BASE}require_certificate = true\n");
    only_in(
        &text.replacen("authorization = \"staff\"", "authorization = \"stuff\"", 1),
        "rule[0].authorization: there is no authorization \"stuff\", did you mean \"staff\"?",
    );
    only_in(
        &text.replacen("authorization = \"staff\"", "authorization = \"\"", 1),
        "rule[0].authorization: this is empty",
    );
}
