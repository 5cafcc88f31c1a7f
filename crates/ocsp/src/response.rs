//! What an `OCSPResponse` says, before anyone believes it.

mod statements;

use alloc::string::ToString;
use alloc::vec::Vec;

use portcullis_x509::der::{Error, Reader, Tag};
use portcullis_x509::{AlgorithmIdentifier, Extension, Shown, oid};
use rustls_pki_types::UnixTime;

use crate::cert_id::CertIdRef;
use crate::certificate_status::CertificateStatus;
use crate::malformed::{Malformed, Part};
use crate::nonce::Nonce;
use crate::responder_id::ResponderId;
use crate::{MAX_LENGTH, extensions, version};

pub use statements::{CrlReference, ExtendedRevoke};

/// A borrowed view of an `OCSPResponse` (RFC 6960 section 4.2.1).
///
/// ```text
/// OCSPResponse ::= SEQUENCE {
///    responseStatus         OCSPResponseStatus,
///    responseBytes      [0] EXPLICIT ResponseBytes OPTIONAL }
///
/// ResponseBytes ::=       SEQUENCE {
///    responseType   OBJECT IDENTIFIER,
///    response       OCTET STRING }
/// ```
#[derive(Clone, Debug)]
pub enum Response<'a> {
    /// The responder answers.
    Basic(BasicResponse<'a>),
    /// The responder gives a reason for not answering, without a signature.
    Error(ErrorStatus),
}

/// Why a responder does not answer.
///
/// ```text
/// OCSPResponseStatus ::= ENUMERATED {
///     successful            (0),
///     malformedRequest      (1),
///     internalError         (2),
///     tryLater              (3),
///     -- (4) is not used
///     sigRequired           (5),
///     unauthorized          (6) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorStatus {
    /// The request is not understood.
    MalformedRequest,
    /// The responder is in a bad state.
    InternalError,
    /// The responder cannot answer now.
    TryLater,
    /// The request must be signed.
    SigRequired,
    /// The responder does not know the certificate, or not this client (RFC 5019 section 2.2.3).
    Unauthorized,
}

impl ErrorStatus {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            Self::SigRequired => 5,
            Self::Unauthorized => 6,
        }
    }

    fn from_number(number: u8) -> Result<Self, Malformed> {
        match number {
            1 => Ok(Self::MalformedRequest),
            2 => Ok(Self::InternalError),
            3 => Ok(Self::TryLater),
            5 => Ok(Self::SigRequired),
            6 => Ok(Self::Unauthorized),
            found => Err(Malformed::UnknownResponseStatus { found }),
        }
    }

    /// The name of the status in RFC 6960.
    pub fn name(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::SigRequired => "sigRequired",
            Self::Unauthorized => "unauthorized",
        }
    }
}

/// A borrowed view of a `BasicOCSPResponse`.
///
/// ```text
/// BasicOCSPResponse       ::= SEQUENCE {
///    tbsResponseData      ResponseData,
///    signatureAlgorithm   AlgorithmIdentifier,
///    signature            BIT STRING,
///    certs            [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
///
/// ResponseData ::= SEQUENCE {
///    version              [0] EXPLICIT Version DEFAULT v1,
///    responderID              ResponderID,
///    producedAt               GeneralizedTime,
///    responses                SEQUENCE OF SingleResponse,
///    responseExtensions   [1] EXPLICIT Extensions OPTIONAL }
/// ```
///
/// An explicitly written default version is read although DER forbids it: responders send it, and
/// the signature is over the octets they sent.
#[derive(Clone, Debug)]
pub struct BasicResponse<'a> {
    tbs: &'a [u8],
    responder_id: ResponderId<'a>,
    produced_at: UnixTime,
    responses: Vec<SingleResponse<'a>>,
    extensions: Vec<Extension<'a>>,
    signature_algorithm: AlgorithmIdentifier<'a>,
    signature: &'a [u8],
    certificates: &'a [u8],
}

/// What is said of one certificate.
///
/// ```text
/// SingleResponse ::= SEQUENCE {
///    certID                       CertID,
///    certStatus                   CertStatus,
///    thisUpdate                   GeneralizedTime,
///    nextUpdate         [0]       EXPLICIT GeneralizedTime OPTIONAL,
///    singleExtensions   [1]       EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Clone, Debug)]
pub struct SingleResponse<'a> {
    cert_id: CertIdRef<'a>,
    status: CertificateStatus,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    extensions: Vec<Extension<'a>>,
}

/// Reads an `OCSPResponse` that fills `der` entirely. Nothing is verified.
///
/// The certificates that come along are not parsed: an odd one among them does no harm.
///
/// # Errors
/// [`Malformed`] when it is larger than [`MAX_LENGTH`], not strict DER, of another version or type
/// than the one that is defined, or repeats an extension.
pub fn parse_response(der: &[u8]) -> Result<Response<'_>, Malformed> {
    if der.len() > MAX_LENGTH {
        return Err(Malformed::TooLong {
            found: der.len(),
            limit: MAX_LENGTH,
        });
    }
    let at = Malformed::encoding(Part::Response);
    let mut outer = Reader::new(der);
    let mut reader = Reader::new(outer.expect(Tag::SEQUENCE).map_err(at)?);
    outer.finish().map_err(at)?;
    let status = single_octet(reader.enumerated().map_err(at)?).map_err(at)?;
    let bytes = reader.optional(Tag::context_constructed(0)).map_err(at)?;
    reader.finish().map_err(at)?;
    match (status, bytes) {
        (0, Some(bytes)) => read_response_bytes(bytes).map(Response::Basic),
        (0, None) => Err(Malformed::NoResponseBytes),
        (error, _) => ErrorStatus::from_number(error).map(Response::Error),
    }
}

fn read_response_bytes(content: &[u8]) -> Result<BasicResponse<'_>, Malformed> {
    let at = Malformed::encoding(Part::ResponseBytes);
    let mut outer = Reader::new(content);
    let (response_type, response) = outer
        .sequence(|reader| Ok::<_, Error>((reader.oid()?, reader.octet_string()?)))
        .map_err(at)?;
    outer.finish().map_err(at)?;
    if response_type != oid::OCSP_BASIC {
        return Err(Malformed::UnknownResponseType {
            found: Shown::new(response_type).to_string(),
        });
    }
    BasicResponse::parse(response)
}

impl<'a> BasicResponse<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, Malformed> {
        let at = Malformed::encoding(Part::BasicResponse);
        let mut outer = Reader::new(der);
        let mut reader = Reader::new(outer.expect(Tag::SEQUENCE).map_err(at)?);
        outer.finish().map_err(at)?;
        let tbs = reader.expect_tlv(Tag::SEQUENCE).map_err(at)?;
        let signature_algorithm = AlgorithmIdentifier::read(&mut reader).map_err(at)?;
        let signature = reader.bit_string_octets().map_err(at)?;
        let certificates = read_certificates(&mut reader)?;
        reader.finish().map_err(at)?;
        let data = ResponseData::parse(tbs.value)?;
        Ok(Self {
            tbs: tbs.der,
            responder_id: data.responder_id,
            produced_at: data.produced_at,
            responses: data.responses,
            extensions: data.extensions,
            signature_algorithm,
            signature,
            certificates,
        })
    }

    /// The signed part as received, with tag and length.
    pub fn tbs(&self) -> &'a [u8] {
        self.tbs
    }

    /// Who says to have signed.
    pub fn responder_id(&self) -> ResponderId<'a> {
        self.responder_id
    }

    /// When the responder signed.
    pub fn produced_at(&self) -> UnixTime {
        self.produced_at
    }

    /// What is said, of each certificate.
    pub fn responses(&self) -> &[SingleResponse<'a>] {
        &self.responses
    }

    /// The `responseExtensions`.
    pub fn extensions(&self) -> &[Extension<'a>] {
        &self.extensions
    }

    /// The nonce of the question, repeated.
    ///
    /// # Errors
    /// [`Malformed`] when it is not an OCTET STRING of 1 to 128 octets.
    pub fn nonce(&self) -> Result<Option<Nonce<'a>>, Malformed> {
        extensions::nonce(&self.extensions)
    }

    /// The algorithm of the signature.
    pub fn signature_algorithm(&self) -> AlgorithmIdentifier<'a> {
        self.signature_algorithm
    }

    /// The signature over [`BasicResponse::tbs`].
    pub fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// The DER of each certificate that comes along, not parsed.
    pub fn certificates(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        // Invariant: `read_certificates` read every element once.
        let mut reader = Reader::new(self.certificates);
        core::iter::from_fn(move || reader.tlv().ok().map(|certificate| certificate.der))
    }
}

/// The content of `certs`, every element of which is well-formed on the outside.
fn read_certificates<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let at = Malformed::encoding(Part::Certificates);
    let list = reader
        .optional_nested(Tag::context_constructed(0), |reader| {
            reader.expect(Tag::SEQUENCE)
        })
        .map_err(at)?
        .unwrap_or_default();
    let mut reader = Reader::new(list);
    while !reader.is_empty() {
        reader.expect(Tag::SEQUENCE).map_err(at)?;
    }
    Ok(list)
}

/// What is signed.
struct ResponseData<'a> {
    responder_id: ResponderId<'a>,
    produced_at: UnixTime,
    responses: Vec<SingleResponse<'a>>,
    extensions: Vec<Extension<'a>>,
}

impl<'a> ResponseData<'a> {
    fn parse(content: &'a [u8]) -> Result<Self, Malformed> {
        let at = Malformed::encoding(Part::ResponseData);
        let mut reader = Reader::new(content);
        version::read(&mut reader, Part::ResponseData)?;
        let responder_id = ResponderId::read(&mut reader)?;
        let produced_at = reader
            .generalized_time()
            .map_err(Malformed::encoding(Part::ProducedAt))?;
        let mut list = Reader::new(reader.expect(Tag::SEQUENCE).map_err(at)?);
        // Bounded by MAX_LENGTH: an answer has at least 30 octets.
        let mut responses = Vec::new();
        while !list.is_empty() {
            responses.push(SingleResponse::read(&mut list)?);
        }
        let extensions = extensions::read(&mut reader, 1, Part::ResponseExtensions)?;
        reader.finish().map_err(at)?;
        Ok(Self {
            responder_id,
            produced_at,
            responses,
            extensions,
        })
    }
}

impl<'a> SingleResponse<'a> {
    fn read(list: &mut Reader<'a>) -> Result<Self, Malformed> {
        let at = Malformed::encoding(Part::SingleResponse);
        let mut reader = Reader::new(list.expect(Tag::SEQUENCE).map_err(at)?);
        let cert_id = CertIdRef::read(&mut reader).map_err(at)?;
        let status = CertificateStatus::read(&mut reader).map_err(at)?;
        let this_update = reader.generalized_time().map_err(at)?;
        let next_update = reader
            .optional_nested(Tag::context_constructed(0), Reader::generalized_time)
            .map_err(at)?;
        let extensions = extensions::read(&mut reader, 1, Part::SingleExtensions)?;
        reader.finish().map_err(at)?;
        Ok(Self {
            cert_id,
            status,
            this_update,
            next_update,
            extensions,
        })
    }

    /// Which certificate this is about.
    pub fn cert_id(&self) -> CertIdRef<'a> {
        self.cert_id
    }

    /// What is said of it.
    pub fn status(&self) -> CertificateStatus {
        self.status
    }

    /// The moment at which this was known to be so.
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// The moment by which there will be newer information. None: there is all the time.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.next_update
    }

    /// The `singleExtensions`.
    pub fn extensions(&self) -> &[Extension<'a>] {
        &self.extensions
    }
}

/// The number of an ENUMERATED below 128.
pub(crate) fn single_octet(content: &[u8]) -> Result<u8, Error> {
    match content {
        [octet @ 0..=0x7f] => Ok(*octet),
        _ => Err(Error::Constraint),
    }
}
