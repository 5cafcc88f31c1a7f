use alloc::vec::Vec;

use portcullis_x509::der::Reader;
use portcullis_x509::oid;

use crate::encode;
use crate::malformed::{Malformed, Part};

/// A random value that ties an answer to its question (RFC 9654 section 2.1).
///
/// ```text
/// Nonce ::= OCTET STRING(SIZE(1..128))
/// ```
///
/// The caller brings the randomness: 32 octets of it, says RFC 9654.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nonce<'a>(&'a [u8]);

impl<'a> Nonce<'a> {
    /// Octets that a nonce has at most (RFC 9654 section 2.1).
    pub const MAX_LENGTH: usize = 128;

    /// Takes the octets of a nonce.
    ///
    /// # Errors
    /// [`Malformed::NonceLength`] when there are none or more than [`Nonce::MAX_LENGTH`].
    pub fn new(octets: &'a [u8]) -> Result<Self, Malformed> {
        match octets.len() {
            1..=Self::MAX_LENGTH => Ok(Self(octets)),
            found => Err(Malformed::NonceLength {
                found,
                limit: Self::MAX_LENGTH,
            }),
        }
    }

    /// The octets.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Reads the value of the extension: an OCTET STRING inside the extension's own.
    pub(crate) fn from_extension_value(value: &'a [u8]) -> Result<Self, Malformed> {
        let at = Malformed::encoding(Part::Nonce);
        let mut reader = Reader::new(value);
        let octets = reader.octet_string().map_err(at)?;
        reader.finish().map_err(at)?;
        Self::new(octets)
    }

    /// The encoded extension.
    pub(crate) fn to_extension(self) -> Vec<u8> {
        encode::extension(oid::OCSP_NONCE.as_bytes(), &encode::octet_string(self.0))
    }
}
