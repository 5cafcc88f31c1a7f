//! Checking signatures with the caller's algorithms.

mod pss;

use alloc::string::String;

use rustls_pki_types::{SignatureVerificationAlgorithm, alg_id};

use crate::algorithm::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use crate::oid;

/// Why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// None of the given algorithms has this identifier, parameters included.
    #[error("signature algorithm {algorithm} is not among those accepted")]
    UnsupportedAlgorithm {
        /// The signature's algorithm, up to [`MAX_SHOWN`](crate::MAX_SHOWN) characters.
        algorithm: String,
    },
    /// The signature algorithm is accepted, but for no key of this kind.
    #[error("signature algorithm {algorithm} is not accepted with a key of type {key}")]
    KeyMismatch {
        /// The signature's algorithm, up to [`MAX_SHOWN`](crate::MAX_SHOWN) characters.
        algorithm: String,
        /// The key's algorithm, likewise.
        key: String,
    },
    /// The signature is not that of this key over this message.
    #[error("signature does not verify")]
    BadSignature,
}

/// Checks `signature` over `message` with one of the caller's algorithms.
///
/// One signature algorithm identifier may belong to several entries (ECDSA with SHA-256 goes with
/// a key on P-256 or P-384); the entry whose key algorithm is that of `key` decides. At most one
/// public key operation is made for each such entry; providers have one.
///
/// A key whose algorithm is id-RSASSA-PSS is an RSA key that makes no other signatures (RFC 4055
/// section 1.2). An entry that checks RSASSA-PSS with keys of rsaEncryption serves it too, when the
/// signature's parameters are within those of the key (section 3.3).
///
/// # Errors
/// [`SignatureError`]; only [`SignatureError::BadSignature`] comes after a public key operation.
pub fn verify_signature(
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    key: SubjectPublicKeyInfo<'_>,
    algorithm: AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let mut outcome = None;
    for candidate in algorithms {
        if candidate.signature_alg_id().as_ref() != algorithm.content() {
            continue;
        }
        if !key.suits(*candidate) || !pss::allows(key.algorithm(), algorithm) {
            outcome.get_or_insert_with(|| key_mismatch(key, algorithm));
            continue;
        }
        match candidate.verify_signature(key.key(), message, signature) {
            Ok(()) => return Ok(()),
            Err(_) => outcome = Some(SignatureError::BadSignature),
        }
    }
    Err(
        outcome.unwrap_or_else(|| SignatureError::UnsupportedAlgorithm {
            algorithm: algorithm.to_shown(),
        }),
    )
}

impl SubjectPublicKeyInfo<'_> {
    /// Whether signatures made with this key can be checked with this algorithm, as far as the key says.
    pub fn suits(&self, algorithm: &dyn SignatureVerificationAlgorithm) -> bool {
        let wanted = algorithm.public_key_alg_id();
        wanted.as_ref() == self.algorithm().content()
            || (wanted == alg_id::RSA_ENCRYPTION
                && self.algorithm().oid() == oid::RSASSA_PSS
                && pss::is_pss(algorithm.signature_alg_id().as_ref()))
    }
}

fn key_mismatch(
    key: SubjectPublicKeyInfo<'_>,
    algorithm: AlgorithmIdentifier<'_>,
) -> SignatureError {
    SignatureError::KeyMismatch {
        algorithm: algorithm.to_shown(),
        key: key.algorithm().to_shown(),
    }
}
