//! How long a test waits for what must happen, instead of for ever.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::now;

/// More than anything here takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Waits for what must happen.
#[track_caller]
pub(crate) fn patiently<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let waited = tokio::time::timeout(LONGEST, Box::pin(future));
    async { waited.await.expect("it did not happen") }
}

/// The patience of a loop that repeats something until it turns out differently.
pub(crate) struct Patience(UnixTime);

impl Patience {
    pub(crate) fn new() -> Self {
        Self(portcullis_test_pki::after(now(), LONGEST.as_secs()))
    }

    /// Waits until the clock shows another second, which is what certificates and answers lapse by.
    pub(crate) async fn next_second(&self) {
        let begun = now();
        assert!(begun < self.0, "it did not happen");
        while now() == begun {
            tokio::time::sleep(TICK).await;
        }
    }
}
