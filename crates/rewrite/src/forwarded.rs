//! Where a request came from before the gateway, in the headers backends look for it.

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};

use crate::exchange::Exchange;
use crate::{strip, text, variable};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_ORIGINAL_HOST: HeaderName = HeaderName::from_static("x-original-host");
const X_ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");

/// Sets the forwarding headers of a request.
///
/// | header | value |
/// |---|---|
/// | `x-forwarded-for` | what the client sent, then `IP:port` of the peer, as a comma list |
/// | `x-forwarded-proto` | `http` or `https` |
/// | `x-forwarded-port` | the port that accepted the connection |
/// | `x-original-host` | the authority as received, with its port |
/// | `x-original-url` | path and query as received |
///
/// Everything but the list is replaced, and the other headers of the kind are removed: `Forwarded`
/// (RFC 7239), `x-forwarded-host` and all of its family, `x-real-ip`, `x-rewrite-url`, and
/// `x-azure-ja4-fingerprint`, which backends of Application Gateway know as its word. A gateway that
/// kept one of them would give the client's word its own weight. The elements of the list before the
/// last are the client's word as well: a backend may believe the last one only.
pub fn apply(headers: &mut HeaderMap, exchange: &Exchange<'_>) {
    let mut list = variable::field(headers, &X_FORWARDED_FOR).into_owned();
    if !list.is_empty() {
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(exchange.peer().to_string().as_bytes());
    strip::remove(headers, is_forwarding);

    let port = exchange.server_port.to_string();
    let url = exchange.uri.path_and_query().map(|url| url.as_str());
    set(headers, X_FORWARDED_FOR, &list);
    set(headers, X_FORWARDED_PROTO, exchange.scheme().as_bytes());
    set(headers, X_FORWARDED_PORT, port.as_bytes());
    set(headers, X_ORIGINAL_HOST, &text::percent(exchange.authority));
    set(
        headers,
        X_ORIGINAL_URL,
        &text::percent(url.unwrap_or_default()),
    );
}

/// Whether a header tells where a request came from.
pub(crate) fn is_forwarding(name: &HeaderName) -> bool {
    *name == FORWARDED
        || ["x-azure-ja4-fingerprint", "x-real-ip", "x-rewrite-url"].contains(&name.as_str())
        || ["x-forwarded-", "x-original-"]
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix))
}

/// Sets one header, unless there is nothing to say.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_bytes(value)) {
        drop(headers.try_insert(name, value));
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;
    use crate::exchange::tests::exchange;

    #[track_caller]
    fn applied(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let uri = Uri::from_static("https://www.contoso.com/article?id=1");
        apply(&mut headers, &exchange(&uri, "www.contoso.com:8443"));
        headers
    }

    #[test]
    fn a_backend_is_told_where_the_request_came_from() {
        let headers = applied(&[]);
        assert_eq!(headers.len(), 5);
        assert_eq!(headers["x-forwarded-for"], "203.0.113.7:50123");
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(headers["x-forwarded-port"], "8443");
        assert_eq!(headers["x-original-host"], "www.contoso.com:8443");
        assert_eq!(headers["x-original-url"], "/article?id=1");
    }

    #[test]
    fn the_list_of_the_client_is_continued_in_one_field() {
        let headers = applied(&[
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-for", "192.0.2.2"),
        ]);
        let fields: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        assert_eq!(fields, ["192.0.2.1, 192.0.2.2, 203.0.113.7:50123"]);
    }

    #[test]
    fn everything_else_of_the_kind_is_the_gateways_word_or_nobodys() {
        let headers = applied(&[
            ("forwarded", "for=10.0.0.1;proto=http"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-proto", "gopher"),
            ("x-forwarded-port", "1"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-prefix", "/admin"),
            ("x-original-host", "evil.example"),
            ("x-original-url", "/admin"),
            ("x-original-method", "DELETE"),
            ("x-rewrite-url", "/admin"),
            ("x-real-ip", "10.0.0.1"),
            (
                "x-azure-ja4-fingerprint",
                "t13d1516h2_8daaf6152771_b186095e22b6",
            ),
        ]);
        assert_eq!(headers, applied(&[]));
    }

    #[test]
    fn an_ipv6_client_stands_in_brackets() {
        let uri = Uri::from_static("/");
        let mut headers = HeaderMap::new();
        let exchange = Exchange {
            client_address: "[2001:db8::7]:50123".parse().unwrap(),
            ..exchange(&uri, "contoso.com")
        };
        apply(&mut headers, &exchange);
        assert_eq!(headers["x-forwarded-for"], "[2001:db8::7]:50123");
    }

    #[test]
    fn what_is_not_printable_is_escaped() {
        let uri: Uri = "/caf\u{e9}?\u{fc}".parse().unwrap();
        let mut headers = HeaderMap::new();
        apply(&mut headers, &exchange(&uri, "contoso.com\r\nx: y"));
        assert_eq!(headers["x-original-url"], "/caf%C3%A9?%C3%BC");
        assert_eq!(headers["x-original-host"], "contoso.com%0D%0Ax: y");
    }
}
