//! Colour where a person reads, none where a program does.

use std::io::{self, IsTerminal};

/// How stdout takes emphasis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Colour,
    Plain,
}

impl Paint {
    /// Colour when stdout is a terminal and NO_COLOR is not set (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        if wanted && io::stdout().is_terminal() {
            Self::Colour
        } else {
            Self::Plain
        }
    }

    /// The answer yes.
    pub(crate) fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// The answer no.
    pub(crate) fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// What the eye should find.
    pub(crate) fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}
