use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

/// A moment as RFC 3339 writes it.
pub(crate) struct Moment(pub(crate) UnixTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match der::DateTime::from_unix_duration(Duration::from_secs(self.0.as_secs())) {
            Ok(date_time) => date_time.fmt(f),
            Err(_) => write!(f, "{} s after 1970", self.0.as_secs()),
        }
    }
}
