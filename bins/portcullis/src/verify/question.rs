//! One question to the chain crate.

use const_oid::ObjectIdentifier;
use portcullis_chain::{AnchorConstraints, AnchorValidity, Anchors, PartialChain, Policy, Purpose};
use portcullis_x509::{Certificate, Oid};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::algorithms::{Sha1, ShortRsa, algorithms};

use super::answer::{Answer, Explain};

/// Everything a verdict depends on.
pub(super) struct Question<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) untrusted: &'a [CertificateDer<'a>],
    pub(super) anchors: &'a Anchors,
    pub(super) policy: Policy,
    pub(super) now: UnixTime,
}

/// How strong signatures must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor {
    pub(super) sha1: Sha1,
    pub(super) least_rsa_bits: usize,
}

/// What the gateway itself accepts.
pub(super) const MODERN: Floor = Floor {
    sha1: Sha1::Deny,
    least_rsa_bits: Policy::DEFAULT_LEAST_RSA_BITS,
};

/// The policy that every question starts from: whoever names a certificate as trusted means it.
pub(super) fn policy(purpose: Purpose, floor: Floor) -> Policy {
    let short = if floor.least_rsa_bits < MODERN.least_rsa_bits {
        ShortRsa::Allow
    } else {
        ShortRsa::Deny
    };
    Policy::new(purpose, algorithms(floor.sha1, short))
        .anchor_validity(AnchorValidity::Enforce)
        .anchor_constraints(AnchorConstraints::Enforce)
        .least_rsa_bits(floor.least_rsa_bits)
        .partial_chain(PartialChain::Allow)
}

/// The inputs of RFC 5280 section 6.1.1 (c) and (e) to (g), as one types them.
pub(super) struct Inputs<'a> {
    pub(super) acceptable: &'a [String],
    pub(super) explicit: bool,
    pub(super) inhibit_mapping: bool,
    pub(super) inhibit_any: bool,
}

impl Inputs<'_> {
    pub(super) fn apply(&self, mut policy: Policy) -> Result<Policy, String> {
        for acceptable in self.acceptable {
            let oid = ObjectIdentifier::new(acceptable)
                .map_err(|_| format!("`{acceptable}` is no object identifier"))?;
            let oid = Oid::from_content(oid.as_bytes()).map_err(|error| error.to_string())?;
            policy = policy.certificate_policy(oid);
        }
        if self.explicit {
            policy = policy.require_explicit_policy();
        }
        if self.inhibit_mapping {
            policy = policy.inhibit_policy_mapping();
        }
        if self.inhibit_any {
            policy = policy.inhibit_any_policy();
        }
        Ok(policy)
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
        let (anchors, policy) = (self.anchors, &self.policy);
        match explain {
            Explain::NearestMiss => Answer::of(portcullis_chain::verify(
                &leaf, &untrusted, anchors, policy, self.now,
            )),
            Explain::Candidates => Answer::explained(portcullis_chain::explain(
                &leaf, &untrusted, anchors, policy, self.now,
            )),
        }
    }
}
