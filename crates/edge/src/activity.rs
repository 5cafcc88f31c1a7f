//! Whether anything happens on a connection that its client has to do with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::Stopwatch;

/// When something last happened on a connection.
///
/// Answering pings is not something: a client that keeps a connection open for nothing can do that
/// for ever. Waiting for a backend is, as long as it lasts; backends have limits of their own.
pub(crate) struct Activity {
    pulse: Pulse,
    /// Requests whose next step is a backend's.
    on_backends: AtomicUsize,
    /// Requests that are under way.
    under_way: AtomicUsize,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            pulse: Pulse::new(),
            on_backends: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
        })
    }

    /// Something happened.
    pub(crate) fn touch(&self) {
        self.pulse.beat();
    }

    /// Whether it is a backend that is waited for.
    pub(crate) fn awaits_backend(&self) -> bool {
        self.on_backends.load(Ordering::Relaxed) > 0
    }

    /// For how long it is the client who does nothing: nothing for as long as a backend is waited for.
    pub(crate) fn quiet(&self) -> Duration {
        if self.awaits_backend() {
            return Duration::ZERO;
        }
        self.pulse.quiet()
    }

    /// Returns when no request has been under way for `limit`.
    pub(crate) async fn rests_for(&self, limit: Duration) {
        loop {
            let left = match self.under_way.load(Ordering::Relaxed) {
                0 => limit.saturating_sub(self.pulse.quiet()),
                _ => limit,
            };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }

    /// Returns when the client has done nothing for `limit`.
    pub(crate) async fn quiet_for(&self, limit: Duration) {
        while let Some(left) = limit
            .checked_sub(self.quiet())
            .filter(|left| !left.is_zero())
        {
            tokio::time::sleep(left).await;
        }
    }
}

/// When something last happened, told by whoever does it and read by whoever waits.
pub(crate) struct Pulse {
    started: Instant,
    /// Milliseconds from the start to the latest beat.
    latest: AtomicU64,
}

impl Pulse {
    /// Something happened just now.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            latest: AtomicU64::new(0),
        }
    }

    pub(crate) fn beat(&self) {
        let elapsed = self.started.elapsed().as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        self.latest.store(elapsed, Ordering::Relaxed);
    }

    /// For how long nothing has happened.
    pub(crate) fn quiet(&self) -> Duration {
        let latest = Duration::from_millis(self.latest.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(latest)
    }
}

/// One request on its way: says whose turn it is, and that something happened when it ends.
pub(crate) struct InFlight {
    activity: Arc<Activity>,
    turn: Turn,
    /// Measures the request, where it is counted.
    stopwatch: Option<Stopwatch>,
}

/// Whose next step is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Client,
    Backend,
}

impl InFlight {
    /// A request that has just come.
    pub(crate) fn new(activity: &Arc<Activity>) -> Self {
        activity.touch();
        activity.under_way.fetch_add(1, Ordering::Relaxed);
        Self {
            activity: Arc::clone(activity),
            turn: Turn::Client,
            stopwatch: None,
        }
    }

    /// What measures the request until it ends.
    pub(crate) fn measured_by(&mut self, stopwatch: Option<Stopwatch>) {
        self.stopwatch = stopwatch;
    }

    pub(crate) fn turn(&mut self, turn: Turn) {
        let on_backends = &self.activity.on_backends;
        match (self.turn, turn) {
            (Turn::Client, Turn::Backend) => {
                on_backends.fetch_add(1, Ordering::Relaxed);
            }
            (Turn::Backend, Turn::Client) => {
                on_backends.fetch_sub(1, Ordering::Relaxed);
                self.activity.touch();
            }
            _ => {}
        }
        self.turn = turn;
    }

    pub(crate) fn touch(&self) {
        self.activity.touch();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.turn(Turn::Client);
        self.touch();
        self.activity.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_nothing_is_quiet() {
        let activity = Activity::new();
        let begun = Instant::now();
        activity.quiet_for(Duration::from_secs(75)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(75));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_backend_is_not_the_client_s_silence() {
        let activity = Activity::new();
        let mut request = InFlight::new(&activity);
        request.turn(Turn::Backend);
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(activity.quiet(), Duration::ZERO);
        request.turn(Turn::Client);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(activity.quiet(), Duration::from_secs(10));
        drop(request);
        assert_eq!(activity.quiet(), Duration::ZERO);
    }
}
