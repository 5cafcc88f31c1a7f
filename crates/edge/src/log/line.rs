//! What one line says, before it is written in one form or another.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use crate::trace_id::TraceId;
use crate::traces::SpanId;

/// Everything about one request. What there is not is empty.
pub(crate) struct Line<'a> {
    /// When the request came.
    pub(crate) began: SystemTime,
    pub(crate) listener: &'a str,
    pub(crate) rule: &'a str,
    pub(crate) pool: &'a str,
    pub(crate) settings: &'a str,
    pub(crate) client: SocketAddr,
    pub(crate) method: &'a str,
    /// As the client sent it.
    pub(crate) original_uri: &'a str,
    /// What the backend was asked for, or what the client sent.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) user_agent: &'a [u8],
    /// Zero where nothing was answered.
    pub(crate) status: u16,
    pub(crate) version: &'a str,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// From the first octet of the backend to the end.
    pub(crate) client_response: Duration,
    pub(crate) taken: Duration,
    pub(crate) transaction: TraceId,
    /// The protocol and OpenSSL's name of the cipher suite.
    pub(crate) tls: Option<(&'static str, &'static str)>,
    pub(crate) verify: Cow<'a, str>,
    pub(crate) fingerprint: Cow<'a, str>,
    pub(crate) issuer: Cow<'a, str>,
    pub(crate) subject: Cow<'a, str>,
    pub(crate) server_routed: &'a str,
    pub(crate) server_status: Option<u16>,
    pub(crate) server_latency: Option<Duration>,
    pub(crate) source_port: Option<u16>,
    pub(crate) original_host: &'a [u8],
    pub(crate) host: &'a [u8],
    pub(crate) error_info: &'static str,
    pub(crate) content_type: &'a [u8],
    pub(crate) reason: &'static str,
    pub(crate) class: &'static str,
    pub(crate) detail: Option<String>,
    /// What responders say, and where that comes from.
    pub(crate) revocation: Option<(&'static str, &'static str)>,
    /// How long judging the client took, for this request or for the one that it was judged for.
    pub(crate) verify_time: Option<Duration>,
    pub(crate) trace: Option<(TraceId, Option<SpanId>)>,
}

impl Line<'_> {
    /// A line of which nothing is known but whose it is.
    pub(crate) fn of(client: SocketAddr) -> Self {
        Self::named(client, TraceId::random())
    }

    pub(super) fn named(client: SocketAddr, transaction: TraceId) -> Self {
        Self {
            began: SystemTime::now(),
            listener: "",
            rule: "",
            pool: "",
            settings: "",
            client,
            method: "",
            original_uri: "",
            path: "",
            query: "",
            user_agent: b"",
            status: 0,
            version: "",
            received: 0,
            sent: 0,
            client_response: Duration::ZERO,
            taken: Duration::ZERO,
            transaction,
            tls: None,
            verify: Cow::Borrowed(""),
            fingerprint: Cow::Borrowed(""),
            issuer: Cow::Borrowed(""),
            subject: Cow::Borrowed(""),
            server_routed: "",
            server_status: None,
            server_latency: None,
            source_port: None,
            original_host: b"",
            host: b"",
            error_info: super::reason::NO_ERROR,
            content_type: b"",
            reason: "",
            class: "",
            detail: None,
            revocation: None,
            verify_time: None,
            trace: None,
        }
    }
}
