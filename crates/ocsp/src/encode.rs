//! The DER writing side: values are built inside out from octets.

use alloc::vec::Vec;

use der::Encode as _;
use der::asn1::GeneralizedTime;
use portcullis_x509::Oid;
use portcullis_x509::der::Tag;
use rustls_pki_types::UnixTime;

/// One element whose content is `parts` one after the other.
pub(crate) fn tlv(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts
        .iter()
        .map(|part| part.len())
        .fold(0, usize::saturating_add);
    let mut out = Vec::with_capacity(length.saturating_add(LONGEST_HEADER));
    out.push(tag.octet());
    push_length(&mut out, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(Tag::SEQUENCE, parts)
}

/// `[number] EXPLICIT`.
pub(crate) fn explicit(number: u8, value: &[u8]) -> Vec<u8> {
    tlv(Tag::context_constructed(number), &[value])
}

pub(crate) fn octet_string(octets: &[u8]) -> Vec<u8> {
    tlv(Tag::OCTET_STRING, &[octets])
}

/// A BIT STRING that is a whole number of octets.
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(Tag::BIT_STRING, &[&[0], octets])
}

pub(crate) fn oid(oid: Oid<'_>) -> Vec<u8> {
    tlv(Tag::OBJECT_IDENTIFIER, &[oid.as_bytes()])
}

/// An extension that is not critical.
pub(crate) fn extension(id: Oid<'_>, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id), &octet_string(value)])
}

/// `YYYYMMDDHHMMSSZ`, or nothing for a moment after the year 9999.
pub(crate) fn generalized_time(time: UnixTime) -> Option<Vec<u8>> {
    let since_epoch = core::time::Duration::from_secs(time.as_secs());
    GeneralizedTime::from_unix_duration(since_epoch)
        .ok()?
        .to_der()
        .ok()
}

/// Tag, the octet that counts the octets of the length, and those of a 64-bit length.
const LONGEST_HEADER: usize = 10;

fn push_length(out: &mut Vec<u8>, length: usize) {
    if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
        out.push(short);
        return;
    }
    let octets = length.to_be_bytes();
    let leading_zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = octets.get(leading_zeros..).unwrap_or_default();
    // Invariant: a usize has at most eight octets.
    out.push(u8::try_from(octets.len()).unwrap_or(8) | 0x80);
    out.extend_from_slice(octets);
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use portcullis_x509::der::Reader;

    use super::*;

    #[test]
    fn every_length_reads_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = alloc::vec![7; length];
            let element = octet_string(&content);
            let mut reader = Reader::new(&element);
            assert_eq!(reader.octet_string().unwrap(), content, "{length}");
            reader.finish().unwrap();
        }
    }

    #[test]
    fn a_time_reads_back_to_the_second() {
        for seconds in [0, 951_782_400, 1_780_272_000, 253_402_300_799] {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            let element = generalized_time(time).unwrap();
            assert_eq!(Reader::new(&element).generalized_time().unwrap(), time);
        }
    }

    #[test]
    fn the_year_10000_is_not_written() {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(253_402_300_800));
        assert_eq!(generalized_time(time), None);
    }
}
