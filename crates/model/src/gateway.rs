//! The checked model: every reference resolved, every value in range, nothing left to look up.

mod admin;
mod authorization;
mod backend;
mod file;
mod http;
mod identity;
mod limits;
mod ocsp;
mod policy;
mod probe;
mod record;
mod redirect;
mod rewrite;
mod route;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Located, Place};
use crate::host::HostPatterns;

pub use admin::Admin;
pub use authorization::{Authorization, Sha256, SubjectDemand};
pub use backend::{
    Affinity, Backend, BackendHost, BackendHttpVersion, BackendProtocol, BackendSettings,
    BackendTls, Balance, Pool, Target, TargetHost, Validation,
};
pub use file::{FileSource, InlineFile};
pub use http::{ErrorPage, ErrorPages, HttpSettings};
pub use identity::{IdentityForm, IdentityHeaders, Oversize};
pub use limits::Limits;
pub use ocsp::{
    Delegates, Destinations, OcspHash, OcspMethod, OcspNonce, OcspResponders, OcspSettings,
};
pub use policy::{CustomPolicy, Generation, MinVersion, PredefinedPolicy, TlsPolicy};
pub use probe::{Probe, ProbeHost, StatusRange};
pub use record::{AccessLogSettings, LogFormat, LogOutput, TraceSettings};
pub use redirect::{Include, Redirect, RedirectTarget, RedirectType};
pub use rewrite::{
    Case, Condition, CookieAction, HeaderAction, Holds, Reroute, RewriteRule, RewriteSet,
    UrlRewrite,
};
pub use route::{Action, Chosen, Forward, PathMap, PathRule, Route, Rule};
pub use tls::{
    ClientAuth, ImmediateIssuer, OnFailure, Password, Revocation, RevocationMode, RevocationScope,
    Secret, ServerCertificate, TlsProfile, Trust,
};

/// A whole gateway.
///
/// References are resolved: a [`Listener`] holds its rule and profile. The lists beside the
/// listeners hold every item that was configured, also those that nothing refers to, so that the
/// files these name can be checked too.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Gateway {
    /// In the order in which they are matched: the priority of their rule, the smallest first.
    pub listeners: Vec<Listener>,
    /// Every TLS profile, in the order of the file.
    pub tls_profiles: Vec<Arc<TlsProfile>>,
    /// Every backend pool, in the order of the file.
    pub pools: Vec<Arc<Pool>>,
    /// Every table of backend settings, in the order of the file.
    pub backend_settings: Vec<Arc<BackendSettings>>,
    /// Every probe, in the order of the file.
    pub probes: Vec<Arc<Probe>>,
    /// Every rewrite set, in the order of the file.
    pub rewrite_sets: Vec<Arc<RewriteSet>>,
    /// Every redirect, in the order of the file.
    pub redirects: Vec<Arc<Redirect>>,
    /// Every path map, in the order of the file.
    pub path_maps: Vec<Arc<PathMap>>,
    /// Every authorization, in the order of the file.
    pub authorizations: Vec<Arc<Authorization>>,
    /// The file of keys for session tickets that gateways share; without one, each profile has random ones of its own.
    /// Whoever reads it has to see to it that nobody else can.
    pub ticket_keys: Option<Located<PathBuf>>,
    /// What holds for HTTP on every listener.
    pub http: HttpSettings,
    /// How much of everything there may be.
    pub limits: Limits,
    /// The pages of listeners that have none of their own; [`Listener::error_pages`] is what counts.
    pub error_pages: ErrorPages,
    /// How OCSP responders are asked.
    pub ocsp: OcspSettings,
    /// The DNS servers that are asked for the names of backends; without any, those of this machine.
    pub dns_servers: Vec<SocketAddr>,
    /// What becomes of the lines about requests.
    pub access_log: AccessLogSettings,
    /// How the gateway takes part in traces; not at all without the table.
    pub traces: Option<TraceSettings>,
    /// The listener for operators; there is none unless it is configured.
    pub admin: Option<Admin>,
    /// The configuration as it was written, for operators to look at: without passwords, without what
    /// files hold that stand in it, and without the literal texts that only backends and conditions know.
    pub shown: serde_json::Value,
    /// What works but is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// An address to accept connections on, and the host names it answers for.
///
/// Several listeners may share one address; they then share its socket.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listener {
    /// Unique among listeners.
    pub name: Located<String>,
    /// The address and port. Port 0 takes any free port, one for all listeners that say the same.
    pub bind: Located<SocketAddr>,
    /// The names it answers for. A listener without any (a basic listener) answers for every host.
    pub hosts: HostPatterns,
    /// What it speaks; the same for all listeners of one address.
    pub protocol: Protocol,
    /// The pages for errors that the gateway itself answers: its own, or, where it has none at all,
    /// those of the gateway.
    pub error_pages: ErrorPages,
    /// What happens to its requests: exactly one rule names each listener.
    pub rule: Rule,
    /// Where the listener begins.
    pub place: Place,
}

impl Listener {
    /// The certificate it shows and what it asks of clients; none over plain HTTP.
    #[must_use]
    pub fn tls_profile(&self) -> Option<&Arc<TlsProfile>> {
        match &self.protocol {
            Protocol::Http => None,
            Protocol::Https(profile) => Some(profile),
        }
    }
}

/// What a listener speaks.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// Plain HTTP/1.1. There are no certificates on either side.
    Http,
    /// HTTP over TLS: the certificate it shows and what it asks of clients.
    Https(Arc<TlsProfile>),
}
