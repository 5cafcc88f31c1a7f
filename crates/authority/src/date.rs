//! Dates between the formats: UnixTime here, `OffsetDateTime` in rcgen, text in the index.

use std::time::Duration;

use rustls_pki_types::UnixTime;
use time::{Date, Month, OffsetDateTime, Time};

use crate::AuthorityError;

/// `time` in the type that rcgen takes, truncated at the year 9999, the last that X.509 can say.
pub(crate) fn offset_date_time(time: UnixTime) -> Result<OffsetDateTime, AuthorityError> {
    let seconds = time.as_secs();
    let error = AuthorityError::Date { seconds };
    let Ok(signed) = i64::try_from(seconds) else {
        return Err(error);
    };
    OffsetDateTime::from_unix_timestamp(signed).map_err(|_| error)
}

/// The moment `duration` after `time`, or as late as can be counted.
pub(crate) fn after(time: UnixTime, duration: Duration) -> UnixTime {
    let seconds = time.as_secs().saturating_add(duration.as_secs());
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// The moment `duration` before `time`, or 1970.
pub(crate) fn before(time: UnixTime, duration: Duration) -> UnixTime {
    let seconds = time.as_secs().saturating_sub(duration.as_secs());
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// `time` as the index has it: `YYMMDDHHMMSSZ` through 2049, with four digits of the year after.
pub(crate) fn to_text(time: UnixTime) -> Result<String, AuthorityError> {
    let at = offset_date_time(time)?;
    let year = if at.year() < 2050 {
        format!("{:02}", at.year() % 100)
    } else {
        at.year().to_string()
    };
    let month = u8::from(at.month());
    let (day, hour, minute, second) = (at.day(), at.hour(), at.minute(), at.second());
    Ok(format!(
        "{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z"
    ))
}

/// The moment that a text of the index names.
pub(crate) fn from_text(text: &str) -> Option<UnixTime> {
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match digits.len() {
        12 => (century(digits.get(..2)?.parse().ok()?), digits.get(2..)?),
        14 => (digits.get(..4)?.parse().ok()?, digits.get(4..)?),
        _ => return None,
    };
    let pair = |at: usize| rest.get(at..)?.get(..2)?.parse::<u8>().ok();
    let month = Month::try_from(pair(0)?).ok()?;
    let date = Date::from_calendar_date(year, month, pair(2)?).ok()?;
    let time = Time::from_hms(pair(4)?, pair(6)?, pair(8)?).ok()?;
    let seconds = u64::try_from(date.with_time(time).assume_utc().unix_timestamp()).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

/// The year of two digits (RFC 5280 section 4.1.2.5.1).
fn century(year: u8) -> i32 {
    let year = i32::from(year);
    if year < 50 {
        year.saturating_add(2000)
    } else {
        year.saturating_add(1900)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_back_from_their_text() {
        for (seconds, text) in [
            (0, "700101000000Z"),
            (1_780_272_000, "260601000000Z"),
            (2_524_607_999, "491231235959Z"),
            (2_524_608_000, "20500101000000Z"),
            (253_402_300_799, "99991231235959Z"),
        ] {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            assert_eq!(to_text(time).unwrap(), text);
            assert_eq!(from_text(text), Some(time));
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Z",
            "260601000000",
            "261301000000Z",
            "260632000000Z",
            "2606010000Z",
            "+60601000000Z",
            "26060100000éZ",
            "690101000000Z",
        ] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }
}
