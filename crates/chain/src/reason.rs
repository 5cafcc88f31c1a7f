mod openssl;
mod requirement;
mod rule;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use portcullis_x509::{KeyUsage, Malformed, SignatureError, Version};
use rustls_pki_types::UnixTime;

use crate::budget::Resource;
use crate::moment::Moment;
use crate::policy::Purpose;

pub use self::requirement::Requirement;

/// Why a path was not accepted, with what was expected and what was found.
///
/// Names and identifiers are a peer's choice: each is kept up to [`MAX_SHOWN`](portcullis_x509::MAX_SHOWN) characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody known has the issuer's name: an intermediate is missing, or the issuer is not trusted.
    #[error("issuer not found: {issuer}")]
    IssuerNotFound {
        /// The name that was looked for.
        issuer: Arc<str>,
        /// Where the search ended.
        last: LastFound,
    },
    /// The path ends in a self-signed certificate that is not an anchor.
    #[error("self-signed certificate is not trusted")]
    SelfSignedUntrusted {
        /// Where the search ended.
        last: LastFound,
    },
    /// The signature is not that of the issuer found.
    #[error("signature does not verify with the key of {issuer}")]
    BadSignature {
        /// The subject of the issuer's certificate.
        issuer: Arc<str>,
    },
    /// The signature's algorithm, or the issuer's kind of key, is not accepted.
    #[error("signature algorithm is not accepted")]
    UnsupportedAlgorithm {
        /// Which one.
        #[source]
        source: SignatureError,
    },
    /// A key is too short to be trusted.
    #[error("RSA key of {found} bits is shorter than {expected}")]
    WeakKey {
        /// The least number of bits.
        expected: usize,
        /// The key's bits.
        found: usize,
        /// The key's owner.
        owner: KeyOwner,
    },
    /// A key is so long that checking what it signed costs too much.
    #[error("RSA key of {found} bits is longer than {expected}")]
    OversizedKey {
        /// The greatest number of bits.
        expected: usize,
        /// The key's bits.
        found: usize,
        /// The key's owner.
        owner: KeyOwner,
    },
    /// The issuer's name is not the subject of the next certificate (RFC 5280 section 6.1.3 (a)(4)).
    #[error("issuer {expected} is not the subject of the next certificate, {found}")]
    NamesDoNotChain {
        /// The issuer that the certificate names.
        expected: String,
        /// The subject of the next certificate.
        found: String,
    },
    /// The certificate names no issuer (RFC 5280 section 4.1.2.4), so that anybody without a name would be it.
    #[error("issuer name is empty")]
    EmptyIssuer,
    /// The validity period is over (RFC 5280 section 6.1.3 (a)(2)).
    #[error("expired at {}, now is {}", Moment(*.not_after), Moment(*.now))]
    Expired {
        /// The last valid second.
        not_after: UnixTime,
        /// The time of the verification.
        now: UnixTime,
    },
    /// The validity period has not begun (RFC 5280 section 6.1.3 (a)(2)).
    #[error("not valid before {}, now is {}", Moment(*.not_before), Moment(*.now))]
    NotYetValid {
        /// The first valid second.
        not_before: UnixTime,
        /// The time of the verification.
        now: UnixTime,
    },
    /// An issuer is no certificate authority (RFC 5280 section 6.1.4 (k)).
    #[error("not a certificate authority: {found}")]
    NotACa {
        /// What the certificate says.
        found: AuthorityClaim,
    },
    /// A certificate authority limits how many others follow it (RFC 5280 section 6.1.4 (l) and (m)).
    #[error("{found} intermediate certificates follow where {expected} may")]
    PathTooLong {
        /// The smallest `pathLenConstraint` in force.
        expected: u32,
        /// The intermediates that follow and are not self-issued, as far as counted.
        found: u32,
    },
    /// The key is not for this use (RFC 5280 section 6.1.4 (n), RFC 8446 section 4.4.2.2).
    #[error("key usage {expected} is missing, found {found}")]
    KeyUsageMissing {
        /// The use, or uses of which one suffices.
        expected: KeyUsage,
        /// The uses that the certificate lists.
        found: KeyUsage,
    },
    /// The certificate, or an authority above it, is not for this purpose (RFC 5280 section 4.2.1.12).
    #[error("purpose {expected} is not allowed, found {}", Listed(.found))]
    PurposeNotAllowed {
        /// The purpose of the verification.
        expected: Purpose,
        /// The purposes that the certificate lists, the first few of many; none when it lists none and must.
        found: Vec<String>,
    },
    /// The leaf is a certificate authority's, and the policy takes only what is nothing else.
    #[error("the leaf is a certificate authority")]
    AuthorityAsLeaf,
    /// A critical extension is not understood (RFC 5280 section 6.1.4 (o)).
    #[error("critical extension {oid} is not understood")]
    UnknownCriticalExtension {
        /// Its object identifier.
        oid: String,
    },
    /// A name lies in no permitted subtree (RFC 5280 section 6.1.3 (b)).
    #[error("name {name} is not permitted by {by}, which permits {permitted}")]
    NameNotPermitted {
        /// The name.
        name: String,
        /// The first permitted subtree for names of its kind.
        permitted: String,
        /// The subject of the authority that permits it.
        by: String,
    },
    /// A name lies in an excluded subtree (RFC 5280 section 6.1.3 (c)).
    #[error("name {name} is excluded by {by}, which excludes {excluded}")]
    NameExcluded {
        /// The name.
        name: String,
        /// The subtree.
        excluded: String,
        /// The subject of the authority that excludes it.
        by: String,
    },
    /// A name is constrained and cannot be compared: it is no name of its kind, or there is no rule for
    /// its kind (RFC 5280 section 4.2.1.10).
    #[error("name {name} cannot be compared with {subtree}, to which {by} constrains it")]
    NameNotComparable {
        /// The name.
        name: String,
        /// The subtree.
        subtree: String,
        /// The subject of the authority that constrains it.
        by: String,
    },
    /// A certificate policy is required and none is valid for the path (RFC 5280 sections 6.1.3 (f) and
    /// 6.1.5 (g)).
    #[error("no certificate policy is valid for the path, and one is required")]
    NoValidPolicy,
    /// A policy is mapped to or from anyPolicy (RFC 5280 section 6.1.4 (a)).
    #[error("anyPolicy is mapped")]
    AnyPolicyMapped,
    /// The certificate falls short of what is demanded of those who issue them.
    #[error("certificate does not conform: {requirement}")]
    NotConforming {
        /// What is demanded.
        requirement: Requirement,
    },
    /// No accepted algorithm is for the leaf's kind of key.
    #[error("key of type {algorithm} is not accepted")]
    UnsupportedKey {
        /// The key's algorithm.
        algorithm: String,
    },
    /// The leaf has another issuer than those of the policy.
    #[error("issuer {found} is not among {}", Listed(.expected))]
    IssuerNotAllowed {
        /// The first few issuers of the policy.
        expected: Vec<String>,
        /// The leaf's issuer.
        found: String,
    },
    /// The leaf's subject lacks attributes that the policy demands.
    #[error("subject {found} has not all attributes of any of {}", Listed(.expected))]
    SubjectNotAllowed {
        /// The first few subjects of the policy.
        expected: Vec<String>,
        /// The leaf's subject.
        found: String,
    },
    /// The leaf has no alternative name of those that the policy demands.
    #[error("no alternative name is among {}, found {}", Listed(.expected), Listed(.found))]
    NameNotAllowed {
        /// The first few demands of the policy.
        expected: Vec<String>,
        /// The leaf's first few alternative names.
        found: Vec<String>,
    },
    /// No certificate of the path has a pinned key.
    #[error("no key of the path is among the {expected} pinned")]
    KeyNotPinned {
        /// How many keys are pinned.
        expected: usize,
    },
    /// The leaf is not among the certificates that the policy allows.
    #[error("certificate SHA-256 {} is not among the {expected} allowed", Hexadecimal(.fingerprint))]
    NotAllowed {
        /// How many certificates are allowed.
        expected: usize,
        /// The SHA-256 digest of the leaf.
        fingerprint: [u8; 32],
    },
    /// The policy denies the certificate.
    #[error("certificate is denied by {id}")]
    Denied {
        /// What denies it.
        id: String,
    },
    /// A path would have more intermediates than the policy allows.
    #[error("more than {limit} intermediate certificates")]
    DepthExceeded {
        /// The limit of the policy.
        limit: usize,
    },
    /// The search cost too much and was ended.
    #[error("more than {limit} {resource}")]
    BudgetExceeded {
        /// What ran out.
        resource: Resource,
        /// How much there was.
        limit: u32,
    },
    /// An extension is not what its definition says.
    #[error("certificate is malformed")]
    Malformed {
        /// What is wrong.
        #[source]
        source: Malformed,
    },
}

/// The certificate at which the search for an issuer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastFound {
    /// The leaf itself: nothing above it is known.
    Leaf,
    /// An intermediate that the peer sent.
    Offered,
    /// An intermediate of the configuration.
    Configured,
}

/// What an issuer's certificate says about being an authority, when it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityClaim {
    /// There is no basicConstraints extension.
    NoBasicConstraints,
    /// basicConstraints says that cA is false.
    EndEntity,
    /// The version cannot carry basicConstraints.
    OldVersion(Version),
}

/// Whose key is too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// The leaf.
    Leaf,
    /// A certificate authority, anchors included.
    Authority,
}

/// What kind of failure this is, for whoever has to answer the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A certificate is not what its format says.
    Malformed,
    /// No path of valid signatures leads to an anchor.
    Untrusted,
    /// A certificate of the path has expired.
    Expired,
    /// A certificate of the path is not valid yet.
    NotYetValid,
    /// A certificate of the path must not be used in this way, or says something that is not understood.
    NotPermitted,
    /// The search was ended by a limit.
    TooCostly,
}

impl Reason {
    /// A stable name for logs, metrics and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IssuerNotFound { .. } => "issuer_not_found",
            Self::SelfSignedUntrusted { .. } => "self_signed_untrusted",
            Self::BadSignature { .. } => "bad_signature",
            Self::UnsupportedAlgorithm { .. } => "unsupported_algorithm",
            Self::WeakKey { .. } => "weak_key",
            Self::OversizedKey { .. } => "oversized_key",
            Self::NamesDoNotChain { .. } => "names_do_not_chain",
            Self::EmptyIssuer => "empty_issuer",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::NotACa { .. } => "not_a_ca",
            Self::PathTooLong { .. } => "path_too_long",
            Self::KeyUsageMissing { .. } => "key_usage_missing",
            Self::PurposeNotAllowed { .. } => "purpose_not_allowed",
            Self::AuthorityAsLeaf => "authority_as_leaf",
            Self::UnknownCriticalExtension { .. } => "unknown_critical_extension",
            Self::NameNotPermitted { .. } => "name_not_permitted",
            Self::NameExcluded { .. } => "name_excluded",
            Self::NameNotComparable { .. } => "name_not_comparable",
            Self::NoValidPolicy => "no_valid_policy",
            Self::AnyPolicyMapped => "any_policy_mapped",
            Self::NotConforming { .. } => "not_conforming",
            Self::UnsupportedKey { .. } => "unsupported_key",
            Self::IssuerNotAllowed { .. } => "issuer_not_allowed",
            Self::SubjectNotAllowed { .. } => "subject_not_allowed",
            Self::NameNotAllowed { .. } => "name_not_allowed",
            Self::KeyNotPinned { .. } => "key_not_pinned",
            Self::NotAllowed { .. } => "not_allowed",
            Self::Denied { .. } => "denied",
            Self::DepthExceeded { .. } => "depth_exceeded",
            Self::BudgetExceeded { .. } => "budget_exceeded",
            Self::Malformed { .. } => "malformed",
        }
    }

    /// The kind of failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Malformed { .. } => Class::Malformed,
            Self::IssuerNotFound { .. }
            | Self::SelfSignedUntrusted { .. }
            | Self::BadSignature { .. }
            | Self::NamesDoNotChain { .. } => Class::Untrusted,
            Self::Expired { .. } => Class::Expired,
            Self::NotYetValid { .. } => Class::NotYetValid,
            Self::EmptyIssuer
            | Self::UnsupportedAlgorithm { .. }
            | Self::WeakKey { .. }
            | Self::OversizedKey { .. }
            | Self::NotACa { .. }
            | Self::PathTooLong { .. }
            | Self::KeyUsageMissing { .. }
            | Self::PurposeNotAllowed { .. }
            | Self::AuthorityAsLeaf
            | Self::UnknownCriticalExtension { .. }
            | Self::NameNotPermitted { .. }
            | Self::NameExcluded { .. }
            | Self::NameNotComparable { .. }
            | Self::NoValidPolicy
            | Self::AnyPolicyMapped
            | Self::NotConforming { .. }
            | Self::UnsupportedKey { .. }
            | Self::IssuerNotAllowed { .. }
            | Self::SubjectNotAllowed { .. }
            | Self::NameNotAllowed { .. }
            | Self::KeyNotPinned { .. }
            | Self::NotAllowed { .. }
            | Self::Denied { .. } => Class::NotPermitted,
            Self::DepthExceeded { .. } | Self::BudgetExceeded { .. } => Class::TooCostly,
        }
    }

    /// How much a failure before any anchor was reached tells; higher tells more.
    pub(crate) fn telling(&self) -> u8 {
        match self {
            Self::WeakKey { .. }
            | Self::OversizedKey { .. }
            | Self::UnsupportedAlgorithm { .. }
            | Self::Malformed { .. } => 4,
            Self::DepthExceeded { .. } => 3,
            Self::BadSignature { .. } => 2,
            Self::SelfSignedUntrusted { .. } => 1,
            _ => 0,
        }
    }
}

impl From<Malformed> for Reason {
    fn from(source: Malformed) -> Self {
        Self::Malformed { source }
    }
}

impl fmt::Display for AuthorityClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBasicConstraints => f.write_str("no basicConstraints"),
            Self::EndEntity => f.write_str("basicConstraints says cA false"),
            Self::OldVersion(version) => write!(f, "version {version} cannot say so"),
        }
    }
}

struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for item in self.0 {
            write!(f, "{separator}{item}")?;
            separator = ", ";
        }
        if self.0.is_empty() {
            f.write_str("none")
        } else {
            Ok(())
        }
    }
}

struct Hexadecimal<'a>(&'a [u8]);

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}
