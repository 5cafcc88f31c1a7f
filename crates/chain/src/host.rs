//! The form of host names, and of what has one.

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

/// The two sides of the `@` of a mailbox, of which there is one: printable characters before it, a host
/// after it.
pub(crate) fn mailbox(name: &str) -> Option<(&str, &str)> {
    let (local, host) = name.split_once('@')?;
    (!local.is_empty() && is_printable(local) && is_host(host)).then_some((local, host))
}

/// ASCII without spaces and controls.
pub(crate) fn is_printable(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// The scheme of a URI and what follows the colon (RFC 3986 section 3.1).
pub(crate) fn scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    let sound = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    (sound && scheme.bytes().all(allowed)).then_some((scheme, rest))
}

/// Whether a host is, or ends in, a number: there are readers who take it for an address in a form of their
/// own, such as `127.1` and `0x7f000001`.
pub(crate) fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => last.bytes().all(|digit| digit.is_ascii_digit()),
    }
}
