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
/// (RFC 7239), `x-forwarded-host` and all of its family, `x-real-ip`, `x-rewrite-url`. A gateway that
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
        || ["x-real-ip", "x-rewrite-url"].contains(&name.as_str())
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
