//! A client with a certificate: hyper over rustls.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_test_pki::{Ca, Certified};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::gateway::HOST;

pub(crate) struct Failed(String);

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failed {
    fn of(error: impl fmt::Debug) -> Self {
        Self(format!("{error:?}"))
    }
}

/// Its clones share their sessions.
#[derive(Clone)]
pub(crate) struct Client(Arc<ClientConfig>);

impl Client {
    pub(crate) fn new(root: &Ca, own: &Certified) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(root.der.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![own.der.clone()], own.private_key_der())
            .unwrap();
        Self(Arc::new(config))
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> Result<Http, Failed> {
        let stream = TcpStream::connect(address).await.map_err(Failed::of)?;
        self.connect_over(stream, b"http/1.1").await
    }

    pub(crate) async fn connect_http2(&self, address: SocketAddr) -> Result<Http, Failed> {
        let stream = TcpStream::connect(address).await.map_err(Failed::of)?;
        self.connect_over(stream, b"h2").await
    }

    async fn connect_over(&self, stream: TcpStream, protocol: &[u8]) -> Result<Http, Failed> {
        let mut config = (*self.0).clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from(HOST).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let tls = connector.connect(name, stream).await.map_err(Failed::of)?;
        let session = tls.get_ref().1;
        let kind = session.handshake_kind().unwrap();
        let server = session.peer_certificates().unwrap()[0].clone().into_owned();
        let io = TokioIo::new(tls);
        let sender = if protocol == b"h2" {
            let opened = http2::handshake(TokioExecutor::new(), io).await;
            let (sender, connection) = opened.map_err(Failed::of)?;
            tokio::spawn(async move { drop(connection.await) });
            Sender::Two(sender)
        } else {
            let (sender, connection) = http1::handshake(io).await.map_err(Failed::of)?;
            tokio::spawn(async move { drop(connection.await) });
            Sender::One(sender)
        };
        Ok(Http {
            sender,
            kind,
            server,
        })
    }
}

enum Sender {
    One(http1::SendRequest<Empty<Bytes>>),
    Two(http2::SendRequest<Empty<Bytes>>),
}

/// One connection.
pub(crate) struct Http {
    sender: Sender,
    pub(crate) kind: HandshakeKind,
    /// What the server showed.
    pub(crate) server: CertificateDer<'static>,
}

impl Http {
    /// The header of an answer that was 200 to its last byte.
    pub(crate) async fn get(&mut self) -> Result<HeaderMap, Failed> {
        let response: Response<Incoming> = match &mut self.sender {
            Sender::One(sender) => {
                sender.ready().await.map_err(Failed::of)?;
                let request = Request::get("/").header("host", HOST);
                let request = request.body(Empty::new()).unwrap();
                sender.send_request(request).await
            }
            Sender::Two(sender) => {
                sender.ready().await.map_err(Failed::of)?;
                let request = Request::get(format!("https://{HOST}/"));
                let request = request.body(Empty::new()).unwrap();
                sender.send_request(request).await
            }
        }
        .map_err(Failed::of)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(Failed::of)?.to_bytes();
        match parts.status {
            StatusCode::OK => Ok(parts.headers),
            status => Err(Failed(format!("{status} {body:?}"))),
        }
    }

    /// The same connection for another request at the same time, which only HTTP/2 can have.
    pub(crate) fn another_stream(&self) -> Self {
        let Sender::Two(sender) = &self.sender else {
            panic!("HTTP/1.1 has one request at a time");
        };
        Self {
            sender: Sender::Two(sender.clone()),
            kind: self.kind,
            server: self.server.clone(),
        }
    }

    /// What the configuration in force put into an answer.
    pub(crate) async fn mark(&mut self) -> String {
        let headers = self.get().await.unwrap();
        headers["x-mark"].to_str().unwrap().to_owned()
    }
}
