//! Damage in every place: what a parser must survive and a verifier must refuse.

/// Every proper prefix of `der`, from the empty one.
pub fn every_prefix(der: &[u8]) -> impl Iterator<Item = &[u8]> {
    (0..der.len()).map(|end| &der[..end])
}

/// `der` with one byte inverted, for every byte.
pub fn every_flipped_byte(der: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..der.len()).map(|at| changed(der, at, 0xFF))
}

/// `der` with one bit inverted, for every bit.
pub fn every_flipped_bit(der: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..der.len() * 8).map(|bit| changed(der, bit / 8, 0x80 >> (bit % 8)))
}

/// `der` with something appended.
#[must_use]
pub fn with_trailing_byte(der: &[u8]) -> Vec<u8> {
    let mut out = der.to_vec();
    out.push(0);
    out
}

fn changed(der: &[u8], at: usize, mask: u8) -> Vec<u8> {
    let mut out = der.to_vec();
    out[at] ^= mask;
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_bit_is_visited_once() {
        let der = [1, 2, 3];
        assert_eq!(every_prefix(&der).count(), 3);
        assert_eq!(every_flipped_byte(&der).count(), 3);
        let bits: std::collections::HashSet<_> = every_flipped_bit(&der).collect();
        assert_eq!(bits.len(), 24);
        assert!(!bits.contains(der.as_slice()));
    }
}
