//! What went wrong on the way to a backend.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::log::with_causes;
use crate::refused::Refused;

/// Why there is no trusted connection to a backend that speaks TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// The handshake failed, or the backend ended it: because it wants a client certificate, for one.
    Failed,
    /// The certificate does not lead to a root.
    Untrusted,
    /// The certificate, or one on its way to a root, has expired.
    Expired,
    /// The certificate, or one on its way to a root, is not valid yet.
    NotYetValid,
    /// The certificate does not have the server name.
    Name,
    /// The certificate is damaged, revoked, or not for servers.
    Certificate,
    /// The backend does not choose HTTP/2, which the configuration demands.
    NoHttp2,
}

impl TlsFault {
    /// A stable name in snake case.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Failed => "backend_tls_failed",
            Self::Untrusted => "backend_certificate_untrusted",
            Self::Expired => "backend_certificate_expired",
            Self::NotYetValid => "backend_certificate_not_yet_valid",
            Self::Name => "backend_certificate_name_mismatch",
            Self::Certificate => "backend_certificate_invalid",
            Self::NoHttp2 => "backend_http2_not_chosen",
        }
    }

    fn of(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    Self::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::Name,
                // A root of the right name and another key has signed nothing of this.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
                _ => Self::Certificate,
            },
            _ => Self::Failed,
        }
    }
}

/// What a failed handshake becomes.
pub(super) fn handshake(error: &io::Error) -> Refused {
    tracing::debug!(error = %with_causes(error), "handshake with a backend failed");
    Refused::BackendTls(tls_error(error).map_or(TlsFault::Failed, TlsFault::of))
}

/// What a failed exchange on a connection becomes.
pub(super) fn exchange(error: &hyper::Error) -> Refused {
    tracing::debug!(error = %with_causes(error), "backend request failed");
    of_exchange(error).map_or(Refused::BackendFailed, Refused::BackendTls)
}

/// Whether it is for TLS that an exchange has failed. A backend that refuses the gateway's certificate says so
/// only after the handshake (RFC 8446 section 4.4.2.4).
pub(crate) fn of_exchange(error: &hyper::Error) -> Option<TlsFault> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>().and_then(tls_error) {
            return Some(TlsFault::of(error));
        }
        cause = error.source();
    }
    None
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
