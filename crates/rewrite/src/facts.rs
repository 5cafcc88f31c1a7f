//! What a certificate says, in the words and formats that backends read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a client certificate says, as the plain strings of the server variables.
///
/// [`escape_pem`], [`date`], [`fingerprint`] and the other functions of this module write the formats.
/// What is left empty is told to nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Both ends of validity as AWS writes them, see [`validity`].
    pub validity: String,
    /// Whole days until the end of validity, see [`days_left`].
    pub days_left: String,
    /// The DER of the leaf in base64, see [`base64()`].
    pub der: String,
    /// The SHA-256 hash of the certificate, see [`hexadecimal`].
    pub fingerprint_sha256: String,
    /// The SHA-256 hash of the subject public key info, see [`hexadecimal`].
    pub spki_sha256: String,
    /// The alternative names, by their kinds.
    pub names: AlternativeNames,
    /// The SPIFFE ID, where the certificate is that of a workload (X.509-SVID section 2).
    pub spiffe_id: String,
    /// The DER of the authorities of the proven path in base64, the issuer of the leaf first, without
    /// the anchor.
    pub issuers: Vec<String>,
    /// The proven path without its anchor as percent-encoded PEM, the leaf first.
    pub chain_escaped: String,
    /// `good`, or the code of the failure that was tolerated. Empty where nobody was asked.
    pub revocation_status: String,
}

/// The alternative names of a certificate as they stand in it, whatever characters that are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlternativeNames {
    /// `dNSName`
    pub dns: Vec<String>,
    /// `rfc822Name`
    pub email: Vec<String>,
    /// `uniformResourceIdentifier`
    pub uri: Vec<String>,
    /// `otherName` that are user principal names.
    pub upn: Vec<String>,
    /// `iPAddress`, as text.
    pub ip: Vec<String>,
}

/// One field of [`CertificateFacts`]. Those that neither [rules](crate::RuleSet::facts) nor
/// [identity headers](crate::IdentityFormat::facts) ask for need not be written out for every client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// [`CertificateFacts::pem_escaped`]
    PemEscaped,
    /// [`CertificateFacts::subject`]
    Subject,
    /// [`CertificateFacts::issuer`]
    Issuer,
    /// [`CertificateFacts::serial`]
    Serial,
    /// [`CertificateFacts::fingerprint_sha1`]
    FingerprintSha1,
    /// [`CertificateFacts::not_before`]
    NotBefore,
    /// [`CertificateFacts::not_after`]
    NotAfter,
    /// [`CertificateFacts::validity`]
    Validity,
    /// [`CertificateFacts::days_left`]
    DaysLeft,
    /// [`CertificateFacts::der`]
    Der,
    /// [`CertificateFacts::fingerprint_sha256`]
    FingerprintSha256,
    /// [`CertificateFacts::spki_sha256`]
    SpkiSha256,
    /// [`CertificateFacts::names`]
    Names,
    /// [`CertificateFacts::spiffe_id`]
    SpiffeId,
    /// [`CertificateFacts::issuers`]
    Issuers,
    /// [`CertificateFacts::chain_escaped`]
    ChainEscaped,
    /// [`CertificateFacts::revocation_status`]
    RevocationStatus,
}

/// Octets of one line of PEM before encoding: 64 characters of base64 (RFC 7468 section 2).
const LINE: usize = 48;

/// Characters of such a line.
const TEXT: usize = 64;

/// What encloses the lines, escaped.
const BEGIN: &str = "-----BEGIN%20CERTIFICATE-----%0A";
const END: &str = "-----END%20CERTIFICATE-----%0A";

/// A DER certificate as percent-encoded PEM, the form of `client_certificate`.
///
/// Lines of 64 characters, a line feed after the last one, and everything that
/// `encodeURIComponent` would escape escaped: space `%20`, line feed `%0A`, `+` `%2B`, `/` `%2F`,
/// `=` `%3D`. As no `+` is left, a form decoder reads it as well as a URL decoder.
pub fn escape_pem(der: &[u8]) -> String {
    let mut escaped = String::with_capacity(
        BEGIN
            .len()
            .saturating_add(der.len().saturating_mul(3) / 2)
            .saturating_add(END.len()),
    );
    escaped.push_str(BEGIN);
    let mut text = [0; TEXT];
    for line in der.chunks(LINE) {
        let length = STANDARD.encode_slice(line, &mut text).unwrap_or_default();
        for letter in text.iter().take(length) {
            match letter {
                b'+' => escaped.push_str("%2B"),
                b'/' => escaped.push_str("%2F"),
                b'=' => escaped.push_str("%3D"),
                letter => escaped.push(char::from(*letter)),
            }
        }
        escaped.push_str("%0A");
    }
    escaped.push_str(END);
    escaped
}

/// A SHA-1 hash as 40 lower-case hexadecimal digits without separators.
pub fn fingerprint(sha1: &[u8; 20]) -> String {
    hexadecimal(sha1)
}

/// Octets as lower-case hexadecimal digits without separators.
pub fn hexadecimal(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    let mut digits = String::with_capacity(octets.len().saturating_mul(2));
    for octet in octets {
        digits.push(digit(octet >> 4));
        digits.push(digit(octet & 0x0f));
    }
    digits
}

/// Octets in base64 with padding (RFC 4648 section 4), on one line.
pub fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// `NotBefore=2023-09-21T01:50:17Z;NotAfter=2024-09-20T01:50:17Z`, of seconds since 1970.
pub fn validity(not_before: u64, not_after: u64) -> String {
    format!(
        "NotBefore={};NotAfter={}",
        iso_date(not_before),
        iso_date(not_after)
    )
}

fn iso_date(unix_seconds: u64) -> String {
    let (year, month, day) = civil(unix_seconds / 86_400);
    let month = month.saturating_add(1);
    let (hour, minute, second) = time_of_day(unix_seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Whole days from `now` to the last second of validity: `0` on the last day and ever after.
pub fn days_left(not_after: u64, now: u64) -> String {
    (not_after.saturating_sub(now) / 86_400).to_string()
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
    let (hour, minute, second) = time_of_day(unix_seconds);
    format!("{name} {day:2} {hour:02}:{minute:02}:{second:02} {year} GMT")
}

fn time_of_day(unix_seconds: u64) -> (u64, u64, u64) {
    (
        unix_seconds / 3_600 % 24,
        unix_seconds / 60 % 60,
        unix_seconds % 60,
    )
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
            validity: validity(0, 3_284_786_983),
            days_left: days_left(3_284_786_983, 3_284_700_000),
            der: base64(&[0x30, 0x00]),
            fingerprint_sha256: hexadecimal(&[0xCD; 32]),
            spki_sha256: hexadecimal(&[0xEF; 32]),
            names: AlternativeNames {
                dns: vec!["a.contoso.com".into(), "b.contoso.com".into()],
                email: vec!["alice@contoso.com".into()],
                uri: vec!["spiffe://contoso.com/billing".into()],
                ip: vec!["192.0.2.1".into(), "2001:db8::1".into()],
                upn: vec!["alice@corp.contoso.com".into()],
            },
            spiffe_id: "spiffe://contoso.com/billing".into(),
            issuers: vec![base64(&[0x31, 0x00]), base64(&[0xFF; 5])],
            chain_escaped: [&[0x30, 0x00], &[0x31, 0x00]]
                .map(|der| escape_pem(der))
                .concat(),
            revocation_status: "good".into(),
        }
    }

    /// The same with nothing but these.
    pub(crate) fn only(facts: &CertificateFacts, wanted: &[Fact]) -> CertificateFacts {
        let text = |fact, text: &str| match wanted.contains(&fact) {
            true => text.to_owned(),
            false => String::new(),
        };
        CertificateFacts {
            pem_escaped: text(Fact::PemEscaped, &facts.pem_escaped),
            subject: text(Fact::Subject, &facts.subject),
            issuer: text(Fact::Issuer, &facts.issuer),
            serial: text(Fact::Serial, &facts.serial),
            fingerprint_sha1: text(Fact::FingerprintSha1, &facts.fingerprint_sha1),
            not_before: text(Fact::NotBefore, &facts.not_before),
            not_after: text(Fact::NotAfter, &facts.not_after),
            validity: text(Fact::Validity, &facts.validity),
            days_left: text(Fact::DaysLeft, &facts.days_left),
            der: text(Fact::Der, &facts.der),
            fingerprint_sha256: text(Fact::FingerprintSha256, &facts.fingerprint_sha256),
            spki_sha256: text(Fact::SpkiSha256, &facts.spki_sha256),
            names: match wanted.contains(&Fact::Names) {
                true => facts.names.clone(),
                false => AlternativeNames::default(),
            },
            spiffe_id: text(Fact::SpiffeId, &facts.spiffe_id),
            issuers: match wanted.contains(&Fact::Issuers) {
                true => facts.issuers.clone(),
                false => Vec::new(),
            },
            chain_escaped: text(Fact::ChainEscaped, &facts.chain_escaped),
            revocation_status: text(Fact::RevocationStatus, &facts.revocation_status),
        }
    }

    #[test]
    fn validity_reads_as_aws_writes_it() {
        assert_eq!(
            validity(951_868_799, 3_284_786_983),
            "NotBefore=2000-02-29T23:59:59Z;NotAfter=2074-02-02T08:49:43Z"
        );
    }

    #[test]
    fn days_are_whole_and_never_fewer_than_none() {
        let day = 86_400;
        for (not_after, now, days) in [
            (10 * day, 0, "10"),
            (10 * day, 1, "9"),
            (10 * day, 9 * day + 1, "0"),
            (10 * day, 10 * day, "0"),
            (10 * day, 11 * day, "0"),
        ] {
            assert_eq!(days_left(not_after, now), days, "{now}");
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
