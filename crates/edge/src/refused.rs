//! The one place where refusals become answers, and the words that logs and clients see.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, SERVER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use portcullis_revocation::Class as RevocationClass;
use portcullis_rewrite::IdentityTooLarge;
use portcullis_tls::Refusal;

use crate::authorization::Lacking;
use crate::backend::TlsFault;
use crate::pages::Pages;

/// What refusals name themselves as.
const SERVER_NAME: &str = "Portcullis";

/// Why the gateway answers a request itself.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// The client was not authenticated.
    Client(Arc<Refusal>),
    /// The client speaks HTTP without TLS: Application Gateway's `ERRORINFO_HTTP_TO_HTTPS_PORT`.
    PlainHttp,
    /// The host's listener asks another thing of clients than this connection went through
    /// (RFC 9110 section 15.5.20).
    Misdirected,
    /// No Host, several, or one that differs from the request target (RFC 9112 section 3.2).
    HostMissing,
    /// The Host is not a host name.
    HostInvalid,
    /// No listener is configured for this host.
    NoListener,
    /// The path leads above the root, or a rewrite gave it segments of dots.
    PathInvalid,
    /// The request target is longer than is taken (RFC 9110 section 15.5.15).
    UrlTooLong,
    /// The header fields are longer than are taken (RFC 6585 section 5).
    HeadersTooLong,
    /// The body is longer than is taken (RFC 9110 section 15.5.14).
    BodyTooLong,
    /// The body ends before its length, or is in chunks that are none (RFC 9112 section 7.1).
    BodyMalformed,
    /// Who may pass is asked, and the client has presented no certificate.
    CertificateRequired,
    /// The client's certificate is proven, and its holder may not pass.
    NotAuthorised(Arc<Lacking>),
    /// What the backend is to be told of the client's certificate is more than a header may have.
    IdentityTooLarge(IdentityTooLarge),
    /// CONNECT and TRACE are not forwarded.
    MethodNotAllowed,
    /// CONNECT for another protocol than WebSocket (RFC 8441 section 4).
    ProtocolNotSupported,
    /// The body is in another transfer coding than chunked, or in several (RFC 9112 section 6.1).
    CodingNotSupported,
    /// The backend cannot be reached.
    BackendUnreachable,
    /// No endpoint of the pool is well, as probes say.
    BackendUnhealthy,
    /// There is no trusted connection to a backend that speaks TLS.
    BackendTls(TlsFault),
    /// The backend closed the connection or answered with something other than HTTP.
    BackendFailed,
    /// The backend did not answer in time.
    BackendTimedOut,
    /// The client stopped sending its request (RFC 9110 section 15.5.9).
    RequestTimedOut,
    /// The rewritten request cannot be sent.
    RequestUnsendable,
    /// Rewrites send the request round in the path map.
    RewriteLoop,
}

impl Refused {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Client(_)
            | Self::PlainHttp
            | Self::HostMissing
            | Self::HostInvalid
            | Self::PathInvalid
            | Self::BodyMalformed
            | Self::IdentityTooLarge(_) => StatusCode::BAD_REQUEST,
            Self::CertificateRequired | Self::NotAuthorised(_) => StatusCode::FORBIDDEN,
            Self::UrlTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::NoListener => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::CodingNotSupported | Self::ProtocolNotSupported => StatusCode::NOT_IMPLEMENTED,
            Self::BackendUnreachable
            | Self::BackendUnhealthy
            | Self::BackendTls(_)
            | Self::BackendFailed => StatusCode::BAD_GATEWAY,
            Self::BackendTimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::RequestTimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::RequestUnsendable | Self::RewriteLoop => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A stable name in snake case.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Client(refusal) => refusal.code(),
            Self::PlainHttp => "http_to_https_port",
            Self::Misdirected => "misdirected_request",
            Self::HostMissing => "host_missing",
            Self::HostInvalid => "host_invalid",
            Self::NoListener => "no_listener",
            Self::PathInvalid => "path_invalid",
            Self::UrlTooLong => "url_too_long",
            Self::HeadersTooLong => "headers_too_long",
            Self::BodyTooLong => "body_too_long",
            Self::BodyMalformed => "request_malformed",
            Self::CertificateRequired => "client_certificate_required",
            Self::NotAuthorised(_) => "client_not_authorised",
            Self::IdentityTooLarge(_) => "identity_too_large",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::ProtocolNotSupported => "protocol_not_supported",
            Self::CodingNotSupported => "transfer_coding_not_supported",
            Self::BackendUnreachable => "backend_unreachable",
            Self::BackendUnhealthy => "backend_unhealthy",
            Self::BackendTls(fault) => fault.code(),
            Self::BackendFailed => "backend_failed",
            Self::BackendTimedOut => "backend_timed_out",
            Self::RequestTimedOut => "request_timed_out",
            Self::RequestUnsendable => "request_unsendable",
            Self::RewriteLoop => "rewrite_loop",
        }
    }

    /// The sentence a client is shown. It says what is wrong with what the client sent and
    /// nothing about the inside: no address, no name from a certificate.
    fn words(&self) -> &'static str {
        match self {
            Self::Client(refusal) => client_words(refusal),
            Self::PlainHttp => "The plain HTTP request was sent to HTTPS port",
            Self::Misdirected => "This connection was not authenticated for the requested host",
            Self::HostMissing => "The request names no single host",
            Self::HostInvalid => "The requested host is not a host name",
            Self::NoListener => "No listener serves the requested host",
            Self::UrlTooLong => "The URL is too long",
            Self::HeadersTooLong => "The header fields are too long",
            Self::BodyTooLong => "The body is too long",
            Self::BodyMalformed => "The body is malformed or not whole",
            Self::PathInvalid => "The requested path is not allowed",
            Self::CertificateRequired => "A client certificate is required here",
            Self::NotAuthorised(_) => "The client certificate is not authorised here",
            Self::IdentityTooLarge(_) => "The client certificate is too large to be passed on",
            Self::MethodNotAllowed => "The method is not supported",
            Self::ProtocolNotSupported => "The protocol to switch to is not supported",
            Self::CodingNotSupported => "The transfer coding is not supported",
            Self::BackendUnreachable => "The backend cannot be reached",
            Self::BackendUnhealthy => "No backend is healthy",
            Self::BackendTls(_) => "The backend cannot be reached securely",
            Self::BackendFailed => "The backend gave no valid answer",
            Self::BackendTimedOut => "The backend did not answer in time",
            Self::RequestTimedOut => "The rest of the request did not come in time",
            Self::RequestUnsendable => "The request cannot be forwarded",
            Self::RewriteLoop => "The request is rewritten without end",
        }
    }

    /// The line under the heading of the page.
    fn heading(&self) -> &'static str {
        match self {
            Self::Client(refusal) => match **refusal {
                Refusal::CertificateMissing => client_words(refusal),
                _ => "The SSL certificate error",
            },
            other => other.words(),
        }
    }

    /// The answer: HTML, which is the page of the listener if it has one for this status, or JSON where the client
    /// prefers it.
    pub(crate) fn answer(
        &self,
        request_headers: &HeaderMap,
        pages: Option<&Pages>,
    ) -> Response<Full<Bytes>> {
        let page = pages.and_then(|pages| pages.page(self.status()));
        let (content_type, body) = match page {
            _ if prefers_json(request_headers) => ("application/json", self.json().into()),
            Some(page) => ("text/html", page.clone()),
            None => ("text/html", Bytes::from(self.html())),
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(SERVER, HeaderValue::from_static(SERVER_NAME));
        response
    }

    /// The answer in HTML as HTTP/1.1 has it on the wire, for a connection that ends with it; without
    /// the body, where the method has none.
    pub(crate) fn octets(&self, with_body: bool) -> Vec<u8> {
        let (status, page) = (self.status(), self.html());
        let head = format!(
            "HTTP/1.1 {status}\r\nserver: {SERVER_NAME}\r\n{}content-type: text/html\r\n\
             content-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
            date(),
            page.len(),
        );
        let body = if with_body { page.as_str() } else { "" };
        [head.as_bytes(), body.as_bytes()].concat()
    }

    fn json(&self) -> String {
        let mut line = serde_json::json!({
            "status": self.status().as_u16(),
            "reason": self.code(),
            "detail": self.words(),
        })
        .to_string();
        line.push('\n');
        line
    }

    fn html(&self) -> String {
        let status = self.status();
        let heading = self.heading();
        let words = self.words();
        let code = self.code();
        let detail = if heading == words {
            String::new()
        } else {
            format!("<center>{words}</center>\r\n")
        };
        format!(
            "<html>\r\n<head><title>{code_number} {heading}</title></head>\r\n<body>\r\n\
             <center><h1>{status}</h1></center>\r\n<center>{heading}</center>\r\n{detail}\
             <center>reason: {code}</center>\r\n<hr><center>{SERVER_NAME}</center>\r\n\
             </body>\r\n</html>\r\n",
            code_number = status.as_u16(),
        )
    }
}

/// The line of `Date` (RFC 9110 section 6.6.1), or none where the clock shows no year of four digits.
fn date() -> String {
    let now = time::OffsetDateTime::now_utc();
    match now.format(&time::format_description::well_known::Rfc2822) {
        Ok(date) => format!("date: {}\r\n", date.replace("+0000", "GMT")),
        Err(_) => String::new(),
    }
}

/// OpenSSL's words for everything that has none of its own.
const VERIFY_FAILED: &str = "certificate verify failed";

/// What the log says of a refused client, in OpenSSL's words where it has them.
pub(crate) fn client_words(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::CertificateMissing => "No required SSL certificate was sent",
        Refusal::Chain(rejection) => rejection.reason().openssl().unwrap_or(VERIFY_FAILED),
        Refusal::Revocation(failure) => match failure.class() {
            RevocationClass::Revoked => "certificate revoked",
            RevocationClass::Unknown => "certificate status unknown",
            RevocationClass::Unavailable | RevocationClass::Untrustworthy => {
                "certificate status request failed"
            }
        },
        _ => VERIFY_FAILED,
    }
}

/// Whether `Accept` ranks JSON above HTML (RFC 9110 section 12.5.1): `application/json` is listed,
/// with a greater weight than `text/html`, or before it at the same weight.
fn prefers_json(headers: &HeaderMap) -> bool {
    let ranges: Vec<(String, u16)> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(media_range)
        .collect();
    let rank = |media: &str| {
        ranges
            .iter()
            .position(|(range, _)| range == media)
            .and_then(|place| ranges.get(place).map(|(_, weight)| (*weight, place)))
            .filter(|(weight, _)| *weight > 0)
    };
    match (rank("application/json"), rank("text/html")) {
        (Some((json, json_place)), Some((html, html_place))) => {
            json > html || (json == html && json_place < html_place)
        }
        (json, _) => json.is_some(),
    }
}

/// A media range in lower case with its weight in thousandths.
fn media_range(range: &str) -> (String, u16) {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts
        .find_map(|parameter| parameter.strip_prefix("q="))
        .map_or(1000, thousandths);
    (media, weight)
}

/// `0.5` as 500; at most three decimals count (RFC 9110 section 12.4.2), anything else is 0.
fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = format!("{fraction:0<3}");
    match (
        whole,
        digits.get(..3).and_then(|digits| digits.parse().ok()),
    ) {
        ("0", Some(fraction)) => fraction,
        ("1", _) => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, value.parse().unwrap())])
    }

    #[test]
    fn json_is_answered_only_to_those_who_prefer_it() {
        for (value, json) in [
            ("*/*", false),
            ("text/html", false),
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            (
                "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
                false,
            ),
            ("text/html;q=0.5, application/json", true),
            ("application/json;q=0", false),
            ("application/json, text/html", true),
            ("", false),
            (";;;q=,,", false),
        ] {
            assert_eq!(prefers_json(&accept(value)), json, "{value}");
        }
        assert!(!prefers_json(&HeaderMap::new()));
    }

    #[test]
    fn plain_http_has_the_page_of_nginx() {
        let answer = String::from_utf8(Refused::PlainHttp.octets(true)).unwrap();
        let (head, page) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", page.len())));
        let date = head.lines().find_map(|line| line.strip_prefix("date: "));
        assert!(date.is_some_and(|date| date.len() == 29 && date.ends_with(" GMT")));
        let title = "<title>400 The plain HTTP request was sent to HTTPS port</title>";
        assert!(page.contains(title), "{page}");
        assert!(page.contains("<center>The plain HTTP request was sent to HTTPS port</center>"));
        let head_alone = Refused::PlainHttp.octets(false);
        assert!(head_alone.ends_with(b"\r\n\r\n"));
    }

    #[test]
    fn a_missing_certificate_has_the_documented_page() {
        let refused = Refused::Client(Arc::new(Refusal::CertificateMissing));
        let page = refused.html();
        assert!(page.contains("<title>400 No required SSL certificate was sent</title>"));
        assert!(page.contains("<center><h1>400 Bad Request</h1></center>"));
        assert!(page.contains("<center>No required SSL certificate was sent</center>"));
    }
}
