//! Pools of backends, and how they are spoken to.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{FileSource, Probe, ServerCertificate};
use crate::diagnostic::{Located, Place};
use crate::host::HostName;

/// The servers behind the gateway.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pool {
    /// Unique among pools.
    pub name: String,
    /// At least one.
    pub targets: Vec<Located<Target>>,
    /// Which of them a request goes to.
    pub balance: Balance,
    /// Where the pool begins.
    pub place: Place,
}

/// Which server of a pool a request goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// That with the fewest requests in flight.
    LeastConnections,
    /// The same for the same address of a client.
    IpHash,
}

/// A server as a pool names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its address or name.
    pub host: TargetHost,
    /// Its port, where the pool says one; otherwise that of the backend settings counts.
    pub port: Option<u16>,
    /// How much it gets beside the others, 1 to 100.
    pub weight: u8,
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
    /// How much it gets beside the others, 1 to 100.
    pub weight: u8,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// How backends are spoken to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BackendSettings {
    /// The name of its table; empty for the settings of rules that name none.
    pub name: String,
    /// Whether TLS is spoken. Who cannot speak it must not speak plain HTTP instead.
    pub protocol: BackendProtocol,
    /// The version of HTTP that is spoken, over TLS as over plain connections.
    pub http_version: BackendHttpVersion,
    /// The port of targets that have none.
    pub port: Option<u16>,
    /// The `Host` to send.
    pub host: BackendHost,
    /// How long to wait for the response's head.
    pub request_timeout: Duration,
    /// The path that replaces the matched part of the request's, or is put before it.
    pub path: Option<Located<String>>,
    /// The cookie that keeps a client at one backend.
    pub affinity: Option<Affinity>,
    /// How long a backend that is removed may finish its requests, and keeps its sessions.
    pub draining: Option<Duration>,
    /// Whether each client connection has backend connections of its own.
    pub dedicated_connections: bool,
    /// How the health of backends is asked for.
    pub probe: Option<Arc<Probe>>,
}

impl BackendSettings {
    /// How long to wait for a response where nothing is said: what Application Gateway documents.
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
}

impl Default for BackendSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            protocol: BackendProtocol::Http,
            http_version: BackendHttpVersion::Http1,
            port: None,
            host: BackendHost::FromClient,
            request_timeout: Self::REQUEST_TIMEOUT,
            path: None,
            affinity: None,
            draining: None,
            dedicated_connections: false,
            probe: None,
        }
    }
}

/// The `Host` that backends see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendHost {
    /// The client's.
    FromClient,
    /// This one.
    Named(Located<HostName>),
    /// The name or address of the target.
    FromTarget,
}

impl BackendHost {
    /// The name that replaces the client's, where there is one.
    #[must_use]
    pub fn named(&self) -> Option<&Located<HostName>> {
        match self {
            Self::Named(host) => Some(host),
            Self::FromClient | Self::FromTarget => None,
        }
    }
}

/// Whether TLS is spoken to backends.
#[derive(Clone, Debug)]
pub enum BackendProtocol {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS. Who cannot speak it must not speak plain HTTP instead: what was to be
    /// protected would go in the clear.
    Https(Box<BackendTls>),
}

/// The version of HTTP that is spoken to backends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackendHttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2: over TLS a backend has to choose it (ALPN `h2`), over plain connections it is expected
    /// to know (RFC 9113 section 3.3).
    Http2,
}

/// How TLS is spoken to backends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BackendTls {
    /// PEM files with roots of the backends' CAs; without any, public CAs.
    pub trusted_roots: Vec<Located<FileSource>>,
    /// The server name to send, where it is not the `Host`.
    pub sni: Option<Located<HostName>>,
    /// Whether the backend's chain and its dates are checked.
    pub chain: Validation,
    /// Whether the backend's certificate has to have the server name among its alternative names. It
    /// is the name that is sent, or an address, which is not.
    pub name: Validation,
    /// What the gateway shows backends that ask for a certificate.
    pub client_certificate: Option<ServerCertificate>,
}

/// Whether something of a backend's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// It is.
    #[default]
    Check,
    /// It is not: who can take the backend's place on the network is believed.
    Skip,
}

/// A cookie that keeps a client at one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Affinity {
    /// Its name.
    pub cookie: String,
}

impl Affinity {
    /// The name of the cookie where nothing is said (section 4.5).
    pub const COOKIE: &str = "ApplicationGatewayAffinity";

    pub(crate) fn new(cookie: String) -> Self {
        Self { cookie }
    }
}
