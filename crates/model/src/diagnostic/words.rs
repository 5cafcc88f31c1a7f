//! The words of messages.

use std::fmt;

use super::Location;
use crate::nearest::nearest;

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
    pub(super) fn accepted(self) -> &'static str {
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
    /// `[redirect.NAME]`
    Redirect,
    /// `[path_map.NAME]`
    PathMap,
    /// `[[path_map.NAME.rule]]`
    PathRule,
    /// `[authorization.NAME]`
    Authorization,
    /// `[probe.NAME]`
    Probe,
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
            Self::Rule | Self::RewriteRule | Self::PathRule => "rule",
            Self::Redirect => "redirect",
            Self::PathMap => "path_map",
            Self::Authorization => "authorization",
            Self::Probe => "probe",
            Self::RewriteSet => "rewrite_set",
            Self::Header => "header",
        })
    }
}

pub(super) fn did_you_mean<S: AsRef<str>>(found: &str, accepted: &[S]) -> String {
    match nearest(found, accepted.iter().map(AsRef::as_ref)) {
        Some(near) => format!(", did you mean {near:?}?"),
        None => String::new(),
    }
}

pub(super) fn quoted<S: AsRef<str>>(words: &[S]) -> String {
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

pub(super) fn at(location: Option<Location>) -> String {
    location.map_or_else(String::new, |location| format!(" at {location}"))
}

pub(super) fn host_or_any(host: Option<&str>) -> String {
    host.map_or_else(|| "every host".to_owned(), |host| format!("{host:?}"))
}
