//! What holds for any text that somebody calls a configuration.

use portcullis_model::{Diagnostic, Severity, diagnose, parse};

/// Reading ends, says the same again and says it printably, at a place that is in the text; a gateway comes of a
/// text without problems and of no other.
pub fn property(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    let diagnosis = diagnose(text);
    let said = |problems: &[Diagnostic]| -> Vec<String> {
        let lines = problems.iter();
        lines
            .map(|problem| problem.display("p.toml".as_ref()).to_string())
            .collect()
    };
    for diagnostic in diagnosis.problems.iter().chain(&diagnosis.gateway.warnings) {
        check(diagnostic, text);
    }
    let errors = |problem: &&Diagnostic| problem.problem.severity() == Severity::Error;
    assert!(diagnosis.problems.iter().all(|problem| errors(&problem)));
    match parse(text) {
        Ok(gateway) => {
            assert!(diagnosis.problems.is_empty());
            assert_eq!(said(&gateway.warnings), said(&diagnosis.gateway.warnings));
            consistent(&gateway);
        }
        Err(problems) => assert_eq!(said(&problems), said(&diagnosis.problems)),
    }
}

fn check(diagnostic: &Diagnostic, text: &str) {
    let line = diagnostic.display("p.toml".as_ref()).to_string();
    assert!(!line.contains(char::is_control), "{line:?}");
    if let Some(span) = diagnostic.span() {
        assert!(text.get(span.clone()).is_some(), "{span:?}: {line}");
    }
    if let Some(location) = diagnostic.place.location {
        let before = text.get(..location.offset).unwrap_or_default();
        let lines = before.matches('\n').count();
        assert_eq!(location.line.checked_sub(1), Some(lines), "{line}");
    }
}

/// Each listener that a gateway has can be found by each of its hosts, and where certificates are judged there is
/// something to judge them by.
fn consistent(gateway: &portcullis_model::Gateway) {
    for listener in &gateway.listeners {
        assert!(!listener.name.value.is_empty());
        assert!((1..=20_000).contains(&listener.rule.priority.value));
    }
    for profile in &gateway.tls_profiles {
        if let portcullis_model::ClientAuth::Required(trust)
        | portcullis_model::ClientAuth::Optional(trust) = &profile.client_auth
        {
            assert!(!trust.certificates.is_empty());
        }
    }
    for pool in &gateway.pools {
        assert!(!pool.targets.is_empty());
    }
}
