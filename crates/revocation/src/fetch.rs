//! One question over HTTP: a request out, octets back, within limits.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use portcullis_ocsp::MAX_LENGTH;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::allowance::Allowance;
use crate::failure::{Failure, HttpFault, PolicyFault, Unreachable};
use crate::responder::Responder;
use crate::settings::{Destinations, Settings};

/// Addresses of one name that are tried: a name has rarely more than two of each family.
const MAX_ADDRESSES: usize = 4;

/// Octets of an HTTP response's head that are read. Responders send less than 1 KiB.
const MAX_HEAD_LENGTH: usize = 0x4000;

/// Characters of an unexpected content type that are reported: enough to recognise any.
const MAX_TYPE_SHOWN: usize = 100;

/// Puts a DER request to the responder at `url` and gives back what it answers, unjudged.
///
/// By GET when the URL stays within 255 octets (RFC 5019 section 5), otherwise by POST. Redirections
/// are not followed, and the address that was found to be allowed is the one connected to. Must be
/// called on a tokio runtime with I/O and time.
///
/// # Errors
/// [`Failure`] when the responder must not be asked, is not reached in time, or answers with another
/// status than 200, another content type than `application/ocsp-response`, or more than
/// [`MAX_LENGTH`] octets.
pub async fn fetch(url: &str, request: &[u8], settings: &Settings) -> Result<Vec<u8>, Failure> {
    fetch_within(settings.timeout, url, request, settings.destinations).await
}

/// As [`fetch`], with this much time.
pub(crate) async fn fetch_within(
    time: Duration,
    url: &str,
    request: &[u8],
    destinations: Destinations,
) -> Result<Vec<u8>, Failure> {
    let asking = async {
        let responder = Responder::parse(url)?;
        let request = encode(&responder, request)?;
        let stream = connect(&responder, destinations, time).await?;
        exchange(stream, request).await
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

fn encode(responder: &Responder, request: &[u8]) -> Result<Request<Full<Bytes>>, PolicyFault> {
    let head = Request::builder()
        .header(HOST, responder.authority())
        .header(USER_AGENT, "portcullis")
        .header(ACCEPT, RESPONSE_TYPE)
        .header(CONNECTION, "close");
    let message = match responder.get_target(request) {
        Some(target) => head.method(Method::GET).uri(target).body(Full::default()),
        None => head
            .method(Method::POST)
            .uri(responder.post_target())
            .header(CONTENT_TYPE, REQUEST_TYPE)
            .body(Full::from(request.to_vec())),
    };
    message.map_err(|_| PolicyFault::Malformed)
}

/// The content types of RFC 6960 appendix C.
const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: &str = "application/ocsp-response";

/// Resolves once, and connects to the first allowed address that answers. Every address but the
/// last has an equal share of the time that is left; the last one has all of it.
async fn connect(
    responder: &Responder,
    destinations: Destinations,
    time: Duration,
) -> Result<TcpStream, Fault> {
    let allowance = Allowance::new(time);
    let addresses = allowed(&resolve(responder).await?, destinations)?;
    let mut cause = Unreachable::NoAddress;
    for (index, address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(address);
        let outcome = match addresses.len().saturating_sub(index) {
            ..=1 => connecting.await,
            several => timeout(allowance.share(several), connecting)
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        };
        match outcome {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                let (address, source) = (address.ip(), Arc::new(error));
                cause = Unreachable::Connect { address, source };
            }
        }
    }
    Err(cause.into())
}

async fn resolve(responder: &Responder) -> Result<Vec<SocketAddr>, Unreachable> {
    let port = responder.port();
    if let Some(address) = responder.address() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match lookup_host((responder.host(), port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(Unreachable::Name(Arc::new(error))),
    }
}

/// Those of the addresses that may be connected to, [`MAX_ADDRESSES`] at most.
fn allowed(addresses: &[SocketAddr], destinations: Destinations) -> Result<Vec<SocketAddr>, Fault> {
    let allowed = addresses
        .iter()
        .filter(|address| destinations.allow(address.ip()));
    let allowed: Vec<_> = allowed.take(MAX_ADDRESSES).copied().collect();
    match (addresses, allowed.is_empty()) {
        ([], _) => Err(Unreachable::NoAddress.into()),
        ([first, ..], true) => Err(PolicyFault::Address { found: first.ip() }.into()),
        (_, false) => Ok(allowed),
    }
}

/// Sends the request and reads the answer. Connection and exchange share one task, so that giving
/// up on one ends both.
async fn exchange(stream: TcpStream, request: Request<Full<Bytes>>) -> Result<Vec<u8>, Fault> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD_LENGTH);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async {
        let response = sender.send_request(request).await?;
        read(response).await
    });
    tokio::select! {
        biased;
        outcome = &mut answer => outcome,
        // The connection is done, or broken; what it has read is still to be taken.
        _ = &mut connection => answer.await,
    }
}

async fn read(response: Response<Incoming>) -> Result<Vec<u8>, Fault> {
    check_head(response.status(), response.headers())?;
    let too_long = HttpFault::TooLong { limit: MAX_LENGTH };
    let mut body = response.into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_LENGTH {
        return Err(too_long.into());
    }
    let mut octets = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if octets.len().saturating_add(data.len()) > MAX_LENGTH {
            return Err(too_long.into());
        }
        octets.extend_from_slice(&data);
    }
    Ok(octets)
}

fn check_head(status: StatusCode, headers: &HeaderMap) -> Result<(), HttpFault> {
    if status != StatusCode::OK {
        return Err(HttpFault::Status {
            found: status.as_u16(),
        });
    }
    let found = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = found.as_deref().and_then(|found| found.split(';').next());
    if essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(RESPONSE_TYPE)) {
        return Ok(());
    }
    let found = found.map(|found| found.escape_debug().take(MAX_TYPE_SHOWN).collect());
    Err(HttpFault::ContentType { found })
}
