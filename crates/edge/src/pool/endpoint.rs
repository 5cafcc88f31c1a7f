//! One address of a pool's target, and what is known of it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use portcullis_model::TargetHost;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::probe::Health;

/// How long an endpoint that could not be reached is asked only where no other can be.
const COOL_DOWN: Duration = Duration::from_secs(5);
/// How often a request looks whether its endpoint was removed.
const LOOK: Duration = Duration::from_secs(1);

/// When times of [`Endpoint`] begin.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// One address of one target of a pool under one set of backend settings.
///
/// It outlives reloads and DNS answers that have the same address for the same target, so that neither makes
/// an unhealthy one healthy.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    /// The same, as every line of the log says it.
    pub(crate) shown: String,
    /// The target as it was configured.
    pub(crate) host: TargetHost,
    pub(crate) port: u16,
    /// Tells it from others, the same in every process.
    pub(crate) id: u64,
    /// Whether requests must not go there.
    down: AtomicBool,
    /// What probes know of it.
    health: Mutex<Health>,
    in_flight: AtomicUsize,
    /// Milliseconds after [`EPOCH`] until which others come first.
    cooling_until: AtomicU64,
    /// Where it is no part of its pool any more: milliseconds after [`EPOCH`] until the requests that are left are
    /// cut. 0 where it is one.
    cut_at: AtomicU64,
}

impl Endpoint {
    /// An endpoint that is up until something else is known.
    pub(crate) fn new(host: TargetHost, port: u16, address: SocketAddr) -> Self {
        let digest = Sha256::digest(format!("{host}:{port} {address}").as_bytes());
        let id = digest.first_chunk::<8>().copied().unwrap_or_default();
        Self {
            shown: address.to_string(),
            address,
            host,
            port,
            id: u64::from_be_bytes(id),
            down: AtomicBool::new(false),
            health: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            cooling_until: AtomicU64::new(0),
            cut_at: AtomicU64::new(0),
        }
    }

    /// Whether requests may go there.
    pub(crate) fn is_up(&self) -> bool {
        !self.down.load(Ordering::Relaxed)
    }

    /// Looks at, or changes, what probes know of it. No request does.
    pub(crate) fn health<T>(&self, look: impl FnOnce(&mut Health) -> T) -> T {
        look(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets requests go there.
    pub(crate) fn mark_up(&self) {
        self.down.store(false, Ordering::Relaxed);
    }

    /// Keeps requests away.
    pub(crate) fn mark_down(&self) {
        self.down.store(true, Ordering::Relaxed);
    }

    /// It could not be reached just now.
    pub(crate) fn failed(&self) {
        let until = milliseconds(EPOCH.elapsed().saturating_add(COOL_DOWN));
        self.cooling_until.store(until, Ordering::Relaxed);
    }

    /// It was reached.
    pub(crate) fn reached(&self) {
        if self.cooling_until.load(Ordering::Relaxed) != 0 {
            self.cooling_until.store(0, Ordering::Relaxed);
        }
    }

    /// Whether others come first.
    pub(crate) fn is_cooling(&self) -> bool {
        let until = self.cooling_until.load(Ordering::Relaxed);
        until != 0 && EPOCH.elapsed() < Duration::from_millis(until)
    }

    /// Requests that are there now, until their responses have ended.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// It is no part of its pool any more. What is left of its requests is cut after `timeout`, counted from when
    /// this was said first.
    pub(super) fn drain(&self, timeout: Duration) {
        let at = milliseconds(EPOCH.elapsed().saturating_add(timeout)).max(1);
        // An error is that it was said before.
        let _ = self
            .cut_at
            .compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// It is part of its pool, again or still.
    pub(super) fn join(&self) {
        self.cut_at.store(0, Ordering::Relaxed);
    }

    /// Whether it is no part of its pool any more.
    pub(crate) fn has_left(&self) -> bool {
        self.left().is_some()
    }

    /// Whether it is no part of its pool any more, and may still finish what was begun.
    pub(crate) fn is_draining(&self) -> bool {
        self.left().is_some_and(|left| !left.is_zero())
    }

    /// How long its requests may take, where it is no part of its pool any more.
    fn left(&self) -> Option<Duration> {
        match self.cut_at.load(Ordering::Relaxed) {
            0 => None,
            at => Some(Duration::from_millis(at).saturating_sub(EPOCH.elapsed())),
        }
    }

    /// Returns when what is left of its requests has to end. It looks now and then instead of being told, because
    /// whoever waits to be told takes a lock that all cores share, for each request.
    pub(crate) async fn cut(&self) {
        loop {
            let left = self.left();
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            tokio::time::sleep(left.unwrap_or(LOOK).min(LOOK)).await;
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One request at an endpoint, which counts there as long as this lasts.
pub(crate) struct Visit {
    endpoint: Arc<Endpoint>,
}

impl Visit {
    pub(crate) fn begin(endpoint: &Arc<Endpoint>) -> Self {
        endpoint.in_flight.fetch_add(1, Ordering::Relaxed);
        let endpoint = Arc::clone(endpoint);
        Self { endpoint }
    }

    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.endpoint.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
