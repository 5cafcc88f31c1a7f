//! One question over HTTP: a request out, octets back, within limits.

mod connect;
mod exchange;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Method as HttpMethod, Request};
use http_body_util::Full;
use tokio::time::timeout;

use crate::allowance::Allowance;
use crate::failure::{Failure, HttpFault, PolicyFault, Unreachable};
use crate::responder::{Responder, Scheme};
use crate::settings::Settings;
use crate::transport::{Method, Transport};

/// Puts a DER request to the responder at `url` and gives back what it answers, unjudged: by the [`Method`] of the settings,
/// and by POST if it was put by GET and the responder does not know that.
///
/// Redirections are not followed, and the address that was found to be allowed is the one connected to. Must be
/// called on a tokio runtime with I/O and time.
///
/// # Errors
/// [`Failure`] when the responder must not be asked, is not reached in time, or answers with another
/// status than 200, another content type than `application/ocsp-response`, or more than
/// [`MAX_LENGTH`](portcullis_ocsp::MAX_LENGTH) octets.
pub async fn fetch(url: &str, request: &[u8], settings: &Settings) -> Result<Vec<u8>, Failure> {
    let transport = &settings.transport;
    let allowance = Allowance::new(settings.timeout);
    let first = transport.method;
    let fetched = fetch_within(allowance.left(), url, request, transport, first).await;
    if wants_post(&fetched, url, request, first) {
        return fetch_within(allowance.left(), url, request, transport, Method::Post).await;
    }
    fetched
}

/// Whether the request was put by GET and answered in a way that says that it has to be a POST: RFC 6960 appendix A
/// leaves it to responders which of the two they know.
pub(crate) fn wants_post(
    fetched: &Result<Vec<u8>, Failure>,
    url: &str,
    request: &[u8],
    method: Method,
) -> bool {
    let status = match fetched {
        Err(Failure::HttpFault {
            fault: HttpFault::Status { found },
            ..
        }) => *found,
        _ => return false,
    };
    // Bad Request, Not Found, Method Not Allowed, Not Implemented
    matches!(status, 400 | 404 | 405 | 501)
        && method == Method::GetWhereShort
        && Responder::parse(url).is_ok_and(|asked| asked.get_target(request).is_some())
}

/// As [`fetch`], with this much time and by this method.
pub(crate) async fn fetch_within(
    time: Duration,
    url: &str,
    request: &[u8],
    transport: &Transport,
    method: Method,
) -> Result<Vec<u8>, Failure> {
    let asking = async {
        let responder = Responder::parse(url)?;
        let request = encode(&responder, request, transport, method)?;
        let stream = connect::connect(&responder, transport, time).await?;
        exchange::exchange(stream, request).await
    };
    // Nothing of a certificate's choosing may break a line of a log.
    let url = || url.escape_debug().to_string();
    match timeout(time, asking).await {
        Ok(Ok(octets)) => Ok(octets),
        Ok(Err(Fault::Policy(reason))) => {
            Err(Failure::ResponderRefusedByPolicy { url: url(), reason })
        }
        Ok(Err(Fault::Unreachable(cause))) => {
            Err(Failure::ResponderUnreachable { url: url(), cause })
        }
        Ok(Err(Fault::Http(fault))) => Err(Failure::HttpFault { url: url(), fault }),
        Err(_) => Err(Failure::ResponderTimedOut {
            url: url(),
            after: time,
        }),
    }
}

/// A failure before it is said whose it is.
#[derive(Debug)]
enum Fault {
    Policy(PolicyFault),
    Unreachable(Unreachable),
    Http(HttpFault),
}

impl From<PolicyFault> for Fault {
    fn from(fault: PolicyFault) -> Self {
        Self::Policy(fault)
    }
}

impl From<Unreachable> for Fault {
    fn from(cause: Unreachable) -> Self {
        Self::Unreachable(cause)
    }
}

impl From<HttpFault> for Fault {
    fn from(fault: HttpFault) -> Self {
        Self::Http(fault)
    }
}

impl From<hyper::Error> for Fault {
    fn from(error: hyper::Error) -> Self {
        Self::Unreachable(Unreachable::Exchange(Arc::new(io::Error::other(error))))
    }
}

/// The HTTP request. A proxy that speaks with the responder itself is told the whole URL (RFC 9112 section 3.2.2).
fn encode(
    responder: &Responder,
    request: &[u8],
    transport: &Transport,
    method: Method,
) -> Result<Request<Full<Bytes>>, PolicyFault> {
    let head = Request::builder()
        .header(HOST, responder.authority())
        .header(USER_AGENT, "portcullis")
        .header(ACCEPT, RESPONSE_TYPE)
        .header(CONNECTION, "close");
    let whole = transport.proxy.is_some() && responder.scheme() == Scheme::Http;
    let target = |path: String| match whole {
        true => format!("http://{}{path}", responder.authority()),
        false => path,
    };
    let by_get = match method {
        Method::GetWhereShort => responder.get_target(request),
        Method::Post => None,
    };
    let message = match by_get {
        Some(path) => head
            .method(HttpMethod::GET)
            .uri(target(path))
            .body(Full::default()),
        None => head
            .method(HttpMethod::POST)
            .uri(target(responder.post_target()))
            .header(CONTENT_TYPE, REQUEST_TYPE)
            .body(Full::from(request.to_vec())),
    };
    message.map_err(|_| PolicyFault::Malformed)
}

/// The content types of RFC 6960 appendix C.
const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: &str = "application/ocsp-response";
