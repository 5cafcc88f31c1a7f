//! Certificates that are valid now, because rustls and the gateway read the clock.

use std::sync::Arc;

use portcullis_test_pki::{Builder, Ca, Certified};
use rustls_pki_types::UnixTime;

/// The wall clock.
pub(crate) fn now() -> UnixTime {
    UnixTime::now()
}

/// A root, an authority below it that issues, and a server.
#[derive(Clone)]
pub(crate) struct Pki {
    pub(crate) root: Ca,
    pub(crate) issuing: Ca,
    pub(crate) server: Arc<Certified>,
}

impl Pki {
    pub(crate) fn new() -> Self {
        Self::named("Contoso")
    }

    pub(crate) fn named(name: &str) -> Self {
        let root = Ca::root(format!("{name} Root CA").as_str())
            .valid_around(now().as_secs())
            .issue();
        let issuing = root
            .intermediate(format!("{name} Issuing CA").as_str())
            .path_length(0)
            .issue();
        let server = root
            .server(&[
                "www.contoso.com",
                "*.contoso.com",
                "*.wild.contoso.com",
                "127.0.0.1",
            ])
            .issue();
        Self {
            root,
            issuing,
            server: Arc::new(server),
        }
    }

    /// The same with an issuing authority whose certificate names a responder.
    pub(crate) fn with_issuing_asking(self, url: &str) -> Self {
        let issuing = self.root.intermediate(self.issuing.subject().clone());
        let issuing = issuing.path_length(0).ocsp_url(url).issue();
        Self { issuing, ..self }
    }

    /// The same with a server whose certificate names a responder.
    pub(crate) fn with_server_asking(self, url: &str) -> Self {
        let server = self.root.server(&["www.contoso.com"]).ocsp_url(url).issue();
        Self {
            server: Arc::new(server),
            ..self
        }
    }

    /// What an operator uploads: the intermediate and the root.
    pub(crate) fn chain_pem(&self) -> String {
        self.issuing.pem_with(&[&self.root])
    }

    pub(crate) fn client(&self, name: &str) -> Builder<Certified> {
        self.issuing.client(name)
    }

    /// A good client certificate.
    pub(crate) fn alice(&self) -> Certified {
        self.client("alice").issue()
    }
}
