//! The addresses that connections come in by: opened at the start, opened and closed by reloads.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::metrics::{AddressCounts, Metrics};
use crate::running::BindError;
use crate::socket;

/// An address of the configuration while connections come in by it. A connection keeps it.
#[derive(Clone)]
pub(crate) struct Door {
    /// As configured: its port may be 0.
    pub(crate) address: SocketAddr,
    /// Where a connection came to, which is one of several addresses where the configured one stands for all.
    local: Option<SocketAddr>,
    shut: watch::Receiver<bool>,
    pub(crate) counts: Arc<AddressCounts>,
}

impl Door {
    /// Returns when nothing comes in by it any more, and its connections have to end.
    pub(crate) async fn shut(&mut self) {
        // A door that was dropped is shut too.
        let _ = self.shut.wait_for(|shut| *shut).await;
    }

    /// As a connection keeps it.
    pub(crate) fn entered(&self, local: Option<SocketAddr>) -> Self {
        let canonical =
            |local: SocketAddr| SocketAddr::new(local.ip().to_canonical(), local.port());
        Self {
            local: local.map(canonical),
            ..self.clone()
        }
    }

    /// The port that a connection came to.
    pub(crate) fn port(&self) -> u16 {
        self.local.unwrap_or(self.address).port()
    }

    /// The addresses that a configuration may have instead, under which the same connections come in.
    pub(crate) fn instead(&self) -> impl Iterator<Item = SocketAddr> {
        let local = self.local.into_iter();
        local.flat_map(|local| {
            let all = |ip: IpAddr| SocketAddr::new(ip, local.port());
            let (v4, v6) = (Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into());
            [local, all(v4), all(v6)]
        })
    }

    pub(crate) fn is_shut(&self) -> bool {
        *self.shut.borrow()
    }
}

/// An address that is bound, with a socket for each core, on which nothing is accepted yet.
pub(crate) struct Bound {
    address: SocketAddr,
    actual: SocketAddr,
    sockets: Vec<tokio::net::TcpListener>,
}

/// A socket of one core and the door that it belongs to.
pub(crate) struct Listening {
    pub(crate) door: Door,
    pub(crate) socket: tokio::net::TcpListener,
    /// Held as long as the socket.
    pub(crate) held: Arc<()>,
}

/// All doors of a gateway.
pub(crate) struct Doors {
    open: BTreeMap<SocketAddr, Open>,
    /// Shut, while a core may still have a socket there.
    closing: Vec<(SocketAddr, Weak<()>)>,
    inherited: Vec<Inherited>,
}

struct Open {
    actual: SocketAddr,
    shut: watch::Sender<bool>,
    held: Weak<()>,
}

/// A socket that another process opened and gave to this one.
struct Inherited {
    address: SocketAddr,
    socket: TcpListener,
}

impl Doors {
    /// With sockets that another process opened. They serve whatever address they are bound to, now or after a reload.
    pub(crate) fn new(inherited: Vec<TcpListener>) -> io::Result<Self> {
        let known = |socket: TcpListener| {
            let address = socket.local_addr()?;
            socket.set_nonblocking(true)?;
            Ok(Inherited { address, socket })
        };
        Ok(Self {
            open: BTreeMap::new(),
            closing: Vec::new(),
            inherited: inherited
                .into_iter()
                .map(known)
                .collect::<io::Result<_>>()?,
        })
    }

    /// Where connections come in, in the order of the configured addresses.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.open.values().map(|open| open.actual).collect()
    }

    /// Binds those of `wanted` that are not open, with a socket for each of the runtimes, or none of them.
    pub(crate) fn bind(
        &self,
        wanted: &BTreeSet<SocketAddr>,
        runtimes: &[&Handle],
    ) -> Result<Vec<Bound>, BindError> {
        let missing = wanted
            .iter()
            .filter(|address| !self.open.contains_key(address));
        missing
            .map(|address| {
                self.bind_one(*address, runtimes)
                    .map_err(|source| BindError {
                        address: *address,
                        source,
                    })
            })
            .collect()
    }

    fn bind_one(&self, address: SocketAddr, runtimes: &[&Handle]) -> io::Result<Bound> {
        let mut inherited = self.inherited.iter();
        let sockets = match inherited.find(|inherited| inherited.address == address) {
            // One socket for all cores: no further one can be bound beside it.
            Some(inherited) => runtimes
                .iter()
                .map(|_| inherited.socket.try_clone())
                .collect::<io::Result<Vec<_>>>()?,
            None => {
                let closing = self.closing.iter();
                let closing = closing.filter(|(_, held)| held.strong_count() > 0);
                let open = self.open.values().map(|open| open.actual);
                let own = open.chain(closing.map(|(address, _)| *address));
                socket::bind(address, runtimes.len(), own)?
            }
        };
        let actual = sockets
            .first()
            .map_or(Ok(address), TcpListener::local_addr)?;
        let registered = sockets.into_iter().zip(runtimes).map(|(socket, runtime)| {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(socket)
        });
        Ok(Bound {
            address,
            actual,
            sockets: registered.collect::<io::Result<_>>()?,
        })
    }

    /// Opens what was bound: what each core is to accept on.
    pub(crate) fn open(&mut self, bound: Vec<Bound>, metrics: &Metrics) -> Vec<Vec<Listening>> {
        let mut cores: Vec<Vec<_>> = Vec::new();
        for one in bound {
            let (sender, shut) = watch::channel(false);
            let (address, held) = (one.address, Arc::new(()));
            let counts = metrics.listens_on(address, one.actual);
            let open = Open {
                actual: one.actual,
                shut: sender,
                held: Arc::downgrade(&held),
            };
            self.open.insert(address, open);
            cores.resize_with(one.sockets.len().max(cores.len()), Vec::new);
            for (core, socket) in cores.iter_mut().zip(one.sockets) {
                let shut = shut.clone();
                core.push(Listening {
                    door: Door {
                        address,
                        local: None,
                        shut,
                        counts: Arc::clone(&counts),
                    },
                    socket,
                    held: Arc::clone(&held),
                });
            }
        }
        cores
    }

    /// Shuts every door that is not wanted any more.
    pub(crate) fn keep(&mut self, wanted: &BTreeSet<SocketAddr>, metrics: &Metrics) {
        let closing = &mut self.closing;
        closing.retain(|(_, held)| held.strong_count() > 0);
        self.open.retain(|address, open| {
            let keep = wanted.contains(address);
            if !keep {
                tracing::info!(address = %open.actual, "no longer listening");
                open.shut.send_replace(true);
                metrics.leaves(address);
                closing.push((open.actual, Weak::clone(&open.held)));
            }
            keep
        });
        for inherited in &self.inherited {
            if !self.open.contains_key(&inherited.address) {
                tracing::warn!(
                    address = %inherited.address,
                    "an inherited socket is of no listener: whoever connects to it waits in vain"
                );
            }
        }
    }

    /// Shuts all, and closes what was inherited.
    pub(crate) fn shut(&mut self) {
        self.inherited.clear();
        for open in self.open.values() {
            open.shut.send_replace(true);
        }
    }
}
