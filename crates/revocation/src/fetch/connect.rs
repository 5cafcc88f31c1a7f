//! From the name of a responder to a connection with it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Fault;
use super::exchange::MAX_HEAD_LENGTH;
use crate::allowance::Allowance;
use crate::failure::{PolicyFault, Unreachable};
use crate::proxy::Proxy;
use crate::responder::{Responder, Scheme};
use crate::transport::Transport;

/// What octets go through.
pub(super) trait Octets: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Octets for T {}

/// A connection, whatever it is made of, with what has to live as long.
pub(super) struct Stream {
    pub(super) octets: Box<dyn Octets>,
    /// Drives the connection with a proxy; ends with this value.
    pub(super) proxy: JoinSet<()>,
}

/// Addresses of one name that are tried: a name has rarely more than two of each family.
const MAX_ADDRESSES: usize = 4;

/// Connects as far as the responder's URL goes: through the proxy if there is one, with TLS if it says https.
pub(super) async fn connect(
    responder: &Responder,
    transport: &Transport,
    time: Duration,
) -> Result<Stream, Fault> {
    let config = check(responder, transport)?;
    let allowance = Allowance::new(time);
    let stream = match &transport.proxy {
        None => {
            let addresses = resolve(responder.host(), responder.port(), transport).await?;
            let addresses = allowed(&addresses, transport)?;
            Stream::new(dial(&addresses, &allowance, transport.connect_timeout).await?)
        }
        Some(proxy) => through(proxy, responder, transport, &allowance).await?,
    };
    match config {
        Some(config) => stream.secured(config, responder).await,
        None => Ok(stream),
    }
}

impl Stream {
    fn new(octets: impl Octets + 'static) -> Self {
        Self {
            octets: Box::new(octets),
            proxy: JoinSet::new(),
        }
    }

    async fn secured(
        self,
        config: Arc<ClientConfig>,
        responder: &Responder,
    ) -> Result<Self, Fault> {
        let name = ServerName::try_from(responder.host().to_owned())
            .map_err(|_| PolicyFault::Malformed)?;
        let connecting = TlsConnector::from(config).connect(name, self.octets);
        let octets = connecting
            .await
            .map_err(|error| Unreachable::Tls(Arc::new(error)))?;
        Ok(Self {
            octets: Box::new(octets),
            proxy: self.proxy,
        })
    }
}

/// What can be said before anything is resolved. Yields what to speak TLS with, where that is asked for.
fn check(
    responder: &Responder,
    transport: &Transport,
) -> Result<Option<Arc<ClientConfig>>, PolicyFault> {
    let port = responder.port();
    if !transport.ports.allow(port) {
        return Err(PolicyFault::Port { found: port });
    }
    match (responder.scheme(), &transport.https) {
        (Scheme::Http, _) => Ok(None),
        (Scheme::Https, Some(config)) => Ok(Some(Arc::clone(config))),
        (Scheme::Https, None) => Err(PolicyFault::Scheme {
            found: "https".to_owned(),
        }),
    }
}

/// Has a proxy connect to the responder. It resolves names itself, so that only addresses, and names that stand for
/// one, can be judged here.
async fn through(
    proxy: &Proxy,
    responder: &Responder,
    transport: &Transport,
    allowance: &Allowance,
) -> Result<Stream, Fault> {
    if let Some(found) = literal(responder.host())?
        && !transport.allows(found)
    {
        return Err(PolicyFault::Address { found }.into());
    }
    let mut addresses = resolve(proxy.host(), proxy.port(), transport).await?;
    addresses.truncate(MAX_ADDRESSES);
    let stream = dial(&addresses, allowance, transport.connect_timeout).await?;
    match responder.scheme() {
        Scheme::Http => Ok(Stream::new(stream)),
        Scheme::Https => tunnel(stream, responder).await,
    }
}

/// The address that a host stands for without being resolved. Numbers that are no address as everybody writes it
/// (`127.1`, `0x7f000001`) mean one to some resolvers, and are refused.
fn literal(host: &str) -> Result<Option<IpAddr>, PolicyFault> {
    if let Ok(address) = host.parse() {
        return Ok(Some(address));
    }
    let host = host.trim_end_matches('.');
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.eq_ignore_ascii_case("localhost") {
        return Ok(Some(Ipv4Addr::LOCALHOST.into()));
    }
    if last.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(PolicyFault::Malformed);
    }
    Ok(None)
}

/// CONNECT (RFC 9110 section 9.3.6).
async fn tunnel(stream: TcpStream, responder: &Responder) -> Result<Stream, Fault> {
    let target = match responder.host().contains(':') {
        true => format!("[{}]:{}", responder.host(), responder.port()),
        false => format!("{}:{}", responder.host(), responder.port()),
    };
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri(&target)
        .header(HOST, &target)
        .body(Empty::<Bytes>::new())
        .map_err(|_| PolicyFault::Malformed)?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD_LENGTH);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let mut driver = JoinSet::new();
    // How it ends shows on the other half.
    driver.spawn(async move { drop(connection.with_upgrades().await) });
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        let status = response.status().as_u16();
        return Err(Unreachable::Proxy { status }.into());
    }
    let upgraded = hyper::upgrade::on(response).await?;
    Ok(Stream {
        octets: Box::new(TokioIo::new(upgraded)),
        proxy: driver,
    })
}

/// Connects to the first address that answers. Every address but the last has an equal share of the time that is
/// left; the last one has all of it; none has more than a connection may take.
async fn dial(
    addresses: &[SocketAddr],
    allowance: &Allowance,
    most: Duration,
) -> Result<TcpStream, Fault> {
    let mut cause = Unreachable::NoAddress;
    for (index, address) in addresses.iter().enumerate() {
        let time = allowance
            .share(addresses.len().saturating_sub(index))
            .min(most);
        let outcome = timeout(time, TcpStream::connect(address))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
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

async fn resolve(
    host: &str,
    port: u16,
    transport: &Transport,
) -> Result<Vec<SocketAddr>, Unreachable> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // Never closed.
    let permit = Arc::clone(&transport.lookups).acquire_owned().await.ok();
    let host = host.to_owned();
    // A task of its own: the resolver cannot be given up, so that the permit has to stay with it.
    let looking_up = tokio::spawn(async move {
        let found = lookup_host((host.as_str(), port)).await;
        drop(permit);
        found.map(|addresses| addresses.collect::<Vec<_>>())
    });
    match looking_up.await {
        Ok(found) => found.map_err(|error| Unreachable::Name(Arc::new(error))),
        Err(ended) => Err(Unreachable::Name(Arc::new(io::Error::other(ended)))),
    }
}

/// Those of the addresses that may be connected to.
fn allowed(addresses: &[SocketAddr], transport: &Transport) -> Result<Vec<SocketAddr>, Fault> {
    let allowed: Vec<_> = addresses
        .iter()
        .filter(|address| transport.allows(address.ip()))
        .take(MAX_ADDRESSES)
        .copied()
        .collect();
    match (addresses, allowed.is_empty()) {
        ([], _) => Err(Unreachable::NoAddress.into()),
        ([first, ..], true) => Err(PolicyFault::Address { found: first.ip() }.into()),
        (_, false) => Ok(allowed),
    }
}
