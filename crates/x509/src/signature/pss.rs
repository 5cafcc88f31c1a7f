//! Keys that are for RSASSA-PSS alone (RFC 4055).

use crate::algorithm::AlgorithmIdentifier;
use crate::der::{Error, Reader, Tag};
use crate::oid;

/// Whether the content of an AlgorithmIdentifier says id-RSASSA-PSS.
pub(super) fn is_pss(content: &[u8]) -> bool {
    Reader::new(content).oid() == Ok(oid::RSASSA_PSS)
}

/// Whether a key, where it is for RSASSA-PSS alone, allows the parameters of a signature (RFC 4055
/// section 3.3).
pub(super) fn allows(key: AlgorithmIdentifier<'_>, signature: AlgorithmIdentifier<'_>) -> bool {
    if key.oid() != oid::RSASSA_PSS {
        return true;
    }
    match Parameters::of(key) {
        // Without parameters the key leaves the choice to whoever signs.
        Ok(None) => true,
        Ok(Some(own)) => {
            matches!(Parameters::of(signature), Ok(Some(used)) if own.allow(&used))
        }
        Err(_) => false,
    }
}

/// ```text
/// RSASSA-PSS-params  ::=  SEQUENCE  {
///      hashAlgorithm      [0] HashAlgorithm DEFAULT sha1Identifier,
///      maskGenAlgorithm   [1] MaskGenAlgorithm DEFAULT mgf1SHA1Identifier,
///      saltLength         [2] INTEGER DEFAULT 20,
///      trailerField       [3] INTEGER DEFAULT 1  }
/// ```
#[derive(Debug, PartialEq, Eq)]
struct Parameters<'a> {
    hash: Option<&'a [u8]>,
    mask: Option<&'a [u8]>,
    salt: u8,
    trailer: u8,
}

impl<'a> Parameters<'a> {
    fn of(algorithm: AlgorithmIdentifier<'a>) -> Result<Option<Self>, Error> {
        let mut reader = Reader::new(algorithm.content());
        reader.oid()?;
        if reader.is_empty() {
            return Ok(None);
        }
        reader.sequence(Self::read).map(Some)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let hash = reader.optional(Tag::context_constructed(0))?;
        let mask = reader.optional(Tag::context_constructed(1))?;
        let salt = reader.optional_nested(Tag::context_constructed(2), Reader::small_integer)?;
        let trailer = reader.optional_nested(Tag::context_constructed(3), Reader::small_integer)?;
        Ok(Self {
            hash,
            mask,
            salt: salt.unwrap_or(20),
            trailer: trailer.unwrap_or(1),
        })
    }

    /// The hashes and the trailer are the same, the salt is no shorter.
    fn allow(&self, used: &Self) -> bool {
        (self.hash, self.mask, self.trailer) == (used.hash, used.mask, used.trailer)
            && self.salt <= used.salt
    }
}
