//! What happens to requests.

use std::sync::Arc;

use super::{Authorization, Backend, BackendSettings, IdentityHeaders, Pool, Redirect, RewriteSet};
use crate::diagnostic::{Located, Place};
use crate::path::{PathPattern, PathTable};

/// What happens to the requests of a listener.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Unique among rules.
    pub name: Located<String>,
    /// 1 to 20000, 1 first; unique among the listeners of one address.
    pub priority: Located<u16>,
    /// Who may pass at all; a path rule may demand more.
    pub authorization: Option<Arc<Authorization>>,
    /// Which headers tell backends who the client is: the rule's own word, or its listener's.
    pub identity_headers: Option<IdentityHeaders>,
    /// What becomes of the requests that may pass.
    pub action: Action,
    /// Where the rule begins.
    pub place: Place,
}

/// What becomes of the requests of a rule.
#[derive(Clone, Debug)]
pub enum Action {
    /// One thing, whatever their path.
    Route(Route),
    /// What their path says.
    Paths(Arc<PathMap>),
}

/// One thing that becomes of requests.
#[derive(Clone, Debug)]
pub enum Route {
    /// They go to a backend.
    Forward(Forward),
    /// They are sent elsewhere.
    Redirect(Arc<Redirect>),
}

impl Route {
    /// How they go to a backend, where they do.
    #[must_use]
    pub fn forward(&self) -> Option<&Forward> {
        match self {
            Self::Forward(forward) => Some(forward),
            Self::Redirect(_) => None,
        }
    }
}

/// How requests go to a backend.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Forward {
    /// The pool, for its name; [`Forward::backends`] is what to forward to.
    pub pool: Arc<Pool>,
    /// Where to forward to, in the order of the pool; at least one.
    pub backends: Arc<[Backend]>,
    /// How to forward.
    pub backend_settings: Arc<BackendSettings>,
    /// What to change on the way.
    pub rewrite_set: Option<Arc<RewriteSet>>,
}

/// What becomes of requests by their path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PathMap {
    /// Unique among path maps.
    pub name: String,
    /// What becomes of requests whose path no rule has.
    pub default: Route,
    /// In the order of the file.
    pub rules: Vec<Arc<PathRule>>,
    /// Where the map begins.
    pub place: Place,
    pub(crate) table: PathTable<Arc<PathRule>>,
}

impl PathMap {
    /// What becomes of a request with this path: the first rule in the order of the file that has
    /// it, otherwise the default. The path is without query, and spelt as the gateway forwards it.
    #[must_use]
    pub fn choose(&self, path: &str) -> Chosen<'_> {
        match self.table.select(path) {
            Some((rule, pattern)) => Chosen {
                route: &rule.route,
                rule: Some(rule),
                pattern: Some(pattern),
            },
            None => Chosen {
                route: &self.default,
                rule: None,
                pattern: None,
            },
        }
    }
}

/// What a path map says about one path.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Chosen<'a> {
    /// What becomes of the request.
    pub route: &'a Route,
    /// The rule that says so; `None` is the default.
    pub rule: Option<&'a Arc<PathRule>>,
    /// Its pattern that has the path, whose part a path of the backend settings replaces.
    pub pattern: Option<&'a PathPattern>,
}

/// What becomes of requests with certain paths.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PathRule {
    /// Unique in its path map.
    pub name: Located<String>,
    /// The paths; at least one.
    pub paths: Vec<Located<PathPattern>>,
    /// Who may pass, beside what the rule of the listener demands: both must hold.
    pub authorization: Option<Arc<Authorization>>,
    /// What becomes of the requests that may pass.
    pub route: Route,
    /// Where the path rule begins.
    pub place: Place,
}
