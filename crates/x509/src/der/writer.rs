//! Writing elements, inside out from octets.

use alloc::vec::Vec;

use super::Tag;

/// One element whose content is `parts` one after the other.
pub fn encode(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts
        .iter()
        .map(|part| part.len())
        .fold(0, usize::saturating_add);
    let mut out = Vec::with_capacity(length.saturating_add(LONGEST_HEADER));
    out.push(tag.octet());
    push_length(&mut out, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// Tag, the octet that counts the octets of the length, and those of a 64-bit length.
const LONGEST_HEADER: usize = 10;

fn push_length(out: &mut Vec<u8>, length: usize) {
    if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
        out.push(short);
        return;
    }
    let octets = length.to_be_bytes();
    let leading_zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = octets.get(leading_zeros..).unwrap_or_default();
    // Invariant: a usize has at most eight octets.
    out.push(u8::try_from(octets.len()).unwrap_or(8) | 0x80);
    out.extend_from_slice(octets);
}
