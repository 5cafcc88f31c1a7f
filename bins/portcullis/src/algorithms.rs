//! Which signatures count: those of the crypto provider, and on request two that no gateway should accept.
//!
//! `verify` and `ocsp verify` also judge what is old: an audit wants to know that a chain is sound but for its SHA-1. Both
//! floors are the caller's explicit demand, never a default, and the gateway itself cannot reach them.

use std::sync::Arc;

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

/// A list as the crates take it.
pub(crate) type Algorithms = &'static [&'static dyn SignatureVerificationAlgorithm];

/// Whether signatures over SHA-1 count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sha1 {
    Allow,
    Deny,
}

/// The least RSA modulus whose signatures can be checked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShortRsa {
    /// 1024 bits.
    Allow,
    /// 2048 bits.
    Deny,
}

/// The cryptography of this program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The provider's algorithms and those of the chosen floors.
///
/// The lists live as long as the program; each of the four is built once.
pub(crate) fn algorithms(sha1: Sha1, short_rsa: ShortRsa) -> Algorithms {
    use std::sync::LazyLock;
    static MODERN: LazyLock<Vec<Algorithm>> = LazyLock::new(|| list(&[]));
    static WITH_SHA1: LazyLock<Vec<Algorithm>> = LazyLock::new(|| list(&[OVER_SHA1]));
    static WITH_SHORT: LazyLock<Vec<Algorithm>> = LazyLock::new(|| list(&[SHORT_RSA]));
    static WITH_BOTH: LazyLock<Vec<Algorithm>> = LazyLock::new(|| list(&[OVER_SHA1, SHORT_RSA]));
    match (sha1, short_rsa) {
        (Sha1::Deny, ShortRsa::Deny) => &MODERN,
        (Sha1::Allow, ShortRsa::Deny) => &WITH_SHA1,
        (Sha1::Deny, ShortRsa::Allow) => &WITH_SHORT,
        (Sha1::Allow, ShortRsa::Allow) => &WITH_BOTH,
    }
}

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

fn list(legacy: &[&[Algorithm]]) -> Vec<Algorithm> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let mut list = provider.signature_verification_algorithms.all.to_vec();
    list.extend(legacy.iter().copied().flatten());
    list
}

const OVER_SHA1: &[Algorithm] = &[
    &Legacy {
        key: alg_id::RSA_ENCRYPTION,
        signature: SHA1_WITH_RSA,
        verification: &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    },
    &Legacy {
        key: alg_id::RSA_ENCRYPTION,
        signature: SHA1_WITH_RSA_WITHOUT_NULL,
        verification: &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    },
    &Legacy {
        key: alg_id::ECDSA_P256,
        signature: ECDSA_WITH_SHA1,
        verification: &signature::ECDSA_P256_SHA1_ASN1,
    },
];

const SHORT_RSA: &[Algorithm] = &[
    &Legacy {
        key: alg_id::RSA_ENCRYPTION,
        signature: alg_id::RSA_PKCS1_SHA256,
        verification: &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    },
    &Legacy {
        key: alg_id::RSA_ENCRYPTION,
        signature: alg_id::RSA_PKCS1_SHA512,
        verification: &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    },
];

/// `sha1WithRSAEncryption` with NULL parameters, RFC 3279 section 2.2.1.
const SHA1_WITH_RSA: AlgorithmIdentifier = AlgorithmIdentifier::from_slice(&[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
]);

/// The same without parameters: RFC 4055 section 5 has it accepted.
const SHA1_WITH_RSA_WITHOUT_NULL: AlgorithmIdentifier = AlgorithmIdentifier::from_slice(&[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05,
]);

/// `ecdsa-with-SHA1` without parameters, RFC 3279 section 2.2.3.
const ECDSA_WITH_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]);

#[derive(Debug)]
struct Legacy {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verification: &'static dyn VerificationAlgorithm,
}

impl SignatureVerificationAlgorithm for Legacy {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }

    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.verification, public_key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }
}

#[cfg(test)]
mod tests;
