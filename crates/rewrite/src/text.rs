//! Text that may stand in a header: printable ASCII, everything else escaped.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{CONTROLS, utf8_percent_encode};

/// `text` with every octet outside printable ASCII percent-encoded.
///
/// For text that came from outside the header section: it may hold line feeds, NUL or UTF-8.
pub(crate) fn percent(text: &str) -> Cow<'_, [u8]> {
    // Most of what comes is, and to see it at once takes a tenth of the time.
    if text.bytes().all(is_printable) {
        return Cow::Borrowed(text.as_bytes());
    }
    bytes(utf8_percent_encode(text, CONTROLS).into())
}

/// A distinguished name with every octet outside printable ASCII written as `\XX`.
///
/// RFC 4514 section 2.4 gives each octet this second spelling, so the result is the same name and
/// no two names become one. Percent-encoding would make `CN=a` + LF and `CN=a%0A` equal.
pub(crate) fn distinguished_name(name: &str) -> Cow<'_, [u8]> {
    if name.bytes().all(is_printable) {
        return bytes(Cow::Borrowed(name));
    }
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        match is_printable(byte) {
            true => escaped.push(char::from(byte)),
            // Writing into a String cannot fail.
            false => drop(write!(escaped, "\\{byte:02X}")),
        }
    }
    bytes(Cow::Owned(escaped))
}

/// Alternative names as a list, separated by commas.
///
/// A comma and a backslash inside a name have a backslash before them; spaces and all that is not printable
/// ASCII are written as `\XX`, octet by octet. No two lists become one.
pub(crate) fn names(names: &[String]) -> String {
    let mut list = String::new();
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            list.push(',');
        }
        for byte in name.bytes() {
            match byte {
                b',' | b'\\' => list.extend(['\\', char::from(byte)]),
                b'!'..=b'~' => list.push(char::from(byte)),
                // Writing into a String cannot fail.
                _ => drop(write!(list, "\\{byte:02X}")),
            }
        }
    }
    list
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_ascii_is_left_alone() {
        let text = "CN=O'Neil \\, \"x\"%20,O=~";
        assert!(matches!(percent(text), Cow::Borrowed(_)));
        assert!(matches!(distinguished_name(text), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_not_printable_is_escaped_octet_by_octet() {
        let text = "a\r\n\0\u{7f}\u{e9}";
        assert_eq!(&*percent(text), b"a%0D%0A%00%7F%C3%A9");
        assert_eq!(
            &*distinguished_name(text),
            b"a\\0D\\0A\\00\\7F\\C3\\A9".as_slice()
        );
    }

    #[test]
    fn a_name_in_a_list_cannot_be_two() {
        let list =
            |names_: &[&str]| names(&names_.iter().map(|name| (*name).into()).collect::<Vec<_>>());
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a.example", "b.example"]), "a.example,b.example");
        assert_eq!(list(&["a,b", "c\\"]), "a\\,b,c\\\\");
        assert_eq!(list(&[" a\r\n\0", "\u{e9}"]), "\\20a\\0D\\0A\\00,\\C3\\A9");
        assert_ne!(list(&["a\n"]), list(&["a\\0A"]));
    }

    #[test]
    fn two_names_never_become_one() {
        assert_ne!(
            distinguished_name("CN=a\n"),
            distinguished_name("CN=a\\\\0A")
        );
        assert_ne!(distinguished_name("CN=a\n"), distinguished_name("CN=a%0A"));
    }
}
