//! What can be wrong with a chain file.

use portcullis_x509::Malformed;
use rustls_pki_types::pem;

/// Why a chain file was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientChainError {
    /// There is nothing.
    #[error("the file is empty")]
    Empty,
    /// A file of trusted certificates is given to others, and keys are not.
    #[error("the file holds a private key, which has no place among trusted certificates")]
    PrivateKey,
    /// There is no `-----BEGIN CERTIFICATE-----`, and the file is no DER either.
    #[error("the file holds no PEM certificate")]
    NoCertificate,
    /// There is nothing between two delimiters.
    #[error("the file is malformed: there is no data between the delimiters of a PEM certificate")]
    NoData,
    /// The PEM is damaged.
    #[error("the file is not readable PEM")]
    NotPem(#[source] pem::Error),
    /// A certificate cannot be parsed.
    #[error("certificate {position} of the file is malformed")]
    Malformed {
        /// Which, counted from 0.
        position: usize,
        /// What is wrong with it.
        source: Malformed,
    },
    /// A leaf alone, or a self-signed certificate that does not say it is an authority's.
    #[error("no certificate of the file is a CA (basicConstraints CA:TRUE)")]
    NoAuthority,
    /// A chain has one root.
    #[error(
        "a chain file holds exactly one root, this one holds {found}; list several files for several chains"
    )]
    NotOneRoot {
        /// The roots.
        found: usize,
    },
    /// The file exceeds [`ClientChainLimits::file_bytes`](super::ClientChainLimits::file_bytes).
    #[error("the file has {found} bytes, more than {limit}")]
    FileTooLarge {
        /// Its bytes.
        found: usize,
        /// The bytes accepted.
        limit: usize,
    },
    /// There are more chain files than are accepted.
    #[error("there are {found} files of trusted client certificates, more than {limit}")]
    TooMany {
        /// The files.
        found: usize,
        /// The files accepted.
        limit: usize,
    },
}

impl ClientChainError {
    /// A stable name: Application Gateway's error code where it documents one, ours in snake case otherwise.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "ApplicationGatewayTrustedClientCertificateMustSpecifyData",
            Self::PrivateKey => "ApplicationGatewayTrustedClientCertificateMustNotHavePrivateKey",
            Self::NoCertificate | Self::NoData | Self::NotPem(_) | Self::Malformed { .. } => {
                "ApplicationGatewayTrustedClientCertificateInvalidData"
            }
            Self::NoAuthority => {
                "ApplicationGatewayTrustedClientCertificateDoesNotContainAnyCACertificate"
            }
            Self::NotOneRoot { .. } => {
                "ApplicationGatewayOnlyOneRootCAAllowedInTrustedClientCertificate"
            }
            Self::FileTooLarge { .. } => "chain_file_too_large",
            Self::TooMany { .. } => "too_many_chain_files",
        }
    }
}
