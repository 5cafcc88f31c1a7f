//! Measures how long connecting to backends takes.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::Instant;

use super::shards::{Shards, lock};
use super::tally::Durations;

/// How long connections to backends took to be made, by core; those that failed are not among them.
#[derive(Debug)]
pub(crate) struct Connects(Shards<Mutex<Durations>>);

impl Connects {
    pub(super) fn new(cores: NonZeroUsize) -> Self {
        Self(Shards::new(cores))
    }

    /// Waits for a connection, and counts it.
    pub(crate) async fn measure<T, E>(
        &self,
        connecting: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let connected = connecting.await;
        if connected.is_ok() {
            lock(self.0.own()).observe(started.elapsed());
        }
        connected
    }

    pub(super) fn sum(&self) -> Durations {
        let mut sum = Durations::default();
        for shard in self.0.iter() {
            sum.add(&lock(shard));
        }
        sum
    }
}
