//! Answers that send clients elsewhere.

use crate::diagnostic::{Located, Place};
use crate::host::HostName;

/// An answer that sends clients elsewhere. Rewrites do not apply to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Redirect {
    /// Unique among redirects.
    pub name: String,
    /// The status.
    pub kind: RedirectType,
    /// Where to.
    pub target: RedirectTarget,
    /// Whether the request's path goes with it.
    pub path: Include,
    /// Whether the request's query goes with it.
    pub query: Include,
    /// Where the redirect begins.
    pub place: Place,
}

/// The status of a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectType {
    /// 301
    Permanent,
    /// 302
    Found,
    /// 303
    SeeOther,
    /// 307
    Temporary,
}

impl RedirectType {
    /// The status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Permanent => 301,
            Self::Found => 302,
            Self::SeeOther => 303,
            Self::Temporary => 307,
        }
    }
}

/// Where a redirect leads.
#[derive(Clone, Debug)]
pub enum RedirectTarget {
    /// To a URL of http or https.
    Url(Located<String>),
    /// To another listener.
    Listener {
        /// Its name.
        name: Located<String>,
        /// `http` or `https`.
        scheme: &'static str,
        /// Its host; `None` where it answers for every host: that of the request.
        host: Option<HostName>,
        /// The port it accepts on. Where clients reach another, a redirect names a URL.
        port: u16,
    },
}

/// Whether a part of the request's URL becomes part of the redirect's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    /// It does.
    Yes,
    /// It does not.
    #[default]
    No,
}
