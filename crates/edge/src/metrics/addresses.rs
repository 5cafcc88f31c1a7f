//! What is counted for each address: connections, and handshakes that came to nothing.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use portcullis_model::host::HostError;
use portcullis_tls::Refusal;
use rustls::{CertificateError, Error, OtherError};

use super::shards::{Shards, lock};
use super::tally::Tally;

/// The counters of one address that is listened on.
#[derive(Debug)]
pub(crate) struct AddressCounts {
    /// As it is: where port 0 is configured, another.
    pub(crate) address: SocketAddr,
    shards: Shards<Shard>,
}

#[derive(Debug, Default)]
struct Shard {
    accepted: AtomicU64,
    closed: AtomicU64,
    failures: Mutex<Tally<&'static str>>,
}

/// What all cores counted at one address.
#[derive(Debug, Default)]
pub(crate) struct AddressSum {
    pub(crate) accepted: u64,
    pub(crate) open: u64,
    /// Handshakes that failed, by reason.
    pub(crate) failures: Tally<&'static str>,
}

impl AddressCounts {
    pub(super) fn new(address: SocketAddr, cores: NonZeroUsize) -> Self {
        Self {
            address,
            shards: Shards::new(cores),
        }
    }

    pub(crate) fn failed(&self, reason: &'static str) {
        lock(&self.shards.own().failures).count(reason);
    }

    pub(super) fn sum(&self) -> AddressSum {
        let mut sum = AddressSum::default();
        for shard in self.shards.iter() {
            // Closed first: what closes in between is then still counted as open.
            let closed = shard.closed.load(Ordering::Acquire);
            let accepted = shard.accepted.load(Ordering::Acquire);
            sum.accepted = sum.accepted.saturating_add(accepted);
            sum.open = sum.open.saturating_add(accepted.saturating_sub(closed));
            sum.failures.add(&lock(&shard.failures));
        }
        sum
    }
}

/// A connection that is open, until it is dropped on the core that accepted it.
#[derive(Debug)]
pub(crate) struct Open(Arc<AddressCounts>);

impl Open {
    pub(crate) fn at(address: &Arc<AddressCounts>) -> Self {
        address
            .shards
            .own()
            .accepted
            .fetch_add(1, Ordering::Release);
        Self(Arc::clone(address))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.shards.own().closed.fetch_add(1, Ordering::Release);
    }
}

/// Why a handshake failed: one word of a closed set, or the code of a refusal that an alert told.
pub(super) fn reason(error: &io::Error) -> &'static str {
    let Some(cause) = error.get_ref() else {
        return match error.kind() {
            io::ErrorKind::NotFound => "no_listener",
            _ => "closed",
        };
    };
    if cause.is::<HostError>() {
        return "server_name_invalid";
    }
    match cause.downcast_ref::<Error>() {
        Some(error) => reason_of_tls(error),
        None => "closed",
    }
}

fn reason_of_tls(error: &Error) -> &'static str {
    match error {
        Error::NoCertificatesPresented => "certificate_missing",
        Error::InvalidCertificate(error) => reason_of_certificate(error),
        Error::AlertReceived(_) => "alert_received",
        Error::PeerIncompatible(_) => "incompatible",
        Error::PeerMisbehaved(_) => "misbehaved",
        Error::NoApplicationProtocol => "no_application_protocol",
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. } => "malformed_message",
        _ => "other",
    }
}

fn reason_of_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::BadEncoding => "malformed",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "not_yet_valid"
        }
        CertificateError::UnknownIssuer => "untrusted",
        CertificateError::BadSignature => "bad_signature",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "purpose_not_allowed"
        }
        CertificateError::Other(OtherError(other)) => other
            .downcast_ref::<Refusal>()
            .map_or("certificate_refused", Refusal::code),
        _ => "certificate_refused",
    }
}

/// Whether a handshake failed because of the client's certificate, or its absence.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|cause| cause.downcast_ref());
    matches!(
        error,
        Some(Error::NoCertificatesPresented | Error::InvalidCertificate(_))
    )
}
