//! The name of a certificate, which is the name of its files too.

use std::fmt;

use crate::{AuthorityError, NameProblem, Serial};

/// The characters besides letters and digits: none of them separates paths, hides a file elsewhere than
/// in front, or means something to the index.
pub(crate) const PUNCTUATION: &str = " ._-@+'";

/// The upper bound of a common name (RFC 5280 appendix A.1), counted in octets so that the file name
/// stays below the 255 octets that file systems take.
const MOST_OCTETS: usize = 64;

/// The most octets of an authority's name: with ` Issuing CA` it is a common name.
const MOST_AUTHORITY_OCTETS: usize = MOST_OCTETS - 11;

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

/// Whether this can be the name of an authority, which is no file's.
pub(crate) fn check_authority(name: &str) -> Result<(), AuthorityError> {
    let limit = MOST_AUTHORITY_OCTETS;
    let problem = match name.chars().find(|character| character.is_control()) {
        Some(found) => NameProblem::Unprintable { found },
        None if name.trim().is_empty() => NameProblem::Empty,
        None if name.len() > limit => NameProblem::TooLong {
            found: name.len(),
            limit,
        },
        None => return Ok(()),
    };
    Err(AuthorityError::Name {
        name: name.to_owned(),
        problem,
    })
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
            Label::of_server("*.contoso.com").unwrap().to_string(),
            "_wildcard.contoso.com"
        );
        assert_eq!(Label::of_server("fd00::1").unwrap().to_string(), "fd00__1");
        assert_eq!(Label::of_server("::1").unwrap().to_string(), "__1");
    }

    #[test]
    fn an_authority_may_be_called_anything_that_can_be_read() {
        for name in ["Contoso & Co. (Test)", "李四", &"a".repeat(53)] {
            assert!(check_authority(name).is_ok(), "{name}");
        }
        for name in ["", " ", "a\nb", "\u{1b}[31m", &"a".repeat(54)] {
            assert!(check_authority(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_that_differ_in_case_alone_collide() {
        assert!(Label::parse("Alice").unwrap().collides_with("aLICE"));
    }
}
