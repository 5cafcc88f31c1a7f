//! What the demo stands on: two throwaway CAs, a responder, a backend, a gateway.

use std::error::Error;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_authority::{Authority, InitOptions, IssueOptions, Issued, Reason, Responder};
use portcullis_edge::Running;
use rustls_pki_types::UnixTime;
use tokio::net::TcpListener;

use super::backend::{self, Show};
use super::client::Credentials;
use crate::run::cores;
use crate::source::load;

/// The host of the demo's gateway.
pub(crate) const HOST: &str = "localhost";
/// The header that tells the backend who the client is.
pub(crate) const IDENTITY_HEADER: &str = "X-Client-Certificate";
/// Where the gateway listens when nobody else does.
const PORT: u16 = 8443;

/// Everything that runs.
pub(crate) struct Scene {
    pub(crate) folder: PathBuf,
    pub(crate) configuration: PathBuf,
    pub(crate) pki: Pki,
    pub(crate) responder: SocketAddr,
    pub(crate) backend: SocketAddr,
    running: Running,
    gateway: SocketAddr,
}

/// One thing to try, and what it promises.
pub(crate) struct Line {
    pub(crate) title: &'static str,
    pub(crate) tool: &'static str,
    pub(crate) command: String,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) status: u16,
    /// The reason of a refusal.
    pub(crate) reason: Option<&'static str>,
}

impl Line {
    /// What should come, for people.
    pub(crate) fn promise(&self) -> String {
        match self.reason {
            Some(reason) => format!("{}, reason {reason}", self.status),
            None => format!("{}, and what the backend was told", self.status),
        }
    }
}

impl Scene {
    /// Makes a folder with everything in it, and starts it all.
    pub(crate) async fn set(show: Show) -> Result<Self, Box<dyn Error>> {
        let folder = new_folder()?;
        let responder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let backend = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (responder_address, backend_address) = (responder.local_addr()?, backend.local_addr()?);
        let pki = Pki::make(&folder, responder_address)?;
        let configuration = folder.join("portcullis.toml");
        fs::write(&configuration, configuration_text(backend_address, show))?;
        let running = Running::start(load(&configuration)?, cores(None))?;
        let gateway = *running
            .addresses()
            .first()
            .ok_or("the gateway does not listen")?;
        let ocsp = Arc::new(Responder::open(&folder.join(CA), UnixTime::now())?);
        tokio::spawn(ocsp.serve(responder, std::future::pending()));
        tokio::spawn(backend::serve(backend, show));
        Ok(Self {
            folder,
            configuration,
            pki,
            responder: responder_address,
            backend: backend_address,
            running,
            gateway,
        })
    }

    pub(crate) fn gateway(&self) -> SocketAddr {
        self.gateway
    }

    /// Lets requests in flight finish for at most `deadline`.
    pub(crate) fn end(self, deadline: Duration) {
        self.running.drain(deadline);
    }

    /// What to try.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let Pki {
            alice,
            revoked,
            expired,
            foreign,
            ..
        } = &self.pki;
        vec![
            self.curl("a good client", Some(alice), 200, None),
            self.curl("no certificate", None, 400, Some("certificate_missing")),
            self.curl(
                "a certificate of another CA",
                Some(foreign),
                400,
                Some("issuer_not_found"),
            ),
            self.curl(
                "an expired certificate",
                Some(expired),
                400,
                Some("expired"),
            ),
            self.curl(
                "a revoked certificate",
                Some(revoked),
                400,
                Some("certificate_revoked"),
            ),
            self.openssl("a good client, typed by hand", alice),
        ]
    }

    fn curl(
        &self,
        title: &'static str,
        credentials: Option<&Credentials>,
        status: u16,
        reason: Option<&'static str>,
    ) -> Line {
        let shown = credentials.map(|credentials| {
            let (certificate, key) = self.shown(credentials);
            format!(" --cert {certificate} --key {key}")
        });
        Line {
            title,
            tool: "curl",
            command: format!(
                "curl -sSi --cacert {CA}/root.pem{} https://{HOST}:{}/",
                shown.unwrap_or_default(),
                self.gateway.port(),
            ),
            credentials: credentials.cloned(),
            status,
            reason,
        }
    }

    fn openssl(&self, title: &'static str, credentials: &Credentials) -> Line {
        let (certificate, key) = self.shown(credentials);
        Line {
            title,
            tool: "openssl",
            command: format!(
                "printf 'GET / HTTP/1.1\\r\\nHost: {HOST}\\r\\nConnection: close\\r\\n\\r\\n' | \
                 openssl s_client -quiet -verify_quiet -connect {} -servername {HOST} \
                 -CAfile {CA}/root.pem -cert {certificate} -cert_chain {certificate} -key {key}",
                self.gateway,
            ),
            credentials: Some(credentials.clone()),
            status: 200,
            reason: None,
        }
    }

    /// The files as the printed lines name them: relative to the folder.
    fn shown(&self, credentials: &Credentials) -> (String, String) {
        let relative = |file: &Path| {
            let file = file.strip_prefix(&self.folder).unwrap_or(file);
            file.display().to_string()
        };
        (
            relative(&credentials.certificate),
            relative(&credentials.key),
        )
    }
}

/// The folder of the CA that the gateway trusts.
const CA: &str = "ca";
/// How long ago the expired client was issued, for how long.
const LONG_AGO: Duration = Duration::from_secs(30 * 86_400);
const SHORT: Duration = Duration::from_secs(86_400);

/// The throwaway certificates.
pub(crate) struct Pki {
    /// The root that the gateway's own certificate chains to.
    pub(crate) root: PathBuf,
    alice: Credentials,
    revoked: Credentials,
    expired: Credentials,
    foreign: Credentials,
}

impl Pki {
    fn make(folder: &Path, responder: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let now = UnixTime::now();
        let url = format!("http://{responder}");
        let ca = Authority::init(
            &folder.join(CA),
            &InitOptions::new("Portcullis demo").responder_url(&url),
            now,
        )?;
        let other = Authority::init(
            &folder.join("other-ca"),
            &InitOptions::new("Somebody else").responder_url(&url),
            now,
        )?;
        let options = IssueOptions::new();
        ca.issue_server(&[HOST, "127.0.0.1"], &options, now)?;
        let revoked = ca.issue_client("revoked", &options, now)?;
        ca.revoke("revoked", Reason::KeyCompromise, now)?;
        let then =
            UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()).saturating_sub(LONG_AGO));
        Ok(Self {
            root: ca.root_file(),
            alice: credentials(&ca.issue_client("alice", &options, now)?),
            revoked: credentials(&revoked),
            expired: credentials(&ca.issue_client(
                "expired",
                &IssueOptions::new().validity(SHORT),
                then,
            )?),
            foreign: credentials(&other.issue_client("mallory", &options, now)?),
        })
    }
}

fn credentials(issued: &Issued) -> Credentials {
    Credentials {
        certificate: issued.certificate_file(),
        key: issued.key_file(),
    }
}

/// A folder that only its owner reads, made by this call and nobody before.
fn new_folder() -> io::Result<PathBuf> {
    let unique = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_nanos());
    let folder = std::env::temp_dir().join(format!("portcullis-demo-{unique:x}"));
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

/// A port that people can remember, unless somebody else has it.
fn port() -> u16 {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).map_or(0, |_| PORT)
}

fn configuration_text(backend: SocketAddr, show: Show) -> String {
    let port = port();
    let log = match show {
        Show::Nothing => "off",
        Show::Requests(_) => "stderr",
    };
    format!(
        r#"# The gateway of `portcullis demo`.

[[listener]]
name = "demo"
bind = "127.0.0.1:{port}"
hosts = ["{HOST}"]
tls_profile = "demo"

[tls_profile.demo]
certificate = {{ pem = "{CA}/{HOST}.pem", key = "{CA}/{HOST}.key" }}
client_auth = "required"
trusted_client_certificates = ["{CA}/chain.pem"]
revocation = "ocsp"

[ocsp]
allow_loopback = true # the demo's responder runs here

[access_log]
output = "{log}"
format = "text"

[pool.backend]
targets = ["{backend}"]

[[rule]]
name = "demo"
priority = 100
listener = "demo"
pool = "backend"
rewrite_set = "client-certificate"

[[rewrite_set.client-certificate.rule]]
name = "tell-who-the-client-is"
sequence = 100
request_headers = {{ "{IDENTITY_HEADER}" = "{{var_client_certificate}}", "{IDENTITY_HEADER}-Subject" = "{{var_client_certificate_subject}}", "{IDENTITY_HEADER}-Verification" = "{{var_client_certificate_verification}}" }}
"#
    )
}
