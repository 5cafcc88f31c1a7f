//! The form of host names.

use core::net::IpAddr;

/// Characters of a host name (RFC 1035 section 2.3.4).
const MAX_HOST: usize = 253;

/// Labels of letters, digits, hyphens and underscores, as hosts have them in practice.
pub(crate) fn is_host(name: &str) -> bool {
    name.len() <= MAX_HOST && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let letters = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    matches!(label.len(), 1..=63)
        && label.bytes().all(letters)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A host name as RFC 5280 section 4.2.1.6 wants it, or a wildcard of one: without underscores.
pub(crate) fn is_strict_host(name: &str) -> bool {
    let host = name.strip_prefix("*.").unwrap_or(name);
    is_host(host) && !host.contains('_')
}

/// Whether somebody might take a common name for a host: more than one label, as every host has
/// that a certificate authority of others vouches for.
pub(crate) fn looks_like_host(text: &str) -> bool {
    let text = without_root(text);
    let host = text.strip_prefix("*.").unwrap_or(text);
    text.contains('.') && is_host(host) && !is_address(host)
}

pub(crate) fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// A name without the dot at its end that says that it is whole.
pub(crate) fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
