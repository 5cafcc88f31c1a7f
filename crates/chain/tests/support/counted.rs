//! The provider's algorithms, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// Algorithms that count how often they are asked.
pub(crate) struct Counted {
    checks: Arc<AtomicUsize>,
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
}

#[derive(Debug)]
struct Counting {
    inner: &'static dyn SignatureVerificationAlgorithm,
    checks: Arc<AtomicUsize>,
}

impl Counted {
    pub(crate) fn new() -> Self {
        let checks = Arc::new(AtomicUsize::new(0));
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let all = provider.signature_verification_algorithms.all.iter();
        // A policy takes lists that live for ever; a test has a few.
        let counting = |inner: &&'static dyn SignatureVerificationAlgorithm| {
            let counting = Counting {
                inner: *inner,
                checks: Arc::clone(&checks),
            };
            let counting: &'static dyn SignatureVerificationAlgorithm =
                Box::leak(Box::new(counting));
            counting
        };
        let algorithms = all.map(counting).collect::<Vec<_>>().leak();
        Self { checks, algorithms }
    }

    pub(crate) fn algorithms(&self) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
        self.algorithms
    }

    pub(crate) fn checks(&self) -> usize {
        self.checks.load(Ordering::Relaxed)
    }
}

impl SignatureVerificationAlgorithm for Counting {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.signature_alg_id()
    }

    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.checks.fetch_add(1, Ordering::Relaxed);
        self.inner.verify_signature(public_key, message, signature)
    }
}
