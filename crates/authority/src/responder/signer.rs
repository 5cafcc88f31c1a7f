//! The delegate that signs answers, so that the issuing key is not at work all day.

use std::fmt;

use portcullis_ocsp::responder::{SignError, Signer};
use portcullis_x509::Certificate;
use rcgen::{KeyPair, SigningKey as _};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::authority::{read_certificate, read_key};
use crate::certificate::{OCSP_RENEWAL, Template};
use crate::folder::Access;
use crate::issued::pem;
use crate::{Authority, AuthorityError, KeyAlgorithm, date};

const CERTIFICATE: &str = "ocsp.pem";
const KEY: &str = "ocsp.key";

/// A certificate for OCSP signing with its key.
pub(super) struct OcspSigner {
    certificate: CertificateDer<'static>,
    key: KeyPair,
    algorithm: &'static [u8],
    not_after: UnixTime,
    issuer_not_after: UnixTime,
}

impl OcspSigner {
    /// The one in the folder, or a fresh one where that is missing, damaged or due.
    pub(super) fn open(authority: &Authority, now: UnixTime) -> Result<Self, AuthorityError> {
        // Under the lock, so that two responders do not write halves of two.
        let lock = authority.folder().lock()?;
        if let Ok(signer) = Self::read(authority)
            && !signer.is_due(now)
        {
            return Ok(signer);
        }
        let signed = authority.sign(Template::ocsp_signer(now)?, now)?;
        let (key, certificate) = (signed.key.serialize_pem(), pem(&signed.certificate));
        let folder = authority.folder();
        let key = folder.stage(KEY, key.as_bytes(), Access::Private, &lock)?;
        let certificate =
            folder.stage(CERTIFICATE, certificate.as_bytes(), Access::Public, &lock)?;
        key.publish()?;
        certificate.publish()?;
        folder.sync()?;
        Self::read(authority)
    }

    fn read(authority: &Authority) -> Result<Self, AuthorityError> {
        let folder = authority.folder();
        let certificate = read_certificate(folder, CERTIFICATE)?;
        let unreadable = || AuthorityError::UnreadableCertificate {
            path: folder.file(CERTIFICATE),
        };
        let issuer = Certificate::parse(authority.issuing()).map_err(|_| unreadable())?;
        let parsed = Certificate::parse(&certificate).map_err(|_| unreadable())?;
        if parsed.issuer().der() != issuer.subject().der() {
            return Err(unreadable());
        }
        let key = read_key(folder, KEY, &parsed)?;
        let not_after = parsed.validity().not_after;
        let issuer_not_after = issuer.validity().not_after;
        let algorithm = KeyAlgorithm::of(&key).unwrap_or_default().identifier();
        Ok(Self {
            certificate,
            key,
            algorithm,
            not_after,
            issuer_not_after,
        })
    }

    /// Whether the last third of its life has begun, and its issuer could give it a longer one.
    pub(super) fn is_due(&self, now: UnixTime) -> bool {
        self.not_after < date::after(now, OCSP_RENEWAL) && self.not_after < self.issuer_not_after
    }

    pub(super) fn is_expired(&self, now: UnixTime) -> bool {
        self.not_after < now
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

impl Signer for OcspSigner {
    fn algorithm(&self) -> &[u8] {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.key.sign(message).map_err(|_| SignError)
    }
}

/// Without the private key.
impl fmt::Debug for OcspSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OcspSigner")
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}
