//! The connections of one core to backends, and what travels on them.

use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::activity::Pulse;
use crate::gateway::Gateway;
use crate::metrics::{Connects, Timed};
use crate::refused::Refused;

/// How long a connection to a backend may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an unused connection to a backend is kept: less than the 60 to 75 s after which common
/// servers close theirs, so that a request rarely meets a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// Unused connections kept to one backend by one core.
const IDLE_CONNECTIONS: usize = 128;

/// Most bytes of a backend's response that one connection reads ahead.
const BUFFER: usize = 128 * 1024;

/// One core's pooled connections: no other core uses them, so no request waits for another core.
#[derive(Clone)]
pub(crate) struct Backends {
    client: Client<Timed<HttpConnector>, RequestBody>,
}

impl Backends {
    /// Without connections yet; how long they take is told to `connects`.
    pub(crate) fn new(connects: Arc<Connects>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .set_host(false)
            .http1_max_buf_size(BUFFER)
            .build(Timed::new(connector, connects));
        Self { client }
    }

    /// Sends the request and waits for the head of the response.
    ///
    /// `timeout` is how long nothing may happen: it starts again whenever more of the body passes,
    /// so that a long upload is none and a stalled one is.
    pub(crate) async fn send(
        &self,
        request: Request<RequestBody>,
        timeout: Duration,
    ) -> Result<Response<Incoming>, Refused> {
        let passage = Arc::clone(&request.body().passage);
        let mut response = pin!(self.client.request(request));
        while let Some(left) = timeout.checked_sub(passage.quiet()) {
            match tokio::time::timeout(left, response.as_mut()).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(_)) if passage.too_long.load(Ordering::Relaxed) => {
                    return Err(Refused::BodyTooLong);
                }
                Ok(Err(error)) => return Err(Refused::backend(&error)),
                Err(_) => {}
            }
        }
        Err(if passage.awaits_client() {
            Refused::RequestTimedOut
        } else {
            Refused::BackendTimedOut
        })
    }
}

/// How far a request's body has come.
struct Passage {
    pulse: Pulse,
    /// Whether the backend would take more than the client has sent.
    awaits_client: AtomicBool,
    /// Whether there was more than may be sent.
    too_long: AtomicBool,
}

impl Passage {
    fn new() -> Self {
        Self {
            pulse: Pulse::new(),
            awaits_client: AtomicBool::new(false),
            too_long: AtomicBool::new(false),
        }
    }

    fn frame(&self) {
        self.pulse.beat();
        self.awaits_client.store(false, Ordering::Relaxed);
    }

    fn wait(&self) {
        self.awaits_client.store(true, Ordering::Relaxed);
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
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
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
