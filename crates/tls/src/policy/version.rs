//! The versions of TLS, with those that nobody should speak any more.

use std::fmt;
use std::str::FromStr;

use super::PolicyError;

/// A version of TLS that a policy may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// RFC 2246, forbidden by RFC 8996.
    Tls10,
    /// RFC 4346, forbidden by RFC 8996.
    Tls11,
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl TlsVersion {
    /// All, the oldest first.
    pub const ALL: [Self; 4] = [Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// Those from one to another, both included.
    pub(super) fn range(least: Self, most: Self) -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|version| (least..=most).contains(version))
            .collect()
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// As Application Gateway writes it, `TLSv1_2`, or as OpenSSL does, `TLSv1.2`; in any case of letters.
impl FromStr for TlsVersion {
    type Err = PolicyError;

    fn from_str(name: &str) -> Result<Self, PolicyError> {
        match name.to_ascii_lowercase().replace('_', ".").as_str() {
            "tlsv1.0" | "tlsv1" => Ok(Self::Tls10),
            "tlsv1.1" => Ok(Self::Tls11),
            "tlsv1.2" => Ok(Self::Tls12),
            "tlsv1.3" => Ok(Self::Tls13),
            _ => Err(PolicyError::UnknownVersion { name: name.into() }),
        }
    }
}
