//! What is counted for each listener.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::shards::{Shards, lock};
use super::tally::{Durations, Tally};

/// The counters of one listener. They belong to its name: one that a reload replaces by another of the same
/// name counts on.
#[derive(Debug)]
pub(crate) struct ListenerCounts {
    shards: Shards<Shard>,
}

#[derive(Debug, Default)]
struct Shard {
    counts: Mutex<Counts>,
    received: AtomicU64,
    sent: AtomicU64,
}

/// What is counted, of one core or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// By class of status and by reason.
    pub(crate) requests: Tally<(&'static str, &'static str)>,
    /// From the head of a request to the end of its response.
    pub(crate) requests_took: Durations,
    /// From the begin of forwarding a request to the head of the response.
    pub(crate) first_bytes_took: Durations,
    /// By version, and whether a session was resumed.
    pub(crate) handshakes: Tally<(&'static str, &'static str)>,
    /// By outcome, class and code.
    pub(crate) verifications: Tally<(&'static str, &'static str, &'static str)>,
    /// Octets of HTTP, from clients and to them.
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl ListenerCounts {
    pub(super) fn new(cores: NonZeroUsize) -> Self {
        Self {
            shards: Shards::new(cores),
        }
    }

    /// Counts something of the core that asks.
    pub(crate) fn count(&self, what: impl FnOnce(&mut Counts)) {
        what(&mut lock(&self.shards.own().counts));
    }

    pub(super) fn received(&self, octets: usize) {
        add(&self.shards.own().received, octets);
    }

    pub(super) fn sent(&self, octets: usize) {
        add(&self.shards.own().sent, octets);
    }

    /// Everything that all cores counted.
    pub(super) fn sum(&self) -> Counts {
        let mut sum = Counts::default();
        for shard in self.shards.iter() {
            let one = lock(&shard.counts).clone();
            sum.requests.add(&one.requests);
            sum.requests_took.add(&one.requests_took);
            sum.first_bytes_took.add(&one.first_bytes_took);
            sum.handshakes.add(&one.handshakes);
            sum.verifications.add(&one.verifications);
            let (received, sent) = (&shard.received, &shard.sent);
            sum.received = sum
                .received
                .saturating_add(received.load(Ordering::Relaxed));
            sum.sent = sum.sent.saturating_add(sent.load(Ordering::Relaxed));
        }
        sum
    }
}

fn add(counter: &AtomicU64, octets: usize) {
    let octets = u64::try_from(octets).unwrap_or(u64::MAX);
    counter.fetch_add(octets, Ordering::Relaxed);
}

/// Measures one request, until it is dropped with the end of the response.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    counts: Arc<ListenerCounts>,
    started: Instant,
}

impl Stopwatch {
    pub(super) fn new(counts: &Arc<ListenerCounts>, started: Instant) -> Self {
        Self {
            counts: Arc::clone(counts),
            started,
        }
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        self.counts
            .count(|counts| counts.requests_took.observe(took));
    }
}

/// `2xx` and its kin.
pub(super) fn class(status: http::StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "other",
    }
}

/// How long a backend took to begin its response.
pub(super) fn first_byte(counts: &ListenerCounts, took: Duration) {
    counts.count(|counts| counts.first_bytes_took.observe(took));
}
