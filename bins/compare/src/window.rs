//! One scenario at one gateway for a moment, and what it cost.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::{Clients, Connection, PATIENCE, Sender};
use crate::failure::{Failure, Outcome};
use crate::gateway::Gateway;
use crate::load::{Load, Tally};
use crate::measure::Tree;
use crate::pki::Pki;
use crate::scenario::{Scenario, Shape};
use crate::statistics::percentile;

/// How long it is loaded.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// Before anything counts.
    pub(crate) warm: Duration,
    pub(crate) counted: Duration,
}

/// What one window showed.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    /// Operations a CPU second, or KiB a connection when idle; `None` where nothing went well.
    pub(crate) value: Option<f64>,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Operations a second of wall time.
    pub(crate) rate: f64,
    /// Share of one CPU that the gateway used.
    pub(crate) busy: f64,
    pub(crate) errors: u32,
    pub(crate) first_error: Option<Failure>,
}

impl Sample {
    /// Of a window that could not be measured.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self {
            errors: 1,
            first_error: Some(failure),
            ..Self::default()
        }
    }
}

/// Loads it and measures.
pub(crate) async fn loaded(
    gateway: &Gateway,
    shape: Shape,
    span: Span,
    pki: &Pki,
    clients: &Clients,
) -> Outcome<Sample> {
    let configurations: Outcome<Vec<_>> = pki
        .clients
        .iter()
        .map(|client| clients.configuration(Some(client), shape.protocol, shape.memory))
        .collect();
    let load = Load::start(gateway.address, shape, configurations?)?;
    load.ready().await;
    sleep(span.warm).await;
    let tree = Tree::of(gateway.process())?;
    let (start, before) = (Instant::now(), tree.cpu_time()?);
    load.count();
    sleep(span.counted).await;
    load.stop();
    let spent = tree.cpu_time()?.saturating_sub(before);
    let wall = start.elapsed();
    Ok(sample(load.tally().await, spent, wall))
}

fn sample(mut tally: Tally, spent: Duration, wall: Duration) -> Sample {
    tally.latencies.sort_unstable();
    let operations = f64::from(u32::try_from(tally.latencies.len()).unwrap_or(u32::MAX));
    let value = operations / spent.as_secs_f64();
    Sample {
        value: (operations > 0.0 && value.is_finite()).then_some(value),
        p50: percentile(&tally.latencies, 50),
        p99: percentile(&tally.latencies, 99),
        rate: operations / wall.as_secs_f64(),
        busy: spent.as_secs_f64() / wall.as_secs_f64(),
        errors: tally.errors,
        first_error: tally.first_error,
    }
}

/// What each of many connections adds to the memory of a gateway that has just been started, after one request each.
pub(crate) async fn idle(gateway: &Gateway, pki: &Pki, clients: &Clients) -> Outcome<Sample> {
    let first = open_idle(gateway, pki, clients, 0..1).await;
    sleep(SETTLING).await;
    let tree = Tree::of(gateway.process())?;
    let before = tree.memory()?;
    let opened = open_idle(gateway, pki, clients, 0..IDLE).await;
    sleep(SETTLING).await;
    let added = tree.memory()?.saturating_sub(before);
    let connections = u32::try_from(opened.senders.len()).unwrap_or(u32::MAX);
    let value = f64::from(u32::try_from(added).unwrap_or(u32::MAX)) / f64::from(connections);
    Ok(Sample {
        value: value.is_finite().then_some(value),
        errors: first.errors.saturating_add(opened.errors),
        first_error: first.first_error.or(opened.first_error),
        ..Sample::default()
    })
}

/// How many connections are left idle.
const IDLE: usize = 500;

/// How many are opened at a time.
const OPENING: usize = 16;

/// What a gateway is given to put away what it needed for the handshakes.
pub(crate) const SETTLING: Duration = Duration::from_millis(500);

/// Connections that stay open, and those that did not come to be.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) senders: Vec<Sender>,
    pub(crate) errors: u32,
    pub(crate) first_error: Option<Failure>,
}

impl Opened {
    fn add(&mut self, result: Outcome<Sender>) {
        match result {
            Ok(sender) => self.senders.push(sender),
            Err(failure) => {
                self.errors = self.errors.saturating_add(1);
                self.first_error.get_or_insert(failure);
            }
        }
    }
}

/// One request each, and then nothing.
pub(crate) async fn open_idle(
    gateway: &Gateway,
    pki: &Pki,
    clients: &Clients,
    numbers: std::ops::Range<usize>,
) -> Opened {
    let shape = Scenario::Idle.shape();
    let mut opened = Opened::default();
    let mut opening = JoinSet::new();
    for (_, client) in numbers.zip(pki.clients.iter().cycle()) {
        if opening.len() >= OPENING
            && let Some(Ok(result)) = opening.join_next().await
        {
            opened.add(result);
        }
        match clients.configuration(Some(client), shape.protocol, shape.memory) {
            Ok(tls) => {
                let (address, shape) = (gateway.address, shape.clone());
                opening.spawn(async move {
                    timeout(PATIENCE, ask_once(address, &tls, &shape))
                        .await
                        .unwrap_or_else(|_| Err(Failure::new("no answer in time")))
                });
            }
            Err(failure) => opened.add(Err(failure)),
        }
    }
    for result in opening.join_all().await {
        opened.add(result);
    }
    opened
}

async fn ask_once(
    address: std::net::SocketAddr,
    tls: &std::sync::Arc<rustls::ClientConfig>,
    shape: &Shape,
) -> Outcome<Sender> {
    let mut connection = Connection::open(address, tls).await?;
    let (status, _) = connection.sender.ask(&shape.question).await?;
    if status.is_success() {
        return Ok(connection.sender);
    }
    Err(Failure::new(format!("answered {status}")))
}
