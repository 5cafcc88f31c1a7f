//! New connections to backends.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fault::{self, TlsFault};
use super::{BUFFER, RequestBody};
use crate::log::with_causes;
use crate::refused::Refused;
use crate::transport::{Destination, Transport};

/// Requests at a time on one HTTP/2 connection, where the backend takes more: the least that RFC 9113
/// section 6.5.2 recommends is 100.
pub(super) const STREAMS: usize = 128;
/// Bytes that a backend may send ahead on one stream, as much as on an HTTP/1.1 connection.
const STREAM_WINDOW: u32 = 128 * 1024;
/// Those of all streams together: a client that does not take its response must not hold up others that
/// share the connection.
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
/// Bytes that are kept for a backend that does not take them, a stream.
const SEND_BUFFER: usize = 64 * 1024;
/// Bytes of the header fields of a response, as much as an HTTP/1.1 connection buffers.
const RESPONSE_FIELDS: u32 = 128 * 1024;
/// How often a backend is asked whether it is there, while it owes responses, and how long it may take to
/// answer.
const PING: Duration = Duration::from_secs(30);
/// How often the backend's first frame is looked for.
const SETTLING: Duration = Duration::from_millis(1);

/// A byte stream to a backend, secured or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// The port it comes from.
    fn source_port(&self) -> Option<SourcePort>;
}

impl Stream for TcpStream {
    fn source_port(&self) -> Option<SourcePort> {
        self.local_addr()
            .ok()
            .map(|address| SourcePort(address.port()))
    }
}

impl Stream for TlsStream<TcpStream> {
    fn source_port(&self) -> Option<SourcePort> {
        self.get_ref().0.source_port()
    }
}

/// The gateway's port towards a backend. It is among the extensions of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourcePort(pub(crate) u16);

type Io = TokioIo<Box<dyn Stream>>;

/// An HTTP/2 connection, for who drives it and for who asks how many streams the backend takes. Nothing once it
/// has ended: as long as it is there, hyper takes requests for it that nobody would ever send.
pub(super) type Http2Connection =
    Arc<Mutex<Option<http2::Connection<Io, RequestBody, TokioExecutor>>>>;

/// Connects, and over TLS proves the backend.
pub(crate) async fn connect(destination: &Destination) -> Result<Box<dyn Stream>, Refused> {
    let stream = tcp(destination.address).await?;
    let Some(tls) = &destination.transport.tls else {
        return Ok(Box::new(stream));
    };
    let Some(name) = destination.server_name.clone() else {
        return Err(Refused::BackendTls(TlsFault::Name));
    };
    secure(stream, &tls.named, name, &destination.transport).await
}

/// The same, to a backend whose name is nobody's business: it proves everything else.
pub(crate) async fn connect_to_any_name(
    address: SocketAddr,
    transport: &Transport,
) -> Result<Box<dyn Stream>, Refused> {
    let stream = tcp(address).await?;
    let Some(tls) = &transport.tls else {
        return Ok(Box::new(stream));
    };
    // Nothing is sent of a name that is an address.
    let name = ServerName::from(address.ip());
    secure(stream, &tls.of_any_name, name, transport).await
}

async fn tcp(address: SocketAddr) -> Result<TcpStream, Refused> {
    let stream = TcpStream::connect(address).await.and_then(|stream| {
        stream.set_nodelay(true)?;
        Ok(stream)
    });
    stream.map_err(|error| {
        tracing::debug!(%address, %error, "cannot connect to a backend");
        Refused::BackendUnreachable
    })
}

async fn secure(
    stream: TcpStream,
    config: &Arc<ClientConfig>,
    name: ServerName<'static>,
    transport: &Transport,
) -> Result<Box<dyn Stream>, Refused> {
    let connector = TlsConnector::from(Arc::clone(config));
    let stream = connector.connect(name, stream).await;
    let stream = stream.map_err(|error| fault::handshake(&error))?;
    let chosen = stream.get_ref().1.alpn_protocol();
    if transport.is_http2() && chosen != Some(b"h2") {
        return Err(Refused::BackendTls(TlsFault::NoHttp2));
    }
    Ok(Box::new(stream))
}

/// An HTTP/1.1 connection.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<RequestBody>,
    pub(super) source_port: Option<SourcePort>,
}

/// A new HTTP/1.1 connection.
pub(super) async fn http1(destination: &Destination) -> Result<Http1, Refused> {
    let stream = connect(destination).await?;
    let source_port = stream.source_port();
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| fault::exchange(&error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a connection to a backend ended");
        }
    });
    Ok(Http1 {
        sender,
        source_port,
    })
}

/// An HTTP/2 connection.
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<RequestBody>,
    pub(super) connection: Http2Connection,
    pub(super) source_port: Option<SourcePort>,
}

/// A new HTTP/2 connection whose backend has said, in its first frame, how many streams it takes (RFC 9113
/// section 3.4).
pub(super) async fn http2(destination: &Destination) -> Result<Http2, Refused> {
    let stream = connect(destination).await?;
    let source_port = stream.source_port();
    let stream: Io = TokioIo::new(stream);
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .initial_max_send_streams(UNSETTLED)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(RESPONSE_FIELDS)
        .handshake(stream)
        .await
        .map_err(|error| fault::exchange(&error))?;
    let connection = Arc::new(Mutex::new(Some(connection)));
    tokio::spawn(drive(Arc::clone(&connection)));
    let mut look = tokio::time::interval(SETTLING);
    while streams(&connection) == UNSETTLED {
        if sender.is_closed() {
            return Err(Refused::BackendFailed);
        }
        look.tick().await;
    }
    Ok(Http2 {
        sender,
        connection,
        source_port,
    })
}

/// Does the work of a connection until it ends.
async fn drive(connection: Http2Connection) {
    let ended = poll_fn(|cx| {
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(driven) = &mut *connection else {
            return Poll::Ready(Ok(()));
        };
        let ended = Pin::new(driven).poll(cx);
        if ended.is_ready() {
            *connection = None;
        }
        ended
    });
    if let Err(error) = ended.await {
        // What a backend has against the gateway's certificate is told here alone: h2 keeps a text of it.
        let error = with_causes(&error);
        tracing::debug!(%error, "a connection to a backend ended");
    }
}

/// As many streams as there are before the backend has said how many.
const UNSETTLED: usize = 0;

/// How many streams the backend takes.
pub(super) fn streams(connection: &Http2Connection) -> usize {
    let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let connection = connection.as_ref();
    connection.map_or(0, http2::Connection::current_max_send_streams)
}
