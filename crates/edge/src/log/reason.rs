//! The words that tell why.

use std::borrow::Cow;

use http::Method;
use portcullis_tls::Refusal;

use super::with_causes;
use crate::admission::Admission;
use crate::refused::{Refused, client_words};

pub(super) const NO_ERROR: &str = "ERRORINFO_NO_ERROR";
pub(super) const NO_CERTIFICATE: &str = "ERRORINFO_HTTPS_NO_CERT";
pub(super) const INVALID_REQUEST: &str = "ERRORINFO_INVALID_REQUEST";
pub(super) const CLIENT_CLOSED_REQUEST: &str = "ERRORINFO_CLIENT_CLOSED_REQUEST";
pub(super) const UPSTREAM_CLOSED_CONNECTION: &str = "ERRORINFO_UPSTREAM_CLOSED_CONNECTION";
pub(super) const UPSTREAM_TIMED_OUT: &str = "ERRORINFO_UPSTREAM_TIMED_OUT";

/// Application Gateway's word for a refusal. Where its documents have none it is that for no error, and
/// the reason says more.
pub(super) fn error_info(refused: &Refused, method: &Method) -> &'static str {
    match refused {
        Refused::Client(_) | Refused::CertificateRequired => NO_CERTIFICATE,
        Refused::PlainHttp => "ERRORINFO_HTTP_TO_HTTPS_PORT",
        Refused::HostMissing => "ERRORINFO_HTTP_NO_HOST_HEADER",
        Refused::Misdirected | Refused::HostInvalid | Refused::NoListener => {
            "ERRORINFO_INVALID_HOST"
        }
        Refused::PathInvalid | Refused::UrlTooLong => "ERRORINFO_REQUEST_URI_INVALID",
        Refused::MethodNotAllowed if *method == Method::TRACE => "ERRORINFO_INVALID_METHOD_TRACE",
        Refused::MethodNotAllowed => "ERRORINFO_INVALID_METHOD",
        Refused::HeadersTooLong
        | Refused::BodyTooLong
        | Refused::BodyMalformed
        | Refused::CodingNotSupported
        | Refused::ProtocolNotSupported => INVALID_REQUEST,
        Refused::RequestTimedOut => CLIENT_CLOSED_REQUEST,
        Refused::BackendUnreachable | Refused::BackendUnhealthy => "ERRORINFO_UPSTREAM_NO_LIVE",
        Refused::BackendFailed | Refused::BackendTls(_) => UPSTREAM_CLOSED_CONNECTION,
        Refused::BackendTimedOut => UPSTREAM_TIMED_OUT,
        Refused::NotAuthorised(_)
        | Refused::IdentityTooLarge(_)
        | Refused::RequestUnsendable
        | Refused::RewriteLoop => NO_ERROR,
    }
}

/// The kind of a reason: few words, which do not change when reasons are added.
pub(crate) fn class(refused: &Refused) -> &'static str {
    match refused {
        Refused::Client(refusal) => refusal.class(),
        Refused::CertificateRequired => "certificate_missing",
        Refused::NotAuthorised(_) => "not_authorised",
        Refused::PlainHttp
        | Refused::Misdirected
        | Refused::HostMissing
        | Refused::HostInvalid
        | Refused::NoListener
        | Refused::PathInvalid
        | Refused::UrlTooLong
        | Refused::HeadersTooLong
        | Refused::BodyTooLong
        | Refused::BodyMalformed
        | Refused::IdentityTooLarge(_)
        | Refused::MethodNotAllowed
        | Refused::CodingNotSupported
        | Refused::ProtocolNotSupported
        | Refused::RequestTimedOut => "request",
        Refused::BackendUnreachable
        | Refused::BackendUnhealthy
        | Refused::BackendFailed
        | Refused::BackendTls(_)
        | Refused::BackendTimedOut => "backend",
        Refused::RequestUnsendable | Refused::RewriteLoop => "rewrite",
    }
}

/// The whole story of a refusal, for the operator's eyes only.
pub(crate) fn detail(refused: &Refused) -> Option<String> {
    match refused {
        Refused::Client(refusal) => Some(with_causes(&**refusal)),
        Refused::NotAuthorised(lacking) => Some(format!(
            "authorization {}: nothing of {}",
            lacking.authorization, lacking.demand
        )),
        Refused::IdentityTooLarge(error) => Some(error.to_string()),
        _ => None,
    }
}

/// `SUCCESS`, `NONE`, `PASSTHROUGH` or `FAILED:` with the cause, as Application Gateway logs it.
pub(super) fn verification(admission: &Admission) -> Cow<'_, str> {
    match &admission.outcome {
        Ok(identity) => Cow::Borrowed(identity.client().verification()),
        Err(refusal) => match **refusal {
            Refusal::CertificateMissing => Cow::Borrowed("NONE"),
            _ => Cow::Owned(format!("FAILED:{}", client_words(refusal))),
        },
    }
}
