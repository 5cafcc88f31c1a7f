use rustls_pki_types::UnixTime;

use super::{Error, Tag, time};
use crate::oid::Oid;

/// Reads DER elements one after the other from borrowed octets.
///
/// Every method that fails leaves the reader where an error can only be reported, not recovered
/// from; [`Reader::finish`] turns leftover octets into an error.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// One element: tag, content octets, and the whole encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The identifier octet.
    pub tag: Tag,
    /// The content octets.
    pub value: &'a [u8],
    /// Identifier, length and content octets as received.
    pub der: &'a [u8],
}

/// A BIT STRING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitString<'a> {
    /// The octets without the leading count of unused bits.
    pub octets: &'a [u8],
    /// How many low bits of the last octet are padding (0 to 7); they are zero.
    pub unused_bits: u8,
}

impl<'a> Reader<'a> {
    /// Octets that a length may have after its first: four reach 4 GiB, far above any message read here.
    pub const MAX_LENGTH_OCTETS: usize = 4;

    /// A reader over `der`.
    pub const fn new(der: &'a [u8]) -> Self {
        Self { rest: der }
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read yet.
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// The tag of the next element, without reading it.
    pub fn peek(&self) -> Option<Tag> {
        self.rest.first().copied().map(Tag::from_octet)
    }

    /// The next element, whatever it is.
    ///
    /// # Errors
    /// [`Error::Truncated`] at the end, and every fault of an identifier or length.
    pub fn tlv(&mut self) -> Result<Tlv<'a>, Error> {
        let (der, header) = self.measure()?;
        let (Some((element, rest)), Some(&tag)) =
            (self.rest.split_at_checked(der), self.rest.first())
        else {
            return Err(Error::Truncated {
                expected: der,
                found: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(Tlv {
            tag: Tag::from_octet(tag),
            value: element.get(header..).unwrap_or_default(),
            der: element,
        })
    }

    /// The content of the next element, which must have this tag.
    ///
    /// # Errors
    /// [`Error::UnexpectedTag`], [`Error::Missing`] and those of [`Reader::tlv`].
    pub fn expect(&mut self, tag: Tag) -> Result<&'a [u8], Error> {
        self.expect_tlv(tag).map(|tlv| tlv.value)
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    /// As [`Reader::expect`].
    pub fn expect_tlv(&mut self, tag: Tag) -> Result<Tlv<'a>, Error> {
        match self.peek() {
            Some(found) if found == tag => self.tlv(),
            Some(found) => Err(Error::UnexpectedTag {
                expected: tag,
                found,
            }),
            None => Err(Error::Missing { expected: tag }),
        }
    }

    /// The content of the next element when it has this tag; otherwise nothing is read.
    ///
    /// # Errors
    /// Those of [`Reader::tlv`].
    pub fn optional(&mut self, tag: Tag) -> Result<Option<&'a [u8]>, Error> {
        if self.peek() == Some(tag) {
            self.tlv().map(|tlv| Some(tlv.value))
        } else {
            Ok(None)
        }
    }

    /// Reads the element with this tag through `read`, which must consume all of it.
    ///
    /// # Errors
    /// As [`Reader::expect`], what `read` returns, and [`Error::TrailingData`].
    pub fn nested<T, E: From<Error>>(
        &mut self,
        tag: Tag,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut inner = Self::new(self.expect(tag)?);
        let value = read(&mut inner)?;
        inner.finish()?;
        Ok(value)
    }

    /// As [`Reader::nested`] when the next element has this tag; otherwise nothing is read.
    ///
    /// # Errors
    /// As [`Reader::nested`].
    pub fn optional_nested<T, E: From<Error>>(
        &mut self,
        tag: Tag,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        if self.peek() == Some(tag) {
            self.nested(tag, read).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads a SEQUENCE through `read`, which must consume all of it.
    ///
    /// # Errors
    /// As [`Reader::nested`].
    pub fn sequence<T, E: From<Error>>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.nested(Tag::SEQUENCE, read)
    }

    /// The content octets of an INTEGER: two's complement, at least one octet, minimal.
    ///
    /// # Errors
    /// [`Error::Integer`] and those of [`Reader::expect`].
    pub fn integer(&mut self) -> Result<&'a [u8], Error> {
        self.expect(Tag::INTEGER).and_then(minimal_integer)
    }

    /// An INTEGER between 0 and 255.
    ///
    /// # Errors
    /// [`Error::Constraint`] for any other value, and those of [`Reader::integer`].
    pub fn small_integer(&mut self) -> Result<u8, Error> {
        match *self.integer()? {
            [octet] if octet < 0x80 => Ok(octet),
            [0, octet] => Ok(octet),
            _ => Err(Error::Constraint),
        }
    }

    /// The content octets of an ENUMERATED.
    ///
    /// # Errors
    /// [`Error::Integer`] and those of [`Reader::expect`].
    pub fn enumerated(&mut self) -> Result<&'a [u8], Error> {
        self.expect(Tag::ENUMERATED).and_then(minimal_integer)
    }

    /// A BOOLEAN.
    ///
    /// # Errors
    /// [`Error::Boolean`] and those of [`Reader::expect`].
    pub fn boolean(&mut self) -> Result<bool, Error> {
        match self.expect(Tag::BOOLEAN)? {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(Error::Boolean),
        }
    }

    /// A BOOLEAN DEFAULT FALSE. An explicitly encoded FALSE is accepted although X.690 11.5 forbids it:
    /// certificates that carry it are common and mean nothing else.
    ///
    /// # Errors
    /// [`Error::Boolean`] and those of [`Reader::tlv`].
    pub fn boolean_default_false(&mut self) -> Result<bool, Error> {
        if self.peek() == Some(Tag::BOOLEAN) {
            self.boolean()
        } else {
            Ok(false)
        }
    }

    /// A NULL.
    ///
    /// # Errors
    /// [`Error::Null`] and those of [`Reader::expect`].
    pub fn null(&mut self) -> Result<(), Error> {
        if self.expect(Tag::NULL)?.is_empty() {
            Ok(())
        } else {
            Err(Error::Null)
        }
    }

    /// A BIT STRING.
    ///
    /// # Errors
    /// [`Error::BitString`] and those of [`Reader::expect`].
    pub fn bit_string(&mut self) -> Result<BitString<'a>, Error> {
        self.expect(Tag::BIT_STRING)
            .and_then(BitString::from_content)
    }

    /// A BIT STRING that is a whole number of octets, as keys and signatures are.
    ///
    /// # Errors
    /// [`Error::BitString`] and those of [`Reader::expect`].
    pub fn bit_string_octets(&mut self) -> Result<&'a [u8], Error> {
        match self.bit_string()? {
            BitString {
                octets,
                unused_bits: 0,
            } => Ok(octets),
            BitString { .. } => Err(Error::BitString),
        }
    }

    /// The content of an OCTET STRING.
    ///
    /// # Errors
    /// Those of [`Reader::expect`].
    pub fn octet_string(&mut self) -> Result<&'a [u8], Error> {
        self.expect(Tag::OCTET_STRING)
    }

    /// An OBJECT IDENTIFIER.
    ///
    /// # Errors
    /// [`Error::ObjectIdentifier`] and those of [`Reader::expect`].
    pub fn oid(&mut self) -> Result<Oid<'a>, Error> {
        self.expect(Tag::OBJECT_IDENTIFIER)
            .and_then(Oid::from_content)
    }

    /// A UTCTime in the form `YYMMDDHHMMSSZ` of RFC 5280 section 4.1.2.5.1.
    ///
    /// # Errors
    /// [`Error::Time`] and those of [`Reader::expect`].
    pub fn utc_time(&mut self) -> Result<UnixTime, Error> {
        self.expect(Tag::UTC_TIME).and_then(time::utc)
    }

    /// A GeneralizedTime in the form `YYYYMMDDHHMMSSZ` of RFC 5280 section 4.1.2.5.2.
    ///
    /// # Errors
    /// [`Error::Time`] and those of [`Reader::expect`].
    pub fn generalized_time(&mut self) -> Result<UnixTime, Error> {
        self.expect(Tag::GENERALIZED_TIME)
            .and_then(time::generalized)
    }

    /// A `Time`: UTCTime or GeneralizedTime. Moments before 1970 become 1970.
    ///
    /// # Errors
    /// [`Error::Time`] and those of [`Reader::expect`].
    pub fn time(&mut self) -> Result<UnixTime, Error> {
        if self.peek() == Some(Tag::GENERALIZED_TIME) {
            self.generalized_time()
        } else {
            self.utc_time()
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Error::TrailingData`] when octets are left.
    pub fn finish(self) -> Result<(), Error> {
        match self.rest.len() {
            0 => Ok(()),
            octets => Err(Error::TrailingData { octets }),
        }
    }

    /// The length of the next element and of its identifier and length octets together.
    fn measure(&self) -> Result<(usize, usize), Error> {
        let first = match *self.rest {
            [] => {
                return Err(Error::Truncated {
                    expected: 2,
                    found: 0,
                });
            }
            [found, ..] if Tag::from_octet(found).has_high_number() => {
                return Err(Error::HighTagNumber { found });
            }
            [_] => {
                return Err(Error::Truncated {
                    expected: 2,
                    found: 1,
                });
            }
            [_, first, ..] => first,
        };
        let (header, content) = match first {
            0..=0x7f => (2_usize, usize::from(first)),
            0x80 => return Err(Error::IndefiniteLength),
            _ => self.long_length(usize::from(first & 0x7f))?,
        };
        let der = header.checked_add(content).ok_or(Error::Truncated {
            expected: content,
            found: self.rest.len(),
        })?;
        Ok((der, header))
    }

    fn long_length(&self, octets: usize) -> Result<(usize, usize), Error> {
        if octets > Self::MAX_LENGTH_OCTETS {
            return Err(Error::LengthTooLong {
                found: octets,
                limit: Self::MAX_LENGTH_OCTETS,
            });
        }
        let header = octets.saturating_add(2);
        let Some(length) = self.rest.get(2..header) else {
            return Err(Error::Truncated {
                expected: header,
                found: self.rest.len(),
            });
        };
        let content = length
            .iter()
            .fold(0_u32, |value, octet| (value << 8) | u32::from(*octet));
        if content < 0x80 || length.first() == Some(&0) {
            return Err(Error::NonMinimalLength);
        }
        let content = usize::try_from(content).map_err(|_| Error::Truncated {
            expected: usize::MAX,
            found: self.rest.len(),
        })?;
        Ok((header, content))
    }
}

impl<'a> BitString<'a> {
    /// Reads the content octets of a BIT STRING, for implicitly tagged ones.
    ///
    /// # Errors
    /// [`Error::BitString`].
    pub fn from_content(content: &'a [u8]) -> Result<Self, Error> {
        let (&unused_bits, octets) = content.split_first().ok_or(Error::BitString)?;
        let padding = match (unused_bits, octets.last()) {
            (0, _) => 0,
            (1..=7, Some(last)) => last & !(0xff_u8 << unused_bits),
            _ => return Err(Error::BitString),
        };
        if padding == 0 {
            Ok(Self {
                octets,
                unused_bits,
            })
        } else {
            Err(Error::BitString)
        }
    }
}

/// Reads the content of a `SEQUENCE SIZE (1..MAX) OF`, or of such a SET, to its end.
///
/// # Errors
/// [`Error::Constraint`] when there is nothing in it; the first error of `read`.
pub(crate) fn read_each<'a, T>(
    content: &'a [u8],
    read: impl Fn(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<(), Error> {
    let mut reader = Reader::new(content);
    if reader.is_empty() {
        return Err(Error::Constraint);
    }
    while !reader.is_empty() {
        read(&mut reader)?;
    }
    Ok(())
}

/// The content octets of an INTEGER when they are at least one and minimal, for implicitly tagged ones.
///
/// # Errors
/// [`Error::Integer`].
pub(crate) fn minimal_integer(content: &[u8]) -> Result<&[u8], Error> {
    match content {
        [] => Err(Error::Integer),
        [0x00, next, ..] if next & 0x80 == 0 => Err(Error::Integer),
        [0xff, next, ..] if next & 0x80 != 0 => Err(Error::Integer),
        _ => Ok(content),
    }
}
