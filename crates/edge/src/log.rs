//! One line a request.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;

use http::request::Parts;
use portcullis_revocation::Verdict;
use portcullis_rewrite::CertificateFacts;
use portcullis_x509::Shown;

use crate::admission::Admission;
use crate::connection::Connection;
use crate::identity::Identity;
use crate::refused::{Refused, client_words};
use crate::respond::Served;
use crate::tunnel::{End, Passed};

/// Logs what became of a request. Nothing a peer chose is written without its quotes escaped.
pub(crate) fn request(
    connection: &Connection,
    admission: Option<&Admission>,
    parts: &Parts,
    result: &Result<Served, Refused>,
    started: Instant,
) {
    let (status, reason, backend) = match result {
        Ok(served) => {
            let (word, backend) = match served {
                Served::Forwarded(forwarded) => ("forwarded", Some(forwarded.backend.as_str())),
                Served::Redirected(_) => ("redirected", None),
                Served::Switched(switched) => ("switched", Some(switched.backend.as_str())),
            };
            (served.status(), word, backend)
        }
        Err(refused) => (refused.status(), refused.code(), None),
    };
    let identity = admission.and_then(|admission| admission.outcome.as_ref().ok());
    let facts = identity.and_then(|identity| identity.client().facts());
    let revocation = identity.and_then(Identity::revocation);
    tracing::info!(
        target: "portcullis::access",
        client = %connection.peer,
        listener = admission.map(|admission| admission.site.name.as_str()),
        method = %parts.method,
        path = parts.uri.path(),
        host = parts.uri.host().or_else(|| host(parts)),
        version = ?parts.version,
        status = status.as_u16(),
        reason,
        client_verify = verification(admission),
        revocation = revocation.map(Verdict::code),
        revocation_source = revocation.map(|verdict| verdict.source().name()),
        detail = detail(result),
        subject = facts.map(|facts: &CertificateFacts| Shown::new(&facts.subject).to_string()),
        fingerprint = facts.map(|facts| facts.fingerprint_sha1.as_str()),
        backend,
        microseconds = microseconds(started),
        "request"
    );
}

/// Logs the end of what began as a request and was no HTTP any more.
pub(crate) fn tunnel(connection: &Connection, end: End, passed: Passed, started: Instant) {
    tracing::info!(
        target: "portcullis::access",
        client = %connection.peer,
        end = ?end,
        from_client = passed.from_client,
        from_backend = passed.from_backend,
        microseconds = microseconds(started),
        "tunnel"
    );
}

/// Logs a client that was answered without TLS: there is nothing to know but where it is.
pub(crate) fn without_tls(client: SocketAddr, refused: &Refused) {
    tracing::info!(
        target: "portcullis::access",
        %client,
        status = refused.status().as_u16(),
        reason = refused.code(),
        "no TLS"
    );
}

fn microseconds(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn host(parts: &Parts) -> Option<&str> {
    parts.headers.get(http::header::HOST)?.to_str().ok()
}

/// `SUCCESS`, `NONE`, `PASSTHROUGH` or `FAILED:` with the cause, as Application Gateway logs it.
fn verification(admission: Option<&Admission>) -> String {
    match admission.map(|admission| &admission.outcome) {
        Some(Ok(identity)) => identity.client().verification().to_owned(),
        Some(Err(refusal)) => match **refusal {
            portcullis_tls::Refusal::CertificateMissing => "NONE".to_owned(),
            _ => format!("FAILED:{}", client_words(refusal)),
        },
        None => String::new(),
    }
}

/// The whole story of a refused client, for the operator's eyes only.
fn detail(result: &Result<Served, Refused>) -> Option<String> {
    match result {
        Err(Refused::Client(refusal)) => Some(with_causes(&**refusal)),
        Err(Refused::NotAuthorised(lacking)) => Some(format!(
            "authorization {}: nothing of {}",
            lacking.authorization, lacking.demand
        )),
        Err(Refused::IdentityTooLarge(error)) => Some(error.to_string()),
        _ => None,
    }
}

/// An error with all its causes, on one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
