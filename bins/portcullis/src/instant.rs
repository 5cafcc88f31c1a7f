//! Instants as people and scripts write them: RFC 3339, in UTC.

use std::time::Duration;

use rustls_pki_types::UnixTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads `2027-01-31T12:00:00Z`; for clap, hence the text.
pub(crate) fn parse(text: &str) -> Result<UnixTime, String> {
    let instant = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "expected RFC 3339, for example 2027-01-31T12:00:00Z".to_owned())?;
    let seconds = u64::try_from(instant.unix_timestamp())
        .map_err(|_| "expected an instant after 1970".to_owned())?;
    Ok(from_seconds(seconds))
}

/// The instant so many seconds after the epoch.
pub(crate) fn from_seconds(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// `2027-01-31T12:00:00Z`; an instant past the year 9999 is shown as seconds.
pub(crate) fn show(instant: UnixTime) -> String {
    let seconds = instant.as_secs();
    let date = i64::try_from(seconds)
        .ok()
        .and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
    let text = date.and_then(|date| date.format(&Rfc3339).ok());
    text.unwrap_or_else(|| format!("@{seconds}"))
}
