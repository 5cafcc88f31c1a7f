//! The one accept loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::backend::Backends;
use crate::connection;
use crate::doors::{Door, Listening};
use crate::metrics::Open;
use crate::running::Shared;

/// Connections one core holds at a time; past it, clients wait in the kernel's queue.
///
/// An idle one takes some 20 KiB, over HTTP/2 some 37 KiB. The worst, an HTTP/2 client that takes nothing of what it asked
/// for on every stream, holds some 25 MiB until it is found to do nothing (see [`KEEP_ALIVE`]).
///
/// [`KEEP_ALIVE`]: crate::KEEP_ALIVE
pub const CONNECTIONS_PER_CORE: u32 = 16_384;
/// Rest after a failed accept: out of file descriptors, the only common cause, does not mend sooner.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// What a core's tasks share.
#[derive(Clone)]
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) backends: Backends,
    pub(crate) stopped: watch::Receiver<Option<Duration>>,
    permits: Arc<Semaphore>,
}

impl Core {
    pub(crate) fn new(
        shared: Arc<Shared>,
        backends: Backends,
        stopped: watch::Receiver<Option<Duration>>,
    ) -> Self {
        let permits = usize::try_from(CONNECTIONS_PER_CORE).unwrap_or(usize::MAX);
        Self {
            shared,
            backends,
            stopped,
            permits: Arc::new(Semaphore::new(permits)),
        }
    }

    /// Returns when no connection is open: all permits are back.
    pub(crate) async fn all_closed(&self) {
        // The semaphore is never closed, so this only ends when every permit is free.
        drop(self.permits.acquire_many(CONNECTIONS_PER_CORE).await);
    }
}

/// Accepts until the door is shut. A connection's handshake runs in its own task, so that a
/// slow client delays nobody.
pub(crate) async fn accept(listening: Listening, core: Core) {
    let Listening {
        mut door,
        socket,
        held,
    } = listening;
    let entered = door.clone();
    loop {
        let next = tokio::select! {
            biased;
            () = door.shut() => break,
            next = next(&socket, &core.permits) => next,
        };
        if let Some((stream, peer, permit)) = next {
            serve(stream, peer, permit, &entered, &core);
        }
    }
    if let Err(error) = accept_waiting(socket, &entered, &core) {
        tracing::warn!(%error, "connections that waited to be accepted were closed");
    }
    drop(held);
}

fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    permit: OwnedSemaphorePermit,
    door: &Door,
    core: &Core,
) {
    // On a socket for both families, a client of IPv4 has an address of IPv6 that stands for its own.
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let (door, core) = (door.entered(stream.local_addr().ok()), core.clone());
    let open = Open::at(&door.counts);
    tokio::spawn(async move {
        connection::serve(stream, peer, door, core).await;
        drop((open, permit));
    });
}

/// Serves those whose connection the kernel has made: closing the socket would reset them.
fn accept_waiting(socket: TcpListener, door: &Door, core: &Core) -> io::Result<()> {
    let socket = socket.into_std()?;
    while let Ok(permit) = Arc::clone(&core.permits).try_acquire_owned() {
        let (stream, peer) = match socket.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        serve(TcpStream::from_std(stream)?, peer, permit, door, core);
    }
    Ok(())
}

async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            tracing::warn!(%error, "accept failed");
            tokio::time::sleep(ACCEPT_BACKOFF).await;
            None
        }
    }
}
