//! The load: threads full of clients, for one window of time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use http::StatusCode;
use rustls::ClientConfig;
use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::{Connection, Memory, PATIENCE, Sender};
use crate::failure::{Failure, Outcome};
use crate::scenario::{Connections, Shape};

/// What clients saw in a window.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How long each operation took that ended in the window.
    pub(crate) latencies: Vec<Duration>,
    /// Operations that failed, at any time.
    pub(crate) errors: u32,
    pub(crate) first_error: Option<Failure>,
}

/// Clients at work, one group a thread.
pub(crate) struct Load {
    stage: Arc<AtomicU8>,
    ready: Arc<Barrier>,
    tallies: mpsc::UnboundedReceiver<Tally>,
}

/// What every client of a load knows.
struct Job {
    address: SocketAddr,
    shape: Shape,
    configurations: Vec<Arc<ClientConfig>>,
    stage: Arc<AtomicU8>,
    ready: Arc<Barrier>,
}

/// Operations are not counted yet, are counted, are to end.
const WARM: u8 = 0;
const COUNTING: u8 = 1;
const OVER: u8 = 2;

/// After an error, before the next connection.
const PAUSE: Duration = Duration::from_millis(10);

impl Load {
    /// Starts as many threads as there are CPUs for them.
    pub(crate) fn start(
        address: SocketAddr,
        shape: Shape,
        configurations: Vec<Arc<ClientConfig>>,
    ) -> Outcome<Self> {
        let lanes = shape.connections.lanes();
        let stage = Arc::new(AtomicU8::new(WARM));
        let ready = Arc::new(Barrier::new(lanes.saturating_add(1)));
        let (sender, tallies) = mpsc::unbounded_channel();
        let job = Arc::new(Job {
            address,
            shape,
            configurations,
            stage: Arc::clone(&stage),
            ready: Arc::clone(&ready),
        });
        let threads = thread::available_parallelism()?.get().min(lanes);
        for first in 0..threads {
            let (job, sender) = (Arc::clone(&job), sender.clone());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let lanes = (first..lanes).step_by(threads);
            thread::Builder::new()
                .name("load".to_owned())
                .spawn(move || runtime.block_on(run_lanes(&job, lanes, &sender)))?;
        }
        Ok(Self {
            stage,
            ready,
            tallies,
        })
    }

    /// When every client is connected, or has failed to be.
    pub(crate) async fn ready(&self) {
        self.ready.wait().await;
    }

    pub(crate) fn count(&self) {
        self.stage.store(COUNTING, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.stage.store(OVER, Ordering::Relaxed);
    }

    /// What all saw, when all have ended.
    pub(crate) async fn tally(mut self) -> Tally {
        let mut sum = Tally::default();
        while let Some(tally) = self.tallies.recv().await {
            sum.add(tally);
        }
        sum
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.errors = self.errors.saturating_add(other.errors);
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn fail(&mut self, failure: Failure) {
        self.errors = self.errors.saturating_add(1);
        self.first_error.get_or_insert(failure);
    }
}

async fn run_lanes(
    job: &Arc<Job>,
    lanes: impl Iterator<Item = usize>,
    tallies: &mpsc::UnboundedSender<Tally>,
) {
    let mut running = JoinSet::new();
    for lane in lanes {
        let job = Arc::clone(job);
        running.spawn(async move {
            match job.shape.connections {
                Connections::Fresh { .. } => job.fresh(lane).await,
                Connections::Kept { streams, .. } => job.kept(lane, streams).await,
            }
        });
    }
    for tally in running.join_all().await {
        let _ = tallies.send(tally);
    }
}

impl Job {
    fn stage(&self) -> u8 {
        self.stage.load(Ordering::Relaxed)
    }

    /// The clients of one lane: nobody else uses their tickets.
    fn clients(&self, lane: usize) -> impl Iterator<Item = &Arc<ClientConfig>> + Clone {
        let lanes = self.shape.connections.lanes();
        self.configurations.iter().skip(lane).step_by(lanes)
    }

    async fn fresh(&self, lane: usize) -> Tally {
        let mut tally = Tally::default();
        if self.shape.memory == Memory::Tickets {
            for tls in self.clients(lane) {
                if let Err(failure) = within(self.connect_and_ask(tls)).await {
                    tally.fail(failure);
                }
            }
        }
        self.ready.wait().await;
        for tls in self.clients(lane).cycle() {
            if self.stage() == OVER {
                break;
            }
            let begun = Instant::now();
            let resumed = within(self.connect_and_ask(tls)).await;
            let result = resumed.and_then(|resumed| self.check_resumption(resumed));
            if !self.record(result, begun, &mut tally) {
                sleep(PAUSE).await;
            }
        }
        tally
    }

    async fn connect_and_ask(&self, tls: &Arc<ClientConfig>) -> Outcome<bool> {
        let mut connection = Connection::open(self.address, tls).await?;
        self.ask(&mut connection.sender).await?;
        Ok(connection.resumed)
    }

    fn check_resumption(&self, resumed: bool) -> Outcome<()> {
        if resumed == (self.shape.memory == Memory::Tickets) {
            return Ok(());
        }
        Err(Failure::new("not resumed"))
    }

    async fn kept(self: Arc<Self>, lane: usize, streams: usize) -> Tally {
        let mut tally = Tally::default();
        let Some(tls) = self.clients(lane).next() else {
            self.ready.wait().await;
            return tally;
        };
        let mut opened = within(Connection::open(self.address, tls)).await;
        self.ready.wait().await;
        while self.stage() != OVER {
            match opened {
                Ok(connection) => {
                    let mut running = JoinSet::new();
                    for sender in connection.sender.streams(streams) {
                        running.spawn(Arc::clone(&self).stream(sender));
                    }
                    for part in running.join_all().await {
                        tally.add(part);
                    }
                }
                Err(failure) => tally.fail(failure),
            }
            if self.stage() == OVER {
                break;
            }
            sleep(PAUSE).await;
            opened = within(Connection::open(self.address, tls)).await;
        }
        tally
    }

    /// Asks until it is over or an error ends the connection.
    async fn stream(self: Arc<Self>, mut sender: Sender) -> Tally {
        let mut tally = Tally::default();
        while self.stage() != OVER {
            let begun = Instant::now();
            let result = within(self.ask(&mut sender)).await;
            if !self.record(result, begun, &mut tally) {
                break;
            }
        }
        tally
    }

    async fn ask(&self, sender: &mut Sender) -> Outcome<()> {
        let (status, length) = sender.ask(&self.shape.question).await?;
        if status == StatusCode::OK && length == self.shape.answer {
            return Ok(());
        }
        Err(Failure::new(format!(
            "answered {status} with {length} bytes"
        )))
    }

    /// Whether it went well.
    fn record(&self, result: Outcome<()>, begun: Instant, tally: &mut Tally) -> bool {
        match result {
            Ok(()) if self.stage() == COUNTING => tally.latencies.push(begun.elapsed()),
            Ok(()) => {}
            Err(failure) => {
                tally.fail(failure);
                return false;
            }
        }
        true
    }
}

async fn within<T>(step: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    timeout(PATIENCE, step)
        .await
        .map_err(|_| Failure::new("no answer in time"))?
}
