//! What is written down of requests, and where: the access log and the traces.

use std::path::PathBuf;

use crate::diagnostic::{Located, Place};

/// What becomes of the lines about requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessLogSettings {
    /// How a line is written.
    pub format: LogFormat,
    /// Where it is written to.
    pub output: LogOutput,
    /// Where the table begins.
    pub place: Place,
}

/// How a line of the access log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object with the envelope and the names of Application Gateway's access log.
    #[default]
    Json,
    /// Names and values for people.
    Text,
}

/// Where the access log is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogOutput {
    /// Nowhere.
    Off,
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
    /// The end of a file or a named pipe, relative to the configuration.
    File(PathBuf),
}

/// How the gateway takes part in traces (W3C Trace Context).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TraceSettings {
    /// The base URL of the collector that spans are sent to, by OTLP over HTTP; without it the
    /// identifiers are passed on and logged, and no span leaves.
    pub otlp_endpoint: Option<Located<String>>,
    /// The share of traces whose spans are sent, from 0 to 1.
    pub sample_ratio: f64,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            sample_ratio: Self::SAMPLE_RATIO,
        }
    }
}

impl TraceSettings {
    /// All traces.
    pub const SAMPLE_RATIO: f64 = 1.0;
}
