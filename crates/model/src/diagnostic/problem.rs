//! Everything that can be wrong with a configuration.

use std::error::Error;
use std::net::{AddrParseError, SocketAddr};
use std::sync::Arc;

use super::words::{at, did_you_mean, host_or_any, quoted};
use super::{Item, Kind, Location, Severity, Side};
use crate::gateway::{FileSource, TargetHost};
use crate::host::{HostError, PatternError};
use crate::path::PathError;

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
    /// The listener for operators would be reached from other machines.
    #[error("{found} is reached from other machines, and nobody is authenticated there")]
    RemoteAdmin {
        /// The address.
        found: SocketAddr,
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
    /// A text is not the pattern of a path.
    #[error("{found:?} is not a path pattern")]
    InvalidPath {
        /// The text.
        found: String,
        /// Why.
        source: PathError,
    },
    /// A `data:` URL does not hold a file. It may be a secret, so it is not repeated.
    #[error("this data URL cannot be read: {why}")]
    InvalidDataUrl {
        /// Why.
        why: DataUrlError,
    },
    /// A text has not the form of what it stands for.
    #[error("{found:?} is not {what}")]
    InvalidText {
        /// The text.
        found: String,
        /// What it stands for.
        what: &'static str,
        /// The form.
        accepted: &'static str,
    },
    /// There is more of something than `[limits]` allows.
    #[error("there are {found} {what}, more than {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many there may be.
        most: usize,
        /// The key of `[limits]` that allows more, where there is one.
        key: Option<&'static str>,
    },
    /// A redirect leads to a listener that does not have one host.
    #[error("listener {listener:?} has several hosts or wildcards: a redirect to it names no host")]
    ManyHosts {
        /// The listener.
        listener: String,
    },
    /// A rewrite set asks the path map again where there is none.
    #[error("rewrite_set {set:?} has reroute = true, and this has no path map to ask again")]
    RerouteWithoutMap {
        /// The set.
        set: String,
    },
    /// A rewrite set asks the path map again for every request.
    #[error("rewrite_set {set:?} has reroute = true in every rule and no condition: it has no end")]
    EndlessReroute {
        /// The set.
        set: String,
    },
    /// Two listeners of one address speak different protocols.
    #[error("listener {listener:?} at this address has another protocol")]
    MixedProtocols {
        /// The other listener.
        listener: String,
    },
    /// Old and new TLS policies in one gateway.
    #[error("this TLS policy cannot coexist with the one{}", at(*first))]
    MixedPolicies {
        /// The other policy.
        first: Option<Location>,
    },
    /// An authorization where no certificate is verified.
    #[error(
        "authorization {authorization:?} lets nobody pass: listener {listener:?} verifies no certificate"
    )]
    Unproven {
        /// The authorization.
        authorization: String,
        /// The listener.
        listener: String,
    },
    /// A probe and the backend settings that name it have different protocols.
    #[error("probe {probe:?} has another protocol than these settings")]
    ProbeProtocol {
        /// The probe.
        probe: String,
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
    /// Warning: path rules that come earlier have every path of a pattern.
    #[error("path {pattern:?} never gets a request: earlier paths of the map have all of it")]
    ShadowedPath {
        /// The pattern that gets none.
        pattern: String,
    },
    /// Warning: a rule sends every request of a listener to that listener.
    #[error("listener {listener:?} redirects every request to itself")]
    RedirectToItself {
        /// The listener.
        listener: String,
    },
    /// A file that the configuration names cannot be used.
    #[error("{file} cannot be used")]
    File {
        /// The file.
        file: FileSource,
        /// Why.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A rewrite condition or template cannot be used.
    #[error("this rewrite cannot be used")]
    Rewrite {
        /// Why.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A part of what is asked for cannot be had, and the rest can.
    #[error("not all of this can be had")]
    NotHonoured {
        /// What cannot.
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
            Self::Unreferenced { .. }
            | Self::Shadowed { .. }
            | Self::ShadowedPath { .. }
            | Self::RedirectToItself { .. }
            | Self::NotHonoured { .. } => Severity::Warning,
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
}

/// Why a `data:` URL does not hold a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataUrlError {
    /// `;base64,` is missing.
    #[error("\";base64,\" is missing")]
    NotBase64,
    /// What follows is not base64.
    #[error("what follows \";base64,\" is not base64")]
    Malformed,
    /// There is nothing.
    #[error("it is empty")]
    Empty,
}
