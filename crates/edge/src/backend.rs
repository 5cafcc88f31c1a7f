//! The connections of one core to backends, and what travels on them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::gateway::Gateway;
use crate::refused::Refused;

/// How long a connection to a backend may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an unused connection to a backend is kept: less than the 60 to 75 s after which common
/// servers close theirs, so that a request rarely meets a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// Unused connections kept to one backend by one core.
const IDLE_CONNECTIONS: usize = 128;

/// One core's pooled connections: no other core uses them, so no request waits for another core.
#[derive(Clone)]
pub(crate) struct Backends {
    client: Client<HttpConnector, RequestBody>,
}

impl Backends {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .set_host(false)
            .build(connector);
        Self { client }
    }

    /// Sends the request and waits for the head of the response, at most for `timeout`.
    pub(crate) async fn send(
        &self,
        request: Request<RequestBody>,
        timeout: Duration,
    ) -> Result<Response<Incoming>, Refused> {
        match tokio::time::timeout(timeout, self.client.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Refused::backend(&error)),
            Err(_) => Err(Refused::BackendTimedOut),
        }
    }
}

/// A client's body on its way to a backend: its trailers may not carry an identity either.
pub(crate) struct RequestBody {
    incoming: Incoming,
    gateway: Arc<Gateway>,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, gateway: Arc<Gateway>) -> Self {
        Self { incoming, gateway }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            self.gateway.strip().strip_trailers(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
