//! TLS policies: by a name of Application Gateway, or in full.

use super::{Drafted, Fields, Report, excerpt};
use crate::diagnostic::{Located, Problem};
use crate::gateway::{CustomPolicy, Generation, MinVersion, PredefinedPolicy, TlsPolicy};

pub(super) fn policy(
    name: &'static str,
    fields: &Fields<'_>,
    report: &mut Report,
) -> Drafted<Located<TlsPolicy>> {
    if !fields.has(name) {
        return Drafted::Absent;
    }
    let policy = match fields.choice(name) {
        Some(word) => predefined(word).map(TlsPolicy::Predefined),
        None => fields
            .table(name, report)
            .and_then(|fields| custom(&fields, report))
            .map(TlsPolicy::Custom),
    };
    policy.map_or(Drafted::Reported, |policy| {
        Drafted::Present(Located::new(policy, fields.place_of(name)))
    })
}

fn predefined(word: &str) -> Option<PredefinedPolicy> {
    let mut policies = PredefinedPolicy::ALL.into_iter();
    policies.find(|policy| policy.name() == word)
}

fn custom(fields: &Fields<'_>, report: &mut Report) -> Option<CustomPolicy> {
    let generation = fields.choice("type").map(|word| match word {
        "custom_v2" => Generation::New,
        _ => Generation::Old,
    });
    let min_version = fields.choice("min_version").map(|word| match word {
        "1.3" => MinVersion::Tls13,
        _ => MinVersion::Tls12,
    });
    if generation == Some(Generation::Old) && min_version == Some(MinVersion::Tls13) {
        let (key, value) = ("type", "custom");
        fields.refuse("min_version", Problem::Meaningless { key, value }, report);
    }
    if min_version == Some(MinVersion::Tls12) {
        fields.require("cipher_suites", report);
    }
    Some(CustomPolicy {
        generation: generation?,
        min_version: min_version?,
        cipher_suites: cipher_suites(fields, report)?,
    })
}

/// Their names as far as their letters tell; which of them there are is for the TLS library to say.
fn cipher_suites(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<Located<String>>> {
    if !fields.has("cipher_suites") {
        return Some(Vec::new());
    }
    let suites = fields.texts("cipher_suites", report)?;
    for suite in &suites {
        let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        if !suite.chars().all(legal) {
            let problem = Problem::InvalidText {
                found: excerpt(suite),
                what: "the name of a cipher suite",
                accepted: "a name of IANA or OpenSSL, such as \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"",
            };
            report.push(suite.place.clone(), problem);
        }
    }
    Some(suites)
}
