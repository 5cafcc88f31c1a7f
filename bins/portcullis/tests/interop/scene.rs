//! What most tests start from: a gateway before a backend, and clients of an OpenSSL CA.

use std::path::PathBuf;

use crate::backend::Backend;
use crate::configuration::{IDENTITY, Listener, configuration, judged, pem};
use crate::gateway::{Gateway, Site};
use crate::openssl_ca::OpensslCa;
use crate::own_ca::OwnCa;
use crate::scratch::Scratch;

/// The host that most gateways here serve.
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
        Self::new(|clients| judged("required", &clients.chain(), "off"))
    }

    /// As [`Scene::required`], and their responder is asked.
    pub(crate) fn required_with_ocsp() -> Self {
        Self::new(|clients| judged("required", &clients.chain(), "ocsp"))
    }

    /// As [`Scene::required`], and the gateway knows no more than the root.
    pub(crate) fn required_by_root() -> Self {
        Self::new(|clients| judged("required", &clients.root(), "off"))
    }

    /// As [`Scene::required_by_root`], and a refusal is an alert.
    pub(crate) fn required_by_alert() -> Self {
        Self::new(|clients| judged("required", &clients.root(), "off") + ALERT)
    }

    /// As [`Scene::required_with_ocsp`], and a refusal is an alert where it can be.
    pub(crate) fn required_by_alert_with_ocsp() -> Self {
        Self::new(|clients| judged("required", &clients.chain(), "ocsp") + ALERT)
    }

    fn new(client_auth: impl FnOnce(&OpensslCa) -> String) -> Self {
        let scratch = Scratch::new();
        let clients = OpensslCa::new(scratch.file("clients"), "Contoso");
        let servers = OwnCa::without_responder(scratch.file("servers"));
        let backend = Backend::start();
        let listener = Listener {
            host: HOST,
            certificate: &pem(&servers.server(&[HOST])),
            client_auth: &client_auth(&clients),
            rewrites: IDENTITY,
        };
        let gateway = Gateway::start(&scratch, &configuration(&[listener], backend.address()));
        let site = Site {
            address: gateway.address(),
            host: HOST,
            root: servers.root(),
        };
        Self {
            gateway,
            backend,
            clients,
            site,
            scratch,
        }
    }

    /// A CA that the gateway does not know.
    pub(crate) fn foreign_ca(&self) -> OpensslCa {
        OpensslCa::new(self.file("foreign"), "Fabrikam")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.scratch.file(name)
    }
}

const ALERT: &str = "on_failure = \"alert\"\n";
