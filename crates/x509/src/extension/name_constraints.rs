use crate::der::{Error, Reader, Tag, read_each};
use crate::general_name::GeneralName;

/// `nameConstraints` (RFC 5280 section 4.2.1.10), every subtree well formed.
///
/// ```text
/// NameConstraints ::= SEQUENCE {
///      permittedSubtrees       [0]     GeneralSubtrees OPTIONAL,
///      excludedSubtrees        [1]     GeneralSubtrees OPTIONAL }
/// ```
///
/// One of the two is there, as the RFC demands of issuers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameConstraints<'a> {
    /// `permittedSubtrees`
    pub permitted: Option<GeneralSubtrees<'a>>,
    /// `excludedSubtrees`
    pub excluded: Option<GeneralSubtrees<'a>>,
}

/// At least one subtree.
///
/// ```text
/// GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree
/// GeneralSubtree ::= SEQUENCE {
///      base                    GeneralName,
///      minimum         [0]     BaseDistance DEFAULT 0,
///      maximum         [1]     BaseDistance OPTIONAL }
/// ```
///
/// `minimum` is 0 and `maximum` absent, in every one: RFC 5280 knows no other use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneralSubtrees<'a> {
    content: &'a [u8],
}

impl<'a> NameConstraints<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            let permitted = reader.optional(Tag::context_constructed(0))?;
            let excluded = reader.optional(Tag::context_constructed(1))?;
            if permitted.is_none() && excluded.is_none() {
                return Err(Error::Constraint);
            }
            Ok(Self {
                permitted: permitted.map(GeneralSubtrees::from_content).transpose()?,
                excluded: excluded.map(GeneralSubtrees::from_content).transpose()?,
            })
        })
    }
}

impl<'a> GeneralSubtrees<'a> {
    fn from_content(content: &'a [u8]) -> Result<Self, Error> {
        read_each(content, read_subtree)?;
        Ok(Self { content })
    }

    /// The base of each subtree, in the order of the encoding.
    // Invariant: `from_content` read every subtree once, so that reading again cannot fail.
    pub fn iter(&self) -> impl Iterator<Item = GeneralName<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || read_subtree(&mut reader).ok())
    }
}

fn read_subtree<'a>(reader: &mut Reader<'a>) -> Result<GeneralName<'a>, Error> {
    reader.sequence(|reader| {
        let base = GeneralName::read(reader)?;
        let minimum = reader.optional(Tag::context(0))?;
        // The default may be written out, which X.690 11.5 forbids: it means nothing else.
        if minimum.is_some_and(|minimum| minimum != [0]) {
            return Err(Error::Constraint);
        }
        Ok(base)
    })
}
