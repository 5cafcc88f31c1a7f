use crate::der::{Error, Reader, Tag};

/// `basicConstraints` (RFC 5280 section 4.2.1.9).
///
/// ```text
/// BasicConstraints ::= SEQUENCE {
///      cA                      BOOLEAN DEFAULT FALSE,
///      pathLenConstraint       INTEGER (0..MAX) OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject may issue certificates.
    pub ca: bool,
    /// How many intermediate certificates that are not self-issued may follow. Numbers that do
    /// not fit become the largest that does.
    pub path_length: Option<u32>,
}

impl BasicConstraints {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            let ca = reader.boolean_default_false()?;
            let path_length = match reader.peek() {
                Some(Tag::INTEGER) => Some(saturating_u32(reader.integer()?)?),
                _ => None,
            };
            Ok(Self { ca, path_length })
        })
    }
}

pub(super) fn saturating_u32(content: &[u8]) -> Result<u32, Error> {
    match content {
        [first, ..] if first & 0x80 != 0 => Err(Error::Constraint),
        octets if octets.len() > 5 => Ok(u32::MAX),
        octets => {
            let value = octets
                .iter()
                .fold(0_u64, |value, octet| (value << 8) | u64::from(*octet));
            Ok(u32::try_from(value).unwrap_or(u32::MAX))
        }
    }
}
