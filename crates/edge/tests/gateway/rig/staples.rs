//! What servers staple to their certificates.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{Client, Pki, patiently};

/// A client that looks at what is stapled, besides proving the server's certificate.
pub(crate) struct Staples {
    client: Client,
    keeping: Arc<Keeping>,
}

impl Staples {
    /// Makes `client` look; it resumes no session, as resumed handshakes show no certificate.
    pub(crate) fn seen_by(client: Client, pki: &Pki) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(pki.root.der.clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let keeping = Arc::new(Keeping {
            inner: inner.build().unwrap(),
            seen: Mutex::default(),
        });
        let verifier = Arc::clone(&keeping);
        let client = client.change(|config| {
            config.dangerous().set_certificate_verifier(verifier);
            config.resumption = Resumption::disabled();
        });
        Self { client, keeping }
    }

    /// What one handshake shows; empty where nothing is stapled.
    pub(crate) async fn next(&self, gateway: SocketAddr, name: &str) -> Vec<u8> {
        self.client.tls(gateway, name).await.unwrap();
        self.keeping.seen.lock().unwrap().take().unwrap()
    }

    /// Waits for a handshake that shows this.
    pub(crate) async fn show(&self, gateway: SocketAddr, name: &str, expected: &[u8]) {
        patiently(async { while self.next(gateway, name).await != expected {} }).await;
    }
}

/// Proves as usual, and keeps the OCSP response of the latest handshake.
#[derive(Debug)]
struct Keeping {
    inner: Arc<WebPkiServerVerifier>,
    seen: Mutex<Option<Vec<u8>>>,
}

impl ServerCertVerifier for Keeping {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.lock().unwrap() = Some(ocsp_response.to_vec());
        self.inner
            .verify_server_cert(certificate, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
