//! The checked model: every reference resolved, every value in range, nothing left to look up.

mod ocsp;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Located, Place};
use crate::host::{HostName, HostPatterns};

pub use ocsp::{
    Delegates, Destinations, OcspHash, OcspMethod, OcspNonce, OcspResponders, OcspSettings,
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
    /// Every rewrite set, in the order of the file.
    pub rewrite_sets: Vec<Arc<RewriteSet>>,
    /// How OCSP responders are asked.
    pub ocsp: OcspSettings,
    /// What works but is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// An address to accept HTTPS connections on, and the host names it answers for.
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
    /// The certificate it shows and what it asks of clients.
    pub tls_profile: Arc<TlsProfile>,
    /// What happens to its requests: exactly one rule names each listener.
    pub rule: Rule,
    /// Where the listener begins.
    pub place: Place,
}

/// The server certificate to show, and what is asked of clients.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsProfile {
    /// Unique among TLS profiles.
    pub name: String,
    /// The certificate the server shows.
    pub certificate: ServerCertificate,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
    /// Whether an OCSP answer about the server's own certificate is stapled. What is asked of
    /// clients has no part in it.
    pub ocsp_stapling: bool,
    /// Where the profile begins.
    pub place: Place,
}

/// Where a server certificate and its key are read from. Relative paths are relative to the folder
/// of the configuration.
#[derive(Clone, Debug)]
pub enum ServerCertificate {
    /// A PEM file with the certificate and its intermediates, and a PEM file with the key.
    Pem {
        /// The certificate, followed by its intermediates.
        certificate: Located<PathBuf>,
        /// The private key.
        key: Located<PathBuf>,
    },
    /// A PKCS #12 file with both.
    Pfx {
        /// The file.
        file: Located<PathBuf>,
        /// What it is encrypted with.
        password: Password,
    },
}

/// Where a password comes from.
#[derive(Clone, Debug)]
pub enum Password {
    /// It stands in the configuration.
    Inline(Located<Secret>),
    /// The first line of a file, without its line ending.
    File(Located<PathBuf>),
}

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What is asked of clients. What certificates are judged by exists only where they are judged.
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// No certificate is asked for.
    Off,
    /// A certificate is asked for and never judged.
    Passthrough,
    /// A certificate is asked for, and judged where one is presented.
    Optional(Trust),
    /// A certificate is asked for and must be presented and pass.
    Required(Trust),
}

impl ClientAuth {
    /// What certificates are judged by, where they are judged.
    #[must_use]
    pub fn trust(&self) -> Option<&Trust> {
        match self {
            Self::Off | Self::Passthrough => None,
            Self::Optional(trust) | Self::Required(trust) => Some(trust),
        }
    }
}

/// What client certificates are judged by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trust {
    /// PEM files, each with a root and any intermediates; at least one.
    pub certificates: Vec<Located<PathBuf>>,
    /// Whether the issuer is asked if a certificate still stands.
    pub revocation: Revocation,
    /// How a refusal reaches the client.
    pub on_failure: OnFailure,
}

/// Whether the issuer is asked if a certificate still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Certificates are good until they expire.
    Off,
    /// OCSP responders are asked.
    Ocsp {
        /// What becomes of a certificate whose responder cannot be asked.
        mode: RevocationMode,
        /// Which certificates are asked about.
        scope: RevocationScope,
    },
}

/// What becomes of a certificate whose responder cannot be asked. Revoked, unknown, and an answer
/// that proves nothing are refused in each mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationMode {
    /// It is refused.
    #[default]
    HardFail,
    /// It is accepted unchecked, unless it was known to be revoked. Whoever can keep the gateway
    /// from reaching the responder can then use a revoked certificate.
    SoftFail,
    /// It is accepted on the last good answer, for at most so long after that answer ran out.
    Grace(Duration),
}

/// Which certificates of a chain are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationScope {
    /// The client's own.
    #[default]
    Leaf,
    /// Every one but the trust anchor; all must pass.
    Chain,
}

/// How a refusal reaches the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The handshake completes and the answer is HTTP 400 with the reason.
    #[default]
    Respond,
    /// The handshake ends with a TLS alert for everything that needs no network.
    Alert,
}

/// The servers behind the gateway.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pool {
    /// Unique among pools.
    pub name: String,
    /// At least one.
    pub targets: Vec<Located<Target>>,
    /// Where the pool begins.
    pub place: Place,
}

/// A server as a pool names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its address or name.
    pub host: TargetHost,
    /// Its port, where the pool says one; otherwise that of the backend settings counts.
    pub port: Option<u16>,
}

/// The address or name of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TargetHost {
    /// An address.
    Address(IpAddr),
    /// A name, to be resolved.
    Name(HostName),
}

impl fmt::Display for TargetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A server to forward to, its port settled. Displayed as an authority, `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Backend {
    /// Its address or name.
    pub host: TargetHost,
    /// Its port: the target's own, otherwise that of the backend settings.
    pub port: u16,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// How backends are spoken to, over plain HTTP/1.1.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BackendSettings {
    /// The `Host` to send instead of the client's.
    pub host: Option<Located<HostName>>,
    /// How long to wait for the response's head.
    pub request_timeout: Duration,
}

impl BackendSettings {
    /// How long to wait for a response where nothing is said: what Application Gateway documents.
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
}

impl Default for BackendSettings {
    fn default() -> Self {
        Self {
            host: None,
            request_timeout: Self::REQUEST_TIMEOUT,
        }
    }
}

/// What happens to the requests of a listener.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Unique among rules.
    pub name: Located<String>,
    /// 1 to 20000, 1 first; unique among the listeners of one address.
    pub priority: Located<u16>,
    /// The pool, for its name; [`Rule::backends`] is what to forward to.
    pub pool: Arc<Pool>,
    /// Where to forward to, in the order of the pool; at least one.
    pub backends: Vec<Backend>,
    /// How to forward.
    pub backend_settings: Arc<BackendSettings>,
    /// What to change on the way.
    pub rewrite_set: Option<Arc<RewriteSet>>,
    /// Where the rule begins.
    pub place: Place,
}

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

/// Header changes, made when every condition holds.
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
