//! What a client's connection sends, put together: all that one turn of its task writes leaves at the end of the turn, at once.
//!
//! A handshake ends with session tickets that a response mostly follows within the millisecond, and a response with the
//! farewells of TLS and TCP. Each sent by itself costs a system call, a segment and a wakeup of its reader.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::activity::Activity;

/// Octets that are held at most. What is longer fills segments by itself.
const MOST: usize = 8 * 1024;

/// A client's connection, whose writes are held until the end of a turn.
pub(crate) struct Stream {
    read: OwnedReadHalf,
    outgoing: Outgoing,
}

/// The end of a connection that sends what is held.
#[derive(Clone)]
pub(crate) struct Outgoing(Arc<Mutex<Queue>>);

struct Queue {
    socket: OwnedWriteHalf,
    held: Vec<u8>,
    holding: Holding,
    /// Why nothing can be sent any more, for whoever writes next.
    broken: Option<io::ErrorKind>,
}

enum Holding {
    /// Until the end of the turn.
    Turn,
    /// As long as a backend is waited for: nobody waits for what is held.
    Response(Arc<Activity>),
    /// Nothing is held any more: the turns are those of another task.
    Over,
}

impl Stream {
    pub(crate) fn new(stream: TcpStream) -> (Self, Outgoing) {
        let (read, socket) = stream.into_split();
        let outgoing = Outgoing(Arc::new(Mutex::new(Queue {
            socket,
            held: Vec::new(),
            holding: Holding::Turn,
            broken: None,
        })));
        let stream = Self {
            read,
            outgoing: outgoing.clone(),
        };
        (stream, outgoing)
    }

    /// Has segments sent as soon as they are written: they are put together here.
    pub(crate) fn set_nodelay(&self) -> io::Result<()> {
        let stream: &TcpStream = self.read.as_ref();
        stream.set_nodelay(true)
    }

    /// Looks at octets and leaves them there.
    pub(crate) async fn peek(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        self.read.peek(octets).await
    }
}

impl Outgoing {
    /// Runs the task of the connection, and sends at the end of each of its turns what was held in it.
    pub(crate) async fn in_turns<T>(&self, mut task: Pin<&mut impl Future<Output = T>>) -> T {
        std::future::poll_fn(|cx| {
            let turn = task.as_mut().poll(cx);
            self.queue().end_turn(cx);
            turn
        })
        .await
    }

    /// What is held may wait for the next response, while one is being made: tickets, which no client waits for.
    pub(crate) fn may_wait(&self, activity: &Arc<Activity>) {
        let mut queue = self.queue();
        if !queue.held.is_empty() {
            queue.holding = Holding::Response(Arc::clone(activity));
        }
    }

    /// Holds nothing any more.
    pub(crate) fn pass_through(&self) {
        self.queue().holding = Holding::Over;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn end_turn(&mut self, cx: &mut Context<'_>) {
        match &self.holding {
            Holding::Response(activity) if activity.awaits_backend() => return,
            Holding::Response(_) => self.holding = Holding::Turn,
            Holding::Turn | Holding::Over => {}
        }
        if let Poll::Ready(Err(error)) = self.send_held(cx) {
            self.broken = Some(error.kind());
            self.held = Vec::new();
        }
    }

    fn send_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let sent = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.held))?;
            self.sent(sent)?;
        }
        Poll::Ready(Ok(()))
    }

    /// The same, with the end of the stream in the last segment.
    fn send_last(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let socket: &TcpStream = self.socket.as_ref();
            let sent = socket.try_io(Interest::WRITABLE, || {
                SockRef::from(socket).send_with_flags(&self.held, MORE_FOLLOWS)
            });
            match sent {
                Ok(sent) => self.sent(sent)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return self.send_held(cx);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn sent(&mut self, octets: usize) -> io::Result<()> {
        if octets == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if octets >= self.held.len() {
            // An idle connection keeps no room for what it may send.
            self.held = Vec::new();
        } else {
            self.held.drain(..octets);
        }
        Ok(())
    }

    /// Takes octets that are to leave with others; false where they do not fit.
    fn hold(&mut self, slices: &[IoSlice<'_>]) -> bool {
        if let Holding::Over = self.holding {
            return false;
        }
        self.holding = Holding::Turn;
        let more = slices.iter().map(|slice| slice.len());
        if more.fold(self.held.len(), usize::saturating_add) > MOST {
            return false;
        }
        for slice in slices {
            self.held.extend_from_slice(slice);
        }
        true
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const MORE_FOLLOWS: i32 = 0x8000; // MSG_MORE
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const MORE_FOLLOWS: i32 = 0;

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut queue = self.outgoing.queue();
        if let Some(kind) = queue.broken {
            return Poll::Ready(Err(kind.into()));
        }
        if queue.hold(slices) {
            let octets = slices.iter().map(|slice| slice.len());
            return Poll::Ready(Ok(octets.fold(0, usize::saturating_add)));
        }
        ready!(queue.send_held(cx))?;
        Pin::new(&mut queue.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut queue = self.outgoing.queue();
        match queue.holding {
            Holding::Turn | Holding::Response(_) => Poll::Ready(Ok(())),
            Holding::Over => queue.send_held(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut queue = self.outgoing.queue();
        ready!(queue.send_last(cx))?;
        Pin::new(&mut queue.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::activity::{InFlight, Turn};

    async fn pair() -> (Stream, Outgoing, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, outgoing) = Stream::new(server.unwrap().0);
        (stream, outgoing, client.unwrap())
    }

    async fn read(client: &mut TcpStream) -> Vec<u8> {
        let mut octets = vec![0; 64 * 1024];
        let read = client.read(&mut octets).await.unwrap();
        octets.truncate(read);
        octets
    }

    /// Nothing comes for a while.
    async fn silence(client: &mut TcpStream) {
        let mut octet = [0];
        let wait = tokio::time::timeout(Duration::from_millis(50), client.peek(&mut octet));
        assert!(wait.await.is_err());
    }

    #[tokio::test]
    async fn what_one_turn_writes_leaves_at_its_end() {
        let (mut stream, outgoing, mut client) = pair().await;
        let (go, mut gone) = tokio::sync::oneshot::channel();
        let task = pin!(async move {
            stream.write_all(b"one ").await.unwrap();
            stream.flush().await.unwrap();
            stream.write_all(b"two").await.unwrap();
            (&mut gone).await.unwrap();
            stream.write_all(b"three").await.unwrap();
        });
        let reader = async {
            assert_eq!(read(&mut client).await, b"one two");
            go.send(()).unwrap();
            assert_eq!(read(&mut client).await, b"three");
        };
        tokio::join!(outgoing.in_turns(task), reader);
    }

    #[tokio::test]
    async fn tickets_wait_for_the_response_that_a_backend_makes_and_for_nothing_else() {
        let (mut stream, outgoing, mut client) = pair().await;
        let activity = Activity::new();
        let (go, mut gone) = tokio::sync::mpsc::channel::<()>(1);
        let held = outgoing.clone();
        let task = pin!(async {
            stream.write_all(b"tickets ").await.unwrap();
            held.may_wait(&activity);
            let mut request = InFlight::new(&activity);
            request.turn(Turn::Backend);
            gone.recv().await.unwrap();
            stream.write_all(b"response").await.unwrap();
            drop(request);
            gone.recv().await.unwrap();
            stream.write_all(b"more tickets").await.unwrap();
            held.may_wait(&activity);
            gone.recv().await.unwrap();
        });
        let client = async {
            silence(&mut client).await;
            go.send(()).await.unwrap();
            assert_eq!(read(&mut client).await, b"tickets response");
            go.send(()).await.unwrap();
            assert_eq!(read(&mut client).await, b"more tickets");
            go.send(()).await.unwrap();
        };
        tokio::join!(outgoing.in_turns(task), client);
    }

    #[tokio::test]
    async fn the_end_of_a_connection_takes_along_what_was_held() {
        let (mut stream, outgoing, mut client) = pair().await;
        let octets = vec![7; MOST];
        outgoing
            .in_turns(pin!(async {
                stream.write_all(&octets).await.unwrap();
                stream.shutdown().await.unwrap();
            }))
            .await;
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, octets);
    }

    /// Small writes to a client that takes nothing are held up to a limit, and arrive whole and in order.
    #[tokio::test]
    async fn a_client_that_takes_nothing_is_waited_for() {
        let (mut stream, outgoing, mut client) = pair().await;
        let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let task = tokio::spawn(async move {
            let task = async {
                for round in 0..100_000_u32 {
                    stream.write_all(&round.to_be_bytes().repeat(250)).await?;
                    stream.flush().await?;
                    count.fetch_add(1000, std::sync::atomic::Ordering::Relaxed);
                }
                stream.shutdown().await
            };
            outgoing.in_turns(pin!(task)).await
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let stuck = sent.load(std::sync::atomic::Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(sent.load(std::sync::atomic::Ordering::Relaxed), stuck);
        assert!(stuck < 100_000_000, "nothing held it up");
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        task.await.unwrap().unwrap();
        assert_eq!(all.len(), 100_000_000);
        for (round, piece) in all.chunks_exact(1000).enumerate() {
            let round = u32::try_from(round).unwrap();
            assert_eq!(piece, round.to_be_bytes().repeat(250));
        }
    }

    #[tokio::test]
    async fn a_client_that_is_gone_fails_the_next_write() {
        let (mut stream, outgoing, client) = pair().await;
        client.set_zero_linger().unwrap();
        drop(client);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let failed = pin!(async {
            for _ in 0..10 {
                stream.write_all(b"x").await?;
                tokio::task::yield_now().await;
            }
            Ok::<_, io::Error>(())
        });
        assert!(outgoing.in_turns(failed).await.is_err());
    }
}
