use alloc::vec::Vec;
use core::fmt;

use portcullis_x509::der::{Error, Reader, Tag};
use portcullis_x509::{Certificate, Name};

use crate::cert_id::key_hash;
use crate::encode;
use crate::malformed::{Malformed, Part};

/// Who answers, in the answer's own words (RFC 6960 section 4.2.2.3). A claim until the signature
/// is verified.
///
/// ```text
/// ResponderID ::= CHOICE {
///    byName              [1] Name,
///    byKey               [2] KeyHash }
///
/// KeyHash ::= OCTET STRING -- SHA-1 hash of responder's public key
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponderId<'a> {
    /// The subject of the responder's certificate.
    ByName(Name<'a>),
    /// The SHA-1 of the responder's public key.
    ByKey([u8; 20]),
}

impl<'a> ResponderId<'a> {
    /// Names the owner of `certificate` by its subject.
    pub fn by_name(certificate: &Certificate<'a>) -> Self {
        Self::ByName(certificate.subject())
    }

    /// Names the owner of `certificate` by its key.
    pub fn by_key(certificate: &Certificate<'_>) -> Self {
        Self::ByKey(key_hash(certificate))
    }

    /// Whether this is the owner of `certificate`.
    pub fn names(&self, certificate: &Certificate<'_>) -> bool {
        match self {
            Self::ByName(name) => name.matches(&certificate.subject()),
            Self::ByKey(hash) => *hash == key_hash(certificate),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let at = Malformed::encoding(Part::ResponderId);
        if reader.peek() == Some(BY_NAME) {
            let name = reader.nested(BY_NAME, Name::read).map_err(at)?;
            return Ok(Self::ByName(name));
        }
        let hash = reader.nested(BY_KEY, Reader::octet_string).map_err(at)?;
        hash.try_into()
            .map(Self::ByKey)
            .map_err(|_| at(Error::Constraint))
    }

    pub(crate) fn to_der(self) -> Vec<u8> {
        match self {
            Self::ByName(name) => encode::tlv(BY_NAME, &[name.der()]),
            Self::ByKey(hash) => encode::tlv(BY_KEY, &[&encode::octet_string(&hash)]),
        }
    }
}

const BY_NAME: Tag = Tag::context_constructed(1);
const BY_KEY: Tag = Tag::context_constructed(2);

/// The name, or `key` with the hash in upper-case hexadecimal.
impl fmt::Display for ResponderId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByName(name) => name.fmt(f),
            Self::ByKey(hash) => {
                f.write_str("key ")?;
                hash.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
            }
        }
    }
}
