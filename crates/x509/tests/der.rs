//! The DER reader takes DER and nothing else.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_x509::der::{BitString, Error, Reader, Tag};

#[test]
fn lengths_are_definite_and_minimal() {
    for (der, expected) in [
        (
            &[][..],
            Error::Truncated {
                expected: 2,
                found: 0,
            },
        ),
        (
            &[0x30],
            Error::Truncated {
                expected: 2,
                found: 1,
            },
        ),
        (&[0x30, 0x80, 0x00, 0x00], Error::IndefiniteLength),
        (&[0x30, 0x81, 0x01, 0x00], Error::NonMinimalLength),
        (&[0x30, 0x81, 0x7f], Error::NonMinimalLength),
        (&[0x30, 0x82, 0x00, 0xff], Error::NonMinimalLength),
        (
            &[0x30, 0x84, 0x00, 0x01, 0x00, 0x00],
            Error::NonMinimalLength,
        ),
        (
            &[0x30, 0x85, 0, 0, 0, 0, 1],
            Error::LengthTooLong { found: 5, limit: 4 },
        ),
        (
            &[0x30, 0xff],
            Error::LengthTooLong {
                found: 127,
                limit: 4,
            },
        ),
        (
            &[0x30, 0x82, 0x01],
            Error::Truncated {
                expected: 4,
                found: 3,
            },
        ),
        (
            &[0x30, 0x02, 0x00],
            Error::Truncated {
                expected: 4,
                found: 3,
            },
        ),
        (
            &[0x1f, 0x81, 0x00, 0x00],
            Error::HighTagNumber { found: 0x1f },
        ),
        (&[0xbf, 0x1f, 0x00], Error::HighTagNumber { found: 0xbf }),
    ] {
        assert_eq!(Reader::new(der).tlv(), Err(expected), "{der:x?}");
    }
}

#[test]
fn a_length_beyond_the_input_is_truncated() {
    let huge = [0x30, 0x84, 0xff, 0xff, 0xff, 0xff];
    assert!(matches!(
        Reader::new(&huge).tlv(),
        Err(Error::Truncated { found: 6, .. })
    ));
}

#[test]
fn an_element_is_tag_content_and_encoding() {
    let mut der = vec![0x04, 0x81, 0x80];
    der.extend([7; 0x80]);
    der.push(0xaa);
    let mut reader = Reader::new(&der);
    let tlv = reader.tlv().unwrap();
    assert_eq!(
        (tlv.tag, tlv.value, tlv.der),
        (Tag::OCTET_STRING, &[7; 0x80][..], &der[..0x83])
    );
    assert_eq!(reader.remaining(), [0xaa]);
    assert_eq!(reader.finish(), Err(Error::TrailingData { octets: 1 }));
}

#[test]
fn another_tag_is_named_and_an_optional_one_is_left_alone() {
    let mut reader = Reader::new(&[0x05, 0x00]);
    let error = Error::UnexpectedTag {
        expected: Tag::BOOLEAN,
        found: Tag::NULL,
    };
    assert_eq!(reader.boolean(), Err(error));
    assert_eq!(error.to_string(), "tag BOOLEAN expected, NULL found");
    assert_eq!(reader.optional(Tag::context(0)), Ok(None));
    assert_eq!(reader.null(), Ok(()));
    assert_eq!(
        reader.null(),
        Err(Error::Missing {
            expected: Tag::NULL
        })
    );
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn what_is_nested_is_read_to_its_end() {
    let der = [0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06];
    let one = Reader::new(&der).sequence(|reader| reader.integer());
    assert_eq!(one, Err(Error::TrailingData { octets: 3 }));
    let both = Reader::new(&der)
        .sequence(|reader| Ok::<_, Error>((reader.integer()?, reader.small_integer()?)));
    assert_eq!(both, Ok((&[5][..], 6)));
}

#[test]
fn primitive_values_have_one_encoding() {
    for (der, value) in [
        (&[0x01, 0x01, 0xff][..], Ok(true)),
        (&[0x01, 0x01, 0x00], Ok(false)),
        (&[0x01, 0x01, 0x01], Err(Error::Boolean)),
        (&[0x01, 0x00], Err(Error::Boolean)),
        (&[0x01, 0x02, 0xff, 0xff], Err(Error::Boolean)),
    ] {
        assert_eq!(Reader::new(der).boolean(), value, "{der:x?}");
    }
    for der in [
        &[0x02, 0x00][..],
        &[0x02, 0x02, 0x00, 0x7f],
        &[0x02, 0x02, 0xff, 0x80],
    ] {
        assert_eq!(Reader::new(der).integer(), Err(Error::Integer), "{der:x?}");
    }
    for (der, value) in [
        (&[0x02, 0x01, 0x7f][..], Ok(0x7f)),
        (&[0x02, 0x02, 0x00, 0xff], Ok(0xff)),
        (&[0x02, 0x01, 0xff], Err(Error::Constraint)),
        (&[0x02, 0x02, 0x01, 0x00], Err(Error::Constraint)),
    ] {
        assert_eq!(Reader::new(der).small_integer(), value, "{der:x?}");
    }
    assert_eq!(Reader::new(&[0x05, 0x01, 0x00]).null(), Err(Error::Null));
    let bits = BitString {
        octets: &[0xa0],
        unused_bits: 5,
    };
    assert_eq!(
        Reader::new(&[0x03, 0x02, 0x05, 0xa0]).bit_string(),
        Ok(bits)
    );
    for der in [
        &[0x03, 0x00][..],
        &[0x03, 0x01, 0x01],
        &[0x03, 0x02, 0x08, 0x00],
        &[0x03, 0x02, 0x05, 0xb0],
    ] {
        assert_eq!(
            Reader::new(der).bit_string(),
            Err(Error::BitString),
            "{der:x?}"
        );
    }
    let partial = [0x03, 0x02, 0x05, 0xa0];
    assert_eq!(
        Reader::new(&partial).bit_string_octets(),
        Err(Error::BitString)
    );
}
