//! What a certificate says, in the words and formats that backends read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a client certificate says, as the plain strings of the server variables.
///
/// [`escape_pem`], [`date`] and [`fingerprint`] write three of the formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The leaf as percent-encoded PEM, see [`escape_pem`].
    pub pem_escaped: String,
    /// The subject as an RFC 4514 string: most specific first, `CN=x,O=y`.
    pub subject: String,
    /// The issuer as an RFC 4514 string.
    pub issuer: String,
    /// The serial number in upper-case hexadecimal without separators.
    pub serial: String,
    /// The SHA-1 hash of the certificate, see [`fingerprint`].
    pub fingerprint_sha1: String,
    /// The first second of validity, see [`date`].
    pub not_before: String,
    /// The last second of validity, see [`date`].
    pub not_after: String,
}

/// Octets of one line of PEM before encoding: 64 characters of base64 (RFC 7468 section 2).
const LINE: usize = 48;

/// What stays as it is: the unreserved marks of ECMAScript's `encodeURIComponent`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A DER certificate as percent-encoded PEM, the form of `client_certificate`.
///
/// Lines of 64 characters, a line feed after the last one, and everything that
/// `encodeURIComponent` would escape escaped: space `%20`, line feed `%0A`, `+` `%2B`, `/` `%2F`,
/// `=` `%3D`. As no `+` is left, a form decoder reads it as well as a URL decoder.
pub fn escape_pem(der: &[u8]) -> String {
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in der.chunks(LINE) {
        STANDARD.encode_string(line, &mut pem);
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    utf8_percent_encode(&pem, COMPONENT).to_string()
}

/// A SHA-1 hash as 40 lower-case hexadecimal digits without separators.
pub fn fingerprint(sha1: &[u8; 20]) -> String {
    sha1.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A time in seconds since 1970 as OpenSSL prints one: `Feb  2 08:49:43 2074 GMT`.
///
/// The day is padded with a space. Years past 9999, which no certificate can carry, are printed as
/// they are.
pub fn date(unix_seconds: u64) -> String {
    let (year, month, day) = civil(unix_seconds / 86_400);
    let name = MONTHS
        .get(usize::try_from(month).unwrap_or_default())
        .unwrap_or(&"");
    let (hour, minute, second) = (
        unix_seconds / 3_600 % 24,
        unix_seconds / 60 % 60,
        unix_seconds % 60,
    );
    format!("{name} {day:2} {hour:02}:{minute:02}:{second:02} {year} GMT")
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Days since 1970 as year, month (0 is January) and day, in the proleptic Gregorian calendar.
///
/// Counts from 1 March of year 0 in eras of 400 years, so that the leap day ends a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = (day_of_era / 1_460)
        .saturating_add(day_of_era / 146_096)
        .saturating_sub(day_of_era / 36_524);
    let year_of_era = day_of_era.saturating_sub(leap_days) / 365;
    let before_year = (year_of_era.saturating_mul(365))
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100);
    let day_of_year = day_of_era.saturating_sub(before_year);
    let march_month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let before_month = march_month.saturating_mul(153).saturating_add(2) / 5;
    let day = day_of_year.saturating_sub(before_month).saturating_add(1);
    let month = march_month.saturating_add(2) % 12;
    let carried = u64::from(march_month >= 10);
    let year = era
        .saturating_mul(400)
        .saturating_add(year_of_era)
        .saturating_add(carried);
    (year, month, day)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Facts of a certificate that was never issued.
    pub(crate) fn facts() -> CertificateFacts {
        CertificateFacts {
            pem_escaped: escape_pem(&[0x30, 0x00]),
            subject: "CN=client,O=Contoso".into(),
            issuer: "CN=Contoso Issuing CA".into(),
            serial: "0A1B".into(),
            fingerprint_sha1: fingerprint(&[0xAB; 20]),
            not_before: date(0),
            not_after: date(3_284_786_983),
        }
    }

    #[test]
    fn a_date_reads_as_openssl_prints_it() {
        for (seconds, text) in [
            (0, "Jan  1 00:00:00 1970 GMT"),
            (951_782_400, "Feb 29 00:00:00 2000 GMT"),
            (951_868_799, "Feb 29 23:59:59 2000 GMT"),
            (951_868_800, "Mar  1 00:00:00 2000 GMT"),
            (3_284_786_983, "Feb  2 08:49:43 2074 GMT"),
            (4_107_542_399, "Feb 28 23:59:59 2100 GMT"),
            (4_107_542_400, "Mar  1 00:00:00 2100 GMT"),
            (4_948_909_243, "Oct 29 01:00:43 2126 GMT"),
            (253_402_300_799, "Dec 31 23:59:59 9999 GMT"),
        ] {
            assert_eq!(date(seconds), text);
        }
        date(u64::MAX);
    }

    /// The calendar counted day by day through one whole era of 400 years and more.
    #[test]
    fn every_day_follows_the_day_before() {
        let (mut year, mut month, mut day) = (1970, 0, 1);
        for days in 0..150_000 {
            assert_eq!(civil(days), (year, month, day));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                1 => 28 + u64::from(leap),
                3 | 5 | 8 | 10 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month == 12 {
                (year, month) = (year + 1, 0);
            }
        }
    }
}
