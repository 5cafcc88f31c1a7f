//! The lists of extensions in requests and responses.

use alloc::string::ToString;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use portcullis_x509::der::{Error, Reader, Tag};
use portcullis_x509::{Extension, Extensions, Oid, oid};

use crate::malformed::{Malformed, Part};
use crate::nonce::Nonce;

/// Reads `[number] EXPLICIT Extensions OPTIONAL`, none of them twice.
pub(crate) fn read<'a>(
    reader: &mut Reader<'a>,
    number: u8,
    part: Part,
) -> Result<Vec<Extension<'a>>, Malformed> {
    let at = Malformed::encoding(part);
    let list = reader
        .optional_nested(Tag::context_constructed(number), |reader| {
            reader.expect(Tag::SEQUENCE)
        })
        .map_err(at)?;
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new(list);
    let mut extensions = Vec::new();
    while !reader.is_empty() {
        let extension = Extension::read(&mut reader).map_err(at)?;
        if find(&extensions, extension.oid()).is_some() {
            return Err(Malformed::DuplicateExtension {
                part,
                oid: extension.oid().to_string(),
            });
        }
        if extensions.len() == Extensions::MAX_COUNT {
            return Err(Malformed::TooManyExtensions {
                part,
                limit: Extensions::MAX_COUNT,
            });
        }
        extensions.push(extension);
    }
    // SIZE (1..MAX)
    if extensions.is_empty() {
        Err(at(Error::Constraint))
    } else {
        Ok(extensions)
    }
}

/// The nonce among these extensions.
pub(crate) fn nonce<'a>(extensions: &[Extension<'a>]) -> Result<Option<Nonce<'a>>, Malformed> {
    find(extensions, oid::OCSP_NONCE)
        .map(|extension| Nonce::from_extension_value(extension.value()))
        .transpose()
}

/// The first critical extension that is not one of `known`.
pub(crate) fn unknown_critical<'a>(
    extensions: impl IntoIterator<Item = Extension<'a>>,
    known: &[ObjectIdentifier],
) -> Option<Oid<'a>> {
    extensions
        .into_iter()
        .filter(Extension::is_critical)
        .map(|extension| extension.oid())
        .find(|oid| known.iter().all(|known| known.as_bytes() != oid.as_bytes()))
}

fn find<'a>(extensions: &[Extension<'a>], oid: Oid<'_>) -> Option<Extension<'a>> {
    extensions
        .iter()
        .find(|extension| extension.oid() == oid)
        .copied()
}
