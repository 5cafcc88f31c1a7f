//! Why a client was refused.

use portcullis_chain::{Class as ChainClass, Rejection};
use portcullis_revocation::{Class as RevocationClass, Refused};
use portcullis_x509::Malformed;

/// Why a client was not authenticated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The profile requires a certificate and the client presented none.
    #[error("no client certificate was presented")]
    CertificateMissing,
    /// The client's certificate is longer than any that is judged or passed on.
    #[error("the client certificate has {found} bytes, more than {limit}")]
    TooLarge {
        /// Its bytes.
        found: usize,
        /// [`CERTIFICATE_SIZE`](crate::CERTIFICATE_SIZE).
        limit: usize,
    },
    /// The client's certificate cannot be read.
    #[error("the client certificate is malformed: {0}")]
    Malformed(Malformed),
    /// The presented certificates do not form a path to a trusted certificate.
    #[error(transparent)]
    Chain(Box<Rejection>),
    /// The chain is good, and its revocation status is bad or cannot be established.
    #[error(transparent)]
    Revocation(Box<Refused>),
}

impl Refusal {
    /// The kind of the reason, a closed set, in snake case.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::CertificateMissing => "certificate_missing",
            Self::TooLarge { .. } | Self::Malformed(_) => "malformed",
            Self::Chain(rejection) => match rejection.class() {
                ChainClass::Malformed => "malformed",
                ChainClass::Untrusted => "untrusted",
                ChainClass::Expired => "expired",
                ChainClass::NotYetValid => "not_yet_valid",
                ChainClass::NotPermitted => "not_permitted",
                ChainClass::TooCostly => "too_costly",
            },
            Self::Revocation(refused) => match refused.class() {
                RevocationClass::Revoked => "revoked",
                RevocationClass::Unknown => "revocation_unknown",
                RevocationClass::Unavailable => "revocation_unavailable",
                RevocationClass::Untrustworthy => "revocation_untrustworthy",
            },
        }
    }

    /// A stable name in snake case, for logs, answers and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateMissing => "certificate_missing",
            Self::TooLarge { .. } => "certificate_too_large",
            Self::Malformed(_) => "malformed",
            Self::Chain(rejection) => rejection.reason().code(),
            Self::Revocation(refused) => refused.code(),
        }
    }
}
