//! TLS policies: what an operator asks for by name, and what of it can be had.

mod predefined;
mod suite;
mod unsupported;
mod version;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, NamedGroup, SupportedCipherSuite, SupportedProtocolVersion};

use self::suite::{Kind, Suite};

pub use self::predefined::PredefinedPolicy;
pub use self::suite::cipher_suite_name;
pub use self::unsupported::{Asked, NotHonoured, Unsupported};
pub use self::version::TlsVersion;

/// The key exchanges offered, the preferred first, as far as the provider has them: the post-quantum
/// hybrid of draft-ietf-tls-ecdhe-mlkem, then what TLS 1.2 clients know. Further ones of the provider follow.
///
/// A rustls server takes the first of the *client's* that it has, whatever its own order: that the hybrid
/// is preferred is the work of [`Profile::server_config_for`](crate::Profile::server_config_for).
pub const KEY_EXCHANGES: [NamedGroup; 4] = [
    HYBRID,
    NamedGroup::X25519,
    NamedGroup::secp256r1,
    NamedGroup::secp384r1,
];

/// The first of [`KEY_EXCHANGES`].
pub(crate) const HYBRID: NamedGroup = NamedGroup::X25519MLKEM768;

/// The suites of TLS 1.3 that a policy of Application Gateway's `CustomV2` has without naming them.
const IMPLICIT: [CipherSuite; 2] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_AES_256_GCM_SHA384,
];

/// Protocol versions and cipher suites as they were asked for, the preferred suite first.
///
/// What of it can be had is [`TlsPolicy::resolve`]'s to say.
#[derive(Clone, Debug)]
pub struct TlsPolicy {
    versions: Vec<TlsVersion>,
    suites: Vec<&'static Suite>,
}

impl TlsPolicy {
    /// A policy that Application Gateway defines.
    #[must_use]
    pub fn predefined(policy: PredefinedPolicy) -> Self {
        Self {
            versions: TlsVersion::range(policy.least(), policy.most()),
            suites: policy.suites().filter_map(suite::find).collect(),
        }
    }

    /// Application Gateway's `Custom`: from this version to TLS 1.2, with these suites.
    ///
    /// A suite has its IANA name, with or without `TLS_` and `_WITH_`, or OpenSSL's.
    ///
    /// # Errors
    /// When a name is no cipher suite's.
    pub fn custom<S: AsRef<str>>(least: TlsVersion, suites: &[S]) -> Result<Self, PolicyError> {
        Ok(Self {
            versions: TlsVersion::range(least, TlsVersion::Tls12),
            suites: named(suites)?,
        })
    }

    /// Application Gateway's `CustomV2`: from this version to TLS 1.3, with these suites. The two of TLS 1.3
    /// with AES-GCM are part of it whether they are named or not; named, they have the place they are given.
    ///
    /// # Errors
    /// When a name is no cipher suite's.
    pub fn custom_v2<S: AsRef<str>>(least: TlsVersion, suites: &[S]) -> Result<Self, PolicyError> {
        let mut suites = named(suites)?;
        let missing: Vec<_> = IMPLICIT
            .into_iter()
            .filter(|implicit| !suites.iter().any(|suite| suite.is(*implicit)))
            .filter_map(suite::of)
            .collect();
        suites.splice(..0, missing);
        Ok(Self {
            versions: TlsVersion::range(least, TlsVersion::Tls13),
            suites,
        })
    }

    /// Leaves out a version: Application Gateway's `disabledSslProtocols`.
    #[must_use]
    pub fn without(mut self, version: TlsVersion) -> Self {
        self.versions.retain(|kept| *kept != version);
        self
    }

    /// Finds in `provider` what the policy asks for. The result has exactly these suites in this order, and
    /// says what it lacks: an operator who asked for more must be shown [`ResolvedPolicy::not_honoured`].
    ///
    /// # Errors
    /// When nothing of the policy can be had.
    pub fn resolve(&self, provider: &CryptoProvider) -> Result<ResolvedPolicy, PolicyError> {
        let mut not_honoured: Vec<_> = self.versions.iter().filter_map(check_version).collect();
        let mut suites: Vec<SupportedCipherSuite> = Vec::new();
        for suite in &self.suites {
            match self.honour(suite, provider, &suites) {
                Ok(found) => suites.push(found),
                Err(reason) => not_honoured.push(NotHonoured {
                    asked: Asked::Suite(suite.name),
                    reason,
                }),
            }
        }
        let mut versions = Vec::new();
        for (version, supported) in [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)] {
            if !self.versions.contains(&version) {
                continue;
            }
            if suites.iter().any(|suite| suite.version() == supported) {
                versions.push(supported);
            } else {
                not_honoured.push(NotHonoured {
                    asked: Asked::Version(version),
                    reason: Unsupported::NoSuite,
                });
            }
        }
        if versions.is_empty() {
            return Err(PolicyError::Nothing { not_honoured });
        }
        Ok(ResolvedPolicy {
            provider: Arc::new(CryptoProvider {
                cipher_suites: suites,
                kx_groups: key_exchanges(provider),
                ..provider.clone()
            }),
            versions,
            not_honoured,
        })
    }

    /// The provider's suite, where the policy can have it beside those it has.
    fn honour(
        &self,
        suite: &Suite,
        provider: &CryptoProvider,
        before: &[SupportedCipherSuite],
    ) -> Result<SupportedCipherSuite, Unsupported> {
        let (version, id) = match suite.kind {
            Kind::Tls13(id) => (TlsVersion::Tls13, id),
            Kind::Tls12(id) => (TlsVersion::Tls12, id),
            Kind::Never(reason) => return Err(reason),
        };
        if !self.versions.contains(&version) {
            return Err(Unsupported::OtherVersion(version));
        }
        if before.iter().any(|found| found.suite() == id) {
            return Err(Unsupported::Repeated);
        }
        let mut suites = provider.cipher_suites.iter();
        suites
            .find(|found| found.suite() == id)
            .copied()
            .ok_or(Unsupported::NotOfProvider)
    }
}

fn named<S: AsRef<str>>(names: &[S]) -> Result<Vec<&'static Suite>, PolicyError> {
    let find = |name: &S| {
        let name = name.as_ref();
        suite::find(name).ok_or_else(|| PolicyError::UnknownSuite { name: name.into() })
    };
    names.iter().map(find).collect()
}

/// Whether the suite is one of TLS 1.3.
pub(crate) fn is_tls13(id: CipherSuite) -> bool {
    suite::of(id).is_some_and(|suite| matches!(suite.kind, Kind::Tls13(_)))
}

fn check_version(version: &TlsVersion) -> Option<NotHonoured> {
    match version {
        TlsVersion::Tls10 | TlsVersion::Tls11 => Some(NotHonoured {
            asked: Asked::Version(*version),
            reason: Unsupported::OldVersion,
        }),
        TlsVersion::Tls12 | TlsVersion::Tls13 => None,
    }
}

/// The provider's key exchanges in the order of [`KEY_EXCHANGES`].
fn key_exchanges(provider: &CryptoProvider) -> Vec<&'static dyn rustls::crypto::SupportedKxGroup> {
    let place = |name| {
        KEY_EXCHANGES
            .iter()
            .position(|preferred| *preferred == name)
    };
    let mut groups = provider.kx_groups.clone();
    groups.sort_by_key(|group| place(group.name()).unwrap_or(usize::MAX));
    groups
}

/// What can be had of a [`TlsPolicy`]: a provider with exactly its suites, and its protocol versions.
#[derive(Clone, Debug)]
pub struct ResolvedPolicy {
    provider: Arc<CryptoProvider>,
    versions: Vec<&'static SupportedProtocolVersion>,
    not_honoured: Vec<NotHonoured>,
}

impl ResolvedPolicy {
    /// The cryptography, with the policy's suites and no others, in its order.
    #[must_use]
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// The same with the post-quantum hybrid as the only key exchange, where there are both it and TLS 1.3.
    pub(crate) fn hybrid(&self) -> Option<Arc<CryptoProvider>> {
        let mut groups = self.provider.kx_groups.iter();
        let hybrid = groups.find(|group| group.name() == HYBRID)?;
        self.versions.contains(&&TLS13).then(|| {
            Arc::new(CryptoProvider {
                kx_groups: vec![*hybrid],
                ..CryptoProvider::clone(&self.provider)
            })
        })
    }

    /// The protocol versions, at least one, each with at least one suite.
    #[must_use]
    pub fn versions(&self) -> &[&'static SupportedProtocolVersion] {
        &self.versions
    }

    /// What was asked for and is not there, in the order of the policy.
    #[must_use]
    pub fn not_honoured(&self) -> &[NotHonoured] {
        &self.not_honoured
    }
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// No predefined policy has this name.
    #[error("{name:?} is no predefined TLS policy")]
    UnknownPolicy {
        /// The name.
        name: String,
    },
    /// This is no version of TLS.
    #[error("{name:?} is no TLS version")]
    UnknownVersion {
        /// The name.
        name: String,
    },
    /// No cipher suite has this name.
    #[error("{name:?} is no cipher suite")]
    UnknownSuite {
        /// The name.
        name: String,
    },
    /// No handshake could succeed.
    #[error("nothing of the TLS policy can be honoured{}", told(not_honoured))]
    Nothing {
        /// All that was asked for, and why it cannot be had.
        not_honoured: Vec<NotHonoured>,
    },
}

fn told(not_honoured: &[NotHonoured]) -> String {
    let told: Vec<_> = not_honoured.iter().map(ToString::to_string).collect();
    match told.is_empty() {
        true => String::new(),
        false => format!(": {}", told.join("; ")),
    }
}
