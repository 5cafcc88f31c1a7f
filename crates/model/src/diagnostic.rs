//! What is wrong with a configuration, where, and what would be accepted.

mod answers;
mod problem;
mod words;

use std::error::Error;
use std::fmt;
use std::ops::{Deref, Range};
use std::path::Path;

pub use problem::{DataUrlError, Problem};
pub use words::{Item, Kind, Severity, Side};

/// A position in the configuration text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// Its first byte, counted from 0.
    pub offset: usize,
    /// Its bytes.
    pub length: usize,
}

impl Location {
    /// Its bytes within the text.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.length)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where something stands: by its path through the tables, and in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// `tls_profile.contoso.certificate.pem`, `listener[0].bind`; empty for the whole file.
    pub path: String,
    /// Absent for what did not come from a text.
    pub location: Option<Location>,
}

/// A value that remembers where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Located<T> {
    /// A value at a place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// A diagnostic about this value.
    pub fn diagnose(&self, problem: Problem) -> Diagnostic {
        Diagnostic::new(self.place.clone(), problem)
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// One problem (or warning) at one place.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

impl Diagnostic {
    /// A problem at a place.
    #[must_use]
    pub fn new(place: Place, problem: Problem) -> Self {
        Self { place, problem }
    }

    /// The bytes of the text that it is about; `None` for what did not come from a text.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.place.location.map(|location| location.span())
    }

    /// What would be accepted instead, for people.
    #[must_use]
    pub fn accepted(&self) -> Option<String> {
        self.problem.accepted()
    }

    /// The problem with all its causes, for people: one line, whatever the causes print.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = self.problem.to_string();
        let mut cause = self.problem.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        one_line(&message)
    }

    /// One line in the form of compilers: `FILE:LINE:COLUMN: path: problem (accepted: …)`, with
    /// `warning:` before the path of a warning.
    #[must_use]
    pub fn display<'a>(&'a self, file: &'a Path) -> impl fmt::Display + 'a {
        Line {
            diagnostic: self,
            file,
        }
    }
}

/// Joins lines, and shows what else would move a terminal's cursor.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut line = String::new();
    for letter in lines.join(" ").chars() {
        if letter.is_control() {
            line.extend(letter.escape_debug());
        } else {
            line.push(letter);
        }
    }
    line
}

struct Line<'a> {
    diagnostic: &'a Diagnostic,
    file: &'a Path,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { path, location } = &self.diagnostic.place;
        write!(f, "{}:", self.file.display())?;
        if let Some(location) = location {
            write!(f, "{location}:")?;
        }
        if self.diagnostic.problem.severity() == Severity::Warning {
            f.write_str(" warning:")?;
        }
        if !path.is_empty() {
            write!(f, " {path}:")?;
        }
        write!(f, " {}", self.diagnostic.message())?;
        match self.diagnostic.accepted() {
            Some(accepted) => write!(f, " (accepted: {accepted})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::{Diagnostic, Location, Place, Problem};

    #[test]
    fn a_cause_of_several_lines_becomes_one() {
        let source = Arc::new(io::Error::other(
            "regex parse error:\n    (a\n    ^\u{1b}[31m",
        ));
        let path = "rewrite_set.x".to_owned();
        let location = Some(Location {
            line: 3,
            column: 7,
            offset: 30,
            length: 2,
        });
        let place = Place { path, location };
        let diagnostic = Diagnostic::new(place, Problem::Rewrite { source });
        assert_eq!(
            diagnostic.display("p.toml".as_ref()).to_string(),
            "p.toml:3:7: rewrite_set.x: this rewrite cannot be used: \
             regex parse error: (a ^\\u{1b}[31m"
        );
    }
}
