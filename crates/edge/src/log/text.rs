//! A line as names and values, for people. Only what there is is written.

use std::fmt::{Display, Write as _};

use super::json::{Seconds, write_time};
use super::{Line, escape, escape_octets};

pub(super) fn write(line: &Line<'_>, out: &mut String) {
    write_time(line.began, out);
    plain("client", line.client, out);
    quoted("listener", line.listener.as_bytes(), out);
    quoted("method", line.method.as_bytes(), out);
    quoted("uri", line.original_uri.as_bytes(), out);
    quoted("host", line.original_host, out);
    quoted("version", line.version.as_bytes(), out);
    plain("status", line.status, out);
    quoted("reason", line.reason.as_bytes(), out);
    quoted("class", line.class.as_bytes(), out);
    quoted("client_verify", line.verify.as_bytes(), out);
    if let Some((status, source)) = line.revocation {
        quoted("revocation", status.as_bytes(), out);
        quoted("revocation_source", source.as_bytes(), out);
    }
    quoted(
        "detail",
        line.detail.as_deref().unwrap_or_default().as_bytes(),
        out,
    );
    quoted("subject", line.subject.as_bytes(), out);
    quoted("issuer", line.issuer.as_bytes(), out);
    quoted("fingerprint", line.fingerprint.as_bytes(), out);
    quoted("rule", line.rule.as_bytes(), out);
    quoted("pool", line.pool.as_bytes(), out);
    quoted("backend", line.server_routed.as_bytes(), out);
    if let Some(status) = line.server_status {
        plain("backend_status", status, out);
    }
    quoted("user_agent", line.user_agent, out);
    plain("received", line.received, out);
    plain("sent", line.sent, out);
    plain("seconds", Seconds(line.taken), out);
    if let Some((protocol, cipher)) = line.tls {
        quoted("protocol", protocol.as_bytes(), out);
        quoted("cipher", cipher.as_bytes(), out);
    }
    plain("error_info", line.error_info, out);
    plain("transaction", line.transaction, out);
    if let Some((trace, _)) = line.trace {
        plain("trace", trace, out);
    }
}

/// Writing to a string does not fail, so nothing is done about it.
fn plain(name: &str, value: impl Display, out: &mut String) {
    let _ = write!(out, " {name}={value}");
}

fn quoted(name: &str, value: &[u8], out: &mut String) {
    if value.is_empty() {
        return;
    }
    let _ = write!(out, " {name}=\"");
    match str::from_utf8(value) {
        Ok(text) => escape(text, out),
        Err(_) => escape_octets(value, out),
    }
    out.push('"');
}
