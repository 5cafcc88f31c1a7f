use alloc::string::String;
use core::fmt;

use portcullis_x509::der;

/// Why octets are not an OCSP message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A part is not strict DER of its type.
    #[error("{part} is not valid DER")]
    Encoding {
        /// The part.
        part: Part,
        /// What is wrong with it.
        #[source]
        source: der::Error,
    },
    /// The message is larger than [`MAX_LENGTH`](crate::MAX_LENGTH).
    #[error("message of {found} octets exceeds the limit of {limit}")]
    TooLong {
        /// Octets received.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A list of extensions has one twice (RFC 5280 section 4.2).
    #[error("extension {oid} appears twice in {part}")]
    DuplicateExtension {
        /// The list.
        part: Part,
        /// The extension's object identifier.
        oid: String,
    },
    /// A list of extensions is longer than is read.
    #[error("more than {limit} extensions in {part}")]
    TooManyExtensions {
        /// The list.
        part: Part,
        /// The limit, that of [`Extensions::MAX_COUNT`](portcullis_x509::Extensions::MAX_COUNT).
        limit: usize,
    },
    /// The version is not v1.
    #[error("version number {found} is not that of v1, which is 0")]
    UnknownVersion {
        /// The number, one less than the version's name.
        found: u8,
    },
    /// The response status is none that RFC 6960 section 4.2.1 defines.
    #[error("response status {found} is not defined")]
    UnknownResponseStatus {
        /// The number.
        found: u8,
    },
    /// The status is successful, but no response follows.
    #[error("successful response without response bytes")]
    NoResponseBytes,
    /// The response is of another type than `id-pkix-ocsp-basic`, the only one that is defined.
    #[error("response type {found} is not id-pkix-ocsp-basic")]
    UnknownResponseType {
        /// Its object identifier.
        found: String,
    },
    /// A nonce has no octet, or more than 128 (RFC 9654 section 2.1).
    #[error("nonce of {found} octets, not 1 to {limit}")]
    NonceLength {
        /// Octets received.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

impl Malformed {
    pub(crate) fn encoding(part: Part) -> impl FnOnce(der::Error) -> Self + Copy {
        move |source| Self::Encoding { part, source }
    }
}

/// A part of a message, named as in RFC 6960.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// `OCSPRequest`
    Request,
    /// `tbsRequest`
    TbsRequest,
    /// `requestList`
    RequestList,
    /// `requestExtensions`
    RequestExtensions,
    /// `singleRequestExtensions`
    SingleRequestExtensions,
    /// `OCSPResponse`
    Response,
    /// `responseBytes`
    ResponseBytes,
    /// `BasicOCSPResponse`
    BasicResponse,
    /// `tbsResponseData`
    ResponseData,
    /// `responderID`
    ResponderId,
    /// `producedAt`
    ProducedAt,
    /// `SingleResponse`
    SingleResponse,
    /// `responseExtensions`
    ResponseExtensions,
    /// `singleExtensions`
    SingleExtensions,
    /// `certs`
    Certificates,
    /// `Nonce`
    Nonce,
    /// `NULL` of `id-pkix-ocsp-extended-revoke`
    ExtendedRevoke,
    /// `ArchiveCutoff`
    ArchiveCutoff,
    /// `CrlID`
    CrlReference,
    /// `CRLReason` among the `singleExtensions`
    CrlReason,
    /// `InvalidityDate`
    InvalidityDate,
    /// `SignedCertificateTimestampList`
    SignedCertificateTimestamps,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "OCSPRequest",
            Self::TbsRequest => "tbsRequest",
            Self::RequestList => "requestList",
            Self::RequestExtensions => "requestExtensions",
            Self::SingleRequestExtensions => "singleRequestExtensions",
            Self::Response => "OCSPResponse",
            Self::ResponseBytes => "responseBytes",
            Self::BasicResponse => "BasicOCSPResponse",
            Self::ResponseData => "tbsResponseData",
            Self::ResponderId => "responderID",
            Self::ProducedAt => "producedAt",
            Self::SingleResponse => "SingleResponse",
            Self::ResponseExtensions => "responseExtensions",
            Self::SingleExtensions => "singleExtensions",
            Self::Certificates => "certs",
            Self::Nonce => "nonce",
            Self::ExtendedRevoke => "extended revoke",
            Self::ArchiveCutoff => "ArchiveCutoff",
            Self::CrlReference => "CrlID",
            Self::CrlReason => "CRLReason",
            Self::InvalidityDate => "InvalidityDate",
            Self::SignedCertificateTimestamps => "SignedCertificateTimestampList",
        })
    }
}
