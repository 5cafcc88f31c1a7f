//! The answering half: builds responses and has them signed.
//!
//! The key stays with the caller: [`Signer`] takes octets and gives a signature.

use alloc::vec::Vec;

use portcullis_x509::der::Tag;
use portcullis_x509::oid;
use rustls_pki_types::UnixTime;

use crate::certificate_status::CertificateStatus;
use crate::encode;
use crate::extensions;
use crate::nonce::Nonce;
pub use crate::responder_id::ResponderId;
pub use crate::response::ErrorStatus;

/// Signs responses: the key of the issuer, or of its delegate.
pub trait Signer {
    /// The encoded `AlgorithmIdentifier` of the signatures, with tag and length.
    fn algorithm(&self) -> &[u8];

    /// The signature over `message`.
    ///
    /// # Errors
    /// [`SignError`] when the key cannot sign now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A key did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key did not sign")]
pub struct SignError;

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RespondError {
    /// The key did not sign.
    #[error("response is not signed")]
    Sign(#[from] SignError),
    /// A moment lies after the year 9999 and has no encoding.
    #[error("{} seconds after 1970 is a time that cannot be encoded", time.as_secs())]
    Time {
        /// The moment.
        time: UnixTime,
    },
}

/// What to say of one certificate.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The CertID of the request, repeated octet for octet: [`CertIdRef::der`](crate::CertIdRef::der).
    pub cert_id: &'a [u8],
    /// What is said.
    pub status: CertificateStatus,
    /// The moment at which it is known to be so.
    pub this_update: UnixTime,
    /// The moment by which there will be newer information.
    pub next_update: Option<UnixTime>,
    /// The moment from which on revoked certificates are remembered, even expired ones (RFC 6960
    /// section 4.4.4). None: nothing is said of it.
    pub archive_cutoff: Option<UnixTime>,
}

/// The DER of a signed `OCSPResponse` with these answers.
///
/// `certificates` come along: the delegate's own, or none when the issuer signs itself.
///
/// Where an answer is [`CertificateStatus::NEVER_ISSUED`], the response says
/// `id-pkix-ocsp-extended-revoke`, as RFC 6960 section 2.2 demands, and not otherwise.
///
/// # Errors
/// [`RespondError`].
pub fn respond(
    answers: &[Answer<'_>],
    nonce: Option<Nonce<'_>>,
    responder_id: ResponderId<'_>,
    certificates: &[&[u8]],
    signer: &dyn Signer,
    produced_at: UnixTime,
) -> Result<Vec<u8>, RespondError> {
    let tbs = response_data(answers, nonce, responder_id, produced_at)?;
    let signature = encode::bit_string(&signer.sign(&tbs)?);
    let certificates = match certificates {
        [] => Vec::new(),
        certificates => encode::explicit(0, &encode::sequence(certificates)),
    };
    let basic = encode::sequence(&[&tbs, signer.algorithm(), &signature, &certificates]);
    let response_type = encode::oid(oid::OCSP_BASIC);
    let bytes = encode::sequence(&[&response_type, &encode::octet_string(&basic)]);
    Ok(encode::sequence(&[
        &enumerated(SUCCESSFUL),
        &encode::explicit(0, &bytes),
    ]))
}

/// The DER of an `OCSPResponse` that only says why there is no answer. It is not signed.
pub fn error_response(status: ErrorStatus) -> Vec<u8> {
    encode::sequence(&[&enumerated(status.number())])
}

const SUCCESSFUL: u8 = 0;

fn enumerated(number: u8) -> Vec<u8> {
    encode::tlv(Tag::ENUMERATED, &[&[number]])
}

fn response_data(
    answers: &[Answer<'_>],
    nonce: Option<Nonce<'_>>,
    responder_id: ResponderId<'_>,
    produced_at: UnixTime,
) -> Result<Vec<u8>, RespondError> {
    let mut responses = Vec::new();
    for answer in answers {
        responses.extend(single_response(answer)?);
    }
    let mut extensions = nonce.map(Nonce::to_extension).unwrap_or_default();
    if answers
        .iter()
        .any(|answer| answer.status == CertificateStatus::NEVER_ISSUED)
    {
        let id = extensions::EXTENDED_REVOKE;
        extensions.extend(encode::extension(id.as_bytes(), encode::NULL));
    }
    let extensions = explicit_list(&extensions);
    let produced_at = time(produced_at)?;
    let responses = encode::sequence(&[&responses]);
    Ok(encode::sequence(&[
        &responder_id.to_der(),
        &produced_at,
        &responses,
        &extensions,
    ]))
}

fn single_response(answer: &Answer<'_>) -> Result<Vec<u8>, RespondError> {
    let status = match answer.status {
        CertificateStatus::Revoked { at, .. } => answer
            .status
            .to_der()
            .ok_or(RespondError::Time { time: at })?,
        CertificateStatus::Good | CertificateStatus::Unknown => {
            answer.status.to_der().unwrap_or_default()
        }
    };
    let this_update = time(answer.this_update)?;
    let next_update = match answer.next_update {
        Some(next_update) => encode::explicit(0, &time(next_update)?),
        None => Vec::new(),
    };
    let archive_cutoff = match answer.archive_cutoff {
        Some(cutoff) => encode::extension(extensions::ARCHIVE_CUTOFF.as_bytes(), &time(cutoff)?),
        None => Vec::new(),
    };
    Ok(encode::sequence(&[
        answer.cert_id,
        &status,
        &this_update,
        &next_update,
        &explicit_list(&archive_cutoff),
    ]))
}

/// `[1] EXPLICIT Extensions OPTIONAL`, absent when there is none.
fn explicit_list(extensions: &[u8]) -> Vec<u8> {
    match extensions {
        [] => Vec::new(),
        extensions => encode::explicit(1, &encode::sequence(&[extensions])),
    }
}

fn time(time: UnixTime) -> Result<Vec<u8>, RespondError> {
    encode::generalized_time(time).ok_or(RespondError::Time { time })
}
