//! Measures how long connecting to backends takes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::Uri;
use tower_service::Service;

use super::Connects;
use super::shards::lock;

/// A connector whose connections are measured; those that fail are not.
#[derive(Clone, Debug)]
pub(crate) struct Timed<C> {
    connector: C,
    connects: Arc<Connects>,
}

impl<C> Timed<C> {
    pub(crate) fn new(connector: C, connects: Arc<Connects>) -> Self {
        Self {
            connector,
            connects,
        }
    }
}

impl<C> Service<Uri> for Timed<C>
where
    C: Service<Uri, Future: Send + 'static>,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connects = Arc::clone(&self.connects);
        let started = Instant::now();
        let connecting = self.connector.call(uri);
        Box::pin(async move {
            let connected = connecting.await;
            if connected.is_ok() {
                lock(connects.own()).observe(started.elapsed());
            }
            connected
        })
    }
}
