//! The characters of the ASN.1 string types.

use alloc::string::String;

use super::Attribute;
use crate::der::Tag;

impl Attribute<'_> {
    /// The characters of the value, unescaped, or nothing when its type is not a string or its octets
    /// do not suit it.
    pub fn text(&self) -> Option<String> {
        Characters::of(self.tag, self.value).map(Iterator::collect)
    }
}

/// The characters of a string value, from whichever encoding.
#[derive(Clone)]
pub(super) enum Characters<'a> {
    Utf8(core::str::Chars<'a>),
    /// One octet a character: ASCII, or Latin-1 as everybody reads TeletexString.
    Octets(core::slice::Iter<'a, u8>),
    /// Two octets a character, big endian.
    Bmp(core::slice::Iter<'a, [u8; 2]>),
    /// Four octets a character, big endian.
    Universal(core::slice::Iter<'a, [u8; 4]>),
}

impl<'a> Characters<'a> {
    /// The characters of a value with this tag, or nothing when the type is not a string or the
    /// octets do not suit it.
    pub(super) fn of(tag: Tag, value: &'a [u8]) -> Option<Self> {
        match tag {
            Tag::UTF8_STRING => core::str::from_utf8(value)
                .ok()
                .map(|text| Self::Utf8(text.chars())),
            Tag::NUMERIC_STRING
            | Tag::PRINTABLE_STRING
            | Tag::TELETEX_STRING
            | Tag::IA5_STRING
            | Tag::VISIBLE_STRING
            | Tag::UTC_TIME
            | Tag::GENERALIZED_TIME => Some(Self::Octets(value.iter())),
            Tag::BMP_STRING => whole(value.as_chunks())
                .filter(|units| units.iter().all(|unit| bmp(*unit).is_some()))
                .map(|units| Self::Bmp(units.iter())),
            Tag::UNIVERSAL_STRING => whole(value.as_chunks())
                .filter(|units| units.iter().all(|unit| universal(*unit).is_some()))
                .map(|units| Self::Universal(units.iter())),
            _ => None,
        }
    }
}

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Utf8(characters) => characters.next(),
            Self::Octets(octets) => octets.next().copied().map(char::from),
            Self::Bmp(units) => units.next().copied().and_then(bmp),
            Self::Universal(units) => units.next().copied().and_then(universal),
        }
    }
}

fn whole<'a, T>((chunks, rest): (&'a [T], &[u8])) -> Option<&'a [T]> {
    rest.is_empty().then_some(chunks)
}

fn bmp(unit: [u8; 2]) -> Option<char> {
    char::from_u32(u32::from(u16::from_be_bytes(unit)))
}

fn universal(unit: [u8; 4]) -> Option<char> {
    char::from_u32(u32::from_be_bytes(unit))
}
