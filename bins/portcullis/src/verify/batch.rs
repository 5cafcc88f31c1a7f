//! Path cases as JSON lines: suites ask them, and whoever audits a fleet of certificates.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_chain::{AnchorConstraints, AnchorValidity, Anchors, Purpose};
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use serde_json::Value;

use crate::algorithms::Sha1;
use crate::batch::{self, Outcome};
use crate::instant;

use super::answer::{Answer, Explain};
use super::question::{Demands, Question};

/// One line. What grants trust has no default; fields that are not named here are ignored.
#[derive(Debug, Deserialize)]
struct Case {
    id: Value,
    target: String,
    #[serde(default)]
    intermediates: Vec<String>,
    anchors: Vec<String>,
    time: u64,
    eku: String,
    #[serde(default)]
    eku_mode: EkuMode,
    #[serde(default)]
    policy: PolicyDemand,
    max_depth: Option<usize>,
    #[serde(default)]
    allow_sha1: bool,
    min_rsa_bits: Option<usize>,
    anchor_enforce: Option<Vec<String>>,
}

/// How the extended key usage extension is read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EkuMode {
    /// Absent is unrestricted, as RFC 5280 section 4.2.1.12 has it.
    #[default]
    Normal,
    Strict,
    StrictLeaf,
}

/// The inputs of RFC 5280 section 6.1.1 (c) to (f).
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct PolicyDemand {
    initial_policy_set: Vec<String>,
    explicit: bool,
    inhibit_mapping: bool,
    inhibit_any: bool,
}

/// The policy that includes all others, RFC 5280 section 4.2.1.4.
const ANY_POLICY: &str = "2.5.29.32.0";

impl PolicyDemand {
    /// Whether it asks for nothing.
    fn is_none(&self) -> bool {
        let any = self
            .initial_policy_set
            .iter()
            .all(|policy| policy == ANY_POLICY);
        any && !self.explicit && !self.inhibit_mapping && !self.inhibit_any
    }
}

/// Answers every case; the worst outcome is the result.
pub(super) fn run(path: &Path, explain: Explain) -> Result<Outcome, Box<dyn std::error::Error>> {
    batch::run(path, |case: Case| {
        let answer = case.answer(explain)?;
        let outcome = if answer.is_trusted() {
            Outcome::Yes
        } else {
            Outcome::No
        };
        Ok((answer.with_id(case.id), outcome))
    })
}

impl Case {
    fn answer(&self, explain: Explain) -> Result<Answer, String> {
        let purpose = match self.purpose() {
            Some(purpose) => purpose,
            None => return Ok(Answer::unsupported(&format!("eku {}", self.eku))),
        };
        if let Some(demand) = self.unsupported_demand() {
            return Ok(Answer::unsupported(demand));
        }
        let anchors = Anchors::new(decode_all(&self.anchors)?, Vec::new())
            .map_err(|error| crate::chain(&error))?;
        let question = Question {
            leaf: &decode(&self.target)?,
            untrusted: &decode_all(&self.intermediates)?,
            anchors: &anchors,
            demands: self.demands(purpose),
            now: instant::from_seconds(self.time),
        };
        Ok(question.answer(explain))
    }

    fn purpose(&self) -> Option<Purpose> {
        match self.eku.as_str() {
            "any" => Some(Purpose::Any),
            "clientAuth" => Some(Purpose::ClientAuth),
            "serverAuth" => Some(Purpose::ServerAuth),
            "OCSPSigning" => Some(Purpose::OcspSigning),
            _ => None,
        }
    }

    /// A demand that cannot be judged is not met: passing over it would answer "trusted" to another question.
    fn unsupported_demand(&self) -> Option<&'static str> {
        match self.eku_mode {
            EkuMode::Normal if self.policy.is_none() => None,
            EkuMode::Normal => Some("policy"),
            EkuMode::Strict => Some("eku_mode strict"),
            EkuMode::StrictLeaf => Some("eku_mode strict_leaf"),
        }
    }

    /// Whether an anchor's own certificate is held to this; to everything, where the case does not say.
    fn enforces(&self, check: &str) -> bool {
        self.anchor_enforce
            .as_ref()
            .is_none_or(|checks| checks.iter().any(|c| c == check))
    }

    fn demands(&self, purpose: Purpose) -> Demands {
        let modern = Demands::modern(purpose);
        Demands {
            max_depth: self.max_depth,
            anchor_validity: if self.enforces("expiry") {
                AnchorValidity::Enforce
            } else {
                AnchorValidity::Ignore
            },
            anchor_constraints: if self.enforces("constraints") {
                AnchorConstraints::Enforce
            } else {
                AnchorConstraints::Ignore
            },
            sha1: if self.allow_sha1 {
                Sha1::Allow
            } else {
                Sha1::Deny
            },
            least_rsa_bits: self.min_rsa_bits.unwrap_or(modern.least_rsa_bits),
            ..modern
        }
    }
}

fn decode(text: &str) -> Result<CertificateDer<'static>, String> {
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| error.to_string())?;
    Ok(CertificateDer::from(bytes))
}

fn decode_all(texts: &[String]) -> Result<Vec<CertificateDer<'static>>, String> {
    texts.iter().map(|text| decode(text)).collect()
}
