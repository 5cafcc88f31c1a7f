//! Texts in HTML.

use std::fmt::{self, Write as _};

/// A text as HTML has it, in content and in quoted attributes. What would move letters about on the screen, be it a
/// control character or a mark of writing direction, is shown by its number.
pub(super) struct Escaped<'t>(pub(super) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter if letter.is_control() || is_direction(letter) => {
                    write!(f, "{}", letter.escape_unicode())?;
                }
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// The bidirectional formatting characters (Unicode standard annex 9, section 2), and those of no width.
fn is_direction(letter: char) -> bool {
    matches!(
        letter,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_place() {
        let text = "CN=\"><script>alert('x')</script>&\n\u{202e}é";
        assert_eq!(
            Escaped(text).to_string(),
            "CN=&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;\\u{a}\\u{202e}é"
        );
    }
}
