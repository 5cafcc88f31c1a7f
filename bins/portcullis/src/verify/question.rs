//! One question to the chain crate.

use portcullis_chain::{AnchorConstraints, AnchorValidity, Anchors, PartialChain, Policy, Purpose};
use portcullis_x509::Certificate;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::algorithms::{Sha1, ShortRsa, algorithms};

use super::answer::{Answer, Explain};

/// Everything a verdict depends on.
pub(super) struct Question<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) untrusted: &'a [CertificateDer<'a>],
    pub(super) anchors: &'a Anchors,
    pub(super) demands: Demands,
    pub(super) now: UnixTime,
}

/// What a path must satisfy.
#[derive(Debug, Clone)]
pub(super) struct Demands {
    pub(super) purpose: Purpose,
    pub(super) max_depth: Option<usize>,
    pub(super) anchor_validity: AnchorValidity,
    pub(super) anchor_constraints: AnchorConstraints,
    pub(super) sha1: Sha1,
    pub(super) least_rsa_bits: usize,
}

/// What the gateway itself accepts.
const MODERN_RSA_BITS: usize = 2048;

impl Demands {
    /// The gateway's demands.
    pub(super) fn modern(purpose: Purpose) -> Self {
        Self {
            purpose,
            max_depth: None,
            anchor_validity: AnchorValidity::Enforce,
            anchor_constraints: AnchorConstraints::Enforce,
            sha1: Sha1::Deny,
            least_rsa_bits: MODERN_RSA_BITS,
        }
    }

    fn policy(&self) -> Policy {
        let short = if self.least_rsa_bits < MODERN_RSA_BITS {
            ShortRsa::Allow
        } else {
            ShortRsa::Deny
        };
        let policy = Policy::new(self.purpose, algorithms(self.sha1, short))
            .anchor_validity(self.anchor_validity)
            .anchor_constraints(self.anchor_constraints)
            .least_rsa_bits(self.least_rsa_bits)
            .partial_chain(PartialChain::Allow);
        match self.max_depth {
            Some(depth) => policy.max_depth(depth),
            None => policy,
        }
    }
}

impl Question<'_> {
    /// The verdict. What cannot be parsed among the untrusted certificates can be part of no path and is left out.
    pub(super) fn answer(&self, explain: Explain) -> Answer {
        let leaf = match Certificate::parse(self.leaf) {
            Ok(leaf) => leaf,
            Err(malformed) => return Answer::unparsable(&malformed),
        };
        let untrusted: Vec<Certificate<'_>> = self
            .untrusted
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect();
        let policy = self.demands.policy();
        match portcullis_chain::verify(&leaf, &untrusted, self.anchors, &policy, self.now) {
            Ok(chain) => Answer::trusted(&chain),
            Err(rejection) => Answer::refused(&rejection, explain),
        }
    }
}
