//! A small hyper server whose requests come with a verified client identity, without the gateway.
//!
//! It makes a throwaway CA, serves on a free port, asks itself twice, once with a certificate and
//! once without, prints both answers and ends:
//!
//! ```console
//! cargo run --package portcullis-examples --example verified_client_server
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks to whoever runs it"
)]

use std::convert::Infallible;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use portcullis_chain::{Anchors, Policy, Purpose};
use portcullis_tls::{
    Client, ClientAuth, OcspStapling, OnFailure, PredefinedPolicy, Profile, Refusal, Revocation,
    ServerCertificate, TlsPolicy, Trust, authenticate,
};
use portcullis_x509::Certificate;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let pki = Pki::new()?;
    let profile = Arc::new(profile(&pki, Arc::clone(&provider))?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener, profile));

    let with = get(address, &pki, Some(&pki.client), Arc::clone(&provider)).await?;
    let without = get(address, &pki, None, provider).await?;
    println!("with a certificate:    {with:?}");
    println!("without a certificate: {without:?}");
    assert_eq!(with, (StatusCode::OK, "hello, CN=alice\n".to_owned()));
    assert_eq!(without.0, StatusCode::FORBIDDEN);
    Ok(())
}

/// What this server shows, and what it asks of clients. Each field grants trust, so each is said.
fn profile(pki: &Pki, provider: Arc<CryptoProvider>) -> Result<Profile, Failure> {
    let trust = Trust::new(
        Anchors::new(vec![pki.root.clone()], vec![])?,
        Policy::new(
            Purpose::ClientAuth,
            provider.signature_verification_algorithms.all,
        ),
        // `Revocation::Ocsp(..)` asks the responder that the certificate names.
        Revocation::Off,
        OnFailure::Respond,
    );
    let certificate = ServerCertificate::from_pem(
        pki.server.certificate_pem.as_bytes(),
        pki.server.key_pem.as_bytes(),
        &provider,
    )?;
    let client_auth = ClientAuth::Required(Arc::new(trust));
    let policy = TlsPolicy::predefined(PredefinedPolicy::V20220101S).resolve(&provider)?;
    Ok(Profile::new(
        certificate,
        OcspStapling::Off,
        client_auth,
        &policy,
    )?)
}

async fn serve(listener: TcpListener, profile: Arc<Profile>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            continue;
        };
        let profile = Arc::clone(&profile);
        tokio::spawn(async move {
            if let Err(error) = connection(stream, &profile).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn connection(stream: TcpStream, profile: &Profile) -> Result<(), Failure> {
    let stream = TlsAcceptor::from(profile.server_config())
        .accept(stream)
        .await?;
    // After every handshake, full or resumed, and before anything is served.
    let presented = stream.get_ref().1.peer_certificates();
    let client = Arc::new(authenticate(profile, presented, UnixTime::now()).await);
    let service = service_fn(move |_: Request<Incoming>| {
        let answer = answer(&client);
        async move { Ok::<_, Infallible>(answer) }
    });
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

fn answer(client: &Result<Client, Refusal>) -> Response<Full<Bytes>> {
    let (status, text) = match client {
        Ok(Client::Verified(client)) => match Certificate::parse(client.certificate()) {
            Ok(certificate) => (
                StatusCode::OK,
                format!("hello, {}\n", certificate.subject()),
            ),
            Err(malformed) => (StatusCode::BAD_REQUEST, format!("{malformed}\n")),
        },
        Ok(Client::Anonymous | Client::Unverified(_)) => {
            (StatusCode::FORBIDDEN, "who are you?\n".to_owned())
        }
        Err(refusal) => (StatusCode::FORBIDDEN, format!("{}\n", refusal.code())),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}

/// One request over a connection of its own.
async fn get(
    address: SocketAddr,
    pki: &Pki,
    identity: Option<&Issued>,
    provider: Arc<CryptoProvider>,
) -> Result<(StatusCode, String), Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(pki.root.clone())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(issued) => {
            let key = PrivateKeyDer::try_from(issued.key_der.clone())?;
            config.with_client_auth_cert(vec![issued.certificate.clone()], key)?
        }
    };
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost")?, stream)
        .await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/")
        .header("host", "localhost")
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8(body.to_vec())?))
}

/// A throwaway CA with a server and a client.
struct Pki {
    root: CertificateDer<'static>,
    server: Issued,
    client: Issued,
}

struct Issued {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_der: Vec<u8>,
    key_pem: String,
}

impl Pki {
    fn new() -> Result<Self, Failure> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Example root");
        let key = KeyPair::generate()?;
        let root = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);
        Ok(Self {
            root: root.der().clone(),
            server: issue("localhost", ExtendedKeyUsagePurpose::ServerAuth, &issuer)?,
            client: issue("alice", ExtendedKeyUsagePurpose::ClientAuth, &issuer)?,
        })
    }
}

fn issue(
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<Issued, Failure> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    Ok(Issued {
        certificate: certificate.der().clone(),
        certificate_pem: certificate.pem(),
        key_der: key.serialize_der(),
        key_pem: key.serialize_pem(),
    })
}
