use portcullis_x509::der::{Reader, Tag};

use crate::malformed::{Malformed, Part};

/// Reads `[0] EXPLICIT Version DEFAULT v1`, where the default may be written out.
pub(crate) fn read(reader: &mut Reader<'_>, part: Part) -> Result<(), Malformed> {
    let version = reader
        .optional_nested(Tag::context_constructed(0), Reader::small_integer)
        .map_err(Malformed::encoding(part))?;
    match version {
        None | Some(0) => Ok(()),
        Some(found) => Err(Malformed::UnknownVersion { found }),
    }
}
