//! A configuration with everything loaded, compiled and checked: what requests are served from.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use portcullis_model::host::{HostName, HostTable};
use portcullis_model::{Diagnostic, HttpSettings, Listener, Place};
use portcullis_revocation::Checker;
use portcullis_rewrite::StripList;
use portcullis_tls::{ClientAuth, NotHonoured, Profile, Stapler};
use rustls::crypto::CryptoProvider;

use crate::authorization::Authorization;
use crate::identity_headers::IdentityHeaders;
use crate::load::Loader;
use crate::pages::Pages;
use crate::plan::Plan;
use crate::pool::Pool;

/// A gateway ready to run. It never changes: a reload makes another.
pub struct Gateway {
    binds: Vec<Bind>,
    strip: StripList,
    stapling: Vec<Arc<Profile>>,
    not_honoured: Vec<(Place, NotHonoured)>,
    http: HttpSettings,
    lists_ciphers: bool,
    pools: Vec<Arc<Pool>>,
    dns_servers: Vec<SocketAddr>,
    checker: Checker,
}

impl Gateway {
    /// Loads every file that `model` names, relative to `base`, and compiles every rewrite.
    ///
    /// # Errors
    /// Every problem at once, each at its place in the configuration.
    pub fn build(
        model: &portcullis_model::Gateway,
        base: &Path,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (mut loader, checker) = Loader::new(model, base, provider);
        let binds = loader.binds();
        let strip = loader.strip();
        let stapling = loader.stapling();
        let lists_ciphers = loader.lists_ciphers();
        let pools = loader.pools();
        loader.finish().map(|not_honoured| Self {
            binds,
            strip,
            stapling,
            not_honoured,
            http: model.http.clone(),
            lists_ciphers,
            pools,
            dns_servers: model.dns_servers.clone(),
            checker,
        })
    }

    /// The addresses to listen on, in ascending order.
    #[must_use]
    pub fn binds(&self) -> &[Bind] {
        &self.binds
    }

    /// What TLS policies ask for and do not get, each with the place of its profile. The gateway runs
    /// all the same; its operator must be told.
    #[must_use]
    pub fn not_honoured(&self) -> &[(Place, NotHonoured)] {
        &self.not_honoured
    }

    /// What holds for HTTP on every listener.
    pub(crate) fn http(&self) -> &HttpSettings {
        &self.http
    }

    /// Whether a rewrite asks for the cipher suites that clients offered.
    pub(crate) fn lists_ciphers(&self) -> bool {
        self.lists_ciphers
    }

    /// The pools that rules forward to.
    pub(crate) fn pools(&self) -> &[Arc<Pool>] {
        &self.pools
    }

    /// The DNS servers to ask; without any, those of this machine.
    pub(crate) fn dns_servers(&self) -> &[SocketAddr] {
        &self.dns_servers
    }

    /// Who asks OCSP responders, for all profiles.
    pub(crate) fn checker(&self) -> &Checker {
        &self.checker
    }

    /// The profiles that an OCSP answer is stapled to.
    pub(crate) fn stapling(&self) -> &[Arc<Profile>] {
        &self.stapling
    }

    /// What keeps the answers that are stapled.
    pub(crate) fn staplers(&self) -> impl Iterator<Item = &Arc<Stapler>> {
        self.stapling.iter().filter_map(|profile| profile.stapler())
    }

    pub(crate) fn strip(&self) -> &StripList {
        &self.strip
    }
}

/// One address and the listeners that share it.
pub struct Bind {
    address: SocketAddr,
    sites: HostTable<Arc<Site>>,
}

impl Bind {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            sites: HostTable::new(),
        }
    }

    /// Whether plain HTTP is spoken there. All listeners of one address speak the same.
    pub(crate) fn is_plain(&self) -> bool {
        let site = self.handshake_site(None);
        site.is_some_and(|site| site.profile.is_none())
    }

    pub(crate) fn push(&mut self, listener: &Listener, site: Site) {
        self.sites.push(&listener.hosts, Arc::new(site));
    }

    /// The address of the configuration; its port may be 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener that answers for the host of a request.
    pub(crate) fn site(&self, host: &HostName) -> Option<&Arc<Site>> {
        self.sites.select(Some(host))
    }

    /// The listener whose profile a handshake uses. An unknown server name gets one too, which
    /// grants nothing: requests are routed by their own host, through the same table, and refused
    /// where its listener asks another thing of clients.
    pub(crate) fn handshake_site(&self, server_name: Option<&HostName>) -> Option<&Arc<Site>> {
        self.sites.select_for_handshake(server_name)
    }
}

/// One listener at work.
pub(crate) struct Site {
    pub(crate) name: String,
    /// What is asked of clients; nothing over plain HTTP.
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) authorization: Option<Arc<Authorization>>,
    pub(crate) plan: Plan,
    pub(crate) identity_headers: Option<IdentityHeaders>,
    pub(crate) pages: Arc<Pages>,
}

impl Site {
    /// Whether a connection made for `other` satisfies what this listener asks of clients.
    pub(crate) fn asks_the_same_as(&self, other: &Self) -> bool {
        match (&self.profile, &other.profile) {
            (Some(own), Some(others)) => {
                let neither_asks = matches!(own.client_auth(), ClientAuth::Off)
                    && matches!(others.client_auth(), ClientAuth::Off);
                neither_asks || Arc::ptr_eq(own, others)
            }
            (None, None) => true,
            _ => false,
        }
    }
}
