//! What a peer chose, written so that it stays what it is: no line, no quote, no order to a terminal.

use std::fmt::Write as _;

use portcullis_x509::CUT;

/// Octets of one value at most. A URL may have 32 KiB and more, and several values of a line are the
/// client's.
pub(crate) const VALUE: usize = 8 * 1024;

/// Appends a JSON string (RFC 8259 section 7) without the quotes. Beside what has to be escaped are
/// escaped all control characters and those that change the order or the look of others.
pub(crate) fn escape(text: &str, out: &mut String) {
    // What nearly every value is, told without looking at each character by itself.
    if text.len() <= VALUE && text.bytes().all(is_plain) {
        return out.push_str(text);
    }
    let (text, cut) = match text.floor_char_boundary(VALUE) {
        end if end < text.len() => (text.get(..end).unwrap_or_default(), CUT),
        _ => (text, ""),
    };
    let mut rest = text;
    while let Some(at) = rest.find(is_escaped) {
        let (plain, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut characters = tail.chars();
        if let Some(character) = characters.next() {
            escape_character(character, out);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push_str(cut);
}

/// The same of octets that need not be text: what is none is written as U+FFFD.
pub(crate) fn escape_octets(octets: &[u8], out: &mut String) {
    match str::from_utf8(octets) {
        Ok(text) => escape(text, out),
        Err(_) => escape(&String::from_utf8_lossy(octets), out),
    }
}

fn escape_character(character: char, out: &mut String) {
    if matches!(character, '"' | '\\') {
        out.push('\\');
        out.push(character);
        return;
    }
    let mut units = [0; 2];
    for unit in character.encode_utf16(&mut units) {
        // Writing to a string does not fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// ASCII that is never escaped.
fn is_plain(octet: u8) -> bool {
    matches!(octet, b' '..=b'~') && octet != b'"' && octet != b'\\'
}

fn is_escaped(character: char) -> bool {
    matches!(
        character,
        '"' | '\\'
            | '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        escape(text, &mut out);
        out
    }

    #[test]
    fn every_character_comes_back_and_none_does_anything() {
        for character in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = format!("a{character}b");
            let shown = escaped(&text);
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            if shown != text || character < '\u{ff}' {
                let json = format!("\"{shown}\"");
                assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
        assert_eq!(escaped("\u{202e}\n\u{9b}\"\\"), r#"\u202e\u000a\u009b\"\\"#);
        assert_eq!(escaped("\u{e0041}"), r"\udb40\udc41");
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        let long = "ä".repeat(VALUE);
        let shown = escaped(&long);
        assert_eq!(shown, format!("{}{CUT}", "ä".repeat(VALUE / 2)));
        assert_eq!(escaped(&"x".repeat(VALUE)).len(), VALUE);
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        let mut out = String::new();
        escape_octets(b"a\xff\x9bb", &mut out);
        assert_eq!(out, "a\u{fffd}\u{fffd}b");
    }
}
