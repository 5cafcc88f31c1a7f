use crate::der::{Error, Reader, Tag};
use crate::general_name::GeneralNames;
use crate::serial::Serial;

/// `authorityKeyIdentifier` (RFC 5280 section 4.2.1.1).
///
/// ```text
/// AuthorityKeyIdentifier ::= SEQUENCE {
///      keyIdentifier             [0] KeyIdentifier            OPTIONAL,
///      authorityCertIssuer       [1] GeneralNames             OPTIONAL,
///      authorityCertSerialNumber [2] CertificateSerialNumber  OPTIONAL }
/// ```
///
/// A hint for finding the issuer, not a proof of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorityKeyIdentifier<'a> {
    /// `keyIdentifier`
    pub key_identifier: Option<&'a [u8]>,
    /// `authorityCertIssuer`
    pub issuer: Option<GeneralNames<'a>>,
    /// `authorityCertSerialNumber`
    pub serial: Option<Serial<'a>>,
}

impl<'a> AuthorityKeyIdentifier<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            let key_identifier = reader.optional(Tag::context(0))?;
            let issuer = reader.optional(Tag::context_constructed(1))?;
            let serial = reader.optional(Tag::context(2))?;
            Ok(Self {
                key_identifier,
                issuer: issuer.map(GeneralNames::from_content).transpose()?,
                serial: serial
                    .map(crate::der::minimal_integer)
                    .transpose()?
                    .map(Serial::from_content),
            })
        })
    }
}
