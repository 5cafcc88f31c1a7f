use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ocsp::{CertificateStatus, Class as RefusalClass, Refusal, RevocationReason};
use rustls_pki_types::UnixTime;

/// Why a certificate is not known to stand. Clones are cheap.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The certificate is revoked, says an authorised responder.
    #[error("certificate is {}", CertificateStatus::Revoked { at: *at, reason: *reason })]
    CertificateRevoked {
        /// Since when.
        at: UnixTime,
        /// Why, where the issuer says.
        reason: Option<RevocationReason>,
    },
    /// An authorised responder does not know the certificate.
    #[error("responder {url} does not know the certificate")]
    CertificateUnknown {
        /// Where it was asked.
        url: String,
    },
    /// The certificate is itself what is trusted: nobody issued it who could revoke it.
    #[error("certificate is its own trust anchor, so that no issuer answers for it")]
    IssuerNotKnown,
    /// The certificate does not say where to ask.
    #[error("certificate names no OCSP responder")]
    ResponderNotNamed,
    /// What the certificate says about where to ask is malformed.
    #[error("certificate does not say properly where to ask")]
    CertificateMalformed(#[source] portcullis_x509::Malformed),
    /// The responder must not be asked.
    #[error("responder {url} must not be asked: {reason}")]
    ResponderRefusedByPolicy {
        /// The responder.
        url: String,
        /// Why not.
        reason: PolicyFault,
    },
    /// There is no connection to the responder, or it breaks.
    #[error("responder {url} is unreachable")]
    ResponderUnreachable {
        /// The responder.
        url: String,
        /// What happened.
        #[source]
        cause: Unreachable,
    },
    /// The responder does not answer in time.
    #[error("responder {url} did not answer within {} ms", after.as_millis())]
    ResponderTimedOut {
        /// The responder.
        url: String,
        /// How long it had.
        after: Duration,
    },
    /// The responder's HTTP response is not one that carries an OCSP response.
    #[error("responder {url} answered, but {fault}")]
    HttpFault {
        /// The responder.
        url: String,
        /// What is wrong.
        fault: HttpFault,
    },
    /// The OCSP response proves nothing.
    #[error("answer of responder {url} is refused")]
    AnswerRefused {
        /// The responder.
        url: String,
        /// Why.
        #[source]
        refusal: Arc<Refusal>,
    },
    /// The answer is older than what is known, or would take a revocation back without being newer: one from a replica
    /// that lags, or replayed.
    #[error("responder {url} gives an answer from before the one that is known")]
    AnswerOlder {
        /// The responder.
        url: String,
    },
    /// The responder failed so often that it is left alone for a while.
    #[error("responder {url} failed {failures} times, so that it is not asked before {}", until.as_secs())]
    ResponderSuspended {
        /// The responder.
        url: String,
        /// How often, one time after the other.
        failures: u32,
        /// When it is asked again, in seconds since 1970.
        until: UnixTime,
    },
    /// The system gives no randomness, of which a nonce is made.
    #[error("no randomness for a nonce")]
    NonceUnavailable,
    /// So many other questions are under way that this one's turn did not come in time.
    #[error("{limit} other questions were under way all the time")]
    TooManyQuestions {
        /// How many are asked at once, of all responders or of this one.
        limit: usize,
    },
    /// Whoever asked for several callers does not get on with it, on a runtime that is stuck or shut
    /// down.
    #[error("question was abandoned")]
    Abandoned,
}

/// Why a responder must not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// The URL is none.
    #[error("it is not a URL")]
    Malformed,
    /// The scheme is not http, nor https where there are [roots for it](crate::Settings::https).
    #[error("its scheme {found} is not allowed")]
    Scheme {
        /// The scheme.
        found: String,
    },
    /// The URL has a user name.
    #[error("it names a user")]
    UserInformation,
    /// The port may not be connected to.
    #[error("its port {found} is not allowed")]
    Port {
        /// The port.
        found: u16,
    },
    /// None of its addresses may be connected to.
    #[error("its address {found} is not an allowed destination")]
    Address {
        /// The first of them.
        found: IpAddr,
    },
}

/// Why a responder is unreachable.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// Its name does not resolve.
    #[error("name is not resolved")]
    Name(#[source] Arc<io::Error>),
    /// Its name resolves to nothing.
    #[error("name has no address")]
    NoAddress,
    /// No connection is made.
    #[error("no connection to {address}")]
    Connect {
        /// The last address that was tried.
        address: IpAddr,
        /// What the system says.
        #[source]
        source: Arc<io::Error>,
    },
    /// The TLS handshake of an https responder fails.
    #[error("TLS handshake failed")]
    Tls(#[source] Arc<io::Error>),
    /// The proxy does not connect to the responder.
    #[error("proxy answered CONNECT with HTTP status {status}")]
    Proxy {
        /// The status.
        status: u16,
    },
    /// The connection breaks, or what comes is not HTTP.
    #[error("HTTP exchange failed")]
    Exchange(#[source] Arc<io::Error>),
}

/// What is wrong with an HTTP response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpFault {
    /// The status is not 200. Redirections are not followed.
    #[error("with HTTP status {found}")]
    Status {
        /// The status.
        found: u16,
    },
    /// The content is not `application/ocsp-response`.
    #[error("with content type {}", found.as_deref().unwrap_or("unsaid"))]
    ContentType {
        /// The content type.
        found: Option<String>,
    },
    /// The content is longer than is read.
    #[error("with more than {limit} octets")]
    TooLong {
        /// The limit, [`portcullis_ocsp::MAX_LENGTH`].
        limit: usize,
    },
}

/// The kinds of failure, a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The certificate is revoked.
    Revoked,
    /// The responder does not know the certificate.
    Unknown,
    /// Nobody who could know can be asked, or declines to answer. The modes differ in what becomes of it.
    Unavailable,
    /// There is an answer, and it proves nothing; or the certificate does not say properly whom to ask.
    Untrustworthy,
}

impl Failure {
    /// A stable name of the reason, in snake case, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateRevoked { .. } => "certificate_revoked",
            Self::CertificateUnknown { .. } => "certificate_unknown",
            Self::IssuerNotKnown => "issuer_not_known",
            Self::ResponderNotNamed => "responder_not_named",
            Self::CertificateMalformed(_) => "certificate_malformed",
            Self::ResponderRefusedByPolicy { .. } => "responder_refused_by_policy",
            Self::ResponderUnreachable { .. } => "responder_unreachable",
            Self::ResponderTimedOut { .. } => "responder_timed_out",
            Self::HttpFault { fault, .. } => match fault {
                HttpFault::Status { .. } => "responder_http_status",
                HttpFault::ContentType { .. } => "responder_content_type",
                HttpFault::TooLong { .. } => "responder_answer_too_long",
            },
            Self::AnswerRefused { refusal, .. } => refusal.qualified_code(),
            Self::AnswerOlder { .. } => "answer_older",
            Self::ResponderSuspended { .. } => "responder_suspended",
            Self::NonceUnavailable => "nonce_unavailable",
            Self::TooManyQuestions { .. } => "too_many_questions",
            Self::Abandoned => "question_abandoned",
        }
    }

    /// The kind of the reason.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::CertificateRevoked { .. } => Class::Revoked,
            Self::CertificateUnknown { .. } => Class::Unknown,
            Self::CertificateMalformed(_) | Self::AnswerOlder { .. } => Class::Untrustworthy,
            Self::IssuerNotKnown
            | Self::ResponderNotNamed
            | Self::NonceUnavailable
            | Self::ResponderSuspended { .. }
            | Self::ResponderRefusedByPolicy { .. }
            | Self::ResponderUnreachable { .. }
            | Self::ResponderTimedOut { .. }
            | Self::HttpFault { .. }
            | Self::TooManyQuestions { .. }
            | Self::Abandoned => Class::Unavailable,
            Self::AnswerRefused { refusal, .. } => match refusal.class() {
                RefusalClass::Declined => Class::Unavailable,
                RefusalClass::Malformed
                | RefusalClass::Untrusted
                | RefusalClass::Mismatched
                | RefusalClass::Stale => Class::Untrustworthy,
            },
        }
    }

    /// Of the failures of several responders the one that decides: that there was an answer which proves nothing, before
    /// that nobody could be asked; then the one that came farther, as it tells more; of equals the first.
    pub(crate) fn farther(first: Option<Self>, second: Self) -> Self {
        let rank = |failure: &Self| {
            let proves_nothing = failure.class() == Class::Untrustworthy;
            (proves_nothing, failure.progress())
        };
        match first {
            Some(first) if rank(&first) >= rank(&second) => first,
            _ => second,
        }
    }

    fn progress(&self) -> u8 {
        match self {
            Self::ResponderRefusedByPolicy { .. } => 0,
            Self::ResponderSuspended { .. } => 1,
            Self::ResponderUnreachable { .. } => 2,
            Self::ResponderTimedOut { .. } => 3,
            Self::HttpFault { .. } => 4,
            _ => 5,
        }
    }
}
