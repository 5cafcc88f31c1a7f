//! The server variables: one row each.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Version;
use http::header::{AUTHORIZATION, HeaderName};

use super::{Phase, View, field};
use crate::facts::{CertificateFacts, Fact};
use crate::rules::RuleProblem;
use crate::text;

/// One server variable.
pub(crate) struct ServerVariable {
    /// Its name without `var_`.
    pub(crate) name: &'static str,
    pub(crate) phase: Phase,
    /// The request field that it is read from.
    pub(crate) reads: Option<&'static str>,
    /// The fact of the client's certificate that it tells.
    pub(crate) fact: Option<Fact>,
    pub(crate) value: for<'v> fn(View<'v>) -> Cow<'v, [u8]>,
}

impl PartialEq for ServerVariable {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for ServerVariable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The variable for which [`RuleSet::asks_for_ciphers`](crate::RuleSet::asks_for_ciphers) tells whether it is used.
pub(crate) const CIPHERS_SUPPORTED: &str = "ciphers_supported";

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The names of the server variables, as written in a condition: `var_uri_path`.
///
/// Beside them stand `var_cookie_NAME`, `http_req_NAME` and `http_resp_NAME`.
pub fn available() -> impl Iterator<Item = String> {
    VARIABLES
        .iter()
        .map(|variable| format!("{}{}", super::SERVER_PREFIX, variable.name))
}

/// The variable of this name, without `var_`.
pub(super) fn find(name: &str) -> Result<&'static ServerVariable, RuleProblem> {
    let known = VARIABLES.iter().find(|variable| variable.name == name);
    known.ok_or_else(|| RuleProblem::UnknownVariable {
        name: format!("{}{name}", super::SERVER_PREFIX),
    })
}

static VARIABLES: [ServerVariable; 41] = [
    of_certificate("client_certificate", Fact::PemEscaped, |view| {
        certificate(view, |facts| text::percent(&facts.pem_escaped))
    }),
    of_certificate("client_certificate_chain", Fact::ChainEscaped, |view| {
        certificate(view, |facts| text::percent(&facts.chain_escaped))
    }),
    of_certificate("client_certificate_days_left", Fact::DaysLeft, |view| {
        certificate(view, |facts| text::percent(&facts.days_left))
    }),
    of_certificate("client_certificate_der", Fact::Der, |view| {
        certificate(view, |facts| text::percent(&facts.der))
    }),
    of_certificate("client_certificate_end_date", Fact::NotAfter, |view| {
        certificate(view, |facts| text::percent(&facts.not_after))
    }),
    of_certificate(
        "client_certificate_fingerprint",
        Fact::FingerprintSha1,
        |view| certificate(view, |facts| text::percent(&facts.fingerprint_sha1)),
    ),
    of_certificate(
        "client_certificate_fingerprint_sha256",
        Fact::FingerprintSha256,
        |view| certificate(view, |facts| text::percent(&facts.fingerprint_sha256)),
    ),
    of_certificate("client_certificate_issuer", Fact::Issuer, |view| {
        certificate(view, |facts| text::distinguished_name(&facts.issuer))
    }),
    of_certificate(
        "client_certificate_revocation_status",
        Fact::RevocationStatus,
        |view| certificate(view, |facts| text::percent(&facts.revocation_status)),
    ),
    of_certificate("client_certificate_san_dns", Fact::Names, |view| {
        certificate(view, |facts| owned(text::names(&facts.names.dns)))
    }),
    of_certificate("client_certificate_san_email", Fact::Names, |view| {
        certificate(view, |facts| owned(text::names(&facts.names.email)))
    }),
    of_certificate("client_certificate_san_ip", Fact::Names, |view| {
        certificate(view, |facts| owned(text::names(&facts.names.ip)))
    }),
    of_certificate("client_certificate_san_upn", Fact::Names, |view| {
        certificate(view, |facts| owned(text::names(&facts.names.upn)))
    }),
    of_certificate("client_certificate_san_uri", Fact::Names, |view| {
        certificate(view, |facts| owned(text::names(&facts.names.uri)))
    }),
    of_certificate("client_certificate_serial", Fact::Serial, |view| {
        certificate(view, |facts| text::percent(&facts.serial))
    }),
    of_certificate("client_certificate_spiffe_id", Fact::SpiffeId, |view| {
        certificate(view, |facts| text::percent(&facts.spiffe_id))
    }),
    of_certificate("client_certificate_spki_sha256", Fact::SpkiSha256, |view| {
        certificate(view, |facts| text::percent(&facts.spki_sha256))
    }),
    of_certificate("client_certificate_start_date", Fact::NotBefore, |view| {
        certificate(view, |facts| text::percent(&facts.not_before))
    }),
    of_certificate("client_certificate_subject", Fact::Subject, |view| {
        certificate(view, |facts| text::distinguished_name(&facts.subject))
    }),
    row("client_certificate_verification", |view| {
        literal(view.exchange.client.verification())
    }),
    ServerVariable {
        reads: Some(X_FORWARDED_FOR),
        ..row("add_x_forwarded_for_proxy", forwarded_for)
    },
    row(CIPHERS_SUPPORTED, |view| match view.exchange.tls {
        Some(tls) => text::percent(tls.ciphers_offered),
        None => Cow::default(),
    }),
    row("ciphers_used", |view| match view.exchange.tls {
        Some(tls) => text::percent(tls.cipher),
        None => Cow::default(),
    }),
    row("client_ip", |view| {
        owned(view.exchange.peer().ip().to_string())
    }),
    row("client_port", |view| {
        owned(view.exchange.peer().port().to_string())
    }),
    row("client_tcp_rtt", |view| {
        match view.exchange.round_trip_time {
            Some(time) => owned(time.as_micros().to_string()),
            None => Cow::default(),
        }
    }),
    ServerVariable {
        reads: Some("authorization"),
        ..row("client_user", user)
    },
    row("host", |view| match view.exchange.host() {
        Cow::Borrowed(host) => text::percent(host),
        Cow::Owned(host) => Cow::Owned(text::percent(&host).into_owned()),
    }),
    row("http_method", |view| literal(view.exchange.method.as_str())),
    ServerVariable {
        phase: Phase::Response,
        ..row("http_status", |view| match view.response {
            Some((status, _)) => owned(status.as_str().to_owned()),
            None => Cow::default(),
        })
    },
    row("http_version", |view| {
        literal(version(view.exchange.version))
    }),
    row("query_string", query),
    row("received_bytes", |view| {
        owned(view.exchange.received_bytes.to_string())
    }),
    row("request_query", query),
    row("request_scheme", |view| literal(view.exchange.scheme())),
    row("request_uri", |view| {
        match view.exchange.uri.path_and_query() {
            Some(path_and_query) => text::percent(path_and_query.as_str()),
            None => Cow::default(),
        }
    }),
    // Headers are rewritten before anything is sent.
    row("sent_bytes", |_| literal("0")),
    row("server_port", |view| {
        owned(view.exchange.server_port.to_string())
    }),
    row("ssl_connection_protocol", |view| match view.exchange.tls {
        Some(tls) => text::percent(tls.protocol),
        None => Cow::default(),
    }),
    row("ssl_enabled", |view| match view.exchange.tls {
        Some(_) => literal("On"),
        None => Cow::default(),
    }),
    row("uri_path", |view| text::percent(view.exchange.uri.path())),
];

const fn row(name: &'static str, value: for<'v> fn(View<'v>) -> Cow<'v, [u8]>) -> ServerVariable {
    ServerVariable {
        name,
        phase: Phase::Request,
        reads: None,
        fact: None,
        value,
    }
}

const fn of_certificate(
    name: &'static str,
    fact: Fact,
    value: for<'v> fn(View<'v>) -> Cow<'v, [u8]>,
) -> ServerVariable {
    ServerVariable {
        fact: Some(fact),
        ..row(name, value)
    }
}

/// One fact of the presented certificate, empty when none was presented.
fn certificate<'v>(
    view: View<'v>,
    fact: fn(&'v CertificateFacts) -> Cow<'v, [u8]>,
) -> Cow<'v, [u8]> {
    view.exchange.client.facts().map(fact).unwrap_or_default()
}

/// The client's own list, with its address added.
fn forwarded_for(view: View<'_>) -> Cow<'_, [u8]> {
    let address = view.exchange.peer().ip().to_string();
    let list = field(view.request, &HeaderName::from_static(X_FORWARDED_FOR));
    match list.is_empty() {
        true => owned(address),
        false => {
            let mut list = list.into_owned();
            list.extend_from_slice(b", ");
            list.extend_from_slice(address.as_bytes());
            Cow::Owned(list)
        }
    }
}

/// The user name of Basic authentication (RFC 7617 section 2), which nobody has checked. Empty where there is none,
/// and where it is not UTF-8 or holds control characters, as no user name does.
fn user(view: View<'_>) -> Cow<'_, [u8]> {
    let field = field(view.request, &AUTHORIZATION);
    match basic_user(&field) {
        Some(user) => Cow::Owned(text::percent(&user).into_owned()),
        None => Cow::default(),
    }
}

fn basic_user(field: &[u8]) -> Option<String> {
    let (scheme, credentials) = field.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim_ascii()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, _password) = decoded.split_once(':')?;
    (!user.contains(char::is_control)).then(|| user.to_owned())
}

fn query(view: View<'_>) -> Cow<'_, [u8]> {
    text::percent(view.exchange.uri.query().unwrap_or_default())
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

fn literal(text: &str) -> Cow<'_, [u8]> {
    Cow::Borrowed(text.as_bytes())
}

fn owned<'v>(text: String) -> Cow<'v, [u8]> {
    Cow::Owned(text.into_bytes())
}
