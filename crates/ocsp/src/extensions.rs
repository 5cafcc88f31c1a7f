//! The lists of extensions in requests and responses.

use alloc::string::ToString;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use portcullis_x509::der::{Error, Reader, Tag};
use portcullis_x509::{Extension, Extensions, Oid, Shown, oid};

use crate::malformed::{Malformed, Part};
use crate::nonce::Nonce;

/// `id-pkix-ocsp-crl` (RFC 6960 section 4.4.2)
pub(crate) const CRL_REFERENCE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.3");

/// `id-pkix-ocsp-archive-cutoff` (RFC 6960 section 4.4.4)
pub(crate) const ARCHIVE_CUTOFF: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.6");

/// `id-pkix-ocsp-extended-revoke` (RFC 6960 section 4.4.8)
pub(crate) const EXTENDED_REVOKE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.9");

/// `id-ce-cRLReasons` (RFC 5280 section 5.3.1)
pub(crate) const CRL_REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");

/// `id-ce-invalidityDate` (RFC 5280 section 5.3.2)
pub(crate) const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");

/// The list of signed certificate timestamps (RFC 6962 section 3.3)
pub(crate) const SIGNED_CERTIFICATE_TIMESTAMPS: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.5");

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
                oid: Shown::new(extension.oid()).to_string(),
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

/// What `read` makes of the value of the extension, which it must use up.
pub(crate) fn typed<'a, T>(
    extensions: &[Extension<'a>],
    id: ObjectIdentifier,
    part: Part,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<Option<T>, Malformed> {
    let extension = extensions
        .iter()
        .find(|extension| extension.oid().as_bytes() == id.as_bytes());
    let Some(extension) = extension else {
        return Ok(None);
    };
    let mut reader = Reader::new(extension.value());
    let value = read(&mut reader).and_then(|value| {
        reader.finish()?;
        Ok(value)
    });
    value.map(Some).map_err(Malformed::encoding(part))
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
