//! A request as one version of HTTP has it.

use http::header::{CONNECTION, HOST, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Request, Uri, Version};

use crate::refused::Refused;
use crate::transport::Transport;

/// Makes a request that of the transport: over HTTP/1.1 its target is the path and `Host` says the host (RFC
/// 9112 section 3.2.1), over HTTP/2 `:authority` does (RFC 9113 section 8.3.1), and no field is about the
/// connection (section 8.2.2).
pub(super) fn shape<B>(request: &mut Request<B>, transport: &Transport) -> Result<(), Refused> {
    let path = request.uri().path_and_query().cloned();
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    if !transport.is_http2() {
        *request.version_mut() = Version::HTTP_11;
        *request.uri_mut() = Uri::from(path);
        return Ok(());
    }
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let scheme = match transport.tls {
        Some(_) => Scheme::HTTPS,
        None => Scheme::HTTP,
    };
    *request.uri_mut() = Uri::builder()
        .scheme(scheme)
        .authority(host.ok_or(Refused::RequestUnsendable)?)
        .path_and_query(path)
        .build()
        .map_err(|_| Refused::RequestUnsendable)?;
    *request.version_mut() = Version::HTTP_2;
    for name in OF_CONNECTIONS {
        request.headers_mut().remove(name);
    }
    request.headers_mut().remove(HOST);
    Ok(())
}

/// Fields that HTTP/2 has not, beside `TE`, which may say `trailers`.
const OF_CONNECTIONS: [HeaderName; 5] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Gives a request that was not sent its `Host` again, for another way.
pub(super) fn unshape<B>(request: &mut Request<B>) {
    if let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().entry(HOST).or_insert(host);
    }
}

/// Lets a backend over HTTP/2 know that its trailers are taken, where the client takes them: `TE` is about
/// each hop, and gRPC demands it.
pub(crate) fn announce_trailers(
    received: &HeaderMap,
    headers: &mut HeaderMap,
    transport: &Transport,
) {
    let values = received.get_all(TE).iter();
    let mut codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    if transport.is_http2() && codings.any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
    {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}
