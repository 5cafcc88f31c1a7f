//! A name for one request.

use std::fmt;

/// 128 random bits, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(pub(crate) [u8; 16]);

impl TraceId {
    /// A new one. Where the system has no random bits it is of zeros: a name of nothing rather than
    /// no answer.
    pub(crate) fn random() -> Self {
        let mut octets = [0; 16];
        match getrandom::fill(&mut octets) {
            Ok(()) => Self(octets),
            Err(_) => Self([0; 16]),
        }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_as_32_digits() {
        assert_eq!(TraceId([0; 16]).to_string(), "0".repeat(32));
        let mut octets = [0; 16];
        octets[0] = 0x0a;
        octets[15] = 0xf1;
        let shown = TraceId(octets).to_string();
        assert_eq!(shown, "0a0000000000000000000000000000f1");
        assert_ne!(TraceId::random(), TraceId::random());
    }
}
