//! A configuration with everything loaded, compiled and checked: what requests are served from.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use portcullis_model::host::{HostName, HostTable};
use portcullis_model::{AccessLogSettings, Admin, Diagnostic, HttpSettings, Listener, Place};
use portcullis_revocation::Checker;
use portcullis_rewrite::{Fact, StripList};
use portcullis_tls::{ClientAuth, NotHonoured, Profile, Stapler, Trust};
use rustls::crypto::CryptoProvider;

use crate::authorization::Authorization;
use crate::doors::Door;
use crate::files::Files;
use crate::identity_headers::IdentityHeaders;
use crate::inventory::Inventory;
use crate::load::Loader;
use crate::load::resumable::Resumable;
use crate::metrics::{ListenerCounts, Observing};
use crate::pages::Pages;
use crate::plan::Plan;
use crate::pool::Pool;
use crate::traces;

/// A gateway ready to run. It never changes: a reload makes another.
pub struct Gateway {
    binds: Vec<Bind>,
    strip: StripList,
    stapling: Vec<Arc<Profile>>,
    not_honoured: Vec<(Place, NotHonoured)>,
    resumable: HashMap<Resumable, Arc<Profile>>,
    http: HttpSettings,
    lists_ciphers: bool,
    facts: Vec<Fact>,
    pools: Vec<Arc<Pool>>,
    dns_servers: Vec<SocketAddr>,
    checker: Checker,
    access_log: AccessLogSettings,
    traces: Option<traces::Settings>,
    observing: Arc<Observing>,
    trusts: Vec<(String, Arc<Trust>)>,
    inventory: Inventory,
    admin: Option<Admin>,
    shown: serde_json::Value,
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
        Self::load(model, base, provider, &mut Files::new())
    }

    /// The same, and adds to `files` every file that was read or could not be, also where there are problems.
    ///
    /// # Errors
    /// As [`Gateway::build`].
    pub fn load(
        model: &portcullis_model::Gateway,
        base: &Path,
        provider: Arc<CryptoProvider>,
        files: &mut Files,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (mut loader, checker) = Loader::new(model, base, provider);
        let binds = loader.binds();
        let strip = loader.strip();
        let stapling = loader.stapling();
        let lists_ciphers = loader.lists_ciphers();
        let facts = loader.facts();
        let pools = loader.pools();
        let traces = loader.traces();
        let access_log = loader.access_log();
        let (observing, trusts) = (loader.observing(), loader.trusts());
        let inventory = loader.take_inventory();
        let resumable = loader.resumable();
        files.add(loader.files());
        loader.finish().map(|not_honoured| Self {
            binds,
            strip,
            stapling,
            not_honoured,
            resumable,
            http: model.http.clone(),
            lists_ciphers,
            facts,
            pools,
            dns_servers: model.dns_servers.clone(),
            checker,
            access_log,
            traces,
            observing,
            trusts,
            inventory,
            admin: model.admin.clone(),
            shown: model.shown.clone(),
        })
    }

    /// The addresses to listen on, in ascending order.
    #[must_use]
    pub fn binds(&self) -> &[Bind] {
        &self.binds
    }

    /// The listeners of the address that a connection came in by. Where a reload has put another in its place that
    /// covers it, or a part of it, that counts.
    pub(crate) fn bind(&self, door: &Door) -> Option<&Bind> {
        let mut addresses = std::iter::once(door.address).chain(door.instead());
        addresses.find_map(|address| {
            let found = self.binds.binary_search_by_key(&address, Bind::address);
            self.binds.get(found.ok()?)
        })
    }

    /// What TLS policies ask for and do not get, each with the place of its profile. The gateway runs
    /// all the same; its operator must be told.
    #[must_use]
    pub fn not_honoured(&self) -> &[(Place, NotHonoured)] {
        &self.not_honoured
    }

    /// Goes on with the sessions of every profile of `former` that was asked the same of clients, and with what is known
    /// of certificates there.
    pub(crate) fn take_over(&self, former: &Self) {
        let asked_alike = self.checker.asks_like(&former.checker);
        for (under, profile) in &self.resumable {
            let former = former.resumable.get(under);
            if let Some(former) = former.filter(|_| asked_alike || !under.asks_responders()) {
                profile.take_over_sessions(former);
            }
        }
        self.checker.take_over(&former.checker);
        for stapler in self.staplers() {
            for other in former.staplers() {
                stapler.take_over(other);
            }
        }
    }

    /// What holds for HTTP on every listener.
    pub(crate) fn http(&self) -> &HttpSettings {
        &self.http
    }

    /// Whether a rewrite asks for the cipher suites that clients offered.
    pub(crate) fn lists_ciphers(&self) -> bool {
        self.lists_ciphers
    }

    /// What is written out of the certificates of clients.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
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

    /// What becomes of the lines about requests.
    pub(crate) fn access_log(&self) -> &AccessLogSettings {
        &self.access_log
    }

    /// How it takes part in traces, where it does.
    pub(crate) fn traces(&self) -> Option<&traces::Settings> {
        self.traces.as_ref()
    }

    /// What the checker tells of what it does.
    pub(crate) fn observing(&self) -> &Observing {
        &self.observing
    }

    /// What certificates of clients are judged by, with the names of the profiles.
    pub(crate) fn trusts(&self) -> impl Iterator<Item = (&str, &Trust)> {
        let trusts = self.trusts.iter();
        trusts.map(|(name, trust)| (name.as_str(), &**trust))
    }

    /// What there is, for operators to look at.
    pub(crate) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The listener for operators, if there is to be one.
    pub(crate) fn admin(&self) -> Option<&Admin> {
        self.admin.as_ref()
    }

    /// The configuration without its secrets.
    pub(crate) fn shown(&self) -> &serde_json::Value {
        &self.shown
    }

    pub(crate) fn strip(&self) -> &StripList {
        &self.strip
    }
}

/// One address and the listeners that share it.
pub struct Bind {
    address: SocketAddr,
    sites: HostTable<Arc<Site>>,
    all: Vec<Arc<Site>>,
}

impl Bind {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            sites: HostTable::new(),
            all: Vec::new(),
        }
    }

    /// Whether plain HTTP is spoken there. All listeners of one address speak the same.
    pub(crate) fn is_plain(&self) -> bool {
        let site = self.handshake_site(None);
        site.is_some_and(|site| site.profile.is_none())
    }

    pub(crate) fn push(&mut self, listener: &Listener, site: Site) {
        let site = Arc::new(site);
        self.all.push(Arc::clone(&site));
        self.sites.push(&listener.hosts, site);
    }

    /// The listeners that share it, in the order of their priority.
    pub(crate) fn sites(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.all.iter()
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
    /// The name of its rule.
    pub(crate) rule: String,
    /// What is asked of clients; nothing over plain HTTP.
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) authorization: Option<Arc<Authorization>>,
    pub(crate) plan: Plan,
    pub(crate) identity_headers: Option<IdentityHeaders>,
    pub(crate) pages: Arc<Pages>,
    /// What is counted, once the configuration is to come into force.
    pub(crate) counts: OnceLock<Arc<ListenerCounts>>,
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
