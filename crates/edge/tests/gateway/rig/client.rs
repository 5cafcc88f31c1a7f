//! Clients: rustls for TLS, hyper or bare bytes for HTTP.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Version};
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_test_pki::Certified;
use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    AlertDescription, ClientConfig, HandshakeKind, NamedGroup, RootCertStore,
    SupportedProtocolVersion, version,
};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Answer, Pki, Raw, patiently};

/// What TLS runs over.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

pub(crate) type Tls = TlsStream<Box<dyn Transport>>;

/// A client with its certificate and its memory of sessions. Clones share both.
#[derive(Clone)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// Trusts the PKI's servers, shows no certificate, speaks HTTP/1.1 over TLS 1.3.
    pub(crate) fn new(pki: &Pki) -> Self {
        Self::speaking(pki, &version::TLS13)
    }

    pub(crate) fn tls12(pki: &Pki) -> Self {
        Self::speaking(pki, &version::TLS12)
    }

    /// With this version of TLS, and the key exchanges of browsers.
    pub(crate) fn speaking(pki: &Pki, version: &'static SupportedProtocolVersion) -> Self {
        let groups = [X25519MLKEM768, X25519, SECP256R1, SECP384R1];
        Self::exchanging(pki, version, &groups)
    }

    /// With this version of TLS and these key exchanges, the preferred first.
    pub(crate) fn exchanging(
        pki: &Pki,
        version: &'static SupportedProtocolVersion,
        groups: &[&'static dyn SupportedKxGroup],
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(pki.root.der.clone()).unwrap();
        let provider = Arc::new(CryptoProvider {
            kx_groups: groups.to_vec(),
            ..aws_lc_rs::default_provider()
        });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            config: Arc::new(config),
        }
    }

    /// Shows this certificate, followed by others.
    pub(crate) fn showing(self, leaf: &Certified, others: &[&Certified]) -> Self {
        let key = aws_lc_rs::sign::any_supported_type(&leaf.private_key_der()).unwrap();
        let mut chain = vec![leaf.der.clone()];
        chain.extend(others.iter().map(|other| other.der.clone()));
        // CertifiedKey::new does not look at the certificate, which may be malformed.
        let key = CertifiedKey::new(chain, key);
        self.change(|config| {
            config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(key));
        })
    }

    pub(crate) fn http2(self) -> Self {
        self.change(|config| config.alpn_protocols = vec![b"h2".to_vec()])
    }

    /// Offers these application protocols.
    pub(crate) fn offering(self, protocols: &[&[u8]]) -> Self {
        let protocols = protocols.iter().map(|name| name.to_vec()).collect();
        self.change(|config| config.alpn_protocols = protocols)
    }

    pub(crate) fn without_server_name(self) -> Self {
        self.change(|config| config.enable_sni = false)
    }

    /// Offers the session of any server to every other, which no honest client does.
    pub(crate) fn mixing_servers_up(self) -> Self {
        self.change(|config| config.resumption = Resumption::store(Arc::new(OneDrawer::default())))
    }

    pub(crate) fn speaks_http1(&self) -> bool {
        self.config.alpn_protocols == [b"http/1.1"]
    }

    pub(super) fn change(self, change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut config = (*self.config).clone();
        change(&mut config);
        Self {
            config: Arc::new(config),
        }
    }

    /// A handshake for this server name, over TCP.
    pub(crate) async fn tls(&self, address: SocketAddr, name: &str) -> io::Result<Tls> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        self.tls_over(stream, name).await
    }

    /// A handshake for this server name, over anything.
    pub(crate) async fn tls_over(
        &self,
        stream: impl Transport + 'static,
        name: &str,
    ) -> io::Result<Tls> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let stream: Box<dyn Transport> = Box::new(stream);
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
    }

    /// A connection for bytes.
    pub(crate) async fn raw(&self, address: SocketAddr, name: &str) -> Raw {
        Raw::new(self.tls(address, name).await.unwrap())
    }

    /// A connection for requests.
    pub(crate) async fn connect(&self, address: SocketAddr, name: &str) -> Http {
        Http::over(self.tls(address, name).await.unwrap()).await
    }

    /// One GET on a connection of its own, which ends with it.
    pub(crate) async fn get(&self, address: SocketAddr, host: &str) -> Answer {
        self.connect(address, host).await.get(host).await
    }

    /// The alert that ends a handshake, which a TLS 1.3 client reads after its own is complete.
    pub(crate) async fn alert(&self, address: SocketAddr, name: &str) -> AlertDescription {
        let error = match self.tls(address, name).await {
            Err(error) => error,
            Ok(mut tls) => tls.read_u8().await.expect_err("an alert"),
        };
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        match cause {
            Some(rustls::Error::AlertReceived(alert)) => *alert,
            other => panic!("{error}: {other:?}"),
        }
    }
}

type SentBody = BoxBody<Bytes, Infallible>;

enum Sender {
    Http1(http1::SendRequest<SentBody>),
    Http2(http2::SendRequest<SentBody>),
}

/// An HTTP connection, of the version that the handshake agreed on.
pub(crate) struct Http {
    sender: Sender,
    handshake: HandshakeKind,
    driver: JoinHandle<()>,
}

impl Http {
    pub(crate) async fn over(tls: Tls) -> Self {
        let session = tls.get_ref().1;
        let handshake = session.handshake_kind().unwrap();
        let is_http2 = session.alpn_protocol() == Some(b"h2");
        let io = TokioIo::new(tls);
        let (sender, driver) = if is_http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
            let driver = tokio::spawn(async move { drop(connection.await) });
            (Sender::Http2(sender), driver)
        } else {
            let (sender, connection) = http1::handshake(io).await.unwrap();
            let driver = tokio::spawn(async move { drop(connection.await) });
            (Sender::Http1(sender), driver)
        };
        Self {
            sender,
            handshake,
            driver,
        }
    }

    /// Whether the handshake was full or resumed a session.
    pub(crate) fn handshake(&self) -> HandshakeKind {
        self.handshake
    }

    /// GET / with a taste for JSON.
    pub(crate) async fn get(&mut self, host: &str) -> Answer {
        let request = Request::get("/").header("accept", "application/json");
        self.send(host, request.body(Empty::new()).unwrap()).await
    }

    /// Sends a request for a path of this host and reads the whole response.
    pub(crate) async fn send<B>(&mut self, host: &str, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + Sync + 'static,
    {
        whole(self.begin(host, request).await.unwrap()).await
    }

    /// Sends a request and waits for the head of the response.
    pub(crate) async fn begin<B>(
        &mut self,
        host: &str,
        request: Request<B>,
    ) -> hyper::Result<http::Response<Incoming>>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + Sync + 'static,
    {
        let mut request = request.map(BodyExt::boxed);
        match &mut self.sender {
            Sender::Http1(sender) => {
                let host = host.parse().unwrap();
                request.headers_mut().entry("host").or_insert(host);
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                *request.uri_mut() = format!("https://{host}{}", request.uri()).parse().unwrap();
                *request.version_mut() = Version::HTTP_2;
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// Waits until the gateway has said what it takes: what a request without effect is answered after.
    pub(crate) async fn settled(&mut self) {
        let request = Request::builder().method("TRACE").uri("/");
        let answer = patiently(self.send("nobody.example", request.body(Empty::new()).unwrap()));
        assert!(answer.await.status >= 400);
    }

    /// Waits until the gateway ends the connection.
    pub(crate) async fn closed(self) {
        drop(patiently(self.driver).await);
        drop(self.sender);
    }
}

/// Reads a response to its end.
pub(crate) async fn whole(response: http::Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    });
    Answer {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: body.collect().await.unwrap().to_bytes().into(),
    }
}

/// A body that is sent as the test feeds it.
pub(crate) fn streaming() -> (mpsc::UnboundedSender<Frame<Bytes>>, Streaming) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Streaming(receiver))
}

pub(crate) struct Streaming(mpsc::UnboundedReceiver<Frame<Bytes>>);

impl Body for Streaming {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

/// One drawer for the sessions of all servers.
#[derive(Default)]
struct OneDrawer {
    tls12: Mutex<Option<Tls12ClientSessionValue>>,
    tls13: Mutex<VecDeque<Tls13ClientSessionValue>>,
}

impl fmt::Debug for OneDrawer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneDrawer")
    }
}

impl ClientSessionStore for OneDrawer {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, session: Tls12ClientSessionValue) {
        *self.tls12.lock().unwrap() = Some(session);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.tls12.lock().unwrap().clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        *self.tls12.lock().unwrap() = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.tls13.lock().unwrap().push_back(ticket);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.tls13.lock().unwrap().pop_front()
    }
}
