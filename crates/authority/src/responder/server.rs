//! OCSP over HTTP/1.1 (RFC 6960 appendix A, RFC 5019 section 5).

use std::convert::Infallible;
use std::future::Future;
use std::iter;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use portcullis_ocsp::parse_request;
use rustls_pki_types::UnixTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Responder;

/// The largest body. A request for one certificate has 60 to 250 octets; for
/// [`MOST_CERTIFICATES`](super::MOST_CERTIFICATES) with SHA-256, 4 KiB.
const MOST_BODY_OCTETS: usize = 8 * 1024;

/// The largest request head: RFC 5019 keeps the URL below 256 octets, the rest is for headers.
const MOST_HEAD_OCTETS: usize = 16 * 1024;

/// The slashes of a path after which a request is looked for: more than the path of any responder has.
const MOST_SEGMENTS: usize = 8;

/// How long a client may take for the head of a request, and how long it may stay idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take for the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection lives, however busy.
const CONNECTION_LIFETIME: Duration = Duration::from_secs(120);

/// Connections at the same time. The next waits in the listen queue of the system.
const MOST_CONNECTIONS: usize = 256;

/// How long requests may still run after the shutdown. An answer takes less than a millisecond.
const DRAIN: Duration = Duration::from_secs(1);

/// The first pause after accept failed, for lack of file descriptors for instance. It doubles up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Responder {
    /// Answers on `listener` by GET and POST until `shutdown` is ready, then finishes what runs.
    ///
    /// Reads the system's clock. To be run on a tokio runtime with I/O and time.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let (stop, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        tokio::select! {
            () = self.accept(&listener, &stopped, &mut connections) => {}
            () = shutdown => {}
        }
        drop(listener);
        let _ = stop.send(());
        let drained = async { while connections.join_next().await.is_some() {} };
        // What still runs is aborted when the set is dropped.
        let _ = timeout(DRAIN, drained).await;
    }

    async fn accept(
        self: &Arc<Self>,
        listener: &TcpListener,
        stopped: &watch::Receiver<()>,
        connections: &mut JoinSet<()>,
    ) {
        let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut pause = FIRST_PAUSE;
        // Never closed, so that acquire does not fail.
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    pause = FIRST_PAUSE;
                    while connections.try_join_next().is_some() {}
                    let connection = Arc::clone(self).connection(stream, permit, stopped.clone());
                    connections.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "OCSP responder does not accept");
                    sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause.saturating_mul(2));
                }
            }
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        _permit: OwnedSemaphorePermit,
        mut stopped: watch::Receiver<()>,
    ) {
        let service = service_fn(|request| {
            let responder = Arc::clone(&self);
            async move { Ok::<_, Infallible>(responder.handle(request).await) }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MOST_HEAD_OCTETS);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let ended = timeout(CONNECTION_LIFETIME, async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                _ = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        });
        if let Ok(Err(error)) = ended.await {
            tracing::debug!(%error, "OCSP connection");
        }
    }

    async fn handle(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let question = match *request.method() {
            Method::GET => Ok(question_in(request.uri().path())),
            Method::POST => read_body(request.into_body()).await,
            _ => Err(StatusCode::METHOD_NOT_ALLOWED),
        };
        match question {
            Ok(question) => ocsp_response(self.answer(&question, UnixTime::now())),
            Err(status) => refusal(status),
        }
    }
}

/// The request in the path of a GET: base64, percent-encoded, after whatever path the responder was
/// asked at. Base64 has slashes too: the longest rest of the path that is a request is the one. What
/// is none becomes nothing, which is answered as malformed.
fn question_in(path: &str) -> Vec<u8> {
    let path = percent_decode_str(path).decode_utf8().unwrap_or_default();
    let rests = iter::successors(path.split_once('/'), |(_, rest)| rest.split_once('/'));
    rests
        .take(MOST_SEGMENTS)
        .filter_map(|(_, rest)| STANDARD.decode(rest).ok())
        .find(|question| parse_request(question).is_ok())
        .unwrap_or_default()
}

async fn read_body(body: Incoming) -> Result<Vec<u8>, StatusCode> {
    let body = timeout(BODY_TIMEOUT, Limited::new(body, MOST_BODY_OCTETS).collect()).await;
    let body = body.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(body.to_bytes().into())
}

/// An answer must not outlive a revocation in somebody's HTTP cache; its own dates say how long it lives.
fn ocsp_response(answer: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(answer));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/ocsp-response"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refusal(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}
