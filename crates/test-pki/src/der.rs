//! The DER writer of this crate: functions that return finished TLVs.
//!
//! It writes what it is told, also what no standard allows. `integer(&[0, 0, 1])` is not minimal and
//! stays so.

use rustls_pki_types::UnixTime;
use time::OffsetDateTime;

/// One TLV with the definite, shortest length.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let skipped = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | (bytes.len() - skipped) as u8);
        out.extend_from_slice(&bytes[skipped..]);
    }
    out.extend_from_slice(content);
    out
}

/// `SEQUENCE` of finished parts.
#[must_use]
pub fn sequence<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    tlv(0x30, &concat(parts))
}

/// `SET` of finished parts, in the order given.
#[must_use]
pub fn set<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    tlv(0x31, &concat(parts))
}

/// Finished parts one after the other.
#[must_use]
pub fn concat<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    parts
        .iter()
        .flat_map(|part| part.as_ref().iter().copied())
        .collect()
}

/// `[number]` constructed: an explicit tag around `content`, or an implicit one in place of SEQUENCE.
#[must_use]
pub fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xA0 | number, content)
}

/// `[number]` primitive: an implicit tag in place of a primitive type.
#[must_use]
pub fn context_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | number, content)
}

/// `INTEGER` of exactly these content octets.
#[must_use]
pub fn integer(content: &[u8]) -> Vec<u8> {
    tlv(0x02, content)
}

/// `INTEGER` of a number that is not negative.
#[must_use]
pub fn number(value: u64) -> Vec<u8> {
    integer(&unsigned(&value.to_be_bytes()))
}

/// The shortest INTEGER content of a big-endian magnitude.
#[must_use]
pub fn unsigned(magnitude: &[u8]) -> Vec<u8> {
    let skipped = magnitude.iter().take_while(|byte| **byte == 0).count();
    let mut content = Vec::new();
    if magnitude.get(skipped).is_none_or(|byte| *byte >= 0x80) {
        content.push(0);
    }
    content.extend_from_slice(&magnitude[skipped..]);
    content
}

/// `ENUMERATED` of one octet.
#[must_use]
pub fn enumerated(value: u8) -> Vec<u8> {
    tlv(0x0A, &[value])
}

/// `BOOLEAN`.
#[must_use]
pub fn boolean(value: bool) -> Vec<u8> {
    tlv(0x01, &[if value { 0xFF } else { 0x00 }])
}

/// `NULL`.
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// `OCTET STRING`.
#[must_use]
pub fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(0x04, content)
}

/// `BIT STRING` of whole octets.
#[must_use]
pub fn bit_string(content: &[u8]) -> Vec<u8> {
    tlv(0x03, &concat(&[&[0], content]))
}

/// `BIT STRING` of named bits: bit 0 is the first, and trailing zero bits are left out.
#[must_use]
pub fn named_bits(bits: &[u8]) -> Vec<u8> {
    let Some(highest) = bits.iter().max() else {
        return tlv(0x03, &[0]);
    };
    let mut content = vec![0; 2 + usize::from(highest / 8)];
    content[0] = 7 - highest % 8;
    for bit in bits {
        content[1 + usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
    tlv(0x03, &content)
}

/// `UTF8String`.
#[must_use]
pub fn utf8_string(text: &str) -> Vec<u8> {
    tlv(0x0C, text.as_bytes())
}

/// `PrintableString`, whatever the characters.
#[must_use]
pub fn printable_string(text: &str) -> Vec<u8> {
    tlv(0x13, text.as_bytes())
}

/// `OBJECT IDENTIFIER` written with dots, such as `"1.3.6.1.5.5.7.3.2"`.
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted
        .split('.')
        .map(|arc| arc.parse().expect("an arc"))
        .collect();
    let mut content = base128(arcs[0] * 40 + arcs[1]);
    for arc in &arcs[2..] {
        content.extend(base128(*arc));
    }
    tlv(0x06, &content)
}

fn base128(mut value: u64) -> Vec<u8> {
    let mut out = vec![(value & 0x7F) as u8];
    while value > 0x7F {
        value >>= 7;
        out.push(0x80 | (value & 0x7F) as u8);
    }
    out.reverse();
    out
}

/// `Time` of a certificate: UTCTime through 2049, GeneralizedTime after (RFC 5280 4.1.2.5).
#[must_use]
pub fn time(at: UnixTime) -> Vec<u8> {
    let text = digits(at);
    if text.as_str() < "2050" {
        tlv(0x17, &text.as_bytes()[2..])
    } else {
        tlv(0x18, text.as_bytes())
    }
}

/// `GeneralizedTime` without fractions, as OCSP writes it.
#[must_use]
pub fn generalized_time(at: UnixTime) -> Vec<u8> {
    tlv(0x18, digits(at).as_bytes())
}

fn digits(at: UnixTime) -> String {
    let seconds = i64::try_from(at.as_secs()).expect("a date");
    let t = OffsetDateTime::from_unix_timestamp(seconds).expect("a date before the year 10000");
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// `AlgorithmIdentifier` without parameters.
#[must_use]
pub fn algorithm(dotted: &str) -> Vec<u8> {
    sequence(&[oid(dotted)])
}

/// `AlgorithmIdentifier` with NULL parameters, as RSA and many encoders of hashes write it.
#[must_use]
pub fn algorithm_with_null(dotted: &str) -> Vec<u8> {
    sequence(&[oid(dotted), null()])
}

/// `Extension`; criticality false is left out, as DER's DEFAULT rule wants.
#[must_use]
pub fn extension(dotted: &str, criticality: crate::Criticality, value: &[u8]) -> Vec<u8> {
    match criticality {
        crate::Criticality::Critical => {
            sequence(&[oid(dotted), boolean(true), octet_string(value)])
        }
        crate::Criticality::NonCritical => sequence(&[oid(dotted), octet_string(value)]),
    }
}
