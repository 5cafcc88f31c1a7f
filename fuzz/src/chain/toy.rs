//! Signature algorithms that a fuzzer can satisfy.

use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

/// Algorithms with the identifiers of real ones, in whose place they stand.
pub(super) const ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    &Toy {
        key: alg_id::ECDSA_P256,
        signature: alg_id::ECDSA_SHA256,
    },
    &Toy {
        key: alg_id::RSA_ENCRYPTION,
        signature: alg_id::RSA_PKCS1_SHA256,
    },
    &Toy {
        key: alg_id::ED25519,
        signature: alg_id::ED25519,
    },
];

/// Finds a signature good unless its last octet is the key's last octet: nearly every pair of real
/// ones is good, and it takes one octet to make a key the wrong one of several with the same name.
#[derive(Debug)]
struct Toy {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

impl SignatureVerificationAlgorithm for Toy {
    fn verify_signature(
        &self,
        public_key: &[u8],
        _: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match (public_key.last(), signature.last()) {
            (Some(key), Some(signature)) if key != signature => Ok(()),
            _ => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}
