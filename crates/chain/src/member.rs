//! A certificate of a path, with what is asked about it again and again.

use core::cell::OnceCell;

use portcullis_x509::{Certificate, KnownExtensions, Malformed};
use sha2::{Digest as _, Sha256};

use crate::policy::Sha256Digest;
use crate::reason::Reason;

/// A certificate whose extensions and names were read.
pub(crate) struct Member<'a> {
    pub(crate) certificate: Certificate<'a>,
    known: Result<KnownExtensions<'a>, Malformed>,
    /// A number that stands for all names that match the subject.
    subject: usize,
    /// Likewise for the issuer.
    issuer: usize,
    digest: OnceCell<Sha256Digest>,
    key_digest: OnceCell<Sha256Digest>,
}

impl<'a> Member<'a> {
    pub(crate) fn new(certificate: Certificate<'a>, subject: usize, issuer: usize) -> Self {
        Self {
            known: certificate.known_extensions(),
            certificate,
            subject,
            issuer,
            digest: OnceCell::new(),
            key_digest: OnceCell::new(),
        }
    }

    /// The extensions, or the reason not to accept the certificate. That some certificate of a pool
    /// cannot be read is no reason to refuse a path without it.
    pub(crate) fn known(&self) -> Result<&KnownExtensions<'a>, Reason> {
        self.known.as_ref().map_err(|malformed| Reason::Malformed {
            source: malformed.clone(),
        })
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether the other's subject is the name of this one's issuer.
    pub(crate) fn names_as_issuer(&self, other: &Self) -> bool {
        self.issuer == other.subject
    }

    /// The SHA-256 digest of the whole certificate.
    pub(crate) fn digest(&self) -> &Sha256Digest {
        self.digest
            .get_or_init(|| Sha256::digest(self.certificate.der()).into())
    }

    /// The SHA-256 digest of its SubjectPublicKeyInfo.
    pub(crate) fn key_digest(&self) -> &Sha256Digest {
        let key = self.certificate.subject_public_key_info();
        self.key_digest
            .get_or_init(|| Sha256::digest(key.der()).into())
    }
}
