//! What is no HTTP any more: bytes both ways between a client and a backend, for as long as its client may have that.

use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::request::Parts;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf, copy_bidirectional};

use crate::activity::{InFlight, Pulse, Turn};
use crate::admission::Admission;
use crate::connection::{Connection, KEEP_ALIVE, LINGER};
use crate::log::Entry;
use crate::pool::Visit;
use crate::respond;
use crate::upgrade::Sides;

/// How often it is asked whether a tunnel may go on: so long may one outlive a judgement of its client, be it that
/// the identity's time is up or that the configuration was replaced.
const RECHECK: Duration = Duration::from_secs(1);
/// How long the farewell to both sides may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// A tunnel to be. Its connection counts as busy for as long as it lives, and waits for its end.
pub(crate) struct Tunnel {
    connection: Arc<Connection>,
    /// The request that asked for it.
    parts: Parts,
    /// The judgement by which its client may have it.
    admission: Arc<Admission>,
    in_flight: InFlight,
    /// The backend is busy for as long.
    visit: Visit,
    /// Logged with the end of the tunnel.
    entry: Box<Entry>,
}

/// Why a tunnel has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Both sides have sent all they had.
    Closed,
    /// A side broke off, or the switch did not come about.
    Broken,
    /// Nothing has passed for [`KEEP_ALIVE`].
    Idle,
    /// The gateway drains, or listens no more where the client came in, and nothing has passed for [`LINGER`].
    Drained,
    /// Its client may not have it any more.
    Refused,
    /// Its backend has left the pool, and its time to finish is over.
    Left,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed by both sides",
            Self::Broken => "broken off by a side",
            Self::Idle => "nothing passed any more",
            Self::Drained => "the gateway drains",
            Self::Refused => "the client may not have it any more",
            Self::Left => "the backend has left its pool",
        })
    }
}

/// What has passed, in octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Passed {
    pub(crate) from_client: u64,
    pub(crate) from_backend: u64,
}

impl Tunnel {
    pub(crate) fn new(
        connection: &Arc<Connection>,
        parts: Parts,
        admission: Arc<Admission>,
        mut in_flight: InFlight,
        visit: Visit,
        entry: Box<Entry>,
    ) -> Self {
        in_flight.turn(Turn::Backend); // a tunnel has limits of its own
        let one_more = |tunnels: &mut usize| *tunnels = tunnels.saturating_add(1);
        connection.tunnels.send_modify(one_more);
        Self {
            connection: Arc::clone(connection),
            parts,
            admission,
            in_flight,
            visit,
            entry,
        }
    }

    /// Opens it as soon as both sides have left HTTP, and serves it to its end.
    pub(crate) fn start(mut self, sides: Sides) {
        tokio::spawn(async move {
            let (end, passed) = self.serve(sides).await;
            self.entry.tunnelled(end, passed);
        });
    }

    async fn serve(&mut self, sides: Sides) -> (End, Passed) {
        let pulse = Pulse::new();
        let Sides { client, backend } = sides;
        let switch = async { tokio::try_join!(client, backend) };
        // A client that does not take the 101 holds nothing up.
        let Ok(Ok((client, backend))) = tokio::time::timeout(KEEP_ALIVE, switch).await else {
            return (End::Broken, Passed::default());
        };
        let mut client = Watched::new(TokioIo::new(client), &pulse);
        let mut backend = Watched::new(TokioIo::new(backend), &pulse);
        let end = self.relay(&mut client, &mut backend, &pulse).await;
        // What was broken off on one side does not look whole on the other.
        if end != End::Broken {
            let farewell = async { tokio::join!(client.shutdown(), backend.shutdown()) };
            // Whether they hear it is their affair.
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
        }
        let passed = Passed {
            from_client: client.read,
            from_backend: backend.read,
        };
        (end, passed)
    }

    /// Passes bytes on until both sides have ended, or it has to end before. Nothing passes while the client is
    /// being judged.
    async fn relay<C, B>(&mut self, client: &mut C, backend: &mut B, pulse: &Pulse) -> End
    where
        C: AsyncRead + AsyncWrite + Unpin,
        B: AsyncRead + AsyncWrite + Unpin,
    {
        let endpoint = Arc::clone(self.visit.endpoint());
        let mut copied = pin!(copy_bidirectional(client, backend));
        loop {
            let stopped = self.connection.core.stopped.borrow().is_some();
            let drains = stopped || self.connection.door.is_shut();
            if let Some(end) = over(drains, pulse.quiet()) {
                return end;
            }
            if !self.stands().await {
                return End::Refused;
            }
            let step = tokio::time::timeout(RECHECK, copied.as_mut());
            tokio::select! {
                step = step => match step {
                    Ok(Ok(_)) => return End::Closed,
                    Ok(Err(_)) => return End::Broken,
                    Err(_) => {}
                },
                () = endpoint.cut() => return End::Left,
            }
        }
    }

    /// Whether the client may still have what it asked for: by the judgement that let it in, or by a new one of the
    /// client and of its request where that has lapsed.
    async fn stands(&mut self) -> bool {
        let Some(admission) = Admission::current(&self.connection).await else {
            return false;
        };
        if Arc::ptr_eq(&admission, &self.admission) {
            return true;
        }
        let allowed = respond::would_forward(&self.connection, &admission, &self.parts);
        self.admission = admission;
        allowed
    }
}

/// Whether a tunnel on which nothing has passed for so long has to end.
fn over(drains: bool, quiet: Duration) -> Option<End> {
    let (patience, end) = if drains {
        (LINGER, End::Drained)
    } else {
        (KEEP_ALIVE, End::Idle)
    };
    (patience <= quiet).then_some(end)
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.in_flight.turn(Turn::Client);
        let one_less = |tunnels: &mut usize| *tunnels = tunnels.saturating_sub(1);
        self.connection.tunnels.send_modify(one_less);
    }
}

/// A side that tells when something passes, and how much it has sent.
struct Watched<'p, S> {
    stream: S,
    pulse: &'p Pulse,
    read: u64,
}

impl<'p, S> Watched<'p, S> {
    fn new(stream: S, pulse: &'p Pulse) -> Self {
        Self {
            stream,
            pulse,
            read: 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = polled {
            let read = buffer.filled().len().saturating_sub(before);
            let read = u64::try_from(read).unwrap_or(u64::MAX);
            self.read = self.read.saturating_add(read);
            self.pulse.beat();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(_)) = polled {
            self.pulse.beat();
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_nothing_is_borne_with_for_less_long_while_the_gateway_drains() {
        for (drains, seconds, end) in [
            (false, 0, None),
            (false, 74, None),
            (false, 75, Some(End::Idle)),
            (true, 4, None),
            (true, 5, Some(End::Drained)),
        ] {
            assert_eq!(over(drains, Duration::from_secs(seconds)), end);
        }
    }
}
