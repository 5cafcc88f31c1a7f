//! Octets as hexadecimal digits.

use std::fmt::Write;

/// Two upper-case digits an octet.
pub(crate) fn upper(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02X}");
        text
    })
}

/// Reads pairs of digits of either case; for clap, hence the text.
pub(crate) fn parse(text: &str) -> Result<Vec<u8>, String> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let octets: Option<Vec<u8>> = pairs.iter().map(|pair| octet(*pair)).collect();
    octets
        .filter(|_| rest.is_empty())
        .ok_or_else(|| "expected hexadecimal digits, two for each octet".to_owned())
}

fn octet(pair: [u8; 2]) -> Option<u8> {
    let digits = std::str::from_utf8(&pair)
        .ok()
        .filter(|text| !text.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}
