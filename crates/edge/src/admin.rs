//! The listener for operators and their tools: how the gateway is, as JSON, as OpenMetrics and as a page.
//!
//! Nobody is authenticated there, so that nothing can be changed and no secret is shown. It has a thread of its
//! own: requests of clients do not wait for it, nor it for them.

mod answer;
mod api;
mod escape;
mod host;
mod page;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use portcullis_model as model;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::running::{BindError, Shared};
use crate::socket;

/// Connections at a time; one more ends the oldest. A few tools ask, each over one.
const CONNECTIONS: usize = 32;
/// How long a connection may be idle, and a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection serves further requests, so that nobody keeps the others out.
const LONGEST: Duration = Duration::from_secs(60);
/// How long the last response of a connection may take.
const LINGER: Duration = Duration::from_secs(5);
/// Header fields and bytes of a request's head.
const HEADER_FIELDS: usize = 64;
const HEAD: usize = 16 * 1024;
/// Rest after a failed accept: out of file descriptors, the only common cause, does not mend sooner.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// The address, bound and not served yet.
pub(crate) struct Bound {
    address: SocketAddr,
    socket: TcpListener,
}

impl Bound {
    pub(crate) fn open(admin: &model::Admin) -> Result<Self, BindError> {
        let asked = admin.bind.value;
        let failed = |source| BindError {
            address: asked,
            source,
        };
        let bound = socket::bind(asked, 1, std::iter::empty()).map_err(failed)?;
        let socket = bound
            .into_iter()
            .next()
            .ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { address, socket })
    }

    /// Begins to answer, when all addresses for clients are listened on.
    pub(crate) fn serve(self, shared: Arc<Shared>) -> io::Result<Admin> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(self.socket)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("portcullis-admin".into())
            .spawn(move || runtime.block_on(accept(listener, shared, stopped)))?;
        Ok(Admin {
            address: self.address,
            stop,
            thread,
        })
    }
}

/// The listener at work.
pub(crate) struct Admin {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Admin {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, whatever it is doing.
    pub(crate) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the listener for operators ended by a panic");
        }
    }
}

/// Accepts until the other end of `stopped` is gone.
async fn accept(
    listener: tokio::net::TcpListener,
    shared: Arc<Shared>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut open = VecDeque::with_capacity(CONNECTIONS);
    loop {
        let accepted = tokio::select! {
            biased;
            _ = &mut stopped => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                make_room(&mut open);
                let serving = tokio::spawn(serve(stream, Arc::clone(&shared)));
                open.push_back(serving.abort_handle());
            }
            Err(error) => {
                tracing::warn!(%error, "accept failed on the listener for operators");
                tokio::time::sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
}

/// Ends the oldest connections where there are as many as may be: those that do nothing keep nobody out.
fn make_room(open: &mut VecDeque<AbortHandle>) {
    open.retain(|connection| !connection.is_finished());
    while open.len() >= CONNECTIONS {
        if let Some(oldest) = open.pop_front() {
            oldest.abort();
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let answering = service_fn(move |request: Request<Incoming>| {
        let answer = answer::answer(&shared, local.ip(), &request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), answering);
    let mut served = pin!(served);
    if tokio::time::timeout(LONGEST, served.as_mut())
        .await
        .is_err()
    {
        served.as_mut().graceful_shutdown();
        // What is not taken by then is the client's loss.
        drop(tokio::time::timeout(LINGER, served).await);
    }
}
