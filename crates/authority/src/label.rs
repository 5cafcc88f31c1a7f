//! The name of a certificate, which is the name of its files too.

use std::fmt;

use crate::{AuthorityError, NameProblem, Serial};

/// The characters besides letters and digits: none of them separates paths, hides a file elsewhere than
/// in front, or means something to the index.
pub(crate) const PUNCTUATION: &str = " ._-@+'";

/// The upper bound of a common name (RFC 5280 appendix A.1), counted in octets so that the file name
/// stays below the 255 octets that file systems take.
const MOST_OCTETS: usize = 64;

/// The names of the authority's own files.
const RESERVED: [&str; 6] = ["root", "issuing", "ocsp", "chain", "index", "responder"];

/// A name that is safe as that of a file in the folder.
#[derive(Clone, Debug)]
pub(crate) struct Label(String);

impl Label {
    pub(crate) fn parse(name: &str) -> Result<Self, AuthorityError> {
        match problem(name) {
            None => Ok(Self(name.to_owned())),
            Some(problem) => Err(AuthorityError::Name {
                name: name.to_owned(),
                problem,
            }),
        }
    }

    /// The label of a server certificate: its first name, with what file names do not take replaced.
    pub(crate) fn of_server(name: &str) -> Result<Self, AuthorityError> {
        Self::parse(&name.replace('*', "_wildcard").replace(':', "_"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether files of these names could be the same: some file systems ignore case.
    pub(crate) fn collides_with(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.to_lowercase()
    }

    pub(crate) fn file(&self, extension: &str) -> String {
        format!("{}.{extension}", self.0)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn problem(name: &str) -> Option<NameProblem> {
    let (Some(first), Some(last)) = (name.chars().next(), name.chars().next_back()) else {
        return Some(NameProblem::Empty);
    };
    if name.len() > MOST_OCTETS {
        return Some(NameProblem::TooLong {
            found: name.len(),
            limit: MOST_OCTETS,
        });
    }
    let allowed =
        |character: &char| character.is_alphanumeric() || PUNCTUATION.contains(*character);
    if let Some(found) = name.chars().find(|character| !allowed(character)) {
        return Some(NameProblem::Character { found });
    }
    if !first.is_alphanumeric() && first != '_' {
        return Some(NameProblem::Start { found: first });
    }
    if matches!(last, ' ' | '.') {
        return Some(NameProblem::End { found: last });
    }
    if RESERVED.contains(&name.to_lowercase().as_str()) {
        return Some(NameProblem::Reserved);
    }
    let serial = Serial::from_hex(name).filter(|serial| serial.as_bytes().len() >= Serial::OCTETS);
    serial.map(|_| NameProblem::Serial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_taken() {
        for name in [
            "alice",
            "Alice Müller",
            "bob@example.com",
            "a.b-c_d+e",
            "李四",
            "_wildcard.example",
            "d'Arc",
        ] {
            assert_eq!(problem(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_leaves_the_folder_or_its_line_is_refused() {
        for name in [
            "",
            ".",
            "..",
            "../alice",
            "a/b",
            "a\\b",
            "/etc/passwd",
            "a\0b",
            "a\nb",
            "a\tb",
            "\u{7f}",
            " a",
            "a ",
            "a.",
            "-rf",
            ".hidden",
            "a:b",
            "a\u{202e}b",
            "root",
            "OCSP",
            "Issuing",
            "index",
            "0123456789ABCDEF0123456789abcdef",
        ] {
            assert!(problem(name).is_some(), "{name:?}");
        }
        assert!(problem(&"a".repeat(64)).is_none());
        let limit = NameProblem::TooLong {
            found: 65,
            limit: 64,
        };
        assert_eq!(problem(&"a".repeat(65)), Some(limit));
    }

    #[test]
    fn wildcards_and_addresses_become_file_names() {
        assert_eq!(
            Label::of_server("*.contoso.com").unwrap().as_str(),
            "_wildcard.contoso.com"
        );
        assert_eq!(Label::of_server("fd00::1").unwrap().as_str(), "fd00__1");
        assert_eq!(Label::of_server("::1").unwrap().as_str(), "__1");
    }

    #[test]
    fn names_that_differ_in_case_alone_collide() {
        assert!(Label::parse("Alice").unwrap().collides_with("aLICE"));
    }
}
