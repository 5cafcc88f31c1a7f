//! The judgement: what a response proves about one certificate.

use alloc::string::{String, ToString};

use const_oid::ObjectIdentifier;
use portcullis_x509::Shown;
use rustls_pki_types::UnixTime;

use crate::authorisation::{self, SignedUntil};
use crate::certificate_status::CertificateStatus;
use crate::extensions::{self, unknown_critical};
use crate::freshness::{Dates, valid_until};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::response::{BasicResponse, Response, SingleResponse, parse_response};
use crate::rules::{MissingNonce, Rules};

/// What an authorised responder says of the certificate, now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Good, revoked or unknown.
    pub certificate: CertificateStatus,
    /// The moment at which that was known to be so.
    pub this_update: UnixTime,
    /// The moment by which there will be newer information.
    pub next_update: Option<UnixTime>,
    /// The moment at which the response was signed.
    pub produced_at: UnixTime,
    /// Who signed: a name, or `key` with a hash.
    pub responder: String,
    /// The last moment at which this may be relied upon, never before the moment of judgement: the
    /// earliest of nextUpdate, the maximum age, and the end of the responder's certificate.
    pub valid_until: UnixTime,
}

/// Judges a response to a query.
///
/// In this order: the form; the signature, over the octets received, and the right to sign; the
/// extensions and the nonce; whether the answer is about the certificate; its dates. Every answer
/// about the certificate must have its dates right; of several the worst counts, revoked before
/// unknown before good.
///
/// # Errors
/// [`Refusal`] when the response proves nothing, for whichever of these reasons comes first.
/// Revoked and unknown are proven statements and therefore not errors: the caller looks at
/// [`Status::certificate`].
pub fn status(
    response: &[u8],
    query: &Query<'_>,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<Status, Refusal> {
    let response = match parse_response(response)? {
        Response::Basic(response) => response,
        Response::Error(status) => return Err(Refusal::ResponderError { status }),
    };
    let signed_until = authorisation::verify(&response, query, rules, now)?;
    check_critical_extensions(&response)?;
    check_nonce(&response, query, rules)?;
    judge_answers(&response, &signed_until, query, rules, now)
}

fn judge_answers(
    response: &BasicResponse<'_>,
    signed_until: &SignedUntil,
    query: &Query<'_>,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<Status, Refusal> {
    let mut worst: Option<Status> = None;
    let (certificate, issuer) = (query.certificate(), query.issuer());
    for answer in response.responses() {
        if !answer.cert_id().identifies(certificate, issuer) {
            continue;
        }
        let status = judge_answer(answer, response, signed_until, rules, now)?;
        let severity = status.certificate.severity();
        if worst
            .as_ref()
            .is_none_or(|worst| worst.certificate.severity() < severity)
        {
            worst = Some(status);
        }
    }
    worst.ok_or_else(|| Refusal::WrongCertificate {
        serial: Shown::new(certificate.serial()).to_string(),
        answers: response.responses().len(),
    })
}

fn judge_answer(
    answer: &SingleResponse<'_>,
    response: &BasicResponse<'_>,
    signed_until: &SignedUntil,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<Status, Refusal> {
    let dates = Dates {
        this_update: answer.this_update(),
        next_update: answer.next_update(),
        produced_at: response.produced_at(),
    };
    let fresh_until = valid_until(&dates, &rules.limits, now)?;
    Ok(Status {
        certificate: answer.status(),
        this_update: dates.this_update,
        next_update: dates.next_update,
        produced_at: dates.produced_at,
        responder: Shown::new(response.responder_id()).to_string(),
        valid_until: signed_until
            .0
            .map_or(fresh_until, |end| end.min(fresh_until)),
    })
}

/// Extensions of a response that do not change what it says.
const KNOWN_IN_RESPONSES: &[ObjectIdentifier] = &[
    // id-pkix-ocsp-nonce, which is checked
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2"),
    extensions::EXTENDED_REVOKE,
];

/// Extensions of an answer that do not change what it says.
const KNOWN_IN_ANSWERS: &[ObjectIdentifier] = &[
    extensions::CRL_REFERENCE,
    extensions::ARCHIVE_CUTOFF,
    extensions::CRL_REASON,
    extensions::INVALIDITY_DATE,
    extensions::SIGNED_CERTIFICATE_TIMESTAMPS,
];

fn check_critical_extensions(response: &BasicResponse<'_>) -> Result<(), Refusal> {
    let of_response = response.extensions().iter().copied();
    let of_answers = response
        .responses()
        .iter()
        .flat_map(SingleResponse::extensions)
        .copied();
    let unknown = unknown_critical(of_response, KNOWN_IN_RESPONSES)
        .or_else(|| unknown_critical(of_answers, KNOWN_IN_ANSWERS));
    match unknown {
        None => Ok(()),
        Some(oid) => Err(Refusal::UnknownCriticalExtension {
            oid: Shown::new(oid).to_string(),
        }),
    }
}

/// A malformed nonce is refused even when none was sent.
fn check_nonce(
    response: &BasicResponse<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
) -> Result<(), Refusal> {
    let received = response.nonce().map_err(Refusal::NonceMalformed)?;
    match (query.sent_nonce(), received) {
        (None, _) => Ok(()),
        (Some(sent), Some(received)) if sent == received => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::NonceMismatch),
        (Some(_), None) => match rules.missing_nonce {
            MissingNonce::Allow => Ok(()),
            MissingNonce::Refuse => Err(Refusal::NonceMissing),
        },
    }
}
