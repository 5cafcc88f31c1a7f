use alloc::string::{String, ToString};
use core::fmt::{self, Write};

use crate::{AlgorithmIdentifier, Name, Oid};

/// Characters up to which a log, a report or an error shows what a peer chose.
///
/// A certificate has 64 KiB to spend on one name, and a name prints as up to six times its octets.
/// 256 is what the verify callback in OpenSSL's manual (`SSL_CTX_set_verify`) gives a name; real
/// ones take 30 to 150.
pub const MAX_SHOWN: usize = 256;

/// What stands for the rest of something that was cut. A name never shows these characters
/// without a backslash before them, and a number never shows them at all, so that nobody can
/// choose a name that looks cut.
pub const CUT: &str = "<...>";

/// Shows a value up to a number of characters, then [`CUT`]. An escape sequence of a name is shown
/// whole or not at all. Formatting stops at the limit, however much there would be to say.
///
/// ```
/// use portcullis_x509::{MAX_SHOWN, Name, Shown};
/// # use portcullis_test_pki as pki;
/// # let long = pki::Name::common_name("x".repeat(50_000).as_str());
/// let name = Name::parse(long.der())?;
/// assert_eq!(Shown::up_to(8, name).to_string(), "CN=xxxxx<...>");
/// assert_eq!(name.shown().to_string().len(), MAX_SHOWN + 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shown<T> {
    value: T,
    limit: usize,
}

impl<T: fmt::Display> Shown<T> {
    /// Shows up to [`MAX_SHOWN`] characters.
    pub const fn new(value: T) -> Self {
        Self::up_to(MAX_SHOWN, value)
    }

    /// Shows up to `limit` characters.
    pub const fn up_to(limit: usize, value: T) -> Self {
        Self { value, limit }
    }
}

impl<'a> Name<'a> {
    /// The name up to [`MAX_SHOWN`] characters, for whatever keeps it or writes it down unasked.
    /// `Display` alone shows all of it.
    pub const fn shown(self) -> Shown<Self> {
        Shown::new(self)
    }
}

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pen = Pen {
            paper: f,
            left: self.limit,
            cut: false,
        };
        let written = write!(pen, "{}", self.value);
        let cut = pen.cut;
        if cut { f.write_str(CUT) } else { written }
    }
}

/// Fails when the limit is reached, which ends whoever writes.
struct Pen<'p, 'f> {
    paper: &'p mut fmt::Formatter<'f>,
    left: usize,
    cut: bool,
}

/// The longest escape sequence of a name, `\FF`. It may be written in several pieces, of which
/// only the first begins with a backslash.
const LONGEST_ESCAPE: usize = 3;

impl Write for Pen<'_, '_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if piece.starts_with('\\') && self.left < LONGEST_ESCAPE {
            self.cut = true;
            return Err(fmt::Error);
        }
        let mut characters = piece.char_indices();
        let fits = match characters.nth(self.left) {
            Some((at, _)) => {
                self.cut = true;
                piece.split_at_checked(at).map_or("", |(fits, _)| fits)
            }
            None => {
                self.left = self.left.saturating_sub(piece.chars().count());
                piece
            }
        };
        self.paper.write_str(fits)?;
        if self.cut { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Oid<'_> {
    /// As errors keep it.
    pub(crate) fn to_shown(self) -> String {
        Shown::new(self).to_string()
    }
}

impl AlgorithmIdentifier<'_> {
    /// As errors keep it.
    pub(crate) fn to_shown(self) -> String {
        Shown::new(self).to_string()
    }
}
