//! What is verified: honest chains, crowds of anchors, OCSP responses, and what hostile peers send.

#![allow(dead_code, reason = "every bench uses a part of it")]

pub(crate) mod chain;
pub(crate) mod crowd;
pub(crate) mod hostile;
pub(crate) mod ocsp;

use portcullis_chain::{Policy, Purpose};
use rustls_pki_types::SignatureVerificationAlgorithm;

/// TLS clients, and nothing beyond what [`Policy::new`] demands.
pub(crate) fn policy() -> Policy {
    Policy::new(Purpose::ClientAuth, algorithms())
}

pub(crate) fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}
