//! A span as OTLP has it in JSON, with the attributes of the semantic conventions for HTTP servers.

use std::fmt::{Display, Write as _};
use std::time::{Duration, UNIX_EPOCH};

use super::{Context, SpanId};
use crate::log::{Line, escape, escape_octets};

/// SPAN_KIND_SERVER.
const SERVER: u8 = 2;
/// STATUS_CODE_ERROR.
const ERROR: u8 = 2;
/// Octets that most spans have at most.
const SPAN: usize = 2 * 1024;

pub(super) fn json(context: &Context, own: SpanId, line: &Line<'_>) -> String {
    let began = line.began.duration_since(UNIX_EPOCH).unwrap_or_default();
    let ended = began.saturating_add(line.taken);
    let mut out = String::with_capacity(SPAN);
    // Writing to a string does not fail, so nothing is done about it.
    let _ = write!(
        out,
        "{{\"traceId\":\"{}\",\"spanId\":\"{own}\",",
        context.trace
    );
    if let Some(parent) = context.parent {
        let _ = write!(out, "\"parentSpanId\":\"{parent}\",");
    }
    out.push_str("\"name\":\"");
    escape(line.method, &mut out);
    let _ = write!(
        out,
        "\",\"kind\":{SERVER},\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\",\"attributes\":[",
        nanoseconds(began),
        nanoseconds(ended)
    );
    attributes(line, &mut out);
    out.push(']');
    if line.status >= 500 {
        let _ = write!(out, ",\"status\":{{\"code\":{ERROR}}}");
    }
    out.push('}');
    out
}

fn attributes(line: &Line<'_>, out: &mut String) {
    let scheme = if line.tls.is_some() { "https" } else { "http" };
    text("http.request.method", line.method, out);
    text("url.scheme", scheme, out);
    text("url.path", path(line), out);
    octets("server.address", line.original_host, out);
    text("network.protocol.version", version(line), out);
    quoted("client.address", line.client.ip(), out);
    number("client.port", line.client.port(), out);
    octets("user_agent.original", line.user_agent, out);
    number("http.response.status_code", line.status, out);
    if line.status >= 500 {
        text("error.type", line.reason, out);
    }
    if let Some(status) = line.server_status {
        number("portcullis.backend.status_code", status, out);
    }
    for (name, value) in [
        ("portcullis.listener", line.listener),
        ("portcullis.rule", line.rule),
        ("portcullis.backend.pool", line.pool),
        ("portcullis.backend.address", line.server_routed),
        ("portcullis.reason", line.reason),
        ("portcullis.reason.class", line.class),
        ("portcullis.client.verification", &line.verify),
        (
            "portcullis.client.revocation_status",
            line.revocation.map_or("", |(status, _)| status),
        ),
    ] {
        text(name, value, out);
    }
    out.pop(); // the last comma
}

/// As it was sent, without the query, which may say what is nobody's business.
fn path<'a>(line: &Line<'a>) -> &'a str {
    let uri = line.original_uri;
    uri.split_once('?').map_or(uri, |(path, _)| path)
}

fn version(line: &Line<'_>) -> &'static str {
    match line.version {
        "HTTP/2.0" => "2",
        "HTTP/1.0" => "1.0",
        _ => "1.1",
    }
}

fn text(name: &str, value: &str, out: &mut String) {
    octets(name, value.as_bytes(), out);
}

fn octets(name: &str, value: &[u8], out: &mut String) {
    if value.is_empty() {
        return;
    }
    let _ = write!(out, "{{\"key\":\"{name}\",\"value\":{{\"stringValue\":\"");
    escape_octets(value, out);
    out.push_str("\"}},");
}

fn quoted(name: &str, value: impl Display, out: &mut String) {
    text(name, &value.to_string(), out);
}

/// 64-bit integers are strings (the JSON mapping of protocol buffers).
fn number(name: &str, value: u16, out: &mut String) {
    let _ = write!(
        out,
        "{{\"key\":\"{name}\",\"value\":{{\"intValue\":\"{value}\"}}}},"
    );
}

fn nanoseconds(since_epoch: Duration) -> u128 {
    since_epoch.as_nanos()
}
