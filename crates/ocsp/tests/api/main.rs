//! What the public functions make of responses that are right, and wrong in one way each.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod answers;
mod authorisation;
mod delegates;
mod extensions;
mod hostile_input;
mod requests;
mod responding;
mod statements;

use std::sync::OnceLock;

use portcullis_ocsp::{Query, Refusal, Rules, Status, status};
use portcullis_test_pki::{Ca, Certified, NOW};
use portcullis_x509::Certificate;
use rustls_pki_types::SignatureVerificationAlgorithm;

/// An authority and a certificate of its own.
struct Pki {
    root: Ca,
    alice: Certified,
}

impl Pki {
    fn new() -> Self {
        let root = Ca::root("Root").issue();
        let alice = root.client("alice").issue();
        Self { root, alice }
    }

    fn judge(&self, response: &[u8]) -> Result<Status, Refusal> {
        judge(response, &self.alice, &self.root, |rules| rules)
    }
}

/// Judges a response about `certificate` at NOW, by rules changed so.
fn judge(
    response: &[u8],
    certificate: &Certified,
    issuer: &Certified,
    change: impl FnOnce(Rules<'static>) -> Rules<'static>,
) -> Result<Status, Refusal> {
    let certificate = Certificate::parse(&certificate.der).unwrap();
    let issuer = Certificate::parse(&issuer.der).unwrap();
    let query = Query::new(&certificate, &issuer);
    status(response, &query, &change(Rules::new(algorithms())), NOW)
}

fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    static PROVIDER: OnceLock<rustls::crypto::CryptoProvider> = OnceLock::new();
    PROVIDER
        .get_or_init(rustls::crypto::aws_lc_rs::default_provider)
        .signature_verification_algorithms
        .all
}

/// The refusal's code.
fn code(outcome: Result<Status, Refusal>) -> &'static str {
    outcome.unwrap_err().code()
}
