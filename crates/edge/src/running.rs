//! A gateway at work: threads, one a core, and the handle that reloads and drains them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::accept::{self, Core};
use crate::admin::{Admin, Door};
use crate::backend::Backends;
use crate::gateway::Gateway;
use crate::log::AccessLog;
use crate::metrics::{self, Metrics};
use crate::traces::Traces;
use crate::{probe, resolve, socket, stapling};

/// What every core reads and only a reload writes.
pub(crate) struct Shared {
    pub(crate) gateway: ArcSwap<Gateway>,
    /// Notified when it was replaced.
    pub(crate) replaced: Notify,
    /// The same for those who resolve the names of backends.
    pub(crate) resolve_anew: Notify,
    /// And for those who ask backends whether they are well.
    pub(crate) probe_anew: Notify,
    pub(crate) log: AccessLog,
    pub(crate) traces: Traces,
    pub(crate) metrics: Metrics,
    stopped: watch::Receiver<Option<Duration>>,
}

impl Shared {
    /// The address of a listener as it is, where the configured one has port 0.
    pub(crate) fn listens_on(&self, gateway: &Gateway, configured: &str) -> Option<String> {
        let mut binds = gateway.binds().iter();
        let place = binds.position(|bind| bind.address().to_string() == configured)?;
        let door = self.metrics.doors.get(place)?;
        Some(door.address.to_string())
    }

    /// Whether the gateway has begun to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.stopped.borrow().is_some()
    }
}

/// A gateway that accepts connections until it is drained.
pub struct Running {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    stop: watch::Sender<Option<Duration>>,
    cores: Vec<JoinHandle<()>>,
    admin: Option<Admin>,
}

impl Running {
    /// Binds every address of `gateway` and starts `cores` threads, each with a runtime, sockets
    /// and backend connections of its own.
    ///
    /// # Errors
    /// When the file for OCSP answers cannot be opened, an address cannot be bound, or a thread cannot be started.
    pub fn start(gateway: Gateway, cores: NonZeroUsize) -> Result<Self, StartError> {
        gateway.checker().open().map_err(StartError::Store)?;
        let mut addresses = Vec::new();
        let mut sockets: Vec<Vec<(usize, TcpListener)>> = Vec::new();
        sockets.resize_with(cores.get(), Vec::new);
        for (index, bind) in gateway.binds().iter().enumerate() {
            let failed = |source| StartError::Bind {
                address: bind.address(),
                source,
            };
            let bound = socket::bind(bind.address(), cores.get()).map_err(failed)?;
            if let Some(first) = bound.first() {
                addresses.push(first.local_addr().map_err(failed)?);
            }
            for (core, socket) in sockets.iter_mut().zip(bound) {
                core.push((index, socket));
            }
        }
        let log = AccessLog::open(gateway.access_log()).map_err(StartError::AccessLog)?;
        let traces = Traces::open(gateway.traces()).map_err(StartError::Thread)?;
        let admin = gateway.admin().map(Door::open).transpose()?;
        let metrics = Metrics::new(&addresses, cores);
        metrics.attach(&gateway);
        let (stop, stopped) = watch::channel(None);
        let shared = Arc::new(Shared {
            gateway: ArcSwap::from_pointee(gateway),
            replaced: Notify::new(),
            resolve_anew: Notify::new(),
            probe_anew: Notify::new(),
            log,
            traces,
            metrics,
            stopped: stopped.clone(),
        });
        let cores = sockets
            .into_iter()
            .enumerate()
            .map(|(core, sockets)| spawn(core, sockets, Arc::clone(&shared), stopped.clone()))
            .collect::<Result<_, _>>()
            .map_err(StartError::Thread)?;
        let admin = admin.map(|door| door.serve(Arc::clone(&shared)));
        Ok(Self {
            addresses,
            shared,
            stop,
            cores,
            admin: admin.transpose().map_err(StartError::Thread)?,
        })
    }

    /// The address for operators, where there is one.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::address)
    }

    /// Counts a configuration that could not be read, so that it was never given to [`reload`](Self::reload).
    pub fn reload_failed(&self) {
        self.shared.metrics.reloads.failed();
    }

    /// Says who knows how many lines of the log were lost, for the metrics. The first who is said stays.
    pub fn dropped_log_lines(&self, count: impl Fn() -> u64 + Send + Sync + 'static) {
        self.shared.metrics.dropped_lines_by(count);
    }

    /// The addresses that accept connections, in the order of [`Gateway::binds`].
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Replaces the configuration. New connections use it at once; a live connection is judged
    /// again by it before its next request. No session made before can be resumed.
    ///
    /// What OCSP responders said goes on to hold until it ends, so that a reload does not ask about
    /// every client anew, unless anything about how they are asked has changed and there is no store. What is stapled to a server certificate
    /// is asked for anew, and shown until then.
    ///
    /// # Errors
    /// When `gateway` listens on other addresses, or on more or fewer, that for operators among them: those take a
    /// new start.
    pub fn reload(&self, gateway: Gateway) -> Result<(), ReloadError> {
        let replaced = self.replace(gateway);
        if replaced.is_err() {
            self.reload_failed();
        }
        replaced
    }

    fn replace(&self, gateway: Gateway) -> Result<(), ReloadError> {
        let current = self.shared.gateway.load();
        let same = gateway
            .binds()
            .iter()
            .map(|bind| bind.address())
            .eq(current.binds().iter().map(|bind| bind.address()));
        if !same {
            return Err(ReloadError::OtherAddresses);
        }
        let bind = |admin: &portcullis_model::Admin| admin.bind.value;
        if gateway.admin().map(bind) != current.admin().map(bind) {
            return Err(ReloadError::OtherAdmin);
        }
        let log = self.shared.log.change(gateway.access_log());
        log.map_err(ReloadError::AccessLog)?;
        let traces = self.shared.traces.change(gateway.traces());
        traces.map_err(ReloadError::Traces)?;
        gateway.checker().take_over(current.checker());
        if let Err(error) = gateway.checker().open() {
            tracing::error!(%error, "OCSP answers are not kept across restarts");
        }
        for stapler in gateway.staplers() {
            for other in current.staplers() {
                stapler.take_over(other);
            }
        }
        resolve::take_over(&gateway, &current);
        self.shared.metrics.attach(&gateway);
        self.shared.gateway.store(Arc::new(gateway));
        self.shared.metrics.replaced();
        self.shared.replaced.notify_one();
        self.shared.resolve_anew.notify_one();
        self.shared.probe_anew.notify_one();
        Ok(())
    }

    /// Opens the file of the access log anew, for those who rotate it: no line is lost and none is written to
    /// both.
    pub fn reopen_access_log(&self) {
        self.shared.log.reopen();
    }

    /// Lines of the access log that could not be written: the disk was full, or the reader too slow.
    #[must_use]
    pub fn access_log_lines_lost(&self) -> u64 {
        self.shared.log.dropped()
    }

    /// Spans that could not be sent.
    #[must_use]
    pub fn spans_lost(&self) -> u64 {
        self.shared.traces.lost()
    }

    /// Stops accepting, lets requests in flight finish for at most `deadline`, then closes what is
    /// left. Blocks until all threads have ended.
    pub fn drain(self, deadline: Duration) {
        self.stop.send_replace(Some(deadline));
        for core in self.cores {
            if core.join().is_err() {
                tracing::error!("a core ended by a panic");
            }
        }
        self.shared.log.close();
        self.shared.traces.close();
        // To the end operators can see how it drains.
        if let Some(admin) = self.admin {
            admin.stop();
        }
    }
}

fn spawn(
    core: usize,
    sockets: Vec<(usize, TcpListener)>,
    shared: Arc<Shared>,
    stopped: watch::Receiver<Option<Duration>>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listeners = {
        let _entered = runtime.enter();
        sockets
            .into_iter()
            .map(|(bind, socket)| tokio::net::TcpListener::from_std(socket).map(|l| (bind, l)))
            .collect::<io::Result<Vec<_>>>()?
    };
    std::thread::Builder::new()
        .name("portcullis-core".into())
        .spawn(move || {
            metrics::pin(core);
            // One core sees to it for all.
            if core == 0 {
                runtime.spawn(stapling::keep(Arc::clone(&shared)));
                runtime.spawn(resolve::keep(Arc::clone(&shared)));
                runtime.spawn(probe::keep(Arc::clone(&shared)));
            }
            runtime.block_on(run(listeners, shared, stopped));
            // A name that is being resolved for a backend must not hold up the end.
            runtime.shutdown_background();
        })
}

async fn run(
    listeners: Vec<(usize, tokio::net::TcpListener)>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<Option<Duration>>,
) {
    let backends = Backends::new(shared.metrics.connects());
    let core = Core::new(shared, backends, stopped.clone());
    let mut accepting = JoinSet::new();
    for (bind, listener) in listeners {
        accepting.spawn(accept::accept(listener, bind, core.clone()));
    }
    while accepting.join_next().await.is_some() {}
    let deadline = stopped
        .wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|deadline| *deadline)
        .unwrap_or_default();
    if tokio::time::timeout(deadline, core.all_closed())
        .await
        .is_err()
    {
        tracing::warn!(?deadline, "closing connections that outlived the drain");
    }
}

/// Why a gateway could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address of the configuration.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file that keeps OCSP answers cannot be read or written, or is one of another kind.
    #[error("cannot keep OCSP answers")]
    Store(#[source] io::Error),
    /// The access log cannot be opened.
    #[error("cannot open the access log")]
    AccessLog(#[source] io::Error),
    /// A thread or its runtime cannot be made.
    #[error("cannot start a core")]
    Thread(#[source] io::Error),
}

/// Why a configuration could not be replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// The listening addresses differ from those in use.
    #[error("the new configuration listens on other addresses, which takes a restart")]
    OtherAddresses,
    /// The access log that it names cannot be opened.
    #[error("cannot open the access log")]
    AccessLog(#[source] io::Error),
    /// What sends spans cannot be started.
    #[error("cannot start to send spans")]
    Traces(#[source] io::Error),
    /// The listener for operators differs from the one in use.
    #[error("the new configuration has another [admin] address, which takes a restart")]
    OtherAdmin,
}
