//! A line as JSON, in the envelope and by the names of Application Gateway's access log, with ours
//! after them.

use std::cell::RefCell;
use std::fmt::{self, Display, Write as _};
use std::time::{Duration, SystemTime};

use itoa::{Buffer, Integer};
use time::OffsetDateTime;

use super::{Line, escape, escape_octets};

pub(super) fn write(line: &Line<'_>, out: &mut String) {
    out.push_str("{\"timeStamp\":\"");
    write_time(line.began, out);
    out.push_str("\",");
    text("listenerName", line.listener, out);
    text("ruleName", line.rule, out);
    text("backendPoolName", line.pool, out);
    text("backendSettingName", line.settings, out);
    out.push_str(
        "\"operationName\":\"ApplicationGatewayAccess\",\
         \"category\":\"ApplicationGatewayAccessLog\",\"properties\":{",
    );
    request(line, out);
    tls(line, out);
    server(line, out);
    ours(line, out);
    out.push_str("}}");
}

fn request(line: &Line<'_>, out: &mut String) {
    shown("clientIP", line.client.ip(), out);
    number("clientPort", line.client.port(), out);
    text("httpMethod", line.method, out);
    text("originalRequestUriWithArgs", line.original_uri, out);
    text("requestUri", line.path, out);
    text("requestQuery", line.query, out);
    octets("userAgent", line.user_agent, out);
    number("httpStatus", line.status, out);
    text("httpVersion", line.version, out);
    number("receivedBytes", line.received, out);
    number("sentBytes", line.sent, out);
    seconds("clientResponseTime", line.client_response, out);
    seconds("timeTaken", line.taken, out);
    shown("transactionId", line.transaction, out);
}

fn tls(line: &Line<'_>, out: &mut String) {
    let (protocol, cipher) = line.tls.unwrap_or_default();
    text(
        "sslEnabled",
        if line.tls.is_some() { "on" } else { "off" },
        out,
    );
    text("sslCipher", cipher, out);
    text("sslProtocol", protocol, out);
    text("sslClientVerify", &line.verify, out);
    text("sslClientCertificateFingerprint", &line.fingerprint, out);
    text("sslClientCertificateIssuerName", &line.issuer, out);
}

fn server(line: &Line<'_>, out: &mut String) {
    text("serverRouted", line.server_routed, out);
    optional("serverStatus", line.server_status, out);
    optional(
        "serverResponseLatency",
        line.server_latency.map(Seconds),
        out,
    );
    optional("upstreamSourcePort", line.source_port, out);
    octets("originalHost", line.original_host, out);
    octets("host", line.host, out);
    text("error_info", line.error_info, out);
    octets("contentType", line.content_type, out);
}

fn ours(line: &Line<'_>, out: &mut String) {
    text("reason", line.reason, out);
    text("reasonClass", line.class, out);
    text("detail", line.detail.as_deref().unwrap_or_default(), out);
    text("sslClientCertificateSubjectName", &line.subject, out);
    let (status, source) = line.revocation.unwrap_or_default();
    text("revocationStatus", status, out);
    text("revocationSource", source, out);
    if let Some(took) = line.verify_time {
        seconds("clientVerifyTime", took, out);
    }
    let (trace, span) = line.trace.unzip();
    optional("spanId", span.flatten(), out);
    optional("traceId", trace, out);
    out.pop(); // the last comma
}

fn number(name: &str, value: impl Integer, out: &mut String) {
    member(name, out);
    out.push_str(Buffer::new().format(value));
    out.push(',');
}

/// In seconds with their microseconds.
fn seconds(name: &str, time: Duration, out: &mut String) {
    member(name, out);
    let _ = write!(out, "{}", Seconds(time));
    out.push(',');
}

/// Six digits.
fn micros(value: u32, out: &mut impl fmt::Write) -> fmt::Result {
    let mut digits = Buffer::new();
    let digits = digits.format(value);
    for _ in digits.len()..6 {
        out.write_char('0')?;
    }
    out.write_str(digits)
}

/// What shows itself without a character that is to be escaped. Writing to a string does not fail, so nothing is done
/// about it.
fn shown(name: &str, value: impl Display, out: &mut String) {
    member(name, out);
    let _ = write!(out, "\"{value}\"");
    out.push(',');
}

fn optional(name: &str, value: Option<impl Display>, out: &mut String) {
    match value {
        Some(value) => shown(name, value, out),
        None => shown(name, "", out),
    }
}

fn text(name: &str, value: &str, out: &mut String) {
    octets_by(name, out, |out| escape(value, out));
}

fn octets(name: &str, value: &[u8], out: &mut String) {
    octets_by(name, out, |out| escape_octets(value, out));
}

fn octets_by(name: &str, out: &mut String, write: impl FnOnce(&mut String)) {
    member(name, out);
    out.push('"');
    write(out);
    out.push_str("\",");
}

fn member(name: &str, out: &mut String) {
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

/// A duration in seconds with its microseconds.
pub(super) struct Seconds(pub(super) Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Buffer::new().format(self.0.as_secs()))?;
        f.write_str(".")?;
        micros(self.0.subsec_micros(), f)
    }
}

/// UTC with microseconds (RFC 3339). Up to the second it is the same for many lines.
pub(super) fn write_time(moment: SystemTime, out: &mut String) {
    thread_local!(static LATEST: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) });
    let moment = OffsetDateTime::from(moment);
    LATEST.with_borrow_mut(|(second, text)| {
        if *second != moment.unix_timestamp() {
            *second = moment.unix_timestamp();
            text.clear();
            let (year, month, day) = moment.to_calendar_date();
            let (hour, minute, second) = moment.to_hms();
            let month = u8::from(month);
            let _ = write!(
                text,
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
            );
        }
        out.push_str(text);
    });
    out.push('.');
    let _ = micros(moment.microsecond(), out);
    out.push('Z');
}
