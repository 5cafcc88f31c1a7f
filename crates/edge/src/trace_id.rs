//! A name for each request, by which logs of the gateway and of backends are brought together.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that tells a backend, as Application Gateway names it.
const X_APPGW_TRACE_ID: HeaderName = HeaderName::from_static("x-appgw-trace-id");

/// 128 bits, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(pub(crate) [u8; 16]);

impl TraceId {
    /// One that no other request has: the keys of the standard library's hash maps, which are random and never the
    /// same twice, hashed.
    pub(crate) fn random() -> Self {
        let keys = RandomState::new();
        let half = |number: u8| u128::from(keys.hash_one(number));
        Self((half(0) << 64 | half(1)).to_be_bytes())
    }

    /// Sets the header that tells a backend, whatever the client sent under that name.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        headers.remove(X_APPGW_TRACE_ID);
        if let Ok(id) = HeaderValue::try_from(self.to_string()) {
            // A request with too many fields has no room for it.
            drop(headers.try_insert(X_APPGW_TRACE_ID, id));
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
