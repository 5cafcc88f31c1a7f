//! How OCSP responders are asked.

use std::time::Duration;

/// How OCSP responders are asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OcspSettings {
    /// How long one question may take, connecting included.
    pub timeout: Duration,
    /// How far the clocks of responder and gateway may differ.
    pub skew: Duration,
    /// How old an answer may be at most, where not only its own `nextUpdate` shall decide.
    pub max_age: Option<Duration>,
    /// Which addresses responders may have.
    pub destinations: Destinations,
}

impl OcspSettings {
    /// How long one question may take where nothing is said: a client waits meanwhile.
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    /// How far clocks may differ where nothing is said: what OpenSSL's and nginx's OCSP use.
    pub const SKEW: Duration = Duration::from_secs(300);
}

impl Default for OcspSettings {
    fn default() -> Self {
        Self {
            timeout: Self::TIMEOUT,
            skew: Self::SKEW,
            max_age: None,
            destinations: Destinations::NotLocal,
        }
    }
}

/// Which addresses OCSP responders may have. The certificate names them, so a client chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destinations {
    /// Not loopback, link-local, unspecified or multicast addresses, nor metadata services.
    #[default]
    NotLocal,
    /// The same, but loopback addresses are allowed.
    LoopbackToo,
}
