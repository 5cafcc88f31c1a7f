//! A backend that keeps every byte it was sent.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::client::Transport;
use super::http1::{Fields, dechunk, head, values};
use super::patiently;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) connection: usize,
    /// The request line.
    pub(crate) line: String,
    pub(crate) headers: Fields,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Fields,
}

impl Recorded {
    /// All values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        values(&self.headers, name)
    }

    /// The one value of a header.
    #[track_caller]
    pub(crate) fn only(&self, name: &str) -> &str {
        match self.header(name)[..] {
            [only] => only,
            ref found => panic!("{name}: {found:?}"),
        }
    }

    /// The names of its headers, in lower case, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// `SUCCESS`, `NONE`, `PASSTHROUGH`.
    #[track_caller]
    pub(crate) fn verification(&self) -> &str {
        self.only("x-client-certificate-verification")
    }
}

type Answering = dyn Fn(&Recorded) -> Vec<u8> + Send + Sync;

#[derive(Default)]
struct State {
    requests: Mutex<Vec<Recorded>>,
    /// Bytes of ended connections that were no whole request.
    residues: Mutex<Vec<Vec<u8>>>,
    open: watch::Sender<usize>,
    connections: AtomicUsize,
}

/// A server on a port of its own until the test ends.
pub(crate) struct Backend {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
    /// Connections that the test serves itself.
    by_hand: Option<mpsc::UnboundedReceiver<BackendConnection>>,
}

impl Backend {
    /// Answers 200 to everything.
    pub(crate) async fn start() -> Self {
        Self::answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()).await
    }

    /// Answers 200 to everything, at this address.
    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let answer: Arc<Answering> =
            Arc::new(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec());
        Self::accepting_at(address, None, move |connection| {
            tokio::spawn(serve(connection, Arc::clone(&answer)));
        })
        .await
    }

    /// Answers with what `answer` says, byte for byte. A connection whose answer is empty is closed.
    pub(crate) async fn answering(
        answer: impl Fn(&Recorded) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let answer: Arc<Answering> = Arc::new(answer);
        Self::accepting(None, move |connection| {
            tokio::spawn(serve(connection, Arc::clone(&answer)));
        })
        .await
    }

    /// The same over TLS. A handshake that fails is counted as a connection, and nothing else.
    pub(crate) async fn secured(
        config: ServerConfig,
        answer: impl Fn(&Recorded) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let answer: Arc<Answering> = Arc::new(answer);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::accepting(None, move |mut connection| {
            let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
            tokio::spawn(async move {
                let stream =
                    std::mem::replace(&mut connection.stream, Box::new(tokio::io::empty()));
                if let Ok(stream) = acceptor.accept(stream).await {
                    connection.stream = Box::new(stream);
                    serve(connection, answer).await;
                }
            });
        })
        .await
    }

    /// Leaves the connections to the test, which takes each by [`accept`](Self::accept).
    pub(crate) async fn by_hand() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self::accepting(Some(receiver), move |connection| {
            let _ = sender.send(connection);
        })
        .await
    }

    async fn accepting(
        by_hand: Option<mpsc::UnboundedReceiver<BackendConnection>>,
        take: impl Fn(BackendConnection) + Send + 'static,
    ) -> Self {
        Self::accepting_at(SocketAddr::from(([127, 0, 0, 1], 0)), by_hand, take).await
    }

    async fn accepting_at(
        address: SocketAddr,
        by_hand: Option<mpsc::UnboundedReceiver<BackendConnection>>,
        take: impl Fn(BackendConnection) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let accepted = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                accepted.connections.fetch_add(1, Ordering::Relaxed);
                take(BackendConnection::new(
                    stream,
                    number,
                    Arc::clone(&accepted),
                ));
            }
        });
        Self {
            address,
            state,
            accepting,
            by_hand,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far. A request is there before it is answered.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.state.requests.lock().unwrap().clone()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// The latest request.
    #[track_caller]
    pub(crate) fn last(&self) -> Recorded {
        self.requests().pop().expect("a request")
    }

    /// The next connection that the test serves.
    pub(crate) async fn accept(&mut self) -> BackendConnection {
        let next = patiently(self.by_hand.as_mut().unwrap().recv());
        next.await.unwrap()
    }

    /// Waits until every connection has ended and gives what each held besides whole requests.
    pub(crate) async fn residues(&self) -> Vec<Vec<u8>> {
        let mut open = self.state.open.subscribe();
        drop(patiently(open.wait_for(|open| *open == 0)).await.unwrap());
        self.state.residues.lock().unwrap().clone()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut connection: BackendConnection, answer: Arc<Answering>) {
    while let Some(request) = connection.request().await {
        let bytes = answer(&request);
        if bytes.is_empty() || connection.stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// A connection from the gateway.
pub(crate) struct BackendConnection {
    stream: Box<dyn Transport>,
    number: usize,
    received: Vec<u8>,
    state: Arc<State>,
}

impl BackendConnection {
    fn new(stream: TcpStream, number: usize, state: Arc<State>) -> Self {
        state.open.send_modify(|open| *open += 1);
        Self {
            stream: Box::new(stream),
            number,
            received: Vec::new(),
            state,
        }
    }

    /// Waits for a whole request and keeps it.
    pub(crate) async fn request(&mut self) -> Option<Recorded> {
        loop {
            if let Some((request, length)) = parse(&self.received, self.number) {
                self.received.drain(..length);
                self.state.requests.lock().unwrap().push(request.clone());
                return Some(request);
            }
            if self.read().await == 0 {
                return None;
            }
        }
    }

    /// Waits until these bytes have come.
    pub(crate) async fn until(&mut self, wanted: &[u8]) {
        while !self
            .received
            .windows(wanted.len())
            .any(|window| window == wanted)
        {
            assert_ne!(
                self.read().await,
                0,
                "closed before {}",
                wanted.escape_ascii()
            );
        }
    }

    /// What is below, once no request is read any more.
    pub(super) fn stream(&mut self) -> &mut Box<dyn Transport> {
        assert!(self.received.is_empty());
        &mut self.stream
    }

    /// Whether the gateway has nothing more to say, and had nothing else.
    pub(crate) async fn ended(&mut self) -> bool {
        patiently(self.read()).await == 0
    }

    /// Has nothing more to say, and goes on listening.
    pub(crate) async fn finish(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Waits until the gateway closes the connection; what had come and was not read as a request.
    pub(crate) async fn closed(mut self) -> Vec<u8> {
        patiently(async { while self.read().await > 0 {} }).await;
        self.received.clone()
    }

    async fn read(&mut self) -> usize {
        self.stream.read_buf(&mut self.received).await.unwrap_or(0)
    }
}

impl Drop for BackendConnection {
    fn drop(&mut self) {
        if !self.received.is_empty() {
            let residue = std::mem::take(&mut self.received);
            self.state.residues.lock().unwrap().push(residue);
        }
        self.state.open.send_modify(|open| *open -= 1);
    }
}

/// A request, once it is whole. Panics at a request that two readers could read in two ways.
fn parse(bytes: &[u8], connection: usize) -> Option<(Recorded, usize)> {
    let (line, headers, start) = head(bytes)?;
    let rest = &bytes[start..];
    let coding = values(&headers, "transfer-encoding");
    let (body, trailers, length) = match (&values(&headers, "content-length")[..], &coding[..]) {
        ([], []) => (Vec::new(), Vec::new(), 0),
        ([length], []) => {
            let length = length.parse().unwrap();
            (rest.get(..length)?.to_vec(), Vec::new(), length)
        }
        ([], ["chunked"]) => dechunk(rest)?,
        framing => panic!("the backend got two framings: {framing:?}"),
    };
    let request = Recorded {
        connection,
        line,
        headers,
        body,
        trailers,
    };
    Some((request, start + length))
}
