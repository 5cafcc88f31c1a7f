//! The clients: TLS 1.3 by rustls, HTTP by hyper.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ConfigBuilder, HandshakeKind, RootCertStore, WantsVerifier};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::failure::{Failure, Outcome};
use crate::pki::Identity;

/// No answer after this long is an error.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The host of every request.
const HOST: &str = "localhost";

/// What a connection speaks after the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// Whether a client remembers sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    Tickets,
    Nothing,
}

/// Makes configurations of clients that trust one root.
pub(crate) struct Clients {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl Clients {
    /// One suite and one group, so that every gateway does the same cryptography.
    pub(crate) fn new(root: &CertificateDer<'static>) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots
            .add(root.clone())
            .map_err(Failure::at("root certificate"))?;
        let provider = CryptoProvider {
            cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
            kx_groups: vec![aws_lc_rs::kx_group::X25519],
            ..aws_lc_rs::default_provider()
        };
        Ok(Self {
            roots: Arc::new(roots),
            provider: Arc::new(provider),
        })
    }

    pub(crate) fn configuration(
        &self,
        identity: Option<&Identity>,
        protocol: Protocol,
        memory: Memory,
    ) -> Outcome<Arc<ClientConfig>> {
        let builder = self
            .builder()?
            .with_root_certificates(Arc::clone(&self.roots));
        let mut configuration = match identity {
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key())
                .map_err(Failure::at("client certificate"))?,
            None => builder.with_no_client_auth(),
        };
        configuration.alpn_protocols = vec![match protocol {
            Protocol::Http1 => b"http/1.1".to_vec(),
            Protocol::Http2 => b"h2".to_vec(),
        }];
        configuration.resumption = match memory {
            Memory::Tickets => Resumption::in_memory_sessions(8),
            Memory::Nothing => Resumption::disabled(),
        };
        Ok(Arc::new(configuration))
    }

    /// Of clients that `certificates` gives a certificate for each handshake; they speak HTTP/1.1 and remember nothing.
    pub(crate) fn changing(
        &self,
        certificates: Arc<dyn ResolvesClientCert>,
    ) -> Outcome<Arc<ClientConfig>> {
        let mut configuration = self
            .builder()?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_client_cert_resolver(certificates);
        configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
        configuration.resumption = Resumption::disabled();
        Ok(Arc::new(configuration))
    }

    fn builder(&self) -> Outcome<ConfigBuilder<ClientConfig, WantsVerifier>> {
        ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(Failure::at("TLS 1.3"))
    }
}

/// An open connection.
pub(crate) struct Connection {
    pub(crate) sender: Sender,
    pub(crate) resumed: bool,
}

/// The way to send requests on it.
pub(crate) enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// Connects and speaks what the configuration offers.
    pub(crate) async fn open(address: SocketAddr, tls: &Arc<ClientConfig>) -> Outcome<Self> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(Failure::at("connect"))?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(HOST).map_err(Failure::at(HOST))?;
        let stream = TlsConnector::from(Arc::clone(tls))
            .connect(name, stream)
            .await
            .map_err(Failure::at("handshake"))?;
        let session = stream.get_ref().1;
        let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        let offered = tls.alpn_protocols.first().map(Vec::as_slice);
        if session.alpn_protocol() != offered {
            return Err(Failure::new("the gateway does not speak the protocol"));
        }
        let sender = if offered == Some(b"h2") {
            let executor = TokioExecutor::new();
            let (sender, connection) = http2::handshake(executor, TokioIo::new(stream))
                .await
                .map_err(Failure::at("HTTP/2"))?;
            tokio::spawn(connection);
            Sender::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(TokioIo::new(stream))
                .await
                .map_err(Failure::at("HTTP/1.1"))?;
            tokio::spawn(connection);
            Sender::Http1(sender)
        };
        Ok(Self { sender, resumed })
    }
}

impl Sender {
    /// Itself `count` times where the protocol has streams, else once.
    pub(crate) fn streams(self, count: usize) -> Vec<Self> {
        match self {
            Self::Http1(_) => vec![self],
            Self::Http2(sender) => (0..count).map(|_| Self::Http2(sender.clone())).collect(),
        }
    }

    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<http::Response<Incoming>> {
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => sender.send_request(request).await,
        }
    }

    /// Whether the gateway has ended the connection.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender) => sender.is_closed(),
        }
    }

    /// Asks, and reads the answer to its end: its status and how long it is.
    pub(crate) async fn ask(&mut self, question: &Question) -> Outcome<(StatusCode, usize)> {
        let response = self.send(self.request(question)?).await;
        let (head, mut body) = response.map_err(Failure::at("request"))?.into_parts();
        let mut length = 0_usize;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(Failure::at("response"))?;
            length = length.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        }
        Ok((head.status, length))
    }

    /// Asks, and keeps the body.
    pub(crate) async fn read(&mut self, question: &Question) -> Outcome<(StatusCode, Bytes)> {
        let response = self.send(self.request(question)?).await;
        let (head, body) = response.map_err(Failure::at("request"))?.into_parts();
        let body = body.collect().await.map_err(Failure::at("response"))?;
        Ok((head.status, body.to_bytes()))
    }

    fn request(&self, question: &Question) -> Outcome<Request<Full<Bytes>>> {
        let builder = Request::builder().method(&question.method);
        let mut builder = match self {
            Self::Http1(_) => builder.uri(question.path).header(header::HOST, HOST),
            Self::Http2(_) => builder.uri(format!("https://{HOST}{}", question.path)),
        };
        for (name, value) in question.headers {
            builder = builder.header(*name, *value);
        }
        builder
            .body(Full::new(question.body.clone()))
            .map_err(Failure::at("request"))
    }
}

/// A request, as often as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: Bytes,
}

impl Question {
    pub(crate) fn get(path: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
            headers: &[],
            body: Bytes::new(),
        }
    }
}
