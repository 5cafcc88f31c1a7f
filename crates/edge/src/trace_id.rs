//! A name for each request, by which logs of the gateway and of backends are brought together.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};

/// The header that tells a backend, as Application Gateway names it.
const X_APPGW_TRACE_ID: HeaderName = HeaderName::from_static("x-appgw-trace-id");

/// 128 bits, displayed as 32 hexadecimal digits. It is among the extensions of the request's `Parts`.
///
/// It is never a client's: what clients send under that name is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(u128);

impl TraceId {
    /// One that no other request has: the keys of the standard library's hash maps, which are random and never the
    /// same twice, hashed.
    pub(crate) fn new() -> Self {
        let keys = RandomState::new();
        let half = |number: u8| u128::from(keys.hash_one(number));
        Self(half(0) << 64 | half(1))
    }
}

/// Sets the header of a request with these extensions, or leaves it without one.
pub(crate) fn tell(extensions: &Extensions, headers: &mut HeaderMap) {
    headers.remove(X_APPGW_TRACE_ID);
    if let Some(id) = extensions.get::<TraceId>()
        && let Ok(id) = HeaderValue::try_from(id.to_string())
    {
        // A request with too many fields has no room for it.
        drop(headers.try_insert(X_APPGW_TRACE_ID, id));
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_is_another_and_has_32_digits() {
        let all: HashSet<String> = (0..1000).map(|_| TraceId::new().to_string()).collect();
        assert_eq!(all.len(), 1000);
        let digits = |id: &String| id.len() == 32 && id.bytes().all(|d| d.is_ascii_hexdigit());
        assert!(all.iter().all(digits));
    }
}
