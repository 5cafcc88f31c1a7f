//! What most tests start from: a gateway before a backend, and clients of an OpenSSL CA.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::backend::Backend;
use crate::credentials::Credentials;
use crate::gateway::{Gateway, Site};
use crate::openssl_ca::OpensslCa;
use crate::own_ca::OwnCa;
use crate::scratch::Scratch;

/// The host that every gateway here serves.
pub(crate) const HOST: &str = "www.contoso.com";

/// A running gateway whose own certificate `portcullis pki` issued, and what stands around it. The
/// fields go in this order: the gateway lets go of its backend first.
pub(crate) struct Scene {
    pub(crate) gateway: Gateway,
    pub(crate) backend: Backend,
    /// The CA of the clients.
    pub(crate) clients: OpensslCa,
    pub(crate) site: Site,
    pub(crate) scratch: Scratch,
}

impl Scene {
    /// Certificates of the clients' CA are required. The gateway knows root and issuing CA.
    pub(crate) fn required() -> Self {
        Self::new(|clients| required(&clients.chain(), "off"))
    }

    /// As [`Scene::required`], and their responder is asked.
    pub(crate) fn required_with_ocsp() -> Self {
        Self::new(|clients| required(&clients.chain(), "ocsp"))
    }

    /// As [`Scene::required`], and the gateway knows no more than the root.
    pub(crate) fn required_by_root() -> Self {
        Self::new(|clients| required(&clients.root(), "off"))
    }

    /// As [`Scene::required_by_root`], and a refusal is an alert.
    pub(crate) fn required_by_alert() -> Self {
        Self::new(|clients| required(&clients.root(), "off") + "on_failure = \"alert\"\n")
    }

    fn new(client_auth: impl FnOnce(&OpensslCa) -> String) -> Self {
        let scratch = Scratch::new();
        let clients = OpensslCa::new(scratch.file("clients"), "Contoso");
        let servers = OwnCa::without_responder(scratch.file("servers"));
        let certificate = pem(&servers.server(HOST));
        let backend = Backend::start();
        let text = configuration(&certificate, &client_auth(&clients), backend.address());
        let gateway = Gateway::start(&scratch, &text);
        let site = Site { address: gateway.address(), host: HOST, root: servers.root() };
        Self { gateway, backend, clients, site, scratch }
    }

    /// A CA that the gateway does not know.
    pub(crate) fn foreign_ca(&self) -> OpensslCa {
        OpensslCa::new(self.scratch.file("foreign"), "Fabrikam")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.scratch.file(name)
    }
}

/// A profile's lines that demand certificates.
pub(crate) fn required(trusted: &Path, revocation: &str) -> String {
    format!(
        "client_auth = \"required\"\ntrusted_client_certificates = [\"{}\"]\n\
         revocation = \"{revocation}\"\n",
        trusted.display()
    )
}

/// A server certificate as a profile names it.
pub(crate) fn pem(credentials: &Credentials) -> String {
    let Credentials { chain, key, .. } = credentials;
    format!("{{ pem = \"{}\", key = \"{}\" }}", chain.display(), key.display())
}

/// One listener that tells its backend everything about the client.
pub(crate) fn configuration(certificate: &str, client_auth: &str, backend: SocketAddr) -> String {
    format!(
        r#"
[[listener]]
name = "contoso"
bind = "127.0.0.1:0"
hosts = ["{HOST}"]
tls_profile = "contoso"

[tls_profile.contoso]
certificate = {certificate}
{client_auth}
[ocsp]
allow_loopback = true

[pool.backend]
targets = ["{backend}"]

[[rule]]
name = "contoso"
priority = 100
listener = "contoso"
pool = "backend"
rewrite_set = "identity"

[[rewrite_set.identity.rule]]
name = "everything"
sequence = 100
[rewrite_set.identity.rule.request_headers]
X-Client-Certificate = "{{var_client_certificate}}"
X-Client-Certificate-Subject = "{{var_client_certificate_subject}}"
X-Client-Certificate-Issuer = "{{var_client_certificate_issuer}}"
X-Client-Certificate-Serial = "{{var_client_certificate_serial}}"
X-Client-Certificate-Fingerprint = "{{var_client_certificate_fingerprint}}"
X-Client-Certificate-Start-Date = "{{var_client_certificate_start_date}}"
X-Client-Certificate-End-Date = "{{var_client_certificate_end_date}}"
X-Client-Certificate-Verification = "{{var_client_certificate_verification}}"
"#
    )
}
