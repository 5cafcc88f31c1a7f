//! Key pairs.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{der, pem};

/// The kind of a key, and what it signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// P-256 with ecdsa-with-SHA256.
    P256,
    /// P-384 with ecdsa-with-SHA384.
    P384,
    /// P-521 with ecdsa-with-SHA512.
    P521,
    /// Ed25519.
    Ed25519,
    /// RSA of 2048 bits with sha256WithRSAEncryption.
    Rsa2048,
    /// RSA of 2048 bits with sha384WithRSAEncryption.
    Rsa2048Sha384,
    /// RSA of 2048 bits with sha512WithRSAEncryption.
    Rsa2048Sha512,
}

impl Algorithm {
    fn rcgen(self) -> &'static rcgen::SignatureAlgorithm {
        match self {
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::P521 => &rcgen::PKCS_ECDSA_P521_SHA512,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
            Self::Rsa2048 => &rcgen::PKCS_RSA_SHA256,
            Self::Rsa2048Sha384 => &rcgen::PKCS_RSA_SHA384,
            Self::Rsa2048Sha512 => &rcgen::PKCS_RSA_SHA512,
        }
    }

    fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::Rsa2048 | Self::Rsa2048Sha384 | Self::Rsa2048Sha512
        )
    }

    /// The `AlgorithmIdentifier` of its signatures, a whole TLV.
    #[must_use]
    pub fn identifier(self) -> Vec<u8> {
        match self {
            Self::P256 => der::algorithm("1.2.840.10045.4.3.2"),
            Self::P384 => der::algorithm("1.2.840.10045.4.3.3"),
            Self::P521 => der::algorithm("1.2.840.10045.4.3.4"),
            Self::Ed25519 => der::algorithm("1.3.101.112"),
            Self::Rsa2048 => der::algorithm_with_null("1.2.840.113549.1.1.11"),
            Self::Rsa2048Sha384 => der::algorithm_with_null("1.2.840.113549.1.1.12"),
            Self::Rsa2048Sha512 => der::algorithm_with_null("1.2.840.113549.1.1.13"),
        }
    }
}

/// A key pair. Clones share the same key.
#[derive(Clone, Debug)]
pub struct Key {
    pair: Arc<KeyPair>,
    algorithm: Algorithm,
    pkcs8: Arc<Vec<u8>>,
}

impl Key {
    /// A fresh key.
    #[must_use]
    pub fn generate(algorithm: Algorithm) -> Self {
        if algorithm.is_rsa() {
            return Self::rsa(algorithm);
        }
        let pair = KeyPair::generate_for(algorithm.rcgen()).expect("a key");
        let pkcs8 = match algorithm {
            Algorithm::Ed25519 => ed25519_version_1(pair.serialized_der()),
            _ => pair.serialize_der(),
        };
        Self {
            pair: Arc::new(pair),
            algorithm,
            pkcs8: Arc::new(pkcs8),
        }
    }

    /// An RSA key from the process's pool, handed out in turn to each thread: a test that takes four or
    /// fewer never has one twice.
    fn rsa(algorithm: Algorithm) -> Self {
        let pkcs8 = next_rsa_key();
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(
            &PrivatePkcs8KeyDer::from(pkcs8.as_slice()),
            algorithm.rcgen(),
        );
        Self {
            pair: Arc::new(pair.expect("an RSA key")),
            algorithm,
            pkcs8,
        }
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature over `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).expect("a signature")
    }

    /// The private key, PKCS #8 version 1.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key in the type that rustls takes.
    #[must_use]
    pub fn private_key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.to_vec()))
    }

    /// The private key as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// The `SubjectPublicKeyInfo`, a whole TLV.
    #[must_use]
    pub fn subject_public_key_info(&self) -> Vec<u8> {
        self.pair.subject_public_key_info()
    }

    /// The octets of the public key's BIT STRING, which key hashes are over.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.pair.der_bytes()
    }
}

/// How many RSA keys a process makes at most. Generation is the slowest thing in a test run.
const RSA_KEYS: usize = 4;

/// The keys, each made when it is first handed out.
static RSA_POOL: [OnceLock<Arc<Vec<u8>>>; RSA_KEYS] = [const { OnceLock::new() }; RSA_KEYS];

thread_local! {
    /// How many keys this thread, and so this test, has had.
    static HANDED_OUT: Cell<usize> = const { Cell::new(0) };
}

fn next_rsa_key() -> Arc<Vec<u8>> {
    let number = HANDED_OUT.with(|count| count.replace(count.get() + 1));
    let key = RSA_POOL[number % RSA_KEYS].get_or_init(|| {
        let pair = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("an RSA key");
        Arc::new(pair.serialize_der())
    });
    Arc::clone(key)
}

/// PKCS #8 version 1 of an Ed25519 key in version 2, which OpenSSL before 3.5 does not read.
fn ed25519_version_1(version_2: &[u8]) -> Vec<u8> {
    let marker = [0x04, 0x22, 0x04, 0x20];
    let at = version_2
        .windows(4)
        .position(|window| window == marker)
        .expect("a private key");
    let seed = &version_2[at + 4..at + 36];
    let private_key = der::octet_string(&der::octet_string(seed));
    der::sequence(&[der::number(0), der::algorithm("1.3.101.112"), private_key])
}
