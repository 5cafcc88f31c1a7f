//! The connections that are kept for further requests.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::http2;
use rustls_pki_types::ServerName;
use tokio::sync::watch;
use tokio::time::Instant;

use super::dial::{self, Http1, Http2, Http2Connection, STREAMS, SourcePort};
use super::{IDLE_CONNECTIONS, IDLE_TIMEOUT, RequestBody};
use crate::refused::Refused;
use crate::transport::{Destination, Line};

/// How often what is not used any more is looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// How the attempt to make a connection that several requests wait for has ended, once it has.
pub(super) type Dialed = Option<Result<(), Refused>>;

/// The connections of one owner, by line of transports and address. No two cores share one, so nobody waits for its
/// lock.
#[derive(Default)]
pub(super) struct Connections {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_way: HashMap<Way, Bucket>,
    /// Whether somebody looks after what is not used any more.
    swept: bool,
}

/// Where connections of one trust lead.
type Way = (u64, SocketAddr);

/// The connections to one address by one line of transports, which is gone when its configuration is.
struct Bucket {
    line: Weak<Line>,
    /// The latest used last.
    http1: VecDeque<Idle>,
    http2: Vec<Arc<Multiplexed>>,
    /// HTTP/2 connections that are being made.
    dialing: Vec<(Option<ServerName<'static>>, watch::Receiver<Dialed>)>,
}

/// An HTTP/1.1 connection that waits for a request.
struct Idle {
    server_name: Option<ServerName<'static>>,
    connection: Http1,
    since: Instant,
}

impl Idle {
    fn is_usable(&self) -> bool {
        self.connection.sender.is_ready() && self.since.elapsed() < IDLE_TIMEOUT
    }
}

/// An HTTP/2 connection.
pub(super) struct Multiplexed {
    server_name: Option<ServerName<'static>>,
    sender: http2::SendRequest<RequestBody>,
    connection: Http2Connection,
    source_port: Option<SourcePort>,
    streams: AtomicUsize,
    idle_since: Mutex<Instant>,
}

impl Multiplexed {
    /// Takes a stream, if the backend has one left.
    fn lease(self: &Arc<Self>) -> Option<Lease> {
        let most = dial::streams(&self.connection).min(STREAMS);
        if self.sender.is_closed() || self.streams.load(Ordering::Relaxed) >= most {
            return None;
        }
        self.streams.fetch_add(1, Ordering::Relaxed);
        Some(Lease(Arc::new(Stream(Arc::clone(self)))))
    }

    fn is_used(&self) -> bool {
        self.streams.load(Ordering::Relaxed) > 0
    }

    fn idle_since(&self) -> Instant {
        *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn is_usable(&self) -> bool {
        let is_fresh = || self.is_used() || self.idle_since().elapsed() < IDLE_TIMEOUT;
        !self.sender.is_closed() && is_fresh()
    }
}

/// One stream of an HTTP/2 connection, taken until this is dropped: with the end of the response's body,
/// not with its head.
#[derive(Clone)]
pub(crate) struct Lease(Arc<Stream>);

struct Stream(Arc<Multiplexed>);

impl Lease {
    pub(super) fn sender(&self) -> http2::SendRequest<RequestBody> {
        self.0.0.sender.clone()
    }

    pub(super) fn source_port(&self) -> Option<SourcePort> {
        self.0.0.source_port
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let Multiplexed { idle_since, .. } = &*self.0;
        *idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What there is for a request over HTTP/2.
pub(super) enum Reserved {
    Stream(Lease),
    /// Somebody makes a connection: wait for the end of that, then ask again.
    Dialing(watch::Receiver<Dialed>),
    /// Nobody does: make one, and tell those who wait.
    Dial(watch::Sender<Dialed>),
}

impl Connections {
    /// The latest used HTTP/1.1 connection.
    pub(super) fn take(&self, to: &Destination) -> Option<Http1> {
        let mut kept = self.kept();
        let idle = &mut kept.by_way.get_mut(&way(&to.transport.line(), to))?.http1;
        while let Some(place) = idle
            .iter()
            .rposition(|idle| idle.server_name == to.server_name)
        {
            let taken = idle.remove(place)?;
            if taken.is_usable() {
                return Some(taken.connection);
            }
        }
        None
    }

    /// Keeps an HTTP/1.1 connection, once its response has come to its end.
    pub(super) fn put_back(self: &Arc<Self>, to: &Destination, mut connection: Http1) {
        let line = to.transport.line();
        let way = way(&line, to);
        let (line, server_name) = (Arc::downgrade(&line), to.server_name.clone());
        if connection.sender.is_ready() {
            // The whole response has come with its head.
            return self.keep_idle(way, line, server_name, connection);
        }
        let connections = Arc::downgrade(self);
        tokio::spawn(async move {
            let ready = connection.sender.ready().await.is_ok();
            if let Some(connections) = connections.upgrade().filter(|_| ready) {
                connections.keep_idle(way, line, server_name, connection);
            }
        });
    }

    fn keep_idle(
        self: &Arc<Self>,
        way: Way,
        line: Weak<Line>,
        server_name: Option<ServerName<'static>>,
        connection: Http1,
    ) {
        if line.strong_count() == 0 {
            return;
        }
        let mut kept = self.kept();
        let bucket = kept.bucket(way, line);
        bucket.http1.push_back(Idle {
            server_name,
            connection,
            since: Instant::now(),
        });
        if bucket.http1.len() > IDLE_CONNECTIONS {
            bucket.http1.pop_front();
        }
        kept.see_to_sweeping(self);
    }

    /// A stream of an HTTP/2 connection, or who makes one.
    pub(super) fn reserve(&self, to: &Destination) -> Reserved {
        let line = to.transport.line();
        let mut kept = self.kept();
        let bucket = kept.bucket(way(&line, to), Arc::downgrade(&line));
        bucket.http2.retain(|connection| connection.is_usable());
        let mut same = bucket
            .http2
            .iter()
            .filter(|connection| connection.server_name == to.server_name);
        if let Some(lease) = same.find_map(Multiplexed::lease) {
            return Reserved::Stream(lease);
        }
        // One that was given up tells nobody how it ended.
        bucket
            .dialing
            .retain(|(_, dialing)| dialing.has_changed().is_ok());
        let mut dialing = bucket.dialing.iter();
        if let Some((_, dialing)) = dialing.find(|(name, _)| *name == to.server_name) {
            return Reserved::Dialing(dialing.clone());
        }
        let (sender, receiver) = watch::channel(None);
        bucket.dialing.push((to.server_name.clone(), receiver));
        Reserved::Dial(sender)
    }

    /// Keeps a new HTTP/2 connection, and takes its first stream. None where the backend takes none.
    pub(super) fn keep(self: &Arc<Self>, to: &Destination, made: Http2) -> Option<Lease> {
        let connection = Arc::new(Multiplexed {
            server_name: to.server_name.clone(),
            sender: made.sender,
            connection: made.connection,
            source_port: made.source_port,
            streams: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
        });
        let lease = connection.lease()?;
        let line = to.transport.line();
        let mut kept = self.kept();
        let bucket = kept.bucket(way(&line, to), Arc::downgrade(&line));
        if bucket.http2.len() >= IDLE_CONNECTIONS {
            let unused = bucket.http2.iter().enumerate();
            let unused = unused.filter(|(_, connection)| !connection.is_used());
            let oldest = unused.min_by_key(|(_, connection)| connection.idle_since());
            let oldest = oldest.map(|(place, _)| place);
            match oldest {
                Some(place) => drop(bucket.http2.swap_remove(place)),
                None => return Some(lease), // used for this request alone
            }
        }
        bucket.http2.push(connection);
        kept.see_to_sweeping(self);
        Some(lease)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn bucket(&mut self, way: Way, line: Weak<Line>) -> &mut Bucket {
        // After a reload, nobody needs those to the same addresses by what was configured before.
        if !self.by_way.contains_key(&way) {
            self.by_way
                .retain(|_, bucket| bucket.line.strong_count() > 0);
        }
        self.by_way.entry(way).or_insert_with(|| Bucket {
            line,
            http1: VecDeque::new(),
            http2: Vec::new(),
            dialing: Vec::new(),
        })
    }

    fn see_to_sweeping(&mut self, connections: &Arc<Connections>) {
        if !self.swept {
            self.swept = true;
            tokio::spawn(sweep(Arc::downgrade(connections)));
        }
    }

    /// Closes what is not used any more, and all of transports that are not configured any more. A request
    /// that is under way has its connection, and ends on it.
    fn prune(&mut self) {
        self.by_way.retain(|_, bucket| {
            if bucket.line.strong_count() == 0 {
                return false;
            }
            bucket.http1.retain(Idle::is_usable);
            bucket.http2.retain(|connection| connection.is_usable());
            bucket
                .dialing
                .retain(|(_, dialing)| dialing.has_changed().is_ok());
            !(bucket.http1.is_empty() && bucket.http2.is_empty() && bucket.dialing.is_empty())
        });
        self.swept = !self.by_way.is_empty();
    }
}

fn way(line: &Line, to: &Destination) -> Way {
    (line.id, to.address)
}

/// Prunes as long as there is anything.
async fn sweep(connections: Weak<Connections>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(connections) = connections.upgrade() else {
            return;
        };
        let mut kept = connections.kept();
        kept.prune();
        if !kept.swept {
            return;
        }
    }
}
