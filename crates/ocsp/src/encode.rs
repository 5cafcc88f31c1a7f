//! The DER writing side: values are built inside out from octets.

use alloc::vec::Vec;

use der::Encode as _;
use der::asn1::GeneralizedTime;
use portcullis_x509::Oid;
use portcullis_x509::der::Tag;
pub(crate) use portcullis_x509::der::encode as tlv;
use rustls_pki_types::UnixTime;

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

/// An encoded NULL.
pub(crate) const NULL: &[u8] = &[0x05, 0x00];

/// An extension that is not critical, its object identifier in content octets.
pub(crate) fn extension(id: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(Tag::OBJECT_IDENTIFIER, &[id]), &octet_string(value)])
}

/// `YYYYMMDDHHMMSSZ`, or nothing for a moment after the year 9999.
pub(crate) fn generalized_time(time: UnixTime) -> Option<Vec<u8>> {
    let since_epoch = core::time::Duration::from_secs(time.as_secs());
    GeneralizedTime::from_unix_duration(since_epoch)
        .ok()?
        .to_der()
        .ok()
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
