//! Keys that are for RSASSA-PSS alone (RFC 4055).

use crate::algorithm::AlgorithmIdentifier;
use crate::der::{Error, Reader, Tag};
use crate::oid::{self, Oid};

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
    hash: Oid<'a>,
    /// The hash of MGF1.
    mask: Oid<'a>,
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
        let hash = reader.optional_nested(Tag::context_constructed(0), hash)?;
        let mask = reader.optional_nested(Tag::context_constructed(1), mask)?;
        let salt = reader.optional_nested(Tag::context_constructed(2), Reader::small_integer)?;
        let trailer = reader.optional_nested(Tag::context_constructed(3), Reader::small_integer)?;
        Ok(Self {
            hash: hash.unwrap_or(oid::SHA1),
            mask: mask.unwrap_or(oid::SHA1),
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

/// A hash, with NULL or without, which are the same (RFC 4055 section 2.1).
fn hash<'a>(reader: &mut Reader<'a>) -> Result<Oid<'a>, Error> {
    reader.sequence(|reader| {
        let hash = reader.oid()?;
        if !reader.is_empty() {
            reader.null()?;
        }
        Ok(hash)
    })
}

/// MGF1 with a hash; no other is defined.
fn mask<'a>(reader: &mut Reader<'a>) -> Result<Oid<'a>, Error> {
    reader.sequence(|reader| match reader.oid()? {
        oid::MGF1 => hash(reader),
        _ => Err(Error::Constraint),
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::der::encode;

    fn identifier(oid: Oid<'_>, parameters: &[u8]) -> Vec<u8> {
        let oid = encode(Tag::OBJECT_IDENTIFIER, &[oid.as_bytes()]);
        encode(Tag::SEQUENCE, &[&oid, parameters])
    }

    /// id-RSASSA-PSS with SHA-256 and this salt.
    fn pss(salt: u8, null: &[u8]) -> Vec<u8> {
        let hash = identifier(oid::SHA256, null);
        let mask = identifier(oid::MGF1, &hash);
        let number = encode(Tag::INTEGER, &[&[salt]]);
        let parameters: Vec<u8> = [(0, hash), (1, mask), (2, number)]
            .iter()
            .flat_map(|(tag, value)| encode(Tag::context_constructed(*tag), &[value]))
            .collect();
        identifier(oid::RSASSA_PSS, &encode(Tag::SEQUENCE, &[&parameters]))
    }

    fn allowed(key: &[u8], signature: &[u8]) -> bool {
        let read = |der| AlgorithmIdentifier::read(&mut Reader::new(der)).unwrap();
        allows(read(key), read(signature))
    }

    #[test]
    fn a_key_allows_what_its_parameters_say_and_more_salt() {
        let null = &[5, 0][..];
        let free = identifier(oid::RSASSA_PSS, &[]);
        assert!(allowed(&free, &pss(32, null)));
        assert!(allowed(&pss(32, null), &pss(32, null)));
        assert!(allowed(&pss(20, &[]), &pss(32, null)));
        assert!(!allowed(&pss(48, null), &pss(32, null)));
        // By default the hash is SHA-1.
        let default = identifier(oid::RSASSA_PSS, &[0x30, 0]);
        assert!(!allowed(&default, &pss(32, null)));
        assert!(!allowed(&pss(32, null), &free));
        let unreadable = identifier(oid::RSASSA_PSS, &[0x30, 2, 0xa0, 0]);
        assert!(!allowed(&unreadable, &pss(32, null)));
    }
}
