//! One encoding for all names that match.

use alloc::vec::Vec;

use super::{Attribute, Name, RelativeDistinguishedName};

impl Name<'_> {
    /// Octets that are the same for two names exactly when [`Name::matches`] says that they are: what
    /// tables of names are keyed by. They are no DER.
    ///
    /// Takes time and memory in proportion to the name, where comparing each with each takes
    /// the square of their number.
    pub fn normalised(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.der.len());
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
        part(&mut octets, OCTETS, |octets| {
            octets.extend_from_slice(self.oid.as_bytes());
        });
        match self.folded() {
            Some(characters) => part(&mut octets, TEXT, |octets| {
                let mut buffer = [0; 4];
                for character in characters {
                    octets.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
                }
            }),
            None => part(&mut octets, OCTETS, |octets| {
                octets.extend_from_slice(self.der);
            }),
        }
        octets
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
