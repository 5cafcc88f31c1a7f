use rcgen::{KeyPair, PublicKeyData as _, SignatureAlgorithm};

use crate::AuthorityError;

/// The kind of the authority's keys, and of those it makes for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum KeyAlgorithm {
    /// P-256 with SHA-256: fast, and known to every peer of today.
    #[default]
    P256,
    /// P-384 with SHA-384.
    P384,
    /// RSA of 2048 bits with SHA-256, for peers that know nothing else.
    Rsa2048,
}

impl KeyAlgorithm {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::Rsa2048];

    fn rcgen(self) -> &'static SignatureAlgorithm {
        match self {
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::Rsa2048 => &rcgen::PKCS_RSA_SHA256,
        }
    }

    pub(crate) fn generate(self) -> Result<KeyPair, AuthorityError> {
        KeyPair::generate_for(self.rcgen()).map_err(AuthorityError::Certificate)
    }

    /// The kind of a key that was read from a file; none when it is of another.
    pub(crate) fn of(key: &KeyPair) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| key.algorithm() == algorithm.rcgen())
    }

    /// The encoded `AlgorithmIdentifier` of its signatures, with tag and length.
    pub(crate) fn identifier(self) -> &'static [u8] {
        match self {
            // ecdsa-with-SHA256, 1.2.840.10045.4.3.2
            Self::P256 => &[
                0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02,
            ],
            // ecdsa-with-SHA384, 1.2.840.10045.4.3.3
            Self::P384 => &[
                0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03,
            ],
            // sha256WithRSAEncryption, 1.2.840.113549.1.1.11, and NULL
            Self::Rsa2048 => &[
                0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05,
                0x00,
            ],
        }
    }
}

/// Whether `key` is the private half of `certificate`'s.
pub(crate) fn belongs_to(key: &KeyPair, certificate: &portcullis_x509::Certificate<'_>) -> bool {
    key.subject_public_key_info() == certificate.subject_public_key_info().der()
}
