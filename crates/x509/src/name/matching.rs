//! Comparing names (RFC 5280 section 7.1).

use super::text::Characters;
use super::{Attribute, Name, RelativeDistinguishedName};
use crate::der::Tag;

impl Name<'_> {
    /// Attributes of one relative distinguished name that are compared in any order.
    ///
    /// Comparing sets takes memory, unlike comparing the one attribute that real names have here,
    /// rarely two. Sets above the limit match only octet for octet.
    pub const MAX_SET_ATTRIBUTES: usize = 16;

    /// Whether both are the same name as RFC 5280 section 7.1 says: the same attribute types in the same
    /// order (in any order within a SET), with values that are equal when case is ignored, white
    /// space is trimmed and runs of it count as one, across PrintableString, UTF8String, IA5String,
    /// BMPString and UniversalString. Other values are compared octet for octet.
    ///
    /// Unicode normalisation (NFKC, RFC 4518 section 2.3) is not done: names that only it makes equal differ here.
    pub fn matches(&self, other: &Name<'_>) -> bool {
        if self.content == other.content {
            return true;
        }
        let mut others = other.rdns();
        self.rdns()
            .all(|rdn| others.next().is_some_and(|other| rdn.matches(&other)))
            && others.next().is_none()
    }
}

impl Name<'_> {
    /// Whether the name lies in the subtree of `base` (RFC 5280 section 4.2.1.10): it begins with
    /// the relative names of `base`, each compared as [`Name::matches`] does. Every name lies in the
    /// subtree of the empty one.
    pub fn is_within(&self, base: &Name<'_>) -> bool {
        let mut own = self.rdns();
        base.rdns()
            .all(|rdn| own.next().is_some_and(|own| own.matches(&rdn)))
    }
}

impl Name<'_> {
    /// As [`Name::is_within`], with every kind of character string compared by its characters,
    /// TeletexString as Latin-1 and octets that suit no string as they are. It finds what may be meant by a
    /// name; it proves nothing.
    pub fn resembles_within(&self, base: &Name<'_>) -> bool {
        let mut own = self.rdns();
        base.rdns()
            .all(|rdn| own.next().is_some_and(|own| own.resembles(&rdn)))
    }
}

impl RelativeDistinguishedName<'_> {
    /// Whether both have as many attributes, and every one of the other has one here that it resembles.
    fn resembles(&self, other: &RelativeDistinguishedName<'_>) -> bool {
        let has = |wanted: Attribute<'_>| self.attributes().any(|own| own.resembles(&wanted));
        let count = self.attributes().count();
        self.content == other.content
            || (count <= Name::MAX_SET_ATTRIBUTES
                && count == other.attributes().count()
                && other.attributes().all(has))
    }

    fn matches(&self, other: &RelativeDistinguishedName<'_>) -> bool {
        self.content == other.content || self.matches_as_set(other)
    }

    fn matches_as_set(&self, other: &RelativeDistinguishedName<'_>) -> bool {
        match (self.only(), other.only()) {
            (Some(one), Some(other)) => one.matches(&other),
            (None, None) => self.normalised() == other.normalised(),
            _ => false,
        }
    }

    /// The attribute of a set that has one, as nearly all have.
    pub(super) fn only(&self) -> Option<Attribute<'_>> {
        let mut attributes = self.attributes();
        attributes.next().filter(|_| attributes.next().is_none())
    }
}

impl<'a> Attribute<'a> {
    /// Whether both have the same type and, compared as [`Name::matches`] does, the same value.
    pub fn matches(&self, other: &Attribute<'_>) -> bool {
        if self.oid != other.oid {
            return false;
        }
        if self.der == other.der {
            return true;
        }
        match (self.folded(), other.folded()) {
            (Some(this), Some(other)) => this.eq(other),
            _ => false,
        }
    }

    fn resembles(&self, other: &Attribute<'_>) -> bool {
        let texts = || {
            let of = |attribute: &Self| Characters::of(attribute.tag, attribute.value);
            of(self)
                .map(Folded::new)
                .zip(Characters::of(other.tag, other.value).map(Folded::new))
        };
        self.oid == other.oid
            && (self.value == other.value || texts().is_some_and(|(own, other)| own.eq(other)))
    }

    /// The characters that count, or nothing when the value is compared octet for octet.
    pub(super) fn folded(&self) -> Option<Folded<'a>> {
        let comparable = matches!(
            self.tag,
            Tag::UTF8_STRING
                | Tag::PRINTABLE_STRING
                | Tag::IA5_STRING
                | Tag::BMP_STRING
                | Tag::UNIVERSAL_STRING
        );
        let ascii =
            !matches!(self.tag, Tag::PRINTABLE_STRING | Tag::IA5_STRING) || self.value.is_ascii();
        if !comparable || !ascii {
            return None;
        }
        Characters::of(self.tag, self.value).map(Folded::new)
    }
}

/// Lower case, outer white space dropped, inner runs of it as one space.
pub(super) struct Folded<'a> {
    characters: Characters<'a>,
    /// A character read ahead, after the space before it was handed out.
    ahead: Option<char>,
    lower: Option<core::char::ToLowercase>,
}

impl<'a> Folded<'a> {
    fn new(mut characters: Characters<'a>) -> Self {
        let ahead = characters.find(|character| !is_space(*character));
        Self {
            characters,
            ahead,
            lower: None,
        }
    }

    fn next_raw(&mut self) -> Option<char> {
        if let Some(character) = self.ahead.take() {
            return Some(character);
        }
        let character = self.characters.next()?;
        if !is_space(character) {
            return Some(character);
        }
        self.ahead = self.characters.find(|character| !is_space(*character));
        self.ahead.map(|_| ' ')
    }
}

impl Iterator for Folded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(character) = self.lower.as_mut().and_then(Iterator::next) {
            return Some(character);
        }
        let character = self.next_raw()?;
        if character.is_ascii() {
            return Some(character.to_ascii_lowercase());
        }
        let mut lower = character.to_lowercase();
        let first = lower.next();
        self.lower = Some(lower);
        first
    }
}

/// What RFC 4518 section 2.2 maps to a space, as far as ASCII goes.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}
