//! What operators know a failure by.

use portcullis_x509::KeyUsage;

use super::{KeyOwner, LastFound, Reason};

impl Reason {
    /// The words of OpenSSL (`X509_verify_cert_error_string`) for the same failure, where it has
    /// some: what operators search for, and what nginx writes into `$ssl_client_verify`.
    pub fn openssl(&self) -> Option<&'static str> {
        Some(match self {
            Self::IssuerNotFound {
                last: LastFound::Leaf,
                ..
            } => "unable to verify the first certificate",
            Self::IssuerNotFound {
                last: LastFound::Offered,
                ..
            } => "unable to get local issuer certificate",
            Self::IssuerNotFound {
                last: LastFound::Configured,
                ..
            } => "unable to get issuer certificate",
            Self::SelfSignedUntrusted {
                last: LastFound::Leaf,
            } => "self-signed certificate",
            Self::SelfSignedUntrusted { .. } => "self-signed certificate in certificate chain",
            Self::BadSignature { .. } | Self::UnsupportedAlgorithm { .. } => {
                "certificate signature failure"
            }
            Self::WeakKey {
                owner: KeyOwner::Leaf,
                ..
            } => "EE certificate key too weak",
            Self::WeakKey {
                owner: KeyOwner::Authority,
                ..
            } => "CA certificate key too weak",
            Self::Expired { .. } => "certificate has expired",
            Self::NotYetValid { .. } => "certificate is not yet valid",
            Self::NotACa { .. } => "invalid CA certificate",
            Self::PathTooLong { .. } => "path length constraint exceeded",
            Self::KeyUsageMissing {
                expected: KeyUsage::KEY_CERT_SIGN,
                ..
            } => "key usage does not include certificate signing",
            Self::KeyUsageMissing { .. } | Self::PurposeNotAllowed { .. } => {
                "unsupported certificate purpose"
            }
            Self::UnknownCriticalExtension { .. } => "unhandled critical extension",
            Self::DepthExceeded { .. } => "certificate chain too long",
            Self::NamesDoNotChain { .. } => "subject issuer mismatch",
            Self::NameNotPermitted { .. } => "permitted subtree violation",
            Self::NameExcluded { .. } => "excluded subtree violation",
            Self::NameNotComparable { .. } => "unsupported name constraint type",
            Self::NoValidPolicy => "no explicit policy",
            Self::AnyPolicyMapped => "invalid or inconsistent certificate policy extension",
            Self::NameNotAllowed { .. } => "hostname mismatch",
            // Not OpenSSL's: what Application Gateway logs for `verifyClientCertIssuerDN`.
            Self::IssuerNotAllowed { .. } => "unable to verify the client certificate issuer",
            Self::NotAllowed { .. } | Self::Denied { .. } => "certificate rejected",
            Self::AuthorityAsLeaf => "unsupported certificate purpose",
            Self::EmptyIssuer
            | Self::OversizedKey { .. }
            | Self::NotConforming { .. }
            | Self::UnsupportedKey { .. }
            | Self::SubjectNotAllowed { .. }
            | Self::KeyNotPinned { .. }
            | Self::BudgetExceeded { .. }
            | Self::Malformed { .. } => return None,
        })
    }
}
