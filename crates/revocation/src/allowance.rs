use std::time::Duration;

use tokio::time::Instant;

/// Time that several attempts spend one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    began: Instant,
    time: Duration,
}

impl Allowance {
    /// This much, from now on.
    pub(crate) fn new(time: Duration) -> Self {
        Self {
            began: Instant::now(),
            time,
        }
    }

    /// What is left.
    pub(crate) fn left(&self) -> Duration {
        self.time.saturating_sub(self.began.elapsed())
    }

    /// An equal share of what is left for each of so many attempts.
    pub(crate) fn share(&self, attempts: usize) -> Duration {
        let left = self.left();
        u32::try_from(attempts)
            .ok()
            .and_then(|attempts| left.checked_div(attempts))
            .unwrap_or(left)
    }
}
