//! What can be wrong with a rule.

use std::error::Error;
use std::fmt;

/// One thing that is wrong with one rule, and where.
///
/// It reads as one sentence with its problem; [`source`](std::error::Error::source) is the cause of
/// that, where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleError {
    /// The rule's position in the list that was compiled.
    pub rule: usize,
    /// The rule's name.
    pub name: String,
    /// The part of the rule.
    pub part: Part,
    /// What is wrong with it.
    pub problem: RuleProblem,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {:?}, {}: {}", self.name, self.part, self.problem)
    }
}

impl Error for RuleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

/// A part of a rule; by its position in the list, where it stands in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A condition.
    Condition(usize),
    /// A header action on the request.
    RequestHeader(usize),
    /// A header action on the response.
    ResponseHeader(usize),
    /// A change of `Set-Cookie` fields of the response.
    ResponseCookie(usize),
    /// The new path.
    UrlPath,
    /// The new query.
    UrlQuery,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, index) = match self {
            Self::Condition(index) => ("condition", index),
            Self::RequestHeader(index) => ("request header", index),
            Self::ResponseHeader(index) => ("response header", index),
            Self::ResponseCookie(index) => ("response cookie", index),
            Self::UrlPath => return f.write_str("URL path"),
            Self::UrlQuery => return f.write_str("URL query"),
        };
        write!(f, "{what} {}", index.saturating_add(1))
    }
}

/// What is wrong with a part of a rule.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleProblem {
    /// No variable has this name.
    #[error("no variable is called {name:?}")]
    UnknownVariable {
        /// The name as written.
        name: String,
    },
    /// The value belongs to the response, and the request is what the rule changes.
    #[error("{name:?} is not known before the response, and this rule changes the request")]
    ResponseNotYetKnown {
        /// The variable as written.
        name: String,
    },
    /// The pattern is not a regular expression, or too large.
    #[error("the pattern {pattern:?} cannot be compiled")]
    BadPattern {
        /// The pattern as written.
        pattern: String,
        /// What the regex crate says about it.
        #[source]
        source: regex::Error,
    },
    /// The group is defined by no condition of the rule, or not by the matcher of the cookie.
    #[error("no pattern of this rule on {variable:?} that must match captures a group {group}")]
    UndefinedCapture {
        /// The variable without the group.
        variable: String,
        /// The group.
        group: usize,
    },
    /// A variable was begun and its brace never closed.
    #[error("{{{name} is not closed")]
    UnclosedReference {
        /// The name as far as it was written.
        name: String,
    },
    /// The text of a value holds a control character.
    #[error("a value cannot hold the control character {found:?}")]
    ControlCharacter {
        /// The character.
        found: char,
    },
    /// Not a header name, or, on a request, one that would be discarded: letters, digits and
    /// hyphens are what passes to a backend.
    #[error("{name:?} cannot be the name of this header")]
    InvalidHeaderName {
        /// The name as written.
        name: String,
    },
    /// The header belongs to the gateway.
    #[error("the header {name:?} cannot be rewritten: {why}")]
    ForbiddenHeader {
        /// The name as written.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The same list names a header twice.
    #[error("the header {name:?} is named twice")]
    DuplicateHeader {
        /// The name as written the second time.
        name: String,
    },
    /// One value cannot stand for all `Set-Cookie` fields: as a header it can be deleted, not set.
    /// [`CookieSpec`](crate::CookieSpec) changes its fields one by one.
    #[error("set-cookie can be deleted or changed by a matcher, but not set as a header")]
    SetCookie,
}

impl RuleProblem {
    /// A stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownVariable { .. } => "unknown_variable",
            Self::ResponseNotYetKnown { .. } => "response_not_yet_known",
            Self::BadPattern { .. } => "bad_pattern",
            Self::UndefinedCapture { .. } => "undefined_capture",
            Self::UnclosedReference { .. } => "unclosed_reference",
            Self::ControlCharacter { .. } => "control_character",
            Self::InvalidHeaderName { .. } => "invalid_header_name",
            Self::ForbiddenHeader { .. } => "forbidden_header",
            Self::DuplicateHeader { .. } => "duplicate_header",
            Self::SetCookie => "set_cookie",
        }
    }
}
