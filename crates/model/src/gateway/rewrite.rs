//! What changes on the way to the backend and back.

use crate::diagnostic::{Located, Place};

/// Rewrite rules, to be applied together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RewriteSet {
    /// Unique among rewrite sets.
    pub name: String,
    /// In the order in which they run: by sequence, then by their place in the file.
    pub rules: Vec<RewriteRule>,
    /// Where the set begins.
    pub place: Place,
}

/// Header and URL changes, made when every condition holds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RewriteRule {
    /// Unique in its set.
    pub name: Located<String>,
    /// 1 to 1000, 1 first.
    pub sequence: u16,
    /// All must hold. Patterns and variable names are not judged here.
    pub conditions: Vec<Condition>,
    /// Changes of the request on its way to the backend, in the order of the file.
    pub request_headers: Vec<HeaderAction>,
    /// Changes of the response on its way to the client, in the order of the file.
    pub response_headers: Vec<HeaderAction>,
    /// Changes of `Set-Cookie` headers of the response, each by its own value, in the order of the
    /// file.
    pub response_cookies: Vec<CookieAction>,
    /// The change of the request's URL.
    pub url: Option<UrlRewrite>,
    /// Where the rule begins.
    pub place: Place,
}

/// A question about a request or response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Condition {
    /// What is looked at, such as `http_req_Authorization` or `var_uri_path`.
    pub variable: Located<String>,
    /// The regular expression.
    pub pattern: Located<String>,
    /// Whether upper and lower case differ.
    pub case: Case,
    /// Whether the condition holds on a match or without one.
    pub holds: Holds,
    /// Where the condition begins.
    pub place: Place,
}

/// Whether upper and lower case differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// They differ.
    #[default]
    Sensitive,
    /// They do not.
    Insensitive,
}

/// When a condition holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// When the pattern matches.
    #[default]
    OnMatch,
    /// When it does not.
    WithoutMatch,
}

/// A change of one header.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeaderAction {
    /// As written; a valid header name that may be changed.
    pub name: Located<String>,
    /// The template of the new value. Empty deletes the header.
    pub value: Located<String>,
}

/// A change of those `Set-Cookie` headers of a response whose value is asked for
/// (`headerValueMatcher` of Application Gateway).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CookieAction {
    /// The regular expression, matched against the value of each `Set-Cookie` header.
    pub pattern: Located<String>,
    /// Whether upper and lower case differ.
    pub case: Case,
    /// Whether a value is meant on a match or without one.
    pub holds: Holds,
    /// The template of the new value, which can use `{capt_header_value_matcher}`. Empty deletes the
    /// header.
    pub value: Located<String>,
    /// Where the change begins.
    pub place: Place,
}

/// A change of the request's URL; of its path, its query, or both.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UrlRewrite {
    /// The template of the new path. `None` leaves it, empty clears it.
    pub path: Option<Located<String>>,
    /// The template of the new query. `None` leaves it, empty clears it.
    pub query: Option<Located<String>>,
    /// Whether the path map is asked again.
    pub reroute: Reroute,
    /// Where the change begins.
    pub place: Place,
}

/// Whether the path map is asked again after the URL changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reroute {
    /// It is, by the new path. Only sets of path maps do that.
    Again,
    /// It is not.
    #[default]
    Stay,
}
