//! A backend's body on its way to the client.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::activity::{InFlight, Turn};
use crate::backend::Lease;
use crate::framing;
use crate::pool::Visit;

/// Passes frames on as they come, gives up on a backend that sends nothing for as long as its
/// timeout, and says who is waited for.
pub(crate) struct Relay {
    incoming: Incoming,
    in_flight: InFlight,
    timeout: Duration,
    /// Runs while the backend is waited for.
    patience: Option<Pin<Box<Sleep>>>,
    /// The backend's stream, where it speaks HTTP/2.
    lease: Option<Lease>,
    /// Counts at the backend's endpoint as long as this lasts.
    visit: Visit,
    /// Ends when the backend has to.
    cut: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Relay {
    pub(crate) fn new(
        incoming: Incoming,
        in_flight: InFlight,
        timeout: Duration,
        lease: Option<Lease>,
        visit: Visit,
    ) -> Self {
        Self {
            lease,
            incoming,
            in_flight,
            timeout,
            patience: None,
            visit,
            cut: None,
        }
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(cx) {
            this.patience = None;
            this.in_flight.turn(Turn::Client);
            this.in_flight.touch();
            // hyper ends a body whose stream was reset with NO_ERROR as if it were complete.
            if frame.is_none() && this.lease.is_some() && !this.incoming.is_end_stream() {
                return Poll::Ready(Some(Err(Box::new(io::Error::from(
                    io::ErrorKind::UnexpectedEof,
                )))));
            }
            return Poll::Ready(frame.map(|frame| {
                let mut frame = frame?;
                if let Some(trailers) = frame.trailers_mut() {
                    framing::settle_trailers(trailers);
                }
                Ok(frame)
            }));
        }
        this.in_flight.turn(Turn::Backend);
        let endpoint = this.visit.endpoint();
        let cut = this.cut.get_or_insert_with(|| {
            let endpoint = Arc::clone(endpoint);
            Box::pin(async move { endpoint.cut().await })
        });
        if cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(Box::new(io::Error::from(
                io::ErrorKind::ConnectionAborted,
            )))));
        }
        let timeout = this.timeout;
        let patience = this
            .patience
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        match patience.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(Stalled { timeout })))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The backend stopped in the middle of its response.
#[derive(Debug)]
pub(crate) struct Stalled {
    timeout: Duration,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the backend sent nothing for {:?}", self.timeout)
    }
}

impl Error for Stalled {}
