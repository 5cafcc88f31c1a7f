//! Comparing names (RFC 5280 section 7.1).

use super::text::Characters;
use super::{Attribute, Name, RelativeDistinguishedName};
use crate::der::Tag;

impl Name<'_> {
    /// Attributes of one relative distinguished name that are compared in any order.
    ///
    /// Comparing sets takes the square of their size. Real names have one attribute here, rarely
    /// two; sets above the limit match only octet for octet.
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

    /// A hash that is the same for names that match: a filter before [`Name::matches`], nothing
    /// more. It is not keyed, so a table over names that a peer chooses must be bounded.
    pub fn matching_hash(&self) -> u64 {
        self.rdns()
            .fold(FNV_OFFSET, |hash, rdn| fnv(hash, rdn.hash()))
    }
}

impl RelativeDistinguishedName<'_> {
    fn matches(&self, other: &RelativeDistinguishedName<'_>) -> bool {
        self.content == other.content || self.matches_as_set(other)
    }

    fn matches_as_set(&self, other: &RelativeDistinguishedName<'_>) -> bool {
        let limit = Name::MAX_SET_ATTRIBUTES;
        let mut taken = 0_u32;
        let mut count = 0_usize;
        for attribute in self.attributes() {
            count = count.saturating_add(1);
            let found = (0..limit)
                .zip(other.attributes())
                .find(|(index, other)| taken & bit(*index) == 0 && attribute.matches(other));
            match found {
                Some((index, _)) if count <= limit => taken |= bit(index),
                _ => return false,
            }
        }
        other.attributes().nth(count).is_none()
    }

    /// Added up, so that the order within the set does not matter.
    fn hash(&self) -> u64 {
        if self.attributes().nth(Name::MAX_SET_ATTRIBUTES).is_some() {
            return self
                .content
                .iter()
                .fold(FNV_OFFSET, |hash, octet| fnv(hash, u64::from(*octet)));
        }
        self.attributes()
            .fold(0, |sum, attribute| sum.wrapping_add(attribute.hash()))
    }
}

fn bit(index: usize) -> u32 {
    u32::try_from(index)
        .ok()
        .and_then(|index| 1_u32.checked_shl(index))
        .unwrap_or(0)
}

impl<'a> Attribute<'a> {
    fn matches(&self, other: &Attribute<'_>) -> bool {
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

    fn hash(&self) -> u64 {
        let hash = self
            .oid
            .as_bytes()
            .iter()
            .fold(FNV_OFFSET, |hash, octet| fnv(hash, u64::from(*octet)));
        match self.folded() {
            Some(characters) => characters.fold(hash, |hash, character| {
                fnv(hash, u64::from(u32::from(character)))
            }),
            None => self
                .der
                .iter()
                .fold(hash, |hash, octet| fnv(hash, u64::from(*octet))),
        }
    }

    /// The characters that count, or nothing when the value is compared octet for octet.
    fn folded(&self) -> Option<Folded<'a>> {
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
struct Folded<'a> {
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
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

// FNV-1a over 64 bits (draft-eastlake-fnv).
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

const fn fnv(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(FNV_PRIME)
}
