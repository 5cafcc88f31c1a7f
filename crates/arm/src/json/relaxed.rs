//! What Resource Manager allows beyond JSON: comments, and texts over several lines.

use std::iter::Peekable;
use std::str::Chars;

/// The same document as strict JSON, its lines where they were but for those within texts.
pub(super) fn strict(text: &str) -> String {
    let mut strict = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('"', _) => {
                strict.push('"');
                quoted(&mut letters, &mut strict);
            }
            ('/', Some('/')) => while letters.next_if(|letter| *letter != '\n').is_some() {},
            ('/', Some('*')) => {
                letters.next();
                block(&mut letters, &mut strict);
            }
            _ => strict.push(letter),
        }
    }
    strict
}

/// The rest of a text, with its closing quote.
fn quoted(letters: &mut Peekable<Chars<'_>>, strict: &mut String) {
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => strict.push_str("\\n"),
            '\r' => strict.push_str("\\r"),
            '\t' => strict.push_str("\\t"),
            '\\' => {
                strict.push(letter);
                strict.extend(letters.next());
            }
            '"' => return strict.push(letter),
            _ => strict.push(letter),
        }
    }
}

/// The rest of a comment; its lines stay.
fn block(letters: &mut Peekable<Chars<'_>>, strict: &mut String) {
    strict.push(' ');
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'/').is_some() => return,
            '\n' => strict.push(letter),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::strict;

    #[test]
    fn comments_go_and_texts_stay() {
        for (relaxed, expected) in [
            ("[1, // one\n2]", "[1, \n2]"),
            ("[1/* a\nb */,2]", "[1 \n,2]"),
            (
                r#"["http://x", "/* y */", "\"//z"]"#,
                r#"["http://x", "/* y */", "\"//z"]"#,
            ),
            ("[\"a\n\tb\"]", r#"["a\n\tb"]"#),
            ("/*", " "),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(strict(relaxed), expected);
        }
    }
}
