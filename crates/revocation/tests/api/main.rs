//! The checker against a responder of these tests, in every mood.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod ahead;
mod asked_once;
mod closed_ways;
mod faults;
mod fetching;
mod policies;
mod reaching;
mod remembering;
mod responder;
mod store;
mod verdicts;
mod whom;

use std::sync::OnceLock;

use portcullis_chain::{Anchors, Purpose, VerifiedChain, verify};
use portcullis_revocation::{
    Checker, Destinations, Mode, Policy, Refused, Scope, Settings, Verdict,
};
use portcullis_test_pki::{Ca, Certified, NOW};
use portcullis_x509::Certificate;
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use crate::responder::Responder;

/// An authority, and a certificate of its own that names these responders.
struct Pki {
    root: Ca,
    alice: Certified,
    anchors: Anchors,
}

impl Pki {
    fn naming(urls: &[&str]) -> Self {
        let root = Ca::root("Root").issue();
        let alice = urls
            .iter()
            .fold(root.client("alice"), |alice, url| alice.ocsp_url(url))
            .issue();
        let anchors = Anchors::new(vec![root.der.clone()], vec![]).unwrap();
        Self {
            root,
            alice,
            anchors,
        }
    }

    fn asking(responder: &Responder) -> Self {
        Self::naming(&[responder.url()])
    }

    /// The same authority with another certificate.
    fn with(&self, alice: Certified) -> Self {
        let anchors = Anchors::new(vec![self.root.der.clone()], vec![]).unwrap();
        Self {
            root: self.root.clone(),
            alice,
            anchors,
        }
    }

    /// Alice's certificate, proven.
    fn chain(&self) -> VerifiedChain<'_> {
        let leaf = Certificate::parse(&self.alice.der).unwrap();
        let policy = portcullis_chain::Policy::new(Purpose::ClientAuth, algorithms());
        verify(&leaf, &[], &self.anchors, &policy, NOW).unwrap()
    }

    async fn check(&self, checker: &Checker, now: UnixTime) -> Result<Verdict, Refused> {
        checker.check(&self.chain(), now).await
    }
}

/// A checker that asks on this machine too.
fn checker() -> Checker {
    hard_fail(settings())
}

/// The strictest there is, for one certificate.
fn hard_fail(settings: Settings) -> Checker {
    Checker::new(settings, Policy::new(Mode::HardFail, Scope::Leaf))
}

fn settings() -> Settings {
    Settings::new(algorithms(), Destinations::Any)
}

fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    static PROVIDER: OnceLock<rustls::crypto::CryptoProvider> = OnceLock::new();
    PROVIDER
        .get_or_init(rustls::crypto::aws_lc_rs::default_provider)
        .signature_verification_algorithms
        .all
}
