//! Path cases as JSON lines: suites ask them, and whoever audits a fleet of certificates.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_chain::{
    AnchorConstraints, AnchorValidity, Anchors, ExtendedKeyUsageRule, IssuanceProfile,
    LeafKeyUsage, Policy, Purpose,
};
use portcullis_x509::{Certificate, Malformed, oid};
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use serde_json::Value;

use crate::algorithms::Sha1;
use crate::batch::{self, Outcome};
use crate::instant;

use super::answer::{Answer, Explain};
use super::question::{self, Floor, Inputs, MODERN, Question};

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
    anchor_enforce: Option<Vec<AnchorCheck>>,
    /// Not of the suites: whether certificates are held to RFC 5280 section 4.
    strict: Option<bool>,
}

/// How the extended key usage extension is read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EkuMode {
    /// Absent is unrestricted, as RFC 5280 section 4.2.1.12 has it.
    #[default]
    Normal,
    /// On leaf and intermediates, exactly.
    Strict,
    /// On the leaf, exactly.
    StrictLeaf,
}

/// A check on an anchor's own certificate. A word that is not known is no case: passing over it would ask less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum AnchorCheck {
    Expiry,
    Constraints,
    BasicConstraints,
}

/// The inputs of RFC 5280 section 6.1.1 (c) and (e) to (g).
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct PolicyDemand {
    initial_policy_set: Vec<String>,
    explicit: bool,
    inhibit_mapping: bool,
    inhibit_any: bool,
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
        let Some(purpose) = self.purpose() else {
            return Ok(Answer::unsupported(&format!("eku {}", self.eku)));
        };
        let (anchors, malformed) = readable(decode_all(&self.anchors)?);
        let anchors = match (Anchors::new(anchors, Vec::new()), malformed) {
            (Ok(anchors), _) => anchors,
            (Err(_), Some(malformed)) => return Ok(Answer::unparsable(&malformed)),
            (Err(error), None) => return Ok(Answer::without_anchors(&error)),
        };
        let question = Question {
            leaf: &decode(&self.target)?,
            untrusted: &decode_all(&self.intermediates)?,
            anchors: &anchors,
            policy: self.policy(purpose)?,
            now: instant::from_seconds(self.time),
        };
        Ok(question.answer(explain))
    }

    fn purpose(&self) -> Option<Purpose> {
        Some(match self.eku.as_str() {
            "any" => Purpose::Any,
            "clientAuth" => Purpose::ClientAuth,
            "serverAuth" => Purpose::ServerAuth,
            "OCSPSigning" => Purpose::OcspSigning,
            "codeSigning" => Purpose::Other(oid::CODE_SIGNING),
            "emailProtection" => Purpose::Other(oid::EMAIL_PROTECTION),
            "timeStamping" => Purpose::Other(oid::TIME_STAMPING),
            _ => return None,
        })
    }

    /// Whether an anchor's own certificate is held to this; to everything, where the case does not say.
    fn enforces(&self, check: AnchorCheck) -> bool {
        let checks = self.anchor_enforce.as_ref();
        checks.is_none_or(|checks| checks.contains(&check))
    }

    fn anchor_validity(&self) -> AnchorValidity {
        if self.enforces(AnchorCheck::Expiry) {
            AnchorValidity::Enforce
        } else {
            AnchorValidity::Ignore
        }
    }

    fn anchor_constraints(&self) -> AnchorConstraints {
        match (
            self.enforces(AnchorCheck::Constraints),
            self.enforces(AnchorCheck::BasicConstraints),
        ) {
            (true, true) => AnchorConstraints::Enforce,
            (true, false) => AnchorConstraints::EnforceStated,
            (false, _) => AnchorConstraints::Ignore,
        }
    }

    /// A case that says of an anchor that it is held to everything means conforming certificates
    /// throughout, unless it says otherwise.
    fn issuance_profile(&self) -> IssuanceProfile {
        let all = self.anchor_enforce.is_some()
            && self.anchor_validity() == AnchorValidity::Enforce
            && self.anchor_constraints() == AnchorConstraints::Enforce;
        if self.strict.unwrap_or(all) {
            IssuanceProfile::Enforce
        } else {
            IssuanceProfile::Ignore
        }
    }

    /// The questions are about paths: what TLS does with the leaf's key is not asked.
    fn policy(&self, purpose: Purpose) -> Result<Policy, String> {
        let floor = Floor {
            sha1: if self.allow_sha1 {
                Sha1::Allow
            } else {
                Sha1::Deny
            },
            least_rsa_bits: self.min_rsa_bits.unwrap_or(MODERN.least_rsa_bits),
        };
        let policy = question::policy(purpose, floor)
            .anchor_validity(self.anchor_validity())
            .anchor_constraints(self.anchor_constraints())
            .issuance_profile(self.issuance_profile())
            .extended_key_usage(self.eku_mode.rule())
            .leaf_key_usage(LeafKeyUsage::Ignore);
        let policy = match self.max_depth {
            Some(depth) => policy.max_depth(depth),
            None => policy,
        };
        self.policy.apply(policy)
    }
}

impl EkuMode {
    fn rule(self) -> ExtendedKeyUsageRule {
        match self {
            Self::Normal => ExtendedKeyUsageRule::IfPresent,
            Self::Strict => ExtendedKeyUsageRule::OnEach,
            Self::StrictLeaf => ExtendedKeyUsageRule::OnLeaf,
        }
    }
}

impl PolicyDemand {
    fn apply(&self, policy: Policy) -> Result<Policy, String> {
        Inputs {
            acceptable: &self.initial_policy_set,
            explicit: self.explicit,
            inhibit_mapping: self.inhibit_mapping,
            inhibit_any: self.inhibit_any,
        }
        .apply(policy)
    }
}

/// The certificates that can be read, and what is wrong with the first that cannot: it anchors nothing.
fn readable(
    certificates: Vec<CertificateDer<'static>>,
) -> (Vec<CertificateDer<'static>>, Option<Malformed>) {
    let mut malformed = None;
    let readable = certificates
        .into_iter()
        .filter(|der| match Certificate::parse(der) {
            Ok(_) => true,
            Err(error) => {
                malformed.get_or_insert(error);
                false
            }
        })
        .collect();
    (readable, malformed)
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
