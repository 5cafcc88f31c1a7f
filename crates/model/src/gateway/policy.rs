//! TLS policies: which versions and cipher suites are offered to clients.

use crate::diagnostic::Located;

/// Which versions and cipher suites are offered to clients. Names are kept, not judged: which of
/// them there are, the TLS library knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsPolicy {
    /// One that Application Gateway defines.
    Predefined(PredefinedPolicy),
    /// One that the configuration defines.
    Custom(CustomPolicy),
}

impl TlsPolicy {
    /// Old and new policies do not coexist in one gateway (section 3.3).
    #[must_use]
    pub fn generation(&self) -> Generation {
        match self {
            Self::Predefined(policy) => policy.generation(),
            Self::Custom(policy) => policy.generation,
        }
    }
}

/// A policy that Application Gateway defines (section 3.3 of its behaviour reference).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PredefinedPolicy {
    /// `AppGwSslPolicy20150501`: from TLS 1.0.
    P20150501,
    /// `AppGwSslPolicy20170401`: from TLS 1.1.
    P20170401,
    /// `AppGwSslPolicy20170401S`: TLS 1.2.
    P20170401S,
    /// `AppGwSslPolicy20220101`: TLS 1.2 and 1.3.
    P20220101,
    /// `AppGwSslPolicy20220101S`: TLS 1.2 and 1.3, authenticated encryption only.
    P20220101S,
}

impl PredefinedPolicy {
    pub(crate) const ALL: [Self; 5] = [
        Self::P20150501,
        Self::P20170401,
        Self::P20170401S,
        Self::P20220101,
        Self::P20220101S,
    ];

    /// Its name in Application Gateway.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P20150501 => "AppGwSslPolicy20150501",
            Self::P20170401 => "AppGwSslPolicy20170401",
            Self::P20170401S => "AppGwSslPolicy20170401S",
            Self::P20220101 => "AppGwSslPolicy20220101",
            Self::P20220101S => "AppGwSslPolicy20220101S",
        }
    }

    /// Whether it knows TLS 1.3.
    #[must_use]
    pub fn generation(self) -> Generation {
        match self {
            Self::P20150501 | Self::P20170401 | Self::P20170401S => Generation::Old,
            Self::P20220101 | Self::P20220101S => Generation::New,
        }
    }
}

/// A policy that the configuration defines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomPolicy {
    /// `custom` is old, `custom_v2` is new.
    pub generation: Generation,
    /// The lowest version offered. An old policy is TLS 1.2 only.
    pub min_version: MinVersion,
    /// IANA or OpenSSL names, the preferred first. The two suites of TLS 1.3 that new policies have
    /// need not be named. Empty only where nothing older than TLS 1.3 is offered.
    pub cipher_suites: Vec<Located<String>>,
}

/// Whether a policy knows TLS 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// It does not: the policies of 2015 and 2017, and `custom`.
    Old,
    /// It does: the policies of 2022, and `custom_v2`.
    New,
}

/// The lowest version of TLS that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MinVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}
