use crate::der::{Error, Reader, Tag, read_each};
use crate::general_name::GeneralName;
use crate::oid::Oid;

/// `authorityInfoAccess` (RFC 5280 section 4.2.2.1), every description well formed.
///
/// ```text
/// AuthorityInfoAccessSyntax  ::= SEQUENCE SIZE (1..MAX) OF AccessDescription
/// AccessDescription  ::=  SEQUENCE {
///      accessMethod          OBJECT IDENTIFIER,
///      accessLocation        GeneralName  }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessDescriptions<'a> {
    content: &'a [u8],
}

/// How and where the issuer offers something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessDescription<'a> {
    /// `accessMethod`, for instance [`oid::OCSP`](crate::oid::OCSP)
    pub method: Oid<'a>,
    /// `accessLocation`
    pub location: GeneralName<'a>,
}

impl<'a> AccessDescriptions<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let content = reader.expect(Tag::SEQUENCE)?;
        read_each(content, AccessDescription::read)?;
        Ok(Self { content })
    }

    /// The descriptions in the order of the encoding.
    // Invariant: `read` read every description once, so that reading again cannot fail.
    pub fn iter(&self) -> impl Iterator<Item = AccessDescription<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || AccessDescription::read(&mut reader).ok())
    }

    /// The URIs that are given for `method`.
    pub fn uris(&self, method: Oid<'static>) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        self.iter()
            .filter_map(move |description| match description.location {
                GeneralName::Uri(uri) if description.method == method => Some(uri),
                _ => None,
            })
    }
}

impl<'a> AccessDescription<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            Ok(Self {
                method: reader.oid()?,
                location: GeneralName::read(reader)?,
            })
        })
    }
}
