use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use portcullis_x509::SignatureError;
use rustls_pki_types::UnixTime;

use crate::certificate_status::{CertificateStatus, RevocationReason};
use crate::malformed::Malformed;
use crate::moment::Moment;
use crate::response::ErrorStatus;

/// Why a response proves nothing about the certificate in question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The octets are not an OCSP response.
    #[error("response is malformed")]
    Malformed(#[from] Malformed),
    /// The responder says that it does not answer.
    #[error("responder does not answer: {}", status.name())]
    ResponderError {
        /// Why.
        status: ErrorStatus,
    },
    /// Nobody who may sign for this certificate did (RFC 6960 section 4.2.2.2).
    #[error("responder {responder} is not authorised: {reason}")]
    UnauthorisedResponder {
        /// Who says to have signed.
        responder: String,
        /// Why it may not.
        reason: Unauthorised,
    },
    /// The signature is not that of the responder's key over what was received.
    #[error("signature of responder {responder} does not verify")]
    BadSignature {
        /// Who says to have signed.
        responder: String,
    },
    /// The signature's algorithm is not among those accepted, or not with this key.
    #[error("signature of responder {responder} cannot be checked")]
    UnsupportedAlgorithm {
        /// Who says to have signed.
        responder: String,
        /// What is not accepted.
        #[source]
        source: SignatureError,
    },
    /// The signature is over a SHA-1 hash, which the rules do not accept.
    #[error("signature of responder {responder} uses SHA-1: {algorithm}")]
    Sha1Signature {
        /// Who says to have signed.
        responder: String,
        /// The algorithm.
        algorithm: String,
    },
    /// An extension that must be understood is not.
    #[error("critical extension {oid} is unknown")]
    UnknownCriticalExtension {
        /// Its object identifier.
        oid: String,
    },
    /// The response repeats another nonce than was sent.
    #[error("nonce is not the one that was sent")]
    NonceMismatch,
    /// A nonce was sent, and the response repeats none.
    #[error("nonce is not repeated")]
    NonceMissing,
    /// The response has an extension for the nonce that holds none.
    #[error("nonce is malformed")]
    NonceMalformed(#[source] Malformed),
    /// The response says nothing about the certificate in question.
    #[error("none of {answers} answers is about certificate {serial} of this issuer")]
    WrongCertificate {
        /// The serial number asked about.
        serial: String,
        /// How many certificates the response is about.
        answers: usize,
    },
    /// The answer is not of now.
    #[error(transparent)]
    NotFresh(#[from] Staleness),
}

/// Why a responder may not sign. It refers to the certificate that comes nearest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unauthorised {
    /// It is not the issuer, and no certificate of that name or key is at hand.
    #[error("it is not the issuer and its certificate is not at hand")]
    Unknown,
    /// More certificates claim to be the responder's than are examined.
    #[error("more than {limit} certificates claim to be its own")]
    TooManyCertificates {
        /// The limit.
        limit: usize,
    },
    /// The certificate's issuer is another than that of the certificate in question.
    #[error("its certificate is issued by {found}, not by {expected}")]
    OtherIssuer {
        /// The issuer of the certificate in question.
        expected: String,
        /// The issuer of the responder's certificate.
        found: String,
    },
    /// The issuer's key did not sign the certificate.
    #[error("its certificate is not signed by the issuer: {0}")]
    NotSignedByIssuer(SignatureError),
    /// The certificate's signature is over a SHA-1 hash, which the rules do not accept.
    #[error("its certificate is signed with SHA-1: {algorithm}")]
    Sha1Signature {
        /// The algorithm.
        algorithm: String,
    },
    /// The certificate is the one in question: nobody vouches for oneself.
    #[error("its certificate is the one in question")]
    Itself,
    /// The certificate's extended key usage does not name `id-kp-OCSPSigning`.
    #[error("its certificate is not for signing OCSP responses")]
    NotForOcspSigning,
    /// The certificate's key usage has neither `digitalSignature` nor `nonRepudiation`.
    #[error("its certificate's key usage does not allow signatures: {found}")]
    KeyUsage {
        /// The uses that it allows.
        found: String,
    },
    /// An extension of the certificate that must be understood is not.
    #[error("critical extension {oid} of its certificate is unknown")]
    UnknownCriticalExtension {
        /// Its object identifier.
        oid: String,
    },
    /// The certificate's validity has ended.
    #[error("its certificate expired at {}", Moment(*not_after))]
    Expired {
        /// Its last moment.
        not_after: UnixTime,
    },
    /// The certificate's validity has not begun.
    #[error("its certificate is not valid before {}", Moment(*not_before))]
    NotYetValid {
        /// Its first moment.
        not_before: UnixTime,
    },
    /// The certificate is revoked, as one of [`Rules::delegate_answers`] proves.
    ///
    /// [`Rules::delegate_answers`]: crate::Rules::delegate_answers
    #[error("its certificate is {}", CertificateStatus::Revoked { at: *at, reason: *reason })]
    Revoked {
        /// Since when.
        at: UnixTime,
        /// Why, where the issuer says.
        reason: Option<RevocationReason>,
    },
    /// The issuer does not exempt the delegate from revocation checking with
    /// `id-pkix-ocsp-nocheck`, and the rules want either that or an answer which is not at hand.
    ///
    /// Everything else is right: the issuer certified the delegate, whose key signed the response.
    #[error("its certificate has no id-pkix-ocsp-nocheck and no good answer about it is at hand")]
    RevocationNotChecked {
        /// The DER of the delegate's certificate.
        delegate: Box<[u8]>,
    },
    /// An extension of the certificate that is needed to judge it is not what it should be.
    #[error("its certificate is malformed: {0}")]
    Malformed(portcullis_x509::Malformed),
}

/// Why an answer is not of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Staleness {
    /// thisUpdate lies ahead.
    #[error("answer is of {}, which is after {}", Moment(*this_update), Moment(*now))]
    NotYetValid {
        /// thisUpdate
        this_update: UnixTime,
        /// The time of judgement.
        now: UnixTime,
    },
    /// producedAt lies ahead.
    #[error("answer is produced at {}, which is after {}", Moment(*produced_at), Moment(*now))]
    ProducedInFuture {
        /// producedAt
        produced_at: UnixTime,
        /// The time of judgement.
        now: UnixTime,
    },
    /// nextUpdate is past.
    #[error("answer was to be renewed by {}, which is before {}", Moment(*next_update), Moment(*now))]
    Expired {
        /// nextUpdate
        next_update: UnixTime,
        /// The time of judgement.
        now: UnixTime,
    },
    /// thisUpdate is longer ago than the rules allow.
    #[error(
        "answer of {} is more than {} s old at {}",
        Moment(*this_update), max_age.as_secs(), Moment(*now)
    )]
    TooOld {
        /// thisUpdate
        this_update: UnixTime,
        /// How old it may be.
        max_age: Duration,
        /// The time of judgement.
        now: UnixTime,
    },
    /// nextUpdate is before thisUpdate.
    #[error("answer of {} was to be renewed by {}", Moment(*this_update), Moment(*next_update))]
    EndsBeforeBeginning {
        /// thisUpdate
        this_update: UnixTime,
        /// nextUpdate
        next_update: UnixTime,
    },
}

/// The kinds of refusal, a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The octets are not a response.
    Malformed,
    /// The responder did not answer, and says so.
    Declined,
    /// The answer is nobody's whose word counts, or cannot be attributed.
    Untrusted,
    /// The answer is to another question.
    Mismatched,
    /// The answer is not of now.
    Stale,
}

/// What [`Refusal::qualified_code`] has before the code.
const PREFIX: &str = "ocsp_";

impl Refusal {
    /// A stable name of the reason, in snake case, for logs and metrics.
    pub fn code(&self) -> &'static str {
        let qualified = self.qualified_code();
        qualified.strip_prefix(PREFIX).unwrap_or(qualified)
    }

    /// The [code](Self::code) with `ocsp_` before it, for where the codes of several crates meet.
    pub fn qualified_code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "ocsp_malformed",
            Self::ResponderError { status } => match status {
                ErrorStatus::MalformedRequest => "ocsp_malformed_request",
                ErrorStatus::InternalError => "ocsp_internal_error",
                ErrorStatus::TryLater => "ocsp_try_later",
                ErrorStatus::SigRequired => "ocsp_sig_required",
                ErrorStatus::Unauthorized => "ocsp_unauthorized",
            },
            Self::UnauthorisedResponder { .. } => "ocsp_unauthorised_responder",
            Self::BadSignature { .. } => "ocsp_bad_signature",
            Self::UnsupportedAlgorithm { .. } => "ocsp_unsupported_algorithm",
            Self::Sha1Signature { .. } => "ocsp_sha1_signature",
            Self::UnknownCriticalExtension { .. } => "ocsp_unknown_critical_extension",
            Self::NonceMismatch => "ocsp_nonce_mismatch",
            Self::NonceMissing => "ocsp_nonce_missing",
            Self::NonceMalformed(_) => "ocsp_nonce_malformed",
            Self::WrongCertificate { .. } => "ocsp_wrong_certificate",
            Self::NotFresh(staleness) => match staleness {
                Staleness::NotYetValid { .. } | Staleness::ProducedInFuture { .. } => {
                    "ocsp_not_yet_valid"
                }
                Staleness::Expired { .. } => "ocsp_expired",
                Staleness::TooOld { .. } => "ocsp_too_old",
                Staleness::EndsBeforeBeginning { .. } => "ocsp_ends_before_beginning",
            },
        }
    }

    /// The DER of a delegate's certificate, when a good answer about that delegate is all that
    /// the response lacks.
    ///
    /// Under [`DelegatesWithoutNocheck::CheckWhereNamed`] the caller asks the responder that this
    /// certificate names, about it and in the words of the same issuer, and judges the response
    /// again with what came back among [`Rules::delegate_answers`]. Under
    /// [`DelegatesWithoutNocheck::Refuse`] there is nothing to ask, and no answer helps.
    ///
    /// [`DelegatesWithoutNocheck::CheckWhereNamed`]: crate::DelegatesWithoutNocheck::CheckWhereNamed
    /// [`DelegatesWithoutNocheck::Refuse`]: crate::DelegatesWithoutNocheck::Refuse
    /// [`Rules::delegate_answers`]: crate::Rules::delegate_answers
    pub fn delegate_to_check(&self) -> Option<&[u8]> {
        match self {
            Self::UnauthorisedResponder {
                reason: Unauthorised::RevocationNotChecked { delegate },
                ..
            } => Some(delegate),
            _ => None,
        }
    }

    /// The kind of the reason.
    pub fn class(&self) -> Class {
        match self {
            Self::Malformed(_) | Self::NonceMalformed(_) => Class::Malformed,
            Self::ResponderError { .. } => Class::Declined,
            Self::UnauthorisedResponder { .. }
            | Self::BadSignature { .. }
            | Self::UnsupportedAlgorithm { .. }
            | Self::Sha1Signature { .. }
            | Self::UnknownCriticalExtension { .. } => Class::Untrusted,
            Self::NonceMismatch | Self::NonceMissing | Self::WrongCertificate { .. } => {
                Class::Mismatched
            }
            Self::NotFresh(_) => Class::Stale,
        }
    }
}
