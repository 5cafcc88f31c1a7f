//! The two time types, in the one form each that RFC 5280 section 4.1.2.5 allows.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::Error;

pub(super) fn utc(content: &[u8]) -> Result<UnixTime, Error> {
    let (year, rest) = content.split_first_chunk::<2>().ok_or(Error::Time)?;
    let year = u64::from(two_digits(year)?);
    // RFC 5280 section 4.1.2.5.1: 50 to 99 are 19YY, 00 to 49 are 20YY.
    let century = if year >= 50 { 1900 } else { 2000 };
    moment(year.saturating_add(century), rest)
}

pub(super) fn generalized(content: &[u8]) -> Result<UnixTime, Error> {
    let ([a, b, c, d], rest) = content.split_first_chunk::<4>().ok_or(Error::Time)?;
    let century = u64::from(two_digits(&[*a, *b])?);
    let year = u64::from(two_digits(&[*c, *d])?);
    moment(century.saturating_mul(100).saturating_add(year), rest)
}

/// `MMDDHHMMSSZ` of this year.
fn moment(year: u64, rest: &[u8]) -> Result<UnixTime, Error> {
    let [m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'] = *rest else {
        return Err(Error::Time);
    };
    let month = two_digits(&[m1, m2])?;
    let day = two_digits(&[d1, d2])?;
    let hour = two_digits(&[h1, h2])?;
    let minute = two_digits(&[n1, n2])?;
    let second = two_digits(&[s1, s2])?;
    if day == 0 || day > days_in(month, year)? || hour > 23 || minute > 59 || second > 59 {
        return Err(Error::Time);
    }
    let days = days_before_year(year)
        .saturating_add(days_before_month(month, year))
        .saturating_add(u64::from(day).saturating_sub(1));
    let seconds = days
        .saturating_mul(24)
        .saturating_add(u64::from(hour))
        .saturating_mul(60)
        .saturating_add(u64::from(minute))
        .saturating_mul(60)
        .saturating_add(u64::from(second));
    let epoch = days_before_year(1970).saturating_mul(86_400);
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(
        seconds.saturating_sub(epoch),
    )))
}

fn two_digits(digits: &[u8; 2]) -> Result<u8, Error> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 {
        return Err(Error::Time);
    }
    Ok(tens.saturating_mul(10).saturating_add(ones))
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(month: u8, year: u64) -> Result<u8, Error> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Ok(31),
        4 | 6 | 9 | 11 => Ok(30),
        2 if is_leap(year) => Ok(29),
        2 => Ok(28),
        _ => Err(Error::Time),
    }
}

/// Days between the first of January of year 1 and of `year`, in the proleptic Gregorian calendar.
const fn days_before_year(year: u64) -> u64 {
    let years = year.saturating_sub(1);
    years
        .saturating_mul(365)
        .saturating_add(years / 4)
        .saturating_sub(years / 100)
        .saturating_add(years / 400)
}

fn days_before_month(month: u8, year: u64) -> u64 {
    let days = match month {
        0 | 1 => return 0,
        2 => return 31,
        3 => 59,
        4 => 90,
        5 => 120,
        6 => 151,
        7 => 181,
        8 => 212,
        9 => 243,
        10 => 273,
        11 => 304,
        _ => 334_u64,
    };
    days.saturating_add(u64::from(is_leap(year)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_have_their_unix_time() {
        for (text, seconds) in [
            ("700101000000Z", 0),
            ("700101000001Z", 1),
            ("000229235959Z", 951_868_799),
            ("491231235959Z", 2_524_607_999),
            ("500101000000Z", 0),
        ] {
            assert_eq!(
                utc(text.as_bytes()).map(|time| time.as_secs()),
                Ok(seconds),
                "{text}"
            );
        }
        for (text, seconds) in [
            ("20500101000000Z", 2_524_608_000),
            ("99991231235959Z", 253_402_300_799),
            ("20380119031408Z", 2_147_483_648),
            ("21000301000000Z", 4_107_542_400),
            ("19691231235959Z", 0),
            ("00000101000000Z", 0),
        ] {
            assert_eq!(
                generalized(text.as_bytes()).map(|time| time.as_secs()),
                Ok(seconds),
                "{text}"
            );
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in [
            "",
            "Z",
            "7001010000Z",
            "700101000000",
            "700101000000+0000",
            "7001010000000Z",
            "701301000000Z",
            "700001000000Z",
            "700100000000Z",
            "700132000000Z",
            "010229000000Z",
            "700101240000Z",
            "700101006000Z",
            "700101000060Z",
            "70010100000aZ",
            "700101000000z",
            "-00101000000Z",
        ] {
            assert_eq!(utc(text.as_bytes()), Err(Error::Time), "{text}");
        }
        for text in [
            "20500101000000.5Z",
            "20500101000000",
            "205001010000Z",
            "21000229000000Z",
        ] {
            assert_eq!(generalized(text.as_bytes()), Err(Error::Time), "{text}");
        }
    }
}
