//! What is wrong with a configuration, where, and what would be accepted.

use std::error::Error;
use std::fmt;
use std::net::AddrParseError;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::gateway::TargetHost;
use crate::host::{HostError, PatternError};
use crate::nearest::nearest;

/// A position in the configuration text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
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

    /// What would be accepted instead, for people.
    #[must_use]
    pub fn accepted(&self) -> Option<String> {
        self.problem.accepted()
    }

    /// The problem with all its causes, for people.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = self.problem.to_string();
        let mut cause = self.problem.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        message
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

/// What is wrong, as data. `Display` is one lower-case phrase.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text exceeds [`crate::SIZE`].
    #[error("the configuration has {found} bytes")]
    TooLarge {
        /// Its bytes.
        found: usize,
        /// The bytes accepted.
        most: usize,
    },
    /// The text is not TOML.
    #[error("{message}")]
    Syntax {
        /// What the TOML parser says.
        message: String,
    },
    /// A table has a key that it does not know.
    #[error("unknown key {found:?}{}", did_you_mean(found, accepted))]
    UnknownKey {
        /// The key.
        found: String,
        /// The keys of this table.
        accepted: &'static [&'static str],
    },
    /// A key that must be there is not.
    #[error("{key:?} is missing")]
    Missing {
        /// The key.
        key: &'static str,
        /// What it takes.
        accepted: &'static str,
    },
    /// None of several keys is there.
    #[error("one of {} is missing", quoted(keys))]
    MissingOneOf {
        /// The keys.
        keys: &'static [&'static str],
    },
    /// A value has another type.
    #[error("this is {found}")]
    WrongType {
        /// What it is.
        found: Kind,
        /// What it has to be.
        expected: Kind,
        /// What it stands for.
        takes: &'static str,
    },
    /// A text is not one of a closed set.
    #[error("unknown value {found:?}{}", did_you_mean(found, accepted))]
    UnknownValue {
        /// The text.
        found: String,
        /// The set.
        accepted: &'static [&'static str],
    },
    /// A value is understood but not yet acted on.
    #[error("{found:?} is not supported yet")]
    NotSupported {
        /// The text.
        found: String,
        /// What is supported.
        accepted: &'static [&'static str],
    },
    /// A number is too small or too large.
    #[error("{found} is out of range")]
    OutOfRange {
        /// As written.
        found: String,
        /// The smallest accepted.
        least: u64,
        /// The largest accepted.
        most: u64,
    },
    /// A text or list is empty.
    #[error("this is empty")]
    Empty {
        /// What it takes.
        accepted: &'static str,
    },
    /// A name has a character, or a length, that names do not have.
    #[error("{found:?} is not a name")]
    InvalidName {
        /// The name.
        found: String,
    },
    /// A text is not `address:port`.
    #[error("{found:?} is not an address and port")]
    InvalidBind {
        /// The text.
        found: String,
        /// Why.
        source: AddrParseError,
    },
    /// A text is not a host name.
    #[error("{found:?} is not a host")]
    InvalidHost {
        /// The text.
        found: String,
        /// Why.
        source: HostError,
    },
    /// A text is not a host name with wildcards.
    #[error("{found:?} is not a host pattern")]
    InvalidPattern {
        /// The text.
        found: String,
        /// Why.
        source: PatternError,
    },
    /// A text is not the name of a header.
    #[error("{found:?} is not a {side} header name")]
    InvalidHeaderName {
        /// The text.
        found: String,
        /// Which names apply.
        side: Side,
    },
    /// A header may not be changed.
    #[error("the {name:?} header cannot be changed")]
    ReservedHeader {
        /// Its name.
        name: String,
    },
    /// A header must not be absent.
    #[error("the {name:?} header cannot be deleted")]
    UndeletableHeader {
        /// Its name.
        name: String,
    },
    /// Two keys contradict each other.
    #[error("this cannot stand beside {with:?}")]
    Conflict {
        /// The other key.
        with: &'static str,
    },
    /// A key has no meaning with the value of another.
    #[error("this has no meaning with {key} = {value:?}")]
    Meaningless {
        /// The other key.
        key: &'static str,
        /// Its value.
        value: &'static str,
    },
    /// Two items have one name.
    #[error("there is another {item} {name:?}{}", at(*first))]
    Duplicate {
        /// What they are.
        item: Item,
        /// The name.
        name: String,
        /// The other one.
        first: Option<Location>,
    },
    /// A reference leads nowhere.
    #[error("there is no {item} {name:?}{}", did_you_mean(name, known))]
    UnknownReference {
        /// What is referred to.
        item: Item,
        /// By which name.
        name: String,
        /// The names that exist.
        known: Arc<[String]>,
    },
    /// Two listeners of one address answer for one host.
    #[error("listener {listener:?} answers for {} at this address already", host_or_any(host.as_deref()))]
    SameHost {
        /// The host; `None` is every host.
        host: Option<String>,
        /// The other listener.
        listener: String,
    },
    /// Two rules of listeners of one address have one priority.
    #[error("rule {rule:?} has priority {priority} at this address already")]
    SamePriority {
        /// The priority.
        priority: u16,
        /// The other rule.
        rule: String,
    },
    /// A listener has two rules.
    #[error("rule {rule:?} serves listener {listener:?} already")]
    SecondRule {
        /// The listener.
        listener: String,
        /// The other rule.
        rule: String,
    },
    /// A listener has no rule.
    #[error("no rule serves listener {listener:?}")]
    NoRule {
        /// The listener.
        listener: String,
    },
    /// Neither target nor backend settings say a port.
    #[error("rule {rule:?} forwards to {target}, whose port is not known")]
    NoPort {
        /// The rule.
        rule: String,
        /// The target.
        target: TargetHost,
    },
    /// Warning: nothing refers to an item.
    #[error("nothing refers to {item} {name:?}")]
    Unreferenced {
        /// What it is.
        item: Item,
        /// Its name.
        name: String,
    },
    /// Warning: listeners that are matched earlier take every request.
    #[error(
        "listener {listener:?} never gets a request: listeners of smaller priority answer for all its hosts"
    )]
    Shadowed {
        /// The listener that gets none.
        listener: String,
    },
    /// A file that the configuration names cannot be used.
    #[error("{} cannot be used", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A rewrite condition or template cannot be used.
    #[error("this rewrite cannot be used")]
    Rewrite {
        /// Why.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A server or TLS profile cannot be made of values that are fine by themselves.
    #[error("this cannot be set up")]
    Setup {
        /// Why.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl Problem {
    /// Whether a configuration can be used all the same.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Unreferenced { .. } | Self::Shadowed { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Whether something is missed, rather than there and wrong.
    pub(crate) fn is_about_absence(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::MissingOneOf { .. }
                | Self::Empty { .. }
                | Self::UnknownReference { .. }
                | Self::NoRule { .. }
                | Self::NoPort { .. }
        )
    }

    /// A stable name, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Syntax { .. } => "syntax",
            Self::UnknownKey { .. } => "unknown_key",
            Self::Missing { .. } | Self::MissingOneOf { .. } => "missing",
            Self::WrongType { .. } => "wrong_type",
            Self::UnknownValue { .. } => "unknown_value",
            Self::NotSupported { .. } => "not_supported",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Empty { .. } => "empty",
            Self::InvalidName { .. } => "invalid_name",
            Self::InvalidBind { .. } => "invalid_bind",
            Self::InvalidHost { .. } => "invalid_host",
            Self::InvalidPattern { .. } => "invalid_pattern",
            Self::InvalidHeaderName { .. } => "invalid_header_name",
            Self::ReservedHeader { .. } => "reserved_header",
            Self::UndeletableHeader { .. } => "undeletable_header",
            Self::Conflict { .. } => "conflict",
            Self::Meaningless { .. } => "meaningless",
            Self::Duplicate { .. } => "duplicate",
            Self::UnknownReference { .. } => "unknown_reference",
            Self::SameHost { .. } => "same_host",
            Self::SamePriority { .. } => "same_priority",
            Self::SecondRule { .. } => "second_rule",
            Self::NoRule { .. } => "no_rule",
            Self::NoPort { .. } => "no_port",
            Self::Unreferenced { .. } => "unreferenced",
            Self::Shadowed { .. } => "shadowed",
            Self::File { .. } => "file",
            Self::Rewrite { .. } => "rewrite",
            Self::Setup { .. } => "setup",
        }
    }

    /// What would be accepted instead, for people.
    #[must_use]
    pub fn accepted(&self) -> Option<String> {
        let text = match self {
            Self::TooLarge { most, .. } => format!("at most {most} bytes"),
            Self::UnknownKey { accepted, .. } => accepted.join(", "),
            Self::Missing { accepted, .. } | Self::Empty { accepted } => (*accepted).to_owned(),
            Self::WrongType {
                expected, takes, ..
            } => format!("{expected}: {takes}"),
            Self::UnknownValue { accepted, .. } | Self::NotSupported { accepted, .. } => {
                quoted(accepted)
            }
            Self::OutOfRange { least, most, .. } => format!("{least} to {most}"),
            Self::InvalidName { .. } => {
                "1 to 80 letters, digits, '-', '.' and '_', a letter or digit first".to_owned()
            }
            Self::InvalidBind { .. } => {
                "address:port, such as \"0.0.0.0:8443\" or \"[::]:8443\"".to_owned()
            }
            Self::InvalidPattern { .. } => {
                "a host name with at most 2 '*', one in a label, and 4 '*' and '?' together"
                    .to_owned()
            }
            Self::InvalidHeaderName { side, .. } => side.accepted().to_owned(),
            Self::UnknownReference { known, .. } if !known.is_empty() => quoted(known),
            Self::NoPort { .. } => "host:port, or backend settings with a port".to_owned(),
            Self::SamePriority { .. } => "a priority that no other rule has".to_owned(),
            Self::SecondRule { .. } | Self::NoRule { .. } => "one rule a listener".to_owned(),
            _ => return None,
        };
        Some(text)
    }
}

/// Whether a configuration can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but probably does not do what is meant.
    Warning,
}

/// The types of TOML, as far as they matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A date or time.
    Datetime,
    /// A list.
    Array,
    /// A table, also an inline one.
    Table,
    /// A list of tables, `[[name]]`.
    Tables,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "a string",
            Self::Integer => "a whole number",
            Self::Float => "a fraction",
            Self::Boolean => "true or false",
            Self::Datetime => "a date or time",
            Self::Array => "a list",
            Self::Table => "a table",
            Self::Tables => "a list of tables",
        })
    }
}

/// The messages that have headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Towards the backend.
    Request,
    /// Towards the client.
    Response,
}

impl Side {
    fn accepted(self) -> &'static str {
        match self {
            Self::Request => "letters, digits and '-'",
            Self::Response => "a token of RFC 9110 section 5.6.2",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "response",
        })
    }
}

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// `[[listener]]`
    Listener,
    /// `[tls_profile.NAME]`
    TlsProfile,
    /// `[pool.NAME]`
    Pool,
    /// `[backend_settings.NAME]`
    BackendSettings,
    /// `[[rule]]`
    Rule,
    /// `[rewrite_set.NAME]`
    RewriteSet,
    /// `[[rewrite_set.NAME.rule]]`
    RewriteRule,
    /// A key of `request_headers` or `response_headers`.
    Header,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listener => "listener",
            Self::TlsProfile => "tls_profile",
            Self::Pool => "pool",
            Self::BackendSettings => "backend_settings",
            Self::Rule | Self::RewriteRule => "rule",
            Self::RewriteSet => "rewrite_set",
            Self::Header => "header",
        })
    }
}

fn did_you_mean<S: AsRef<str>>(found: &str, accepted: &[S]) -> String {
    match nearest(found, accepted.iter().map(AsRef::as_ref)) {
        Some(near) => format!(", did you mean {near:?}?"),
        None => String::new(),
    }
}

fn quoted<S: AsRef<str>>(words: &[S]) -> String {
    let shown = words
        .iter()
        .take(SHOWN)
        .map(|word| format!("{:?}", word.as_ref()));
    let mut shown: Vec<String> = shown.collect();
    if words.len() > SHOWN {
        shown.push("...".to_owned());
    }
    shown.join(", ")
}

/// Words that a message lists at most.
const SHOWN: usize = 12;

fn at(location: Option<Location>) -> String {
    location.map_or_else(String::new, |location| format!(" at {location}"))
}

fn host_or_any(host: Option<&str>) -> String {
    host.map_or_else(|| "every host".to_owned(), |host| format!("{host:?}"))
}
