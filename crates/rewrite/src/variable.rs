//! The variables that conditions ask about and templates insert.
//!
//! Every value is legal inside a header before anyone sees it. What comes from a header field is
//! handed on as it is, for a field value cannot hold CR, LF or NUL. All other values are printable
//! ASCII: names of certificates carry other octets as `\XX` (RFC 4514), the rest percent-encoded.

mod table;

use std::borrow::Cow;

use http::header::{COOKIE, HOST, HeaderName};
use http::{HeaderMap, StatusCode};

use crate::exchange::Exchange;
use crate::facts::Fact;
use crate::rules::RuleProblem;
use crate::text;

use table::ServerVariable;
pub use table::available;

/// One variable, resolved when the rules were compiled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Variable {
    /// `http_req_NAME`.
    Request(HeaderName),
    /// `http_resp_NAME`.
    Response(HeaderName),
    /// `var_cookie_NAME`.
    Cookie(Box<str>),
    /// `var_NAME`.
    Server(&'static ServerVariable),
}

/// When a variable has its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// From the request on.
    Request,
    /// Once the response has begun.
    Response,
}

/// What variables are read from.
#[derive(Clone, Copy)]
pub(crate) struct View<'v> {
    pub(crate) exchange: &'v Exchange<'v>,
    /// The request's fields as they were received.
    pub(crate) request: &'v HeaderMap,
    pub(crate) response: Option<(StatusCode, &'v HeaderMap)>,
}

pub(crate) const REQUEST_PREFIX: &str = "http_req_";
pub(crate) const RESPONSE_PREFIX: &str = "http_resp_";
pub(crate) const SERVER_PREFIX: &str = "var_";
const COOKIE_PREFIX: &str = "cookie_";

impl Variable {
    /// Resolves `http_req_NAME`, `http_resp_NAME` or `var_NAME`.
    pub(crate) fn parse(name: &str) -> Result<Self, RuleProblem> {
        if let Some(header) = name.strip_prefix(REQUEST_PREFIX) {
            return request_field(header).map(Self::Request);
        }
        if let Some(header) = name.strip_prefix(RESPONSE_PREFIX) {
            return token(header).map(Self::Response);
        }
        let unknown = || RuleProblem::UnknownVariable { name: name.into() };
        let server = name.strip_prefix(SERVER_PREFIX).ok_or_else(unknown)?;
        match server.strip_prefix(COOKIE_PREFIX) {
            Some("") => Err(unknown()),
            Some(cookie) => Ok(Self::Cookie(cookie.into())),
            None => table::find(server).map(Self::Server),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self {
            Self::Request(_) | Self::Cookie(_) => Phase::Request,
            Self::Response(_) => Phase::Response,
            Self::Server(variable) => variable.phase,
        }
    }

    /// Whether the value depends on the client's certificate.
    pub(crate) fn tells_identity(&self) -> bool {
        matches!(self, Self::Server(variable) if variable.name.starts_with("client_certificate"))
    }

    /// What the value tells of the client's certificate.
    pub(crate) fn fact(&self) -> Option<Fact> {
        match self {
            Self::Server(variable) => variable.fact,
            Self::Request(_) | Self::Response(_) | Self::Cookie(_) => None,
        }
    }

    /// Whether the value is the list of cipher suites that the client offered.
    pub(crate) fn lists_ciphers(&self) -> bool {
        matches!(self, Self::Server(variable) if variable.name == table::CIPHERS_SUPPORTED)
    }

    /// The request field that the value is read from.
    pub(crate) fn request_field(&self) -> Option<HeaderName> {
        match self {
            Self::Request(name) => Some(name.clone()),
            Self::Response(_) => None,
            Self::Cookie(_) => Some(COOKIE),
            Self::Server(variable) => variable.reads.map(HeaderName::from_static),
        }
    }

    /// The value, empty when there is none.
    pub(crate) fn value<'v>(&self, view: View<'v>) -> Cow<'v, [u8]> {
        match self {
            // HTTP/2 requests have no Host field, and for the backend it has been replaced.
            Self::Request(name) if *name == HOST => text::percent(view.exchange.authority),
            Self::Request(name) => field(view.request, name),
            Self::Response(name) => match view.response {
                Some((_, headers)) => field(headers, name),
                None => Cow::default(),
            },
            Self::Cookie(name) => cookie(view.request, name.as_bytes()),
            Self::Server(variable) => (variable.value)(view),
        }
    }
}

fn request_field(name: &str) -> Result<HeaderName, RuleProblem> {
    match crate::strip::has_plain_name(name) {
        true => token(name),
        false => Err(RuleProblem::InvalidHeaderName { name: name.into() }),
    }
}

fn token(name: &str) -> Result<HeaderName, RuleProblem> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| RuleProblem::InvalidHeaderName { name: name.into() })
}

/// All fields of one name as one value (RFC 9110 section 5.3), empty when there is none.
pub(crate) fn field<'v>(headers: &'v HeaderMap, name: &HeaderName) -> Cow<'v, [u8]> {
    let separator: &[u8] = match *name == COOKIE {
        true => b"; ",
        false => b", ",
    };
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes());
    let mut joined = Cow::Borrowed(first.unwrap_or_default());
    for value in values {
        let joined = joined.to_mut();
        joined.extend_from_slice(separator);
        joined.extend_from_slice(value.as_bytes());
    }
    joined
}

/// The first cookie of this exact name (RFC 6265 section 4.2.1), empty when there is none.
fn cookie<'v>(headers: &'v HeaderMap, name: &[u8]) -> Cow<'v, [u8]> {
    let mut pairs = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
    let value = pairs.find_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(name)?;
        value.strip_prefix(b"=")
    });
    Cow::Borrowed(value.unwrap_or_default())
}

#[cfg(test)]
mod tests;
