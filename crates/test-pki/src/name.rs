//! Distinguished names.

use crate::der;

/// A distinguished name, one attribute an RDN, in the order of the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    der: Vec<u8>,
}

impl Name {
    /// A name without any attribute.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            der: der::sequence::<&[u8]>(&[]),
        }
    }

    /// A name of a single CN.
    #[must_use]
    pub fn common_name(text: &str) -> Self {
        Self::empty().with("2.5.4.3", text)
    }

    /// Exactly these bytes, a whole TLV.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Self {
        Self { der: der.to_vec() }
    }

    /// Appends an O.
    #[must_use]
    pub fn organization(self, text: &str) -> Self {
        self.with("2.5.4.10", text)
    }

    /// Appends an OU.
    #[must_use]
    pub fn organizational_unit(self, text: &str) -> Self {
        self.with("2.5.4.11", text)
    }

    /// Appends a C, a PrintableString as RFC 5280 wants.
    #[must_use]
    pub fn country(self, text: &str) -> Self {
        self.attribute("2.5.4.6", &der::printable_string(text))
    }

    /// Appends an attribute with an UTF8String.
    #[must_use]
    pub fn with(self, dotted: &str, text: &str) -> Self {
        self.attribute(dotted, &der::utf8_string(text))
    }

    /// Appends an attribute with any value, a whole TLV.
    #[must_use]
    pub fn attribute(self, dotted: &str, value: &[u8]) -> Self {
        self.rdn(&[(dotted, value.to_vec())])
    }

    /// Appends one RDN of several attributes, sorted as DER wants.
    #[must_use]
    pub fn rdn(self, attributes: &[(&str, Vec<u8>)]) -> Self {
        let mut parts: Vec<_> = attributes
            .iter()
            .map(|(dotted, value)| der::sequence(&[der::oid(dotted), value.clone()]))
            .collect();
        parts.sort();
        let header = header_length(&self.der);
        let content = der::concat(&[&self.der[header..], &der::set(&parts)]);
        Self {
            der: der::tlv(0x30, &content),
        }
    }

    /// The encoded name, a whole TLV.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

fn header_length(der: &[u8]) -> usize {
    if der[1] < 0x80 {
        2
    } else {
        2 + usize::from(der[1] & 0x7F)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::common_name(text)
    }
}
