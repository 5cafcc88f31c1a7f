//! One connection: handshake, admission, HTTP.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::Poll;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use portcullis_model::host::HostName;
use rustls::server::Acceptor;
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::accept::Core;
use crate::activity::Activity;
use crate::admission::Admission;
use crate::backend::Backends;
use crate::doors::Door;
use crate::ending::{Http, has_to_end, say_so};
use crate::framing;
use crate::gateway::Bind;
use crate::log;
use crate::metrics::Wire;
use crate::outgoing::{Outgoing, Stream};
use crate::plain_http::PlainHttp;
use crate::respond::{ResponseBody, respond};
use crate::resting::Resumable;
use crate::session::{Offered, cipher, protocol};
use crate::transport::Transport;

/// From the first byte of a connection to the end of its handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be idle, and a request's head may take. Application Gateway v2
/// documents 75 s for the first and 60 s for the second; HTTP/1.1 has one timer for both here.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a connection that is to end may take to, while its client does nothing.
pub(crate) const LINGER: Duration = Duration::from_secs(5);
/// How often an HTTP/2 peer is asked whether it is there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(30);
/// The least that hyper reads of a request's head at once.
const LEAST_HEAD: usize = 8 * 1024;
/// Most header fields of a request, which bounds what compressed or empty ones can cost.
const HEADER_FIELDS: usize = 100;
/// Bytes that an HTTP/2 client may send ahead on one stream, and on all together.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Bytes that are kept for an HTTP/2 client that does not take them, a stream.
const SEND_BUFFER: usize = 64 * 1024;
/// Requests at a time on one HTTP/2 connection: the least that RFC 9113 section 6.5.2 recommends
/// is 100.
const STREAMS: u32 = 128;

/// What the requests of one connection share.
pub(crate) struct Connection {
    pub(crate) core: Core,
    /// Which of the gateway's addresses it came in by.
    pub(crate) door: Door,
    pub(crate) peer: SocketAddr,
    pub(crate) port: u16,
    pub(crate) server_name: Option<HostName>,
    /// The protocol and the cipher suite of the session; none over plain HTTP.
    pub(crate) tls: Option<(&'static str, &'static str)>,
    /// The cipher suites that the client offered.
    pub(crate) offered: Offered,
    /// From the end of the client's hello to that of the handshake, in which the client answered once.
    pub(crate) round_trip_time: Option<Duration>,
    /// The certificates of the session, for every judgement of it.
    pub(crate) presented: Vec<CertificateDer<'static>>,
    pub(crate) activity: Arc<Activity>,
    /// The latest judgement.
    pub(crate) admission: ArcSwap<Admission>,
    /// Requests so far.
    pub(crate) requests: AtomicU64,
    /// Told when the connection must not serve further requests.
    pub(crate) close: Notify,
    /// What goes on in it or after it that is no HTTP any more.
    pub(crate) tunnels: watch::Sender<usize>,
    /// The backend connections that no other client has a part in.
    dedicated: Backends,
}

impl Connection {
    /// The connections to backends by this transport.
    pub(crate) fn backends(&self, transport: &Transport) -> &Backends {
        if transport.dedicated {
            &self.dedicated
        } else {
            &self.core.backends
        }
    }
}

/// Serves a connection until it ends.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, door: Door, core: Core) {
    let (stream, outgoing) = Stream::new(stream);
    let task = pin!(serve_stream(stream, &outgoing, peer, door, core));
    outgoing.in_turns(task).await;
}

async fn serve_stream(
    stream: Stream,
    outgoing: &Outgoing,
    peer: SocketAddr,
    door: Door,
    core: Core,
) {
    let stopped = core.stopped.clone();
    // Neither this nor what follows has room in the task while it is not under way: connections are idle most of the
    // time, and those that speak HTTP/1.1 need no room for what HTTP/2 takes.
    let handshake = Box::pin(handshake(stream, &door, &core));
    let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await;
    let (tls, hello) = match handshake {
        Ok(Ok(Opened::Tls(tls, hello))) => (tls, hello),
        Ok(Ok(Opened::PlainHttp(stream, spoken))) => {
            core.shared.metrics.spoke_without_tls(&door, peer);
            return Box::pin(spoken.refuse(stream, peer, &core.shared.log)).await;
        }
        Ok(Ok(Opened::Plain(stream))) => {
            let arrival = Arrival {
                hello: Hello::default(),
                tls: None,
                presented: Vec::new(),
            };
            if let Some(connection) = Box::pin(admit(arrival, peer, door, core)).await {
                Box::pin(serve_http1(stream, outgoing, connection, stopped)).await;
            }
            return;
        }
        Ok(Err(error)) => {
            core.shared.metrics.handshake_failed(&door, peer, &error);
            log::without_handshake(&core.shared.log, peer, "handshake_failed", Some(&error));
            return;
        }
        Err(_) => {
            door.counts.failed("timed_out");
            log::without_handshake(&core.shared.log, peer, "handshake_timed_out", None);
            return;
        }
    };
    let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
    let arrival = Arrival::over_tls(&tls, hello);
    let Some(connection) = Box::pin(admit(arrival, peer, door, core)).await else {
        return;
    };
    let admission = connection.admission.load();
    admission.site.handshake_made(tls.get_ref().1);
    drop(admission);
    outgoing.may_wait(&connection.activity);
    if http2 {
        Box::pin(serve_http2(tls, connection, stopped)).await;
    } else {
        Box::pin(serve_http1(tls, outgoing, connection, stopped)).await;
    }
}

/// What a client opened a connection with.
enum Opened {
    /// A handshake that was finished, and what the client began it with.
    Tls(Box<TlsStream<Stream>>, Hello),
    /// HTTP without TLS where TLS is spoken, of which nothing was read.
    PlainHttp(Stream, PlainHttp),
    /// What a listener of plain HTTP serves.
    Plain(Stream),
}

/// What a client began a handshake with.
#[derive(Default)]
struct Hello {
    server_name: Option<HostName>,
    offered: Offered,
    round_trip_time: Option<Duration>,
}

/// What is known of a connection before its client is judged.
struct Arrival {
    hello: Hello,
    tls: Option<(&'static str, &'static str)>,
    presented: Vec<CertificateDer<'static>>,
}

impl Arrival {
    fn over_tls(tls: &TlsStream<Stream>, hello: Hello) -> Self {
        let session = tls.get_ref().1;
        Self {
            hello,
            tls: Some((protocol(session), cipher(session))),
            presented: session.peer_certificates().unwrap_or_default().to_vec(),
        }
    }
}

/// Chooses the profile by the client's hello, whole or in pieces, and finishes the handshake.
async fn handshake(mut stream: Stream, door: &Door, core: &Core) -> io::Result<Opened> {
    stream.set_nodelay()?;
    let gateway = core.shared.gateway.load();
    if gateway.bind(door).is_some_and(Bind::is_plain) {
        return Ok(Opened::Plain(stream));
    }
    drop(gateway);
    if let Some(spoken) = PlainHttp::recognise(&mut stream).await? {
        return Ok(Opened::PlainHttp(stream, spoken));
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let server_name = start
        .client_hello()
        .server_name()
        .map(HostName::parse)
        .transpose()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let config = core
        .shared
        .gateway
        .load()
        .bind(door)
        .and_then(|bind| bind.handshake_site(server_name.as_ref()))
        .and_then(|site| site.profile.as_ref())
        .map(|profile| profile.server_config_for(&start.client_hello()))
        .ok_or(io::ErrorKind::NotFound)?;
    let offered = Offered::of(&start.client_hello());
    let said = Instant::now();
    let tls = start.into_stream(config).await?;
    let hello = Hello {
        server_name,
        offered,
        round_trip_time: Some(said.elapsed()),
    };
    Ok(Opened::Tls(Box::new(tls), hello))
}

/// Judges the client, after every handshake, before a byte of HTTP is read.
async fn admit(
    arrival: Arrival,
    peer: SocketAddr,
    door: Door,
    core: Core,
) -> Option<Arc<Connection>> {
    let Arrival {
        hello:
            Hello {
                server_name,
                offered,
                round_trip_time,
            },
        tls,
        presented,
    } = arrival;
    let gateway = core.shared.gateway.load_full();
    let admission = Admission::judge(
        gateway,
        &door,
        server_name.as_ref(),
        &presented,
        UnixTime::now(),
    )
    .await?;
    admission.count();
    let connects = core.shared.metrics.connects();
    Some(Arc::new(Connection {
        port: door.port(),
        tls,
        core,
        door,
        peer,
        server_name,
        offered,
        round_trip_time,
        presented,
        activity: Activity::new(),
        admission: ArcSwap::from_pointee(admission),
        requests: AtomicU64::new(0),
        close: Notify::new(),
        tunnels: watch::Sender::new(0),
        dedicated: Backends::new(connects),
    }))
}

async fn serve_http1(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    outgoing: &Outgoing,
    connection: Arc<Connection>,
    stopped: watch::Receiver<Option<Duration>>,
) {
    let mut end = pin!(has_to_end(Http::One, &connection, stopped));
    let mut stream = Resumable::new(wire(stream, &connection));
    while let Some(resting) = serve_until_rest(stream, &connection, end.as_mut()).await {
        stream = resting;
        let awakes = tokio::select! {
            awakes = stream.awakes() => awakes,
            () = end.as_mut() => false,
        };
        if !awakes {
            // Whether the client hears the farewell is its affair.
            drop(tokio::time::timeout(LINGER, stream.shutdown()).await);
            break;
        }
    }
    // A tunnel has a task of its own.
    outgoing.pass_through();
    tunnels_ended(&connection).await;
}

/// Serves HTTP/1.1 until the connection ends, or until nothing happens on it any more: then it is given back.
async fn serve_until_rest<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: Resumable<S>,
    connection: &Arc<Connection>,
    mut end: Pin<&mut impl Future<Output = ()>>,
) -> Option<Resumable<S>> {
    let head = {
        let gateway = connection.core.shared.gateway.load();
        let http = gateway.http();
        http.url_bytes
            .saturating_add(http.header_bytes)
            .max(LEAST_HEAD)
    };
    let rest = stream.rest();
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(head)
        .serve_connection(TokioIo::new(stream), service(connection))
        .with_upgrades();
    // Boxed, it has no room in the task while the connection rests.
    let mut served = Box::new(served);
    loop {
        tokio::select! {
            result = &mut *served => {
                log_end(connection, result);
                return None;
            }
            () = end.as_mut() => {
                Pin::new(&mut *served).graceful_shutdown();
                ends(Pin::new(&mut *served), connection).await;
                return None;
            }
            () = rest.is_due(connection) => {}
        }
        rest.begin();
        Pin::new(&mut *served).graceful_shutdown();
        let ended = poll_fn(|cx| Poll::Ready(Pin::new(&mut *served).poll(cx))).await;
        rest.end();
        match ended {
            Poll::Ready(Ok(())) => {
                let parts = served.into_parts()?;
                let mut stream = parts.io.into_inner();
                stream.take_back(parts.read_buf);
                return Some(stream);
            }
            Poll::Ready(result) => {
                log_end(connection, result);
                return None;
            }
            // A request came just now: its response is the last one.
            Poll::Pending => {}
        }
    }
}

async fn serve_http2(
    tls: Box<TlsStream<Stream>>,
    connection: Arc<Connection>,
    stopped: watch::Receiver<Option<Duration>>,
) {
    let fields = connection
        .core
        .shared
        .gateway
        .load()
        .http()
        .http2_header_bytes;
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(fields).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .enable_connect_protocol()
        .serve_connection(TokioIo::new(wire(tls, &connection)), service(&connection));
    let mut served = pin!(served);
    tokio::select! {
        result = served.as_mut() => log_end(&connection, result),
        () = has_to_end(Http::Two, &connection, stopped) => {
            served.as_mut().graceful_shutdown();
            ends(served, &connection).await;
        }
    }
    tunnels_ended(&connection).await;
}

/// Waits for the end of a connection that was asked to end, unless its client does nothing for it.
async fn ends<C: Future<Output = hyper::Result<()>>>(served: Pin<&mut C>, connection: &Connection) {
    connection.activity.touch();
    tokio::select! {
        result = served => log_end(connection, result),
        () = connection.activity.quiet_for(LINGER) => {}
    }
}

/// Returns when no tunnel of the connection is open: till then it counts as one of its core.
async fn tunnels_ended(connection: &Connection) {
    let mut tunnels = connection.tunnels.subscribe();
    // The sender is the connection's own, so this only ends when there is none.
    let _ = tunnels.wait_for(|open| *open == 0).await;
}

/// A connection whose octets are counted for its listener.
fn wire<S>(stream: S, connection: &Connection) -> Wire<S> {
    Wire::new(stream, connection.admission.load().site.counts.get())
}

type Answer = Result<Response<ResponseBody>, Infallible>;

fn service(
    connection: &Arc<Connection>,
) -> impl hyper::service::HttpService<
    Incoming,
    ResBody = ResponseBody,
    Error = Infallible,
    Future: Future<Output = Answer> + Send + 'static,
> + use<> {
    let connection = Arc::clone(connection);
    service_fn(move |request: Request<Incoming>| {
        let connection = Arc::clone(&connection);
        // hyper keeps room for it as long as the connection lasts, which is idle most of the time.
        Box::pin(async move {
            let version = request.version();
            let mut response = respond(&connection, request).await;
            say_so(&connection, version, &mut response);
            if version == Version::HTTP_2 {
                framing::detach(response.headers_mut());
            }
            Ok::<_, Infallible>(response)
        })
    })
}

fn log_end(connection: &Connection, result: hyper::Result<()>) {
    if let Err(error) = result {
        log::not_a_request(connection, &error);
        let error: &dyn std::error::Error = &error;
        tracing::debug!(client = %connection.peer, error, "connection ended");
    }
}
