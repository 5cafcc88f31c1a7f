//! A backend that speaks HTTP/2.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::client::Transport;
use super::patiently;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Recorded2 {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

pub(crate) type Body2 = BoxBody<Bytes, Infallible>;

/// A server on a port of its own until the test ends.
pub(crate) struct Backend2 {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Recorded2>>>,
    connections: Arc<AtomicUsize>,
    ending: watch::Sender<Ending>,
    open: watch::Sender<usize>,
    accepting: JoinHandle<()>,
}

/// How the connections so far end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    /// They do not.
    None,
    /// With a GOAWAY.
    Said,
    /// Without a word.
    Abrupt,
}

impl Backend2 {
    /// Answers what `answer` says once a request is whole, over TLS where `tls` says how, with at most
    /// `streams` requests at a time on one connection.
    pub(crate) async fn start<F>(
        tls: Option<ServerConfig>,
        streams: u32,
        answer: impl Fn(Recorded2) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response<Body2>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::default();
        let server = Arc::new(Server {
            requests: Arc::clone(&requests),
            streams,
            answer: Box::new(move |request| answer(request).boxed()),
        });
        let connections = Arc::new(AtomicUsize::new(0));
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let (ending, ends) = watch::channel(Ending::None);
        let open = watch::Sender::new(0);
        let (counted, opened) = (Arc::clone(&connections), open.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let (server, acceptor) = (Arc::clone(&server), acceptor.clone());
                let (open, mut ends) = (Open::new(opened.clone()), ends.clone());
                ends.mark_unchanged();
                tokio::spawn(async move {
                    if let Some(stream) = secured(stream, acceptor).await {
                        server.serve(stream, ends).await;
                    }
                    drop(open);
                });
            }
        });
        Self {
            address,
            requests,
            connections,
            ending,
            open,
            accepting,
        }
    }

    /// Ends the connections that there are, and takes new ones.
    pub(crate) async fn end(&self, how: Ending) {
        self.ending.send_replace(how);
        let mut open = self.open.subscribe();
        drop(patiently(open.wait_for(|open| *open == 0)).await.unwrap());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn requests(&self) -> Vec<Recorded2> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// How every connection is served.
struct Server {
    requests: Arc<Mutex<Vec<Recorded2>>>,
    streams: u32,
    answer: Box<Answering>,
}

type Answering = dyn Fn(Recorded2) -> BoxFuture<'static, Response<Body2>> + Send + Sync;

impl Server {
    /// Serves a connection until it ends by itself, or as it is told.
    async fn serve(self: Arc<Self>, stream: Box<dyn Transport>, mut ends: watch::Receiver<Ending>) {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.max_concurrent_streams(self.streams);
        let service = service_fn(move |request| Arc::clone(&self).answer(request));
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => return,
            changed = ends.changed() => {
                if changed.is_err() || *ends.borrow() == Ending::Abrupt {
                    return;
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> hyper::Result<Response<Body2>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?;
        let request = Recorded2 {
            parts,
            trailers: body.trailers().cloned(),
            body: body.to_bytes(),
        };
        self.requests.lock().unwrap().push(request.clone());
        Ok((self.answer)(request).await)
    }
}

/// What a connection is, unless its handshake fails.
async fn secured(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> Option<Box<dyn Transport>> {
    match acceptor {
        None => Some(Box::new(stream)),
        Some(acceptor) => Some(Box::new(acceptor.accept(stream).await.ok()?)),
    }
}

/// A connection that is counted as long as this is there.
struct Open(watch::Sender<usize>);

impl Open {
    fn new(open: watch::Sender<usize>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl Drop for Backend2 {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
