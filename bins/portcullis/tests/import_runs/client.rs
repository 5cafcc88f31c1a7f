//! A client with or without a certificate, which trusts the roots of the examples and nothing else.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::answer::Answer;

const ROOT: &[u8] = include_bytes!("../../../../examples/arm/example-root.pem");
const APPS_ROOT: &[u8] = include_bytes!("../../../../examples/arm/example-apps-root.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../../examples/arm/example-client.pem");
const KEY: &[u8] = include_bytes!("../../../../examples/arm/example-client.key");

/// Whom a client shows itself to be.
pub(crate) struct Client {
    config: Arc<ClientConfig>,
}

/// Where and how a request is sent.
#[derive(Clone, Copy)]
pub(crate) struct To<'a> {
    /// The port of loopback.
    pub(crate) port: u16,
    /// The server name of the handshake, for which the certificate must be good.
    pub(crate) server_name: &'a str,
    /// The `Host` of the request.
    pub(crate) host: &'a str,
}

impl<'a> To<'a> {
    /// The same name for handshake and request.
    pub(crate) fn site(port: u16, name: &'a str) -> Self {
        Self {
            port,
            server_name: name,
            host: name,
        }
    }
}

impl Client {
    /// Without a certificate.
    pub(crate) fn anonymous() -> Self {
        Self::new(None)
    }

    /// With the certificate of the examples.
    pub(crate) fn known() -> Self {
        let chain = CertificateDer::pem_slice_iter(CERTIFICATE).map(Result::unwrap);
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        Self::with(chain.collect(), key)
    }

    /// With a certificate.
    pub(crate) fn with(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        Self::new(Some((chain, key)))
    }

    fn new(credentials: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        for root in [ROOT, APPS_ROOT] {
            let root = CertificateDer::from_pem_slice(root).unwrap();
            roots.add(root).unwrap();
        }
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match credentials {
            None => config.with_no_client_auth(),
            Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        };
        Self {
            config: Arc::new(config),
        }
    }

    /// Asks for a target; `headers` are whole lines.
    #[track_caller]
    pub(crate) fn get(&self, to: To<'_>, target: &str, headers: &str) -> Answer {
        let name = to.server_name.to_owned().try_into().unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, to.port)).unwrap();
        exchange(
            StreamOwned::new(connection, stream),
            to.host,
            target,
            headers,
        )
    }

    /// Whether the certificate that this server name is shown has that name.
    #[track_caller]
    pub(crate) fn is_shown(&self, port: u16, server_name: &str, name: &str) -> bool {
        let server_name = server_name.to_owned().try_into().unwrap();
        let mut connection = ClientConnection::new(Arc::clone(&self.config), server_name).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let ended = connection.complete_io(&mut stream);
        if let Err(error) = ended {
            // The chain was good; the names are not.
            let error = error.downcast::<rustls::Error>().unwrap();
            let rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                presented,
                ..
            }) = error
            else {
                panic!("{error}")
            };
            return presented.contains(&format!("DnsName(\"{name}\")"));
        }
        let shown = &connection.peer_certificates().unwrap()[0];
        let shown = ParsedCertificate::try_from(shown).unwrap();
        verify_server_name(&shown, &name.to_owned().try_into().unwrap()).is_ok()
    }
}

/// Asks a listener without TLS.
#[track_caller]
pub(crate) fn plain_get(port: u16, host: &str, target: &str) -> Answer {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    exchange(stream, host, target, "")
}

#[track_caller]
fn exchange(mut stream: impl Read + Write, host: &str, target: &str, headers: &str) -> Answer {
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A close without close_notify still ends the answer.
    let _ = stream.read_to_end(&mut answer);
    Answer(String::from_utf8(answer).unwrap())
}
