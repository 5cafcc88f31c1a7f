//! The example configuration: what it says, and that nothing done to it makes the reader panic.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::Path;

use portcullis_model::host::HostName;
use portcullis_model::{
    Action, ClientAuth, Diagnostic, Forward, Gateway, Listener, OnFailure, Problem, Revocation,
    Route,
};
use portcullis_model::{RevocationMode, RevocationScope, ServerCertificate, diagnose, parse};

const TUTORIAL: &str = include_str!("../../../examples/application-gateway-tutorial.toml");

fn shown(problems: &[Diagnostic]) -> String {
    let lines = problems
        .iter()
        .map(|problem| problem.display(Path::new("tutorial.toml")));
    lines.map(|line| format!("{line}\n")).collect()
}

fn tutorial() -> Gateway {
    parse(TUTORIAL).unwrap_or_else(|problems| panic!("{}", shown(&problems)))
}

fn forward(listener: &Listener) -> &Forward {
    let Action::Route(Route::Forward(forward)) = &listener.rule.action else {
        panic!("it forwards");
    };
    forward
}

#[test]
fn the_tutorial_has_neither_problems_nor_warnings() {
    assert_eq!(shown(&tutorial().warnings), "");
}

#[test]
fn the_tutorial_says_what_its_comments_say() {
    let gateway = tutorial();
    let [listener] = &gateway.listeners[..] else {
        panic!("one listener");
    };
    assert_eq!(listener.bind.to_string(), "0.0.0.0:8443");
    let host = HostName::from_authority("WWW.Contoso.com:8443").unwrap();
    assert!(listener.hosts.matches(&host));
    assert!(!listener.hosts.is_any());

    let ServerCertificate::Pem { certificate, key } = &listener.tls_profile().unwrap().certificate
    else {
        panic!("a PEM certificate");
    };
    assert_eq!(certificate.path(), Some(Path::new("www.contoso.com.pem")));
    assert_eq!(
        key.place.path,
        "tls_profile.contoso-mutual-tls.certificate.key"
    );
    let ClientAuth::Required(trust) = &listener.tls_profile().unwrap().client_auth else {
        panic!("required");
    };
    assert_eq!(
        trust.certificates[0].path(),
        Some(Path::new("client-ca-chain.pem"))
    );
    let ocsp = Revocation::Ocsp {
        mode: RevocationMode::HardFail,
        scope: RevocationScope::Leaf,
    };
    assert_eq!(trust.revocation, ocsp);
    assert_eq!(trust.on_failure, OnFailure::Respond);

    let rule = &listener.rule;
    assert_eq!(rule.priority.value, 100);
    let forward = forward(listener);
    assert_eq!(forward.backends[0].to_string(), "127.0.0.1:8080");
    let host = forward.backend_settings.host.named().unwrap();
    assert_eq!(host.as_str(), "backend.contoso.com");
}

#[test]
fn the_tutorial_sends_all_eight_variables_of_a_client_certificate() {
    let gateway = tutorial();
    let set = forward(&gateway.listeners[0]).rewrite_set.as_ref().unwrap();
    let actions = set.rules[0].request_headers.iter();
    let values: BTreeSet<&str> = actions.map(|action| action.value.as_str()).collect();
    let expected = [
        "{var_client_certificate}",
        "{var_client_certificate_end_date}",
        "{var_client_certificate_fingerprint}",
        "{var_client_certificate_issuer}",
        "{var_client_certificate_serial}",
        "{var_client_certificate_start_date}",
        "{var_client_certificate_subject}",
        "{var_client_certificate_verification}",
    ];
    assert_eq!(values, expected.into());
}

#[test]
fn headers_keep_the_order_of_the_file() {
    let gateway = tutorial();
    let rule = &gateway.rewrite_sets[0].rules[0];
    let names: Vec<&str> = rule
        .request_headers
        .iter()
        .map(|action| action.name.as_str())
        .collect();
    assert_eq!(
        names[..3],
        [
            "X-Client-Certificate",
            "X-Client-Certificate-Verification",
            "X-Client-Certificate-Subject"
        ]
    );
}

/// What holds for every text: an answer, problems at places within the text, in order.
fn check(text: &str) {
    let diagnosis = diagnose(text);
    let problems = &diagnosis.problems;
    let locations: Vec<_> = problems
        .iter()
        .map(|problem| problem.place.location)
        .collect();
    assert!(locations.is_sorted(), "{locations:?}");
    for diagnostic in problems.iter().chain(&diagnosis.gateway.warnings) {
        let message = diagnostic.display(Path::new("tutorial.toml")).to_string();
        assert!(!message.contains(['\n', '\x1b', '\0']), "{message:?}");
        let Some(location) = diagnostic.place.location else {
            assert_eq!(diagnostic.place.path, "", "{message}");
            continue;
        };
        let line = text.split('\n').nth(location.line - 1).unwrap();
        assert!(
            (1..=line.chars().count() + 1).contains(&location.column),
            "{message}"
        );
    }
}

/// The tutorial without its comments, so that a test can afford to look at every character.
fn bare() -> String {
    let lines = TUTORIAL
        .lines()
        .map(|line| line.split('#').next().unwrap().trim_end());
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_prefix_of_the_tutorial_gets_an_answer() {
    let bare = bare();
    parse(&bare).unwrap();
    for end in 0..bare.len() {
        check(&bare[..end]);
    }
}

#[test]
fn every_deletion_of_one_line_gets_an_answer() {
    let lines: Vec<&str> = TUTORIAL.lines().collect();
    for deleted in 0..lines.len() {
        let mut kept = lines.clone();
        kept.remove(deleted);
        check(&kept.join("\n"));
    }
}

#[test]
fn every_line_twice_gets_an_answer() {
    let lines: Vec<&str> = TUTORIAL.lines().collect();
    for doubled in 0..lines.len() {
        let mut kept = lines.clone();
        kept.insert(doubled, lines[doubled]);
        check(&kept.join("\n"));
    }
}

#[test]
fn every_replaced_character_gets_an_answer() {
    for replacement in ["\"", "[", "=", "\n", "\0", "\x1b", "é", "9"] {
        for at in (0..bare().len()).step_by(7) {
            let mut text = bare();
            text.replace_range(at..=at, replacement);
            check(&text);
        }
    }
}

#[test]
fn without_any_line_that_trust_depends_on_there_is_no_gateway() {
    for line in [
        "client_auth =",
        "trusted_client_certificates =",
        "revocation =",
        "certificate =",
    ] {
        let kept: String = TUTORIAL
            .lines()
            .filter(|kept| !kept.starts_with(line))
            .map(|line| format!("{line}\n"))
            .collect();
        let problems = parse(&kept).unwrap_err();
        let [only] = &problems[..] else {
            panic!("{}", shown(&problems));
        };
        let Problem::Missing { key, .. } = only.problem else {
            panic!("{only:?}");
        };
        assert!(line.starts_with(key));
        assert_eq!(only.place.path, "tls_profile.contoso-mutual-tls");
    }
}
