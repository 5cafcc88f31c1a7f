//! One encoding for all names that match.

use alloc::vec::Vec;

use super::matching::is_space;
use super::{Attribute, Name, RelativeDistinguishedName};
use crate::der::Tag;

impl Name<'_> {
    /// Octets that are the same for two names exactly when [`Name::matches`] says that they are: what
    /// tables of names are keyed by. They are no DER.
    ///
    /// Takes time and memory in proportion to the name, where comparing each with each takes
    /// the square of their number.
    pub fn normalised(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.der.len().saturating_mul(2));
        for rdn in self.rdns() {
            rdn.normalise(&mut octets);
        }
        octets
    }
}

// Every part begins with what it is and how long it is, so that no two lists of parts read alike.
const SET: u8 = 1;
const LARGE_SET: u8 = 2;
const TEXT: u8 = 3;
const OCTETS: u8 = 4;

impl RelativeDistinguishedName<'_> {
    pub(super) fn normalised(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.content.len());
        self.normalise(&mut octets);
        octets
    }

    /// The order within the set does not matter, hence it is sorted.
    fn normalise(&self, octets: &mut Vec<u8>) {
        if let Some(attribute) = self.only() {
            return part(octets, SET, |octets| attribute.normalise(octets));
        }
        if self.attributes().nth(Name::MAX_SET_ATTRIBUTES).is_some() {
            return part(octets, LARGE_SET, |octets| {
                octets.extend_from_slice(self.content);
            });
        }
        let mut attributes: Vec<_> = self.attributes().map(|one| one.normalised()).collect();
        attributes.sort_unstable();
        part(octets, SET, |octets| {
            octets.extend(attributes.iter().flatten());
        });
    }
}

impl Attribute<'_> {
    fn normalised(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.der.len());
        self.normalise(&mut octets);
        octets
    }

    fn normalise(&self, octets: &mut Vec<u8>) {
        part(octets, OCTETS, |octets| {
            octets.extend_from_slice(self.oid.as_bytes());
        });
        if let Some(ascii) = self.comparable_ascii() {
            return part(octets, TEXT, |octets| fold_ascii(ascii, octets));
        }
        match self.folded() {
            Some(characters) => part(octets, TEXT, |octets| {
                let mut buffer = [0; 4];
                for character in characters {
                    octets.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
                }
            }),
            None => part(octets, OCTETS, |octets| {
                octets.extend_from_slice(self.der);
            }),
        }
    }

    /// The value where it is text of one octet a character, all of them ASCII: nearly always.
    fn comparable_ascii(&self) -> Option<&[u8]> {
        let one_octet = matches!(
            self.tag,
            Tag::UTF8_STRING | Tag::PRINTABLE_STRING | Tag::IA5_STRING
        );
        (one_octet && self.value.is_ascii()).then_some(self.value)
    }
}

/// What [`Attribute::folded`] makes of ASCII, octet by octet.
fn fold_ascii(ascii: &[u8], octets: &mut Vec<u8>) {
    let mut words = ascii
        .split(|octet| is_space(char::from(*octet)))
        .filter(|word| !word.is_empty());
    let write = |octets: &mut Vec<u8>, word: &[u8]| {
        octets.extend(word.iter().map(u8::to_ascii_lowercase));
    };
    if let Some(first) = words.next() {
        write(octets, first);
    }
    for word in words {
        octets.push(b' ');
        write(octets, word);
    }
}

fn part(octets: &mut Vec<u8>, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    octets.push(kind);
    let at = octets.len();
    octets.extend_from_slice(&[0; size_of::<usize>()]);
    let start = octets.len();
    write(octets);
    let length = octets.len().saturating_sub(start).to_be_bytes();
    if let Some(reserved) = octets.get_mut(at..start) {
        reserved.copy_from_slice(&length);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::name::text::Characters;
    use crate::oid;

    #[test]
    fn ascii_is_folded_as_all_text_is() {
        for text in [
            "",
            " ",
            "a",
            " A  b\t\n C ",
            "Contoso Ltd.",
            "\x00\x7f",
            "  x",
        ] {
            let mut octets = Vec::new();
            fold_ascii(text.as_bytes(), &mut octets);
            let attribute = Attribute {
                oid: oid::COMMON_NAME,
                tag: Tag::UTF8_STRING,
                value: text.as_bytes(),
                der: &[],
            };
            assert!(Characters::of(attribute.tag, attribute.value).is_some());
            let folded: String = attribute.folded().unwrap().collect();
            assert_eq!(octets, folded.as_bytes(), "{text:?}");
        }
    }
}
