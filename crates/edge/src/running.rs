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
use crate::backend::Backends;
use crate::gateway::Gateway;
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
}

/// A gateway that accepts connections until it is drained.
pub struct Running {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    stop: watch::Sender<Option<Duration>>,
    cores: Vec<JoinHandle<()>>,
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
        let shared = Arc::new(Shared {
            gateway: ArcSwap::from_pointee(gateway),
            replaced: Notify::new(),
            resolve_anew: Notify::new(),
            probe_anew: Notify::new(),
        });
        let (stop, stopped) = watch::channel(None);
        let cores = sockets
            .into_iter()
            .enumerate()
            .map(|(core, sockets)| spawn(core, sockets, Arc::clone(&shared), stopped.clone()))
            .collect::<Result<_, _>>()
            .map_err(StartError::Thread)?;
        Ok(Self {
            addresses,
            shared,
            stop,
            cores,
        })
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
    /// When `gateway` listens on other addresses, or on more or fewer: those take a new start.
    pub fn reload(&self, gateway: Gateway) -> Result<(), ReloadError> {
        let current = self.shared.gateway.load();
        let same = gateway
            .binds()
            .iter()
            .map(|bind| bind.address())
            .eq(current.binds().iter().map(|bind| bind.address()));
        if !same {
            return Err(ReloadError::OtherAddresses);
        }
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
        self.shared.gateway.store(Arc::new(gateway));
        self.shared.replaced.notify_one();
        self.shared.resolve_anew.notify_one();
        self.shared.probe_anew.notify_one();
        Ok(())
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
    let core = Core::new(shared, Backends::new(), stopped.clone());
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
}
