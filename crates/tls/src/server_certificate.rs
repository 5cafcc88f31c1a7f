//! The certificate a server shows, from PEM or PFX.

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate chain, leaf first, with the private key of its leaf.
#[derive(Clone, Debug)]
pub struct ServerCertificate {
    key: CertifiedKey,
}

impl ServerCertificate {
    /// Reads a PEM chain (leaf first) and a PEM private key (PKCS#8, PKCS#1 or SEC1).
    ///
    /// # Errors
    /// When either holds no such section, is not PEM, or the key is not the leaf's.
    pub fn from_pem(
        chain: &[u8],
        key: &[u8],
        provider: &CryptoProvider,
    ) -> Result<Self, ServerCertificateError> {
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(ServerCertificateError::CertificatePem)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(ServerCertificateError::KeyPem)?;
        Self::new(chain, key, provider)
    }

    /// Reads a PKCS#12 (PFX) store that holds one private key with its chain.
    ///
    /// # Errors
    /// When the password or the format is wrong, there is no private key with a chain, or the key
    /// is not the leaf's.
    pub fn from_pfx(
        pfx: &[u8],
        password: &str,
        provider: &CryptoProvider,
    ) -> Result<Self, ServerCertificateError> {
        let store =
            KeyStore::from_pkcs12(pfx, password, Pkcs12ImportPolicy::Strict).map_err(unopened)?;
        let (_, entry) = store
            .private_key_chain()
            .ok_or(ServerCertificateError::NoKeyInPfx)?;
        let chain = entry
            .certs()
            .iter()
            .map(|certificate| CertificateDer::from(certificate.as_der().to_vec()))
            .collect();
        let key = PrivatePkcs8KeyDer::from(entry.key().as_der().to_vec());
        Self::new(chain, key.into(), provider)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: &CryptoProvider,
    ) -> Result<Self, ServerCertificateError> {
        if chain.is_empty() {
            return Err(ServerCertificateError::NoCertificate);
        }
        CertifiedKey::from_der(chain, key, provider)
            .map(|key| Self { key })
            .map_err(ServerCertificateError::Unusable)
    }

    /// The chain, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.key.cert
    }

    /// The chain with its key, for whoever presents it by itself.
    #[must_use]
    pub fn into_key(self) -> CertifiedKey {
        self.key
    }
}

/// A password cannot mend what no password opens, so that is told apart.
fn unopened(error: p12_keystore::error::Error) -> ServerCertificateError {
    use p12_keystore::error::Error;
    match error {
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            ServerCertificateError::PfxEncryption(error)
        }
        error => ServerCertificateError::Pfx(error),
    }
}

/// Why a server certificate could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerCertificateError {
    /// The chain is not PEM.
    #[error("the certificate file is not readable PEM")]
    CertificatePem(#[source] pem::Error),
    /// The key is not PEM, or holds no private key.
    #[error("the key file holds no readable PEM private key")]
    KeyPem(#[source] pem::Error),
    /// The chain is empty.
    #[error("no certificate was found")]
    NoCertificate,
    /// The PFX store cannot be opened.
    #[error("the PFX store cannot be opened: the password is wrong or the file damaged")]
    Pfx(#[source] p12_keystore::error::Error),
    /// The PFX store is encrypted or authenticated by an algorithm that is not known here, such as RC2 of 128 bits.
    #[error(
        "the PFX store uses an unsupported algorithm: export it again with AES-256 and SHA-256"
    )]
    PfxEncryption(#[source] p12_keystore::error::Error),
    /// The PFX store has no private key with a chain.
    #[error("the PFX store holds no private key with a certificate chain")]
    NoKeyInPfx,
    /// The leaf cannot be parsed, the key is of an unsupported kind, or they do not belong together.
    #[error("the key and the certificate cannot be used together")]
    Unusable(#[source] rustls::Error),
}
