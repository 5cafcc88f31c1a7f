use alloc::string::String;
use core::fmt;

use crate::{Version, der};

/// Why octets are not a certificate, or a part of one is not what its ASN.1 says. Text of a peer's
/// choice is kept up to [`MAX_SHOWN`](crate::MAX_SHOWN) characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A part is not strict DER of its type.
    #[error("{field} is not valid DER")]
    Encoding {
        /// The part.
        field: Field,
        /// What is wrong with it.
        #[source]
        source: der::Error,
    },
    /// The certificate is larger than [`Certificate::MAX_LENGTH`](crate::Certificate::MAX_LENGTH).
    #[error("certificate of {found} octets exceeds the limit of {limit}")]
    TooLong {
        /// Octets received.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The version is none of v1, v2 and v3, or v1 is written out although it is the default.
    #[error("version number {found} is not that of v2 or v3")]
    UnknownVersion {
        /// The number, one less than the version's name.
        found: u8,
    },
    /// Extensions need version 3, unique identifiers version 2 or 3 (RFC 5280 section 4.1.2.1).
    #[error("{field} must not appear in a {version} certificate")]
    FieldNeedsLaterVersion {
        /// The part that must not be there.
        field: Field,
        /// The version of the certificate.
        version: Version,
    },
    /// `signatureAlgorithm` differs from the signed `signature` field (RFC 5280 section 4.1.1.2).
    #[error("signature algorithm {outer} differs from the signed one, {inner}")]
    SignatureAlgorithmsDiffer {
        /// The unsigned one.
        outer: String,
        /// The signed one.
        inner: String,
    },
    /// An extension appears twice (RFC 5280 section 4.2).
    #[error("extension {oid} appears twice")]
    DuplicateExtension {
        /// Its object identifier.
        oid: String,
    },
    /// A policy appears twice in `certificatePolicies` (RFC 5280 section 4.2.1.4).
    #[error("policy {oid} appears twice")]
    DuplicatePolicy {
        /// Its object identifier.
        oid: String,
    },
    /// More extensions than [`Extensions::MAX_COUNT`](crate::Extensions::MAX_COUNT).
    #[error("more than {limit} extensions")]
    TooManyExtensions {
        /// The limit.
        limit: usize,
    },
}

impl Malformed {
    pub(crate) fn encoding(field: Field) -> impl FnOnce(der::Error) -> Self + Copy {
        move |source| Self::Encoding { field, source }
    }
}

/// A part of a certificate, named as in RFC 5280.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// `Certificate`
    Certificate,
    /// `tbsCertificate`
    TbsCertificate,
    /// `version`
    Version,
    /// `serialNumber`
    SerialNumber,
    /// `signature` or `signatureAlgorithm`
    SignatureAlgorithm,
    /// `issuer`
    Issuer,
    /// `validity`
    Validity,
    /// `subject`
    Subject,
    /// `subjectPublicKeyInfo`
    SubjectPublicKeyInfo,
    /// `issuerUniqueID` or `subjectUniqueID`
    UniqueIdentifier,
    /// `extensions`
    Extensions,
    /// `signatureValue`
    SignatureValue,
    /// `basicConstraints`
    BasicConstraints,
    /// `keyUsage`
    KeyUsage,
    /// `extKeyUsage`
    ExtendedKeyUsage,
    /// `subjectAltName`
    SubjectAlternativeName,
    /// `authorityKeyIdentifier`
    AuthorityKeyIdentifier,
    /// `subjectKeyIdentifier`
    SubjectKeyIdentifier,
    /// `authorityInfoAccess`
    AuthorityInformationAccess,
    /// `nameConstraints`
    NameConstraints,
    /// `certificatePolicies`
    CertificatePolicies,
    /// `policyMappings`
    PolicyMappings,
    /// `policyConstraints`
    PolicyConstraints,
    /// `inhibitAnyPolicy`
    InhibitAnyPolicy,
    /// A `GeneralName` outside an extension named above
    GeneralName,
    /// A `Name` outside a certificate
    Name,
    /// `RSAPublicKey` (RFC 8017 appendix A.1.1)
    RsaPublicKey,
    /// An `AlgorithmIdentifier` outside a certificate
    AlgorithmIdentifier,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::TbsCertificate => "tbsCertificate",
            Self::Version => "version",
            Self::SerialNumber => "serialNumber",
            Self::SignatureAlgorithm => "signatureAlgorithm",
            Self::Issuer => "issuer",
            Self::Validity => "validity",
            Self::Subject => "subject",
            Self::SubjectPublicKeyInfo => "subjectPublicKeyInfo",
            Self::UniqueIdentifier => "unique identifier",
            Self::Extensions => "extensions",
            Self::SignatureValue => "signatureValue",
            Self::BasicConstraints => "basicConstraints",
            Self::KeyUsage => "keyUsage",
            Self::ExtendedKeyUsage => "extKeyUsage",
            Self::SubjectAlternativeName => "subjectAltName",
            Self::AuthorityKeyIdentifier => "authorityKeyIdentifier",
            Self::SubjectKeyIdentifier => "subjectKeyIdentifier",
            Self::AuthorityInformationAccess => "authorityInfoAccess",
            Self::NameConstraints => "nameConstraints",
            Self::CertificatePolicies => "certificatePolicies",
            Self::PolicyMappings => "policyMappings",
            Self::PolicyConstraints => "policyConstraints",
            Self::InhibitAnyPolicy => "inhibitAnyPolicy",
            Self::GeneralName => "generalName",
            Self::Name => "name",
            Self::RsaPublicKey => "RSAPublicKey",
            Self::AlgorithmIdentifier => "algorithmIdentifier",
        })
    }
}
