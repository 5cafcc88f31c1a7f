use std::time::Duration;

use rustls_pki_types::UnixTime;

/// The moment so long after another, in whole seconds.
pub(crate) fn later(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        time.as_secs().saturating_add(by.as_secs()),
    ))
}
