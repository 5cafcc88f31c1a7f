use std::fmt;

use crate::AuthorityError;

/// A positive serial number, as its shortest big-endian magnitude.
///
/// `Display` is upper-case hexadecimal, as OpenSSL prints and indexes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// How many octets a fresh one has: 126 random bits, where RFC 5280 allows 20 octets and the
    /// CA/Browser Forum asks for 64 bits.
    pub(crate) const OCTETS: usize = 16;

    /// The most octets that are read (RFC 5280 section 4.1.2.2).
    const MOST_OCTETS: usize = 20;

    /// A random one. The first two bits are 01, so that it is positive and never short.
    pub(crate) fn random() -> Result<Self, AuthorityError> {
        let mut octets = [0; Self::OCTETS];
        getrandom::fill(&mut octets).map_err(AuthorityError::Random)?;
        if let Some(first) = octets.first_mut() {
            *first = *first & 0x3F | 0x40;
        }
        Ok(Self(octets.into()))
    }

    /// From the content octets of a certificate's INTEGER; none when negative, which nobody issues.
    pub(crate) fn from_content(content: &[u8]) -> Option<Self> {
        if content.first().is_none_or(|first| *first >= 0x80) {
            return None;
        }
        Self::from_magnitude(content)
    }

    fn from_magnitude(octets: &[u8]) -> Option<Self> {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let octets = octets.get(zeros..)?;
        (1..=Self::MOST_OCTETS)
            .contains(&octets.len())
            .then(|| Self(octets.into()))
    }

    /// From hexadecimal, of either case and with or without colons, as tools print it.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut digits = Vec::new();
        for character in text.chars().filter(|character| *character != ':') {
            digits.push(u8::try_from(character.to_digit(16)?).ok()?);
        }
        if !digits.len().is_multiple_of(2) {
            return None;
        }
        let octets = digits.chunks_exact(2).map(|pair| match pair {
            [high, low] => high << 4 | low,
            _ => 0,
        });
        Self::from_magnitude(&octets.collect::<Vec<_>>())
    }

    /// The magnitude, most significant octet first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_serial_is_positive_and_of_sixteen_octets() {
        for _ in 0..100 {
            let serial = Serial::random().unwrap();
            assert_eq!(serial.as_bytes().len(), 16);
            assert_eq!(serial.as_bytes()[0] & 0xC0, 0x40);
            assert_eq!(Serial::from_content(serial.as_bytes()), Some(serial));
        }
    }

    #[test]
    fn hexadecimal_is_read_as_tools_print_it() {
        let serial = Serial::from_hex("0A1B").unwrap();
        for text in ["0a1b", "0A:1B", "0a:1b", "000A1B"] {
            assert_eq!(Serial::from_hex(text).as_ref(), Some(&serial), "{text}");
        }
        assert_eq!(serial.to_string(), "0A1B");
        for text in ["", "0", "A1B", "0x0A", "0A1G", "00", ":", "é0"] {
            assert_eq!(Serial::from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn the_sign_octet_does_not_count_and_negative_numbers_are_none() {
        assert_eq!(Serial::from_content(&[0, 0x80]), Serial::from_hex("80"));
        assert_eq!(Serial::from_content(&[0x80]), None);
        assert_eq!(Serial::from_content(&[]), None);
    }
}
