//! What is counted and kept for operators, from the start of the process to its end.
//!
//! Each core counts for itself (see [`shards`]); a scrape adds up. Labels come from the configuration, from
//! closed sets of words, and, within a bound, from certificates: never from what a client chose.

mod addresses;
mod connect;
mod listener;
mod observe;
mod refusals;
mod responders;
mod scrape;
mod shards;
mod tally;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use crate::gateway::Gateway;

pub(crate) use addresses::{AddressCounts, Open};
pub(crate) use connect::Connects;
pub(crate) use listener::{ListenerCounts, Stopwatch};
pub(crate) use refusals::{REFUSALS, Refusals, Seen};
pub(crate) use responders::{Observing, OcspCounts};
pub(crate) use scrape::scrape;
pub(crate) use shards::pin;
pub(crate) use wire::Wire;

use shards::lock;

/// The counters of a gateway.
#[derive(Debug)]
pub(crate) struct Metrics {
    cores: NonZeroUsize,
    pub(crate) started: SystemTime,
    /// By name, those of the configuration in force.
    listeners: Mutex<BTreeMap<String, Arc<ListenerCounts>>>,
    /// By the address as it is configured, those that are listened on.
    addresses: Mutex<BTreeMap<SocketAddr, Arc<AddressCounts>>>,
    pub(crate) ocsp: Arc<OcspCounts>,
    pub(crate) refusals: Refusals,
    /// How long connecting to backends took.
    connects: Arc<Connects>,
    pub(crate) reloads: Reloads,
    dropped_lines: OnceLock<DroppedLines>,
}

/// How configurations were replaced.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    succeeded: AtomicU64,
    failed: AtomicU64,
    latest: Mutex<Option<SystemTime>>,
}

impl Reloads {
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        let (succeeded, failed) = (&self.succeeded, &self.failed);
        (
            succeeded.load(Ordering::Relaxed),
            failed.load(Ordering::Relaxed),
        )
    }

    /// Which configuration is in force: 1 is that of the start.
    pub(crate) fn generation(&self) -> u64 {
        self.succeeded.load(Ordering::Relaxed).saturating_add(1)
    }

    /// When the configuration in force came into force, if not at the start.
    pub(crate) fn latest(&self) -> Option<SystemTime> {
        *lock(&self.latest)
    }
}

/// Tells how many lines of the log were lost.
struct DroppedLines(Box<dyn Fn() -> u64 + Send + Sync>);

impl fmt::Debug for DroppedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DroppedLines")
    }
}

impl Metrics {
    /// Counters for a gateway with so many cores.
    pub(crate) fn new(cores: NonZeroUsize) -> Self {
        Self {
            cores,
            started: SystemTime::now(),
            listeners: Mutex::default(),
            addresses: Mutex::default(),
            ocsp: Arc::new(OcspCounts::new(cores)),
            refusals: Refusals::new(cores),
            connects: Arc::new(Connects::new(cores)),
            reloads: Reloads::default(),
            dropped_lines: OnceLock::new(),
        }
    }

    /// Gives a configuration that is to come into force its counters: a listener those that its name has, and
    /// new ones where it has none. Names that are gone are forgotten.
    pub(crate) fn attach(&self, gateway: &Gateway) {
        gateway.observing().tell(&self.ocsp);
        let mut listeners = lock(&self.listeners);
        let mut in_force = BTreeMap::new();
        for site in gateway.binds().iter().flat_map(|bind| bind.sites()) {
            let counts = listeners
                .remove(&site.name)
                .unwrap_or_else(|| Arc::new(ListenerCounts::new(self.cores)));
            // An error says that it has some.
            drop(site.counts.set(Arc::clone(&counts)));
            in_force.insert(site.name.clone(), counts);
        }
        *listeners = in_force;
    }

    /// Notes that another configuration came into force.
    pub(crate) fn replaced(&self) {
        self.reloads.succeeded.fetch_add(1, Ordering::Relaxed);
        *lock(&self.reloads.latest) = Some(SystemTime::now());
    }

    /// Says who knows how many lines of the log were lost; the first who does is asked.
    pub(crate) fn dropped_lines_by(&self, count: impl Fn() -> u64 + Send + Sync + 'static) {
        drop(self.dropped_lines.set(DroppedLines(Box::new(count))));
    }

    fn dropped_lines(&self) -> Option<u64> {
        self.dropped_lines.get().map(|lines| (lines.0)())
    }

    /// Connections of clients that are open.
    pub(crate) fn open_connections(&self) -> u64 {
        let addresses = lock(&self.addresses);
        let open = addresses.values().map(|address| address.sum().open);
        open.fold(0, u64::saturating_add)
    }

    /// The counters of an address that is listened on from now on.
    pub(crate) fn listens_on(
        &self,
        configured: SocketAddr,
        actual: SocketAddr,
    ) -> Arc<AddressCounts> {
        let counts = Arc::new(AddressCounts::new(actual, self.cores));
        lock(&self.addresses).insert(configured, Arc::clone(&counts));
        counts
    }

    /// Forgets an address that is not listened on any more.
    pub(crate) fn leaves(&self, configured: &SocketAddr) {
        lock(&self.addresses).remove(configured);
    }

    /// The address of a listener as it is.
    pub(crate) fn actual(&self, configured: &SocketAddr) -> Option<SocketAddr> {
        let addresses = lock(&self.addresses);
        addresses.get(configured).map(|counts| counts.address)
    }

    /// Requests to the listeners in force, and those of them that were neither forwarded nor redirected.
    pub(crate) fn requests_in_all(&self) -> (u64, u64) {
        let mut requests = (0_u64, 0_u64);
        for counts in lock(&self.listeners).values() {
            for ((_, reason), count) in counts.sum().requests.iter() {
                requests.0 = requests.0.saturating_add(count);
                if !matches!(reason, "forwarded" | "redirected" | "switched") {
                    requests.1 = requests.1.saturating_add(count);
                }
            }
        }
        requests
    }

    /// Where connections to backends are measured.
    pub(crate) fn connects(&self) -> Arc<Connects> {
        Arc::clone(&self.connects)
    }
}
