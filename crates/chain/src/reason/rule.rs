//! Where the rule behind a failure is written down.

use portcullis_x509::KeyUsage;

use super::{Reason, Requirement};

impl Reason {
    /// Where the rule that was broken is written down.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::IssuerNotFound { .. } | Self::SelfSignedUntrusted { .. } => {
                "RFC 5280 section 6.1.1 (d)"
            }
            Self::BadSignature { .. } => "RFC 5280 section 6.1.3 (a)(1)",
            Self::Expired { .. } | Self::NotYetValid { .. } => "RFC 5280 section 6.1.3 (a)(2)",
            Self::NamesDoNotChain { .. } => "RFC 5280 section 6.1.3 (a)(4)",
            Self::EmptyIssuer => "RFC 5280 section 4.1.2.4",
            Self::NotACa { .. } => "RFC 5280 section 6.1.4 (k)",
            Self::PathTooLong { .. } => "RFC 5280 section 6.1.4 (l)",
            Self::KeyUsageMissing {
                expected: KeyUsage::KEY_CERT_SIGN,
                ..
            } => "RFC 5280 section 6.1.4 (n)",
            Self::KeyUsageMissing { .. } => "RFC 5280 section 4.2.1.3",
            Self::PurposeNotAllowed { .. } => "RFC 5280 section 4.2.1.12",
            Self::UnknownCriticalExtension { .. } => "RFC 5280 sections 6.1.4 (o) and 6.1.5 (f)",
            Self::NameNotPermitted { .. } => "RFC 5280 section 6.1.3 (b)",
            Self::NameExcluded { .. } => "RFC 5280 section 6.1.3 (c)",
            Self::NameNotComparable { .. } => "RFC 5280 section 4.2.1.10",
            Self::NoValidPolicy => "RFC 5280 section 6.1.5 (g)",
            Self::AnyPolicyMapped => "RFC 5280 section 6.1.4 (a)",
            Self::NotConforming { requirement } => requirement.rule(),
            Self::Malformed { .. } => "RFC 5280 section 4",
            Self::UnsupportedAlgorithm { .. }
            | Self::WeakKey { .. }
            | Self::OversizedKey { .. }
            | Self::UnsupportedKey { .. }
            | Self::DepthExceeded { .. }
            | Self::AuthorityAsLeaf
            | Self::IssuerNotAllowed { .. }
            | Self::SubjectNotAllowed { .. }
            | Self::NameNotAllowed { .. }
            | Self::KeyNotPinned { .. }
            | Self::NotAllowed { .. }
            | Self::Denied { .. } => "policy of the verifier",
            Self::BudgetExceeded { .. } => "limit of the verifier",
        }
    }
}

impl Requirement {
    /// The section that demands it.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::SerialNumber => "RFC 5280 section 4.1.2.2",
            Self::Version => "RFC 5280 section 4.1.2.1",
            Self::AuthorityKeyIdentifierNotCritical | Self::AuthorityKeyIdentifier => {
                "RFC 5280 section 4.2.1.1"
            }
            Self::SubjectKeyIdentifierNotCritical | Self::SubjectKeyIdentifier => {
                "RFC 5280 section 4.2.1.2"
            }
            Self::KeyCertSignOfAuthorities => "RFC 5280 section 4.2.1.3",
            Self::AlternativeNameCritical | Self::DnsNameSyntax => "RFC 5280 section 4.2.1.6",
            Self::BasicConstraintsCritical => "RFC 5280 section 4.2.1.9",
            Self::NameConstraintsCritical
            | Self::NameConstraintsOfAuthorities
            | Self::NameConstraintSyntax => "RFC 5280 section 4.2.1.10",
            Self::PolicyConstraintsCritical => "RFC 5280 section 4.2.1.11",
            Self::InhibitAnyPolicyCritical => "RFC 5280 section 4.2.1.14",
        }
    }
}
