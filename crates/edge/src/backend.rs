//! The connections of one core to backends, and what travels on them.

mod connections;
mod dial;
mod fault;
mod shape;

use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;

use crate::activity::Pulse;
use crate::gateway::Gateway;
use crate::metrics::Connects;
use crate::refused::Refused;
use crate::transport::Destination;
use connections::{Connections, Reserved};
use dial::Http1;

pub(crate) use connections::Lease;
pub(crate) use dial::{SourcePort, connect, connect_to_any_name};
pub(crate) use fault::{TlsFault, of_exchange};
pub(crate) use shape::announce_trailers;

/// How long a connection to a backend may take to be made, with its TLS handshake.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an unused connection to a backend is kept: less than the 60 to 75 s after which common
/// servers close theirs, so that a request rarely meets a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// Unused connections kept to one backend by one core.
const IDLE_CONNECTIONS: usize = 128;
/// Kept connections that a request may meet closed, before it fails.
const STALE_CONNECTIONS: usize = 4;

/// Most bytes of a backend's response that one connection reads ahead.
const BUFFER: usize = 128 * 1024;

/// The connections of one owner: a core, or a client connection that shares them with no other.
#[derive(Clone)]
pub(crate) struct Backends {
    connections: Arc<Connections>,
    connects: Arc<Connects>,
}

/// Why a request has no response.
pub(crate) struct SendError {
    pub(crate) refused: Refused,
    /// The request, where nothing of it was sent.
    pub(crate) unsent: Option<Box<Request<RequestBody>>>,
}

impl SendError {
    fn unsent(refused: Refused, request: Request<RequestBody>) -> Self {
        Self {
            refused,
            unsent: Some(Box::new(request)),
        }
    }

    fn sent(refused: Refused) -> Self {
        Self {
            refused,
            unsent: None,
        }
    }
}

/// A connection for one request.
enum Link {
    Http1(Http1),
    Http2(Lease),
}

impl Backends {
    /// Without connections yet; how long they take is told to `connects`.
    pub(crate) fn new(connects: Arc<Connects>) -> Self {
        Self {
            connections: Arc::default(),
            connects,
        }
    }

    /// Sends the request and waits for the head of the response. Of its target the path and query count;
    /// `Host` says the host.
    ///
    /// `timeout` is how long nothing may happen: it starts again whenever more of the body passes,
    /// so that a long upload is none and a stalled one is. A response over HTTP/2 has a [`Lease`] among
    /// its extensions, to be kept as long as its body.
    pub(crate) async fn send(
        &self,
        to: &Destination,
        mut request: Request<RequestBody>,
        timeout: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        request.body().passage.pulse.beat();
        let mut stale = 0_usize;
        loop {
            let (link, kept) = match self.link(to, stale, timeout).await {
                Ok(link) => link,
                Err(refused) => return Err(SendError::unsent(refused, request)),
            };
            match self.exchange(to, link, request, timeout).await {
                Err(SendError {
                    unsent: Some(unsent),
                    ..
                }) if kept && stale < STALE_CONNECTIONS => {
                    stale = stale.saturating_add(1);
                    request = *unsent;
                }
                result => return result,
            }
        }
    }

    /// A connection, and whether it was kept from before.
    async fn link(
        &self,
        to: &Destination,
        stale: usize,
        timeout: Duration,
    ) -> Result<(Link, bool), Refused> {
        if !to.transport.is_http2()
            && stale == 0
            && let Some(connection) = self.connections.take(to)
        {
            return Ok((Link::Http1(connection), true));
        }
        let making = async {
            if to.transport.is_http2() {
                self.stream(to).await
            } else {
                let made = self.connects.measure(dial::http1(to)).await?;
                Ok((Link::Http1(made), false))
            }
        };
        match tokio::time::timeout(timeout.min(CONNECT_TIMEOUT), making).await {
            Ok(made) => made,
            Err(_) if timeout < CONNECT_TIMEOUT => Err(Refused::BackendTimedOut),
            Err(_) => Err(Refused::BackendUnreachable),
        }
    }

    /// A stream of an HTTP/2 connection. Of those who need a new connection one makes it.
    async fn stream(&self, to: &Destination) -> Result<(Link, bool), Refused> {
        loop {
            let dialed = match self.connections.reserve(to) {
                Reserved::Stream(lease) => return Ok((Link::Http2(lease), true)),
                Reserved::Dialing(mut dialing) => {
                    if let Ok(dialed) = dialing.wait_for(Option::is_some).await
                        && let Some(Err(refused)) = &*dialed
                    {
                        return Err(refused.clone());
                    }
                    continue;
                }
                Reserved::Dial(dialed) => dialed,
            };
            let made = self.connects.measure(dial::http2(to)).await;
            let made = made.and_then(|made| {
                let lease = self.connections.keep(to, made);
                lease.ok_or(Refused::BackendFailed)
            });
            dialed.send_replace(Some(made.as_ref().map(drop).map_err(Refused::clone)));
            return made.map(|lease| (Link::Http2(lease), false));
        }
    }

    async fn exchange(
        &self,
        to: &Destination,
        link: Link,
        mut request: Request<RequestBody>,
        timeout: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        if let Err(refused) = shape::shape(&mut request, &to.transport) {
            return Err(SendError::unsent(refused, request));
        }
        let passage = Arc::clone(&request.body().passage);
        match link {
            Link::Http1(mut connection) => {
                let response = connection.sender.try_send_request(request);
                let mut response = passage.watch(response, timeout).await?;
                tell(&mut response, connection.source_port);
                // After a switch it speaks something else.
                if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    self.connections.put_back(to, connection);
                }
                Ok(response)
            }
            Link::Http2(lease) => {
                let response = lease.sender().try_send_request(request);
                let mut response = passage.watch(response, timeout).await?;
                tell(&mut response, lease.source_port());
                response.extensions_mut().insert(lease);
                Ok(response)
            }
        }
    }
}

fn tell(response: &mut Response<Incoming>, source_port: Option<SourcePort>) {
    if let Some(port) = source_port {
        response.extensions_mut().insert(port);
    }
}

/// What became of a request on a connection.
type Sent = Result<Response<Incoming>, TrySendError<Request<RequestBody>>>;

/// How far a request's body has come.
pub(crate) struct Passage {
    pulse: Pulse,
    /// Octets that have passed.
    octets: AtomicU64,
    /// Whether the backend would take more than the client has sent.
    awaits_client: AtomicBool,
    /// Whether there was more than may be sent.
    too_long: AtomicBool,
    /// Whether it was malformed, or ended before its end.
    malformed: AtomicBool,
}

impl Passage {
    fn new() -> Self {
        Self {
            pulse: Pulse::new(),
            octets: AtomicU64::new(0),
            awaits_client: AtomicBool::new(false),
            too_long: AtomicBool::new(false),
            malformed: AtomicBool::new(false),
        }
    }

    /// Waits for the head of the response, as long as something passes within each `timeout`.
    async fn watch(
        &self,
        response: impl Future<Output = Sent>,
        timeout: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        let mut response = pin!(response);
        while let Some(left) = timeout.checked_sub(self.quiet()) {
            match tokio::time::timeout(left, response.as_mut()).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(_)) if self.too_long.load(Ordering::Relaxed) => {
                    return Err(SendError::sent(Refused::BodyTooLong));
                }
                Ok(Err(_)) if self.malformed.load(Ordering::Relaxed) => {
                    return Err(SendError::sent(Refused::BodyMalformed));
                }
                Ok(Err(mut error)) => {
                    let unsent = error.take_message();
                    let refused = fault::exchange(&error.into_error());
                    return Err(match unsent {
                        Some(mut request) => {
                            shape::unshape(&mut request);
                            SendError::unsent(refused, request)
                        }
                        None => SendError::sent(refused),
                    });
                }
                Err(_) => {}
            }
        }
        Err(SendError::sent(if self.awaits_client() {
            Refused::RequestTimedOut
        } else {
            Refused::BackendTimedOut
        }))
    }

    fn frame(&self) {
        self.pulse.beat();
        self.awaits_client.store(false, Ordering::Relaxed);
    }

    fn wait(&self) {
        self.awaits_client.store(true, Ordering::Relaxed);
    }

    /// Octets of the body that have come.
    pub(crate) fn octets(&self) -> u64 {
        self.octets.load(Ordering::Relaxed)
    }

    /// For how long nothing has passed.
    fn quiet(&self) -> Duration {
        self.pulse.quiet()
    }

    fn awaits_client(&self) -> bool {
        self.awaits_client.load(Ordering::Relaxed)
    }
}

/// A client's body on its way to a backend: its trailers may not carry an identity either.
pub(crate) struct RequestBody {
    incoming: Incoming,
    version: Version,
    gateway: Arc<Gateway>,
    passage: Arc<Passage>,
    /// Octets that may still come.
    left: u64,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, version: Version, gateway: Arc<Gateway>) -> Self {
        Self {
            incoming,
            version,
            left: gateway.http().body_bytes,
            gateway,
            passage: Arc::new(Passage::new()),
        }
    }

    /// How far it has come.
    pub(crate) fn passage(&self) -> &Arc<Passage> {
        &self.passage
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Poll::Ready(mut frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            self.passage.wait();
            return Poll::Pending;
        };
        self.passage.frame();
        if let Some(Err(_)) = &frame {
            self.passage.malformed.store(true, Ordering::Relaxed);
        }
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.passage.octets.fetch_add(length, Ordering::Relaxed);
            let Some(left) = self.left.checked_sub(length) else {
                self.passage.too_long.store(true, Ordering::Relaxed);
                let error = io::Error::from(io::ErrorKind::FileTooLarge);
                return Poll::Ready(Some(Err(Box::new(error))));
            };
            self.left = left;
        }
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            self.gateway.strip().strip_trailers(trailers);
        }
        // hyper ends a body that an HTTP/2 client reset with NO_ERROR as if it were complete. Said to
        // a backend in chunks, half an upload would look whole.
        if frame.is_none() && self.version == Version::HTTP_2 && !self.incoming.is_end_stream() {
            self.passage.malformed.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(Box::new(io::Error::from(
                io::ErrorKind::UnexpectedEof,
            )))));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
