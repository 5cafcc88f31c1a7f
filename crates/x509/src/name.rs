//! Distinguished names: reading, comparing (RFC 5280 section 7.1) and showing (RFC 2253).

mod display;
mod distinguished_name;
mod matching;
mod normal;
mod short_name;
mod text;

pub use distinguished_name::{DistinguishedName, DistinguishedNameError};

use core::fmt;

use crate::der::{Error, Reader, Tag, read_each};
use crate::error::{Field, Malformed};
use crate::oid::Oid;

/// A distinguished name (RFC 5280 section 4.1.2.4).
///
/// ```text
/// Name ::= CHOICE { rdnSequence  RDNSequence }
/// RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
/// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
/// AttributeTypeAndValue ::= SEQUENCE { type AttributeType, value AttributeValue }
/// ```
///
/// `Display` is what `openssl x509 -nameopt RFC2253` prints, one line of printable ASCII whatever
/// the name holds. `==` compares octets; [`Name::matches`] compares as RFC 5280 section 7.1 says.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<'a> {
    der: &'a [u8],
    content: &'a [u8],
}

/// One type and value of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The attribute's type.
    pub oid: Oid<'a>,
    /// The type of its value.
    pub tag: Tag,
    /// The content octets of its value.
    pub value: &'a [u8],
    /// The encoding of its value.
    pub der: &'a [u8],
}

/// The attributes of one SET; most have one.
#[derive(Clone, Copy)]
struct RelativeDistinguishedName<'a> {
    content: &'a [u8],
}

impl<'a> Name<'a> {
    /// Reads a name that fills `der` entirely.
    ///
    /// # Errors
    /// [`Malformed::Encoding`].
    pub fn parse(der: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(der);
        let name = Self::read(&mut reader);
        name.and_then(|name| reader.finish().map(|()| name))
            .map_err(Malformed::encoding(Field::Name))
    }

    /// Reads the next element.
    ///
    /// # Errors
    /// [`Error`] when it is not a Name.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let tlv = reader.expect_tlv(Tag::SEQUENCE)?;
        Self::from_tlv(tlv.der, tlv.value)
    }

    fn from_tlv(der: &'a [u8], content: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(content);
        while !reader.is_empty() {
            RelativeDistinguishedName::read(&mut reader)?;
        }
        Ok(Self { der, content })
    }

    /// The whole encoding.
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// Whether the name has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// Every attribute in the order of the encoding.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + Clone + use<'a> {
        self.rdns().flat_map(|rdn| rdn.attributes())
    }

    // Invariant: `from_tlv` read every element once, so that reading again cannot fail.
    fn rdns(&self) -> impl Iterator<Item = RelativeDistinguishedName<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || RelativeDistinguishedName::next(&mut reader))
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl<'a> RelativeDistinguishedName<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<(), Error> {
        read_each(reader.expect(Tag::SET)?, Attribute::read)
    }

    fn next(reader: &mut Reader<'a>) -> Option<Self> {
        reader
            .optional(Tag::SET)
            .ok()
            .flatten()
            .map(|content| Self { content })
    }

    fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || Attribute::read(&mut reader).ok())
    }
}

impl<'a> Attribute<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            let oid = reader.oid()?;
            let value = reader.tlv()?;
            Ok(Self {
                oid,
                tag: value.tag,
                value: value.value,
                der: value.der,
            })
        })
    }
}
