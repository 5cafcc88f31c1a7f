//! A gateway at work: threads, one a core, and the handle that reloads and drains them.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::accept::{self, Core};
use crate::admin::{self, Admin};
use crate::backend::Backends;
use crate::doors::{Doors, Listening};
use crate::gateway::{Bind, Gateway};
use crate::log::AccessLog;
use crate::metrics::{self, Metrics};
use crate::traces::Traces;
use crate::{probe, resolve, stapling};

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
    /// Whether clients are asked to go elsewhere.
    pub(crate) leaving: watch::Sender<bool>,
}

impl Shared {
    /// The address of a listener as it is, where the configured one has port 0.
    pub(crate) fn listens_on(&self, configured: &str) -> Option<String> {
        let actual = self.metrics.actual(&configured.parse().ok()?)?;
        Some(actual.to_string())
    }

    /// Whether the gateway has begun to end.
    pub(crate) fn is_draining(&self) -> bool {
        *self.leaving.borrow()
    }
}

/// A gateway that accepts connections until it is drained.
pub struct Running {
    addresses: Vec<SocketAddr>,
    doors: Doors,
    shared: Arc<Shared>,
    stop: watch::Sender<Option<Duration>>,
    cores: Vec<CoreThread>,
    admin: Option<Admin>,
}

/// One core from the outside.
struct CoreThread {
    runtime: Handle,
    accepts: mpsc::UnboundedSender<Listening>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Binds every address of `gateway` and starts `cores` threads, each with a runtime, sockets
    /// and backend connections of its own.
    ///
    /// # Errors
    /// When the file for OCSP answers cannot be opened, an address cannot be bound, or a thread cannot be started.
    pub fn start(gateway: Gateway, cores: NonZeroUsize) -> Result<Self, StartError> {
        Self::start_with(gateway, cores, Vec::new())
    }

    /// The same with listening sockets that another process opened, such as systemd. Each serves the listeners of the
    /// address that it is bound to, now or after a reload; addresses without one are bound.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub fn start_with(
        gateway: Gateway,
        cores: NonZeroUsize,
        inherited: Vec<TcpListener>,
    ) -> Result<Self, StartError> {
        gateway.checker().open().map_err(StartError::Store)?;
        let doors = Doors::new(inherited).map_err(StartError::Inherited)?;
        let log = AccessLog::open(gateway.access_log()).map_err(StartError::AccessLog)?;
        let traces = Traces::open(gateway.traces()).map_err(StartError::Thread)?;
        let metrics = Metrics::new(cores);
        metrics.attach(&gateway);
        let wanted = addresses(&gateway);
        let runtimes = (0..cores.get())
            .map(|_| CoreRuntime::new())
            .collect::<io::Result<Vec<_>>>()
            .map_err(StartError::Thread)?;
        let handles: Vec<&Handle> = runtimes.iter().map(|runtime| &runtime.handle).collect();
        let bound = doors.bind(&wanted, &handles)?;
        let admin = gateway.admin().map(admin::Bound::open).transpose()?;
        let shared = Arc::new(Shared {
            gateway: ArcSwap::from_pointee(gateway),
            replaced: Notify::new(),
            resolve_anew: Notify::new(),
            probe_anew: Notify::new(),
            log,
            traces,
            metrics,
            leaving: watch::Sender::new(false),
        });
        let (stop, stopped) = watch::channel(None);
        let cores = runtimes
            .into_iter()
            .enumerate()
            .map(|(core, runtime)| spawn(core, runtime, Arc::clone(&shared), stopped.clone()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(StartError::Thread)?;
        let mut running = Self {
            addresses: Vec::new(),
            doors,
            shared,
            stop,
            cores,
            admin: None,
        };
        let open = running.doors.open(bound, &running.shared.metrics);
        running.accept(open);
        running.doors.keep(&wanted, &running.shared.metrics);
        let admin = admin.map(|bound| bound.serve(Arc::clone(&running.shared)));
        running.admin = admin.transpose().map_err(StartError::Thread)?;
        Ok(running)
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

    /// The addresses that accept connections, in the order of [`Gateway::binds`].
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Replaces the configuration. New connections use it at once; a live connection is judged
    /// again by it before its next request. A session made before can be resumed where its profile still asks the same
    /// of clients and judges them by the same; whoever resumes one is judged all the same.
    ///
    /// Addresses that are new are listened on. Those that are gone are not, and their connections end after
    /// the requests that are under way.
    ///
    /// What OCSP responders said goes on to hold until it ends, so that a reload does not ask about
    /// every client anew, unless anything about how they are asked has changed and there is no store. What is stapled to a server certificate
    /// is asked for anew, and shown until then.
    ///
    /// # Errors
    /// When a new address cannot be bound, the access log cannot be opened, or the address for operators is another,
    /// which takes a new start: then everything stays as it was.
    pub fn reload(&mut self, gateway: Gateway) -> Result<(), ReloadError> {
        let replaced = self.replace(gateway);
        if replaced.is_err() {
            self.reload_failed();
        }
        replaced
    }

    fn replace(&mut self, gateway: Gateway) -> Result<(), ReloadError> {
        let current = self.shared.gateway.load_full();
        let bind = |admin: &portcullis_model::Admin| admin.bind.value;
        if gateway.admin().map(bind) != current.admin().map(bind) {
            return Err(ReloadError::OtherAdmin);
        }
        let log = self.shared.log.prepare(gateway.access_log());
        let log = log.map_err(ReloadError::AccessLog)?;
        let traces = self.shared.traces.prepare(gateway.traces());
        let traces = traces.map_err(ReloadError::Traces)?;
        let wanted = addresses(&gateway);
        let handles: Vec<&Handle> = self.cores.iter().map(|core| &core.runtime).collect();
        let bound = self.doors.bind(&wanted, &handles)?;
        gateway.take_over(&current);
        if let Err(error) = gateway.checker().open() {
            tracing::error!(%error, "OCSP answers are not kept across restarts");
        }
        resolve::take_over(&gateway, &current);
        let shared = &self.shared;
        shared.log.adopt(log);
        shared.traces.adopt(traces);
        shared.metrics.attach(&gateway);
        shared.gateway.store(Arc::new(gateway));
        shared.metrics.replaced();
        shared.replaced.notify_one();
        shared.resolve_anew.notify_one();
        shared.probe_anew.notify_one();
        let open = self.doors.open(bound, &shared.metrics);
        self.accept(open);
        self.doors.keep(&wanted, &self.shared.metrics);
        self.addresses = self.doors.addresses();
        Ok(())
    }

    /// Asks clients to go elsewhere, and goes on to serve them: HTTP/1.1 connections end with their next response,
    /// HTTP/2 connections are sent GOAWAY. For the time in which a load balancer does not know yet that the gateway
    /// is about to be drained.
    pub fn leave(&self) {
        self.shared.leaving.send_replace(true);
    }

    /// Stops accepting, lets requests in flight finish for at most `deadline`, then closes what is
    /// left. Blocks until all threads have ended.
    pub fn drain(mut self, deadline: Duration) {
        self.leave();
        self.stop.send_replace(Some(deadline));
        self.doors.shut();
        for core in self.cores {
            if core.thread.join().is_err() {
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

    /// What tells whether all cores are at work.
    #[must_use]
    pub fn heartbeat(&self) -> Heartbeat {
        let runtimes = self.cores.iter().map(|core| core.runtime.clone());
        Heartbeat(runtimes.collect())
    }

    fn accept(&mut self, open: Vec<Vec<Listening>>) {
        for (core, listening) in self.cores.iter().zip(open) {
            for one in listening {
                if core.accepts.send(one).is_err() {
                    tracing::error!("a core has ended before it was told to");
                }
            }
        }
        self.addresses = self.doors.addresses();
    }
}

/// Whether the cores of a gateway do what they are given.
pub struct Heartbeat(Vec<Handle>);

impl Heartbeat {
    /// Returns once every core has done something that it was just given: not at all where one of them hangs.
    pub async fn felt(&self) {
        for core in &self.0 {
            // An error says that the core has ended, as it does in a drain.
            let _ = core.spawn(async {}).await;
        }
    }
}

/// Where a configuration listens.
fn addresses(gateway: &Gateway) -> BTreeSet<SocketAddr> {
    gateway.binds().iter().map(Bind::address).collect()
}

/// The runtime of one core. It ends without waiting: a name that is being resolved for a backend must not hold up the
/// end, nor may a start that fails wait where that is not allowed.
struct CoreRuntime {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl CoreRuntime {
    fn new() -> io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }
}

impl Drop for CoreRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn spawn(
    core: usize,
    core_runtime: CoreRuntime,
    shared: Arc<Shared>,
    stopped: watch::Receiver<Option<Duration>>,
) -> io::Result<CoreThread> {
    let runtime = core_runtime.handle.clone();
    let (accepts, accepted) = mpsc::unbounded_channel();
    let thread = std::thread::Builder::new()
        .name("portcullis-core".into())
        .spawn(move || {
            let Some(runtime) = &core_runtime.runtime else {
                return;
            };
            metrics::pin(core);
            // One core sees to it for all.
            if core == 0 {
                runtime.spawn(stapling::keep(Arc::clone(&shared)));
                runtime.spawn(resolve::keep(Arc::clone(&shared)));
                runtime.spawn(probe::keep(Arc::clone(&shared)));
            }
            runtime.block_on(run(accepted, shared, stopped));
        })?;
    Ok(CoreThread {
        runtime,
        accepts,
        thread,
    })
}

async fn run(
    mut accepts: mpsc::UnboundedReceiver<Listening>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<Option<Duration>>,
) {
    let backends = Backends::new(shared.metrics.connects());
    let core = Core::new(shared, backends, stopped.clone());
    let mut accepting = JoinSet::new();
    let deadline = loop {
        tokio::select! {
            Some(listening) = accepts.recv() => {
                accepting.spawn(accept::accept(listening, core.clone()));
            }
            Some(_) = accepting.join_next() => {}
            deadline = stopped.wait_for(Option::is_some) => {
                break deadline.ok().and_then(|deadline| *deadline).unwrap_or_default();
            }
        }
    };
    accepts.close();
    while let Ok(listening) = accepts.try_recv() {
        accepting.spawn(accept::accept(listening, core.clone()));
    }
    while accepting.join_next().await.is_some() {}
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
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A socket that another process opened cannot be used.
    #[error("an inherited socket cannot be used")]
    Inherited(#[source] io::Error),
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
    /// An address of the new configuration cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
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

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    /// The address of the configuration.
    pub address: SocketAddr,
    /// What the operating system said.
    pub source: io::Error,
}
