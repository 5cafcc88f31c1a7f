//! Everything that can be wrong with a configuration.

use std::error::Error;
use std::net::AddrParseError;
use std::path::PathBuf;
use std::sync::Arc;

use super::words::{at, did_you_mean, host_or_any, quoted};
use super::{Item, Kind, Location, Severity, Side};
use crate::gateway::TargetHost;
use crate::host::{HostError, PatternError};

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
    /// A text is neither a network nor an address.
    #[error("{found:?} is not a network")]
    InvalidNetwork {
        /// The text.
        found: String,
        /// Why.
        source: ipnet::AddrParseError,
    },
    /// A text is not a URL of HTTP.
    #[error("{found:?} is not an HTTP URL")]
    InvalidUrl {
        /// The text.
        found: String,
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
            Self::InvalidNetwork { .. } => "invalid_network",
            Self::InvalidUrl { .. } => "invalid_url",
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
            Self::InvalidNetwork { .. } => {
                "address/length or an address, such as \"10.1.0.0/16\" or \"2001:db8::1\""
                    .to_owned()
            }
            Self::InvalidUrl { .. } => "http://... or https://...".to_owned(),
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
