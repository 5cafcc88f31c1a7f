//! The policies that Application Gateway defines.

use std::str::FromStr;

use super::{PolicyError, TlsVersion};

/// A policy of Application Gateway's. Only the last loses nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PredefinedPolicy {
    /// `AppGwSslPolicy20150501`: TLS 1.0 to 1.2.
    V20150501,
    /// `AppGwSslPolicy20170401`: TLS 1.1 and 1.2.
    V20170401,
    /// `AppGwSslPolicy20170401S`: TLS 1.2.
    V20170401S,
    /// `AppGwSslPolicy20220101`: TLS 1.2 and 1.3, Application Gateway's default.
    V20220101,
    /// `AppGwSslPolicy20220101S`: TLS 1.2 and 1.3, without CBC.
    V20220101S,
}

impl PredefinedPolicy {
    /// All, the oldest first.
    pub const ALL: [Self; 5] = [
        Self::V20150501,
        Self::V20170401,
        Self::V20170401S,
        Self::V20220101,
        Self::V20220101S,
    ];

    /// The name in Application Gateway's configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V20150501 => "AppGwSslPolicy20150501",
            Self::V20170401 => "AppGwSslPolicy20170401",
            Self::V20170401S => "AppGwSslPolicy20170401S",
            Self::V20220101 => "AppGwSslPolicy20220101",
            Self::V20220101S => "AppGwSslPolicy20220101S",
        }
    }

    pub(super) fn least(self) -> TlsVersion {
        match self {
            Self::V20150501 => TlsVersion::Tls10,
            Self::V20170401 => TlsVersion::Tls11,
            Self::V20170401S | Self::V20220101 | Self::V20220101S => TlsVersion::Tls12,
        }
    }

    pub(super) fn most(self) -> TlsVersion {
        match self {
            Self::V20150501 | Self::V20170401 | Self::V20170401S => TlsVersion::Tls12,
            Self::V20220101 | Self::V20220101S => TlsVersion::Tls13,
        }
    }

    /// The suites, the preferred first.
    pub(super) fn suites(self) -> impl Iterator<Item = &'static str> {
        match self {
            Self::V20150501 => SUITES_2015,
            Self::V20170401 | Self::V20170401S => SUITES_2017,
            Self::V20220101 => SUITES_2022,
            Self::V20220101S => SUITES_2022S,
        }
        .split_ascii_whitespace()
    }
}

impl FromStr for PredefinedPolicy {
    type Err = PolicyError;

    fn from_str(name: &str) -> Result<Self, PolicyError> {
        let mut all = Self::ALL.into_iter();
        all.find(|policy| policy.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| PolicyError::UnknownPolicy { name: name.into() })
    }
}

const SUITES_2015: &str = "
    ECDHE_RSA_AES_256_GCM_SHA384 ECDHE_RSA_AES_128_GCM_SHA256
    ECDHE_RSA_AES_256_CBC_SHA384 ECDHE_RSA_AES_128_CBC_SHA256
    ECDHE_RSA_AES_256_CBC_SHA ECDHE_RSA_AES_128_CBC_SHA
    DHE_RSA_AES_256_GCM_SHA384 DHE_RSA_AES_128_GCM_SHA256
    DHE_RSA_AES_256_CBC_SHA DHE_RSA_AES_128_CBC_SHA
    RSA_AES_256_GCM_SHA384 RSA_AES_128_GCM_SHA256
    RSA_AES_256_CBC_SHA256 RSA_AES_128_CBC_SHA256
    RSA_AES_256_CBC_SHA RSA_AES_128_CBC_SHA
    ECDHE_ECDSA_AES_256_GCM_SHA384 ECDHE_ECDSA_AES_128_GCM_SHA256
    ECDHE_ECDSA_AES_256_CBC_SHA384 ECDHE_ECDSA_AES_128_CBC_SHA256
    ECDHE_ECDSA_AES_256_CBC_SHA ECDHE_ECDSA_AES_128_CBC_SHA
    DHE_DSS_AES_256_CBC_SHA256 DHE_DSS_AES_128_CBC_SHA256
    DHE_DSS_AES_256_CBC_SHA DHE_DSS_AES_128_CBC_SHA
    RSA_3DES_EDE_CBC_SHA DHE_DSS_3DES_EDE_CBC_SHA";

const SUITES_2017: &str = "
    ECDHE_ECDSA_AES_128_GCM_SHA256 ECDHE_ECDSA_AES_256_GCM_SHA384
    ECDHE_ECDSA_AES_128_CBC_SHA ECDHE_ECDSA_AES_256_CBC_SHA
    ECDHE_ECDSA_AES_128_CBC_SHA256 ECDHE_ECDSA_AES_256_CBC_SHA384
    ECDHE_RSA_AES_256_GCM_SHA384 ECDHE_RSA_AES_128_GCM_SHA256
    ECDHE_RSA_AES_128_CBC_SHA ECDHE_RSA_AES_256_CBC_SHA
    RSA_AES_256_GCM_SHA384 RSA_AES_128_GCM_SHA256
    RSA_AES_256_CBC_SHA256 RSA_AES_128_CBC_SHA256
    RSA_AES_256_CBC_SHA RSA_AES_128_CBC_SHA";

// The sets are documented, their order is not: stronger first within TLS 1.2, as in 2015.
const SUITES_2022: &str = "
    TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384
    ECDHE_RSA_AES_256_GCM_SHA384 ECDHE_RSA_AES_128_GCM_SHA256
    ECDHE_ECDSA_AES_256_GCM_SHA384 ECDHE_ECDSA_AES_128_GCM_SHA256
    ECDHE_RSA_AES_256_CBC_SHA384 ECDHE_RSA_AES_128_CBC_SHA256
    ECDHE_ECDSA_AES_256_CBC_SHA384 ECDHE_ECDSA_AES_128_CBC_SHA256";

const SUITES_2022S: &str = "
    TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384
    ECDHE_RSA_AES_256_GCM_SHA384 ECDHE_RSA_AES_128_GCM_SHA256
    ECDHE_ECDSA_AES_256_GCM_SHA384 ECDHE_ECDSA_AES_128_GCM_SHA256";
