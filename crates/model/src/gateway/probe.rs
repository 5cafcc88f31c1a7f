//! How the health of backends is asked for.

use std::time::Duration;

use crate::diagnostic::{Located, Place};
use crate::host::HostName;

/// How the health of backends is asked for. The defaults are those that Application Gateway
/// documents (section 4.8 of its behaviour reference).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// Unique among probes.
    pub name: Located<String>,
    /// Whether it speaks TLS, as the backend settings that name it do; where nothing is said, whatever they do.
    pub https: Option<bool>,
    /// The `Host` it sends.
    pub host: ProbeHost,
    /// The path it asks for; begins with `/`.
    pub path: Located<String>,
    /// The port it asks at; that of the backend where absent.
    pub port: Option<u16>,
    /// How often it asks.
    pub interval: Duration,
    /// How long it waits; at most the interval.
    pub timeout: Duration,
    /// Failures in a row that make a backend unhealthy. One success makes it healthy again.
    pub unhealthy_threshold: u16,
    /// How many servers of a pool always count as healthy.
    pub min_servers: u16,
    /// The statuses of a healthy backend; at least one range.
    pub statuses: Vec<StatusRange>,
    /// A text that the body of a healthy backend's answer has.
    pub body: Option<Located<String>>,
    /// Where the probe begins.
    pub place: Place,
}

impl Probe {
    /// How often it asks where nothing is said.
    pub const INTERVAL: Duration = Duration::from_secs(30);
    /// How long it waits where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    /// Failures in a row where nothing is said.
    pub const UNHEALTHY_THRESHOLD: u16 = 3;
    /// The statuses of a healthy backend where nothing is said.
    pub const STATUSES: StatusRange = StatusRange {
        first: 200,
        last: 399,
    };
    /// The characters of the text that a body must have, at most.
    pub const BODY: usize = 4_090;
}

/// The `Host` that a probe sends.
#[derive(Clone, Debug)]
pub enum ProbeHost {
    /// This one.
    Named(Located<HostName>),
    /// That of the backend settings.
    FromSettings,
    /// None is said: `127.0.0.1`, as Application Gateway has it.
    Local,
}

/// Statuses from the first to the last, both included; 100 to 599.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    /// The smallest.
    pub first: u16,
    /// The largest.
    pub last: u16,
}
