//! What a policy asked for and does not get.

use std::fmt;

use super::TlsVersion;

/// A part of a policy that cannot be had, and why. `Display` is a sentence without its full stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHonoured {
    /// The part.
    pub asked: Asked,
    /// Why.
    pub reason: Unsupported,
}

impl fmt::Display for NotHonoured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not offered: {}", self.asked, self.reason)
    }
}

/// A part of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A version.
    Version(TlsVersion),
    /// A cipher suite, by its IANA name.
    Suite(&'static str),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Suite(name) => f.write_str(name),
        }
    }
}

/// Why a part of a policy cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// TLS 1.0 or 1.1.
    #[error("RFC 8996 forbids TLS 1.0 and 1.1, and they are not implemented")]
    OldVersion,
    /// Encryption by blocks, authenticated apart.
    #[error("its CBC mode has a history of padding oracles and is not implemented, only AEAD is")]
    Cbc,
    /// The client encrypts the secret with the server's RSA key.
    #[error("RSA key exchange has no forward secrecy and is not implemented, only ECDHE is")]
    RsaKeyExchange,
    /// Diffie-Hellman over finite fields.
    #[error("finite-field DHE is not implemented, only ECDHE is")]
    Dhe,
    /// Triple DES.
    #[error("3DES falls to Sweet32 (CVE-2016-2183) and is not implemented")]
    TripleDes,
    /// The cryptography provider does not have it.
    #[error("the cryptography provider does not have it")]
    NotOfProvider,
    /// It belongs to a version that the policy leaves out.
    #[error("it is a cipher suite of {0}, which the policy leaves out")]
    OtherVersion(TlsVersion),
    /// The policy has it already.
    #[error("it is listed twice, and its first place counts")]
    Repeated,
    /// A version without a suite cannot be spoken.
    #[error("the policy is left with no cipher suite for it")]
    NoSuite,
}

impl Unsupported {
    /// A stable name in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OldVersion => "old_version",
            Self::Cbc => "cbc",
            Self::RsaKeyExchange => "rsa_key_exchange",
            Self::Dhe => "dhe",
            Self::TripleDes => "triple_des",
            Self::NotOfProvider => "not_of_provider",
            Self::OtherVersion(_) => "other_version",
            Self::Repeated => "repeated",
            Self::NoSuite => "no_suite",
        }
    }
}

impl std::error::Error for NotHonoured {}
