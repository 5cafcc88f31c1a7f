//! What the leaf is for: extKeyUsage, and the keyUsage that goes with it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use portcullis_x509::{
    CUT, CertificatePolicies, ExtendedKeyUsage, KeyUsage, KnownExtensions, MAX_SHOWN, Oid, Shown,
    oid,
};

use super::settings::{ExtendedKeyUsageRule, LeafKeyUsage};
use crate::member::Member;
use crate::reason::Reason;

/// What the leaf is to be used for.
///
/// How the extKeyUsage extension is read is for [`ExtendedKeyUsageRule`] to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// TLS client authentication, `id-kp-clientAuth`.
    ClientAuth,
    /// TLS server authentication, `id-kp-serverAuth`. Which names are the expected ones is for
    /// [`Policy::name`](crate::Policy::name) to say.
    ServerAuth,
    /// Signing OCSP responses for others, `id-kp-OCSPSigning`: the leaf must list exactly this
    /// (RFC 6960 section 4.2.2.2), the authorities above need not (they are told not to).
    OcspSigning,
    /// Another purpose, by its identifier. Nothing is asked of keyUsage.
    Other(Oid<'static>),
    /// No purpose: neither extKeyUsage nor the leaf's keyUsage is looked at.
    Any,
}

/// Everything that the purpose asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) purpose: Purpose,
    pub(super) extended: ExtendedKeyUsageRule,
    pub(super) leaf: LeafKeyUsage,
}

impl Usage {
    pub(super) fn check_authority(
        &self,
        authority: &Member<'_>,
        is_anchor: bool,
    ) -> Result<(), Reason> {
        let Some(purpose) = self.purpose.oid() else {
            return Ok(());
        };
        if self.purpose == Purpose::OcspSigning {
            return Ok(());
        }
        let each = self.extended == ExtendedKeyUsageRule::OnEach;
        let known = authority.known()?;
        let found = known.extended_key_usage;
        let listed = match found {
            Some(found) => {
                found.contains(purpose) || (!each && found.contains(oid::ANY_EXTENDED_KEY_USAGE))
            }
            None => is_anchor || !each || self.purpose == Purpose::ServerAuth,
        };
        self.require(listed && is_application(known, purpose), found)
    }

    /// `is_anchor` says that the leaf is trusted by itself.
    pub(super) fn check_leaf(&self, leaf: &Member<'_>, is_anchor: bool) -> Result<(), Reason> {
        let Some(purpose) = self.purpose.oid() else {
            return Ok(());
        };
        let known = leaf.known()?;
        let found = known.extended_key_usage;
        let allowed = self.allows_leaf(purpose, found) && is_application(known, purpose);
        self.require(allowed, found)?;
        let is_ca = known.basic_constraints.is_some_and(|found| found.ca);
        if self.extended == ExtendedKeyUsageRule::OnEach && is_ca && !is_anchor {
            return Err(Reason::AuthorityAsLeaf);
        }
        match self.leaf {
            LeafKeyUsage::Enforce => self.check_leaf_key_usage(known.key_usage),
            LeafKeyUsage::Ignore => Ok(()),
        }
    }

    fn allows_leaf(&self, purpose: Oid<'_>, found: Option<ExtendedKeyUsage<'_>>) -> bool {
        let lists = |purpose| found.is_some_and(|found| found.contains(purpose));
        match self.extended {
            _ if self.purpose == Purpose::OcspSigning => lists(purpose),
            ExtendedKeyUsageRule::IfPresent => {
                found.is_none() || lists(purpose) || lists(oid::ANY_EXTENDED_KEY_USAGE)
            }
            ExtendedKeyUsageRule::OnLeaf | ExtendedKeyUsageRule::OnEach => {
                let mut others = SEPARATE.iter().filter(|other| **other != purpose);
                lists(purpose) && !others.any(|other| lists(*other))
            }
        }
    }

    fn require(&self, allowed: bool, found: Option<ExtendedKeyUsage<'_>>) -> Result<(), Reason> {
        if allowed {
            return Ok(());
        }
        Err(Reason::PurposeNotAllowed {
            expected: self.purpose,
            found: found.map(shown_purposes).unwrap_or_default(),
        })
    }

    fn check_leaf_key_usage(&self, found: Option<KeyUsage>) -> Result<(), Reason> {
        let sufficient: &[KeyUsage] = match self.purpose {
            Purpose::ClientAuth | Purpose::ServerAuth => &[KeyUsage::DIGITAL_SIGNATURE],
            // RFC 5280 section 4.2.1.12, id-kp-OCSPSigning.
            Purpose::OcspSigning => &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION],
            Purpose::Other(_) | Purpose::Any => return Ok(()),
        };
        match found {
            Some(found) if !sufficient.iter().any(|usage| found.contains(*usage)) => {
                Err(Reason::KeyUsageMissing {
                    expected: KeyUsage::DIGITAL_SIGNATURE,
                    found,
                })
            }
            _ => Ok(()),
        }
    }
}

/// Whether Microsoft's application policies, where they are critical and can be read, list the purpose or any.
/// Where they cannot, extKeyUsage alone says what the certificate is for.
fn is_application(known: &KnownExtensions<'_>, purpose: Oid<'_>) -> bool {
    let policies = known.critical_application_policies;
    let policies = policies.and_then(|value| CertificatePolicies::parse(value).ok());
    policies.is_none_or(|policies| {
        policies
            .iter()
            .any(|policy| policy == purpose || policy == oid::ANY_APPLICATION_POLICY)
    })
}

/// Purposes whose keys are kept apart from all others: what such a key signs is believed by many.
const SEPARATE: [Oid<'static>; 3] = [oid::CODE_SIGNING, oid::TIME_STAMPING, oid::OCSP_SIGNING];

/// Purposes that a report repeats. RFC 5280 defines six and the one for any.
const MAX_PURPOSES_SHOWN: usize = 16;

/// The first purposes of a list, up to [`MAX_SHOWN`] characters in all, then [`CUT`].
#[cold]
fn shown_purposes(found: ExtendedKeyUsage<'_>) -> Vec<String> {
    let (mut shown, mut left) = (Vec::new(), MAX_SHOWN);
    for purpose in found.iter() {
        let name = purpose_name(purpose);
        match left.checked_sub(name.len()) {
            Some(rest) if shown.len() < MAX_PURPOSES_SHOWN => left = rest,
            _ => {
                shown.push(CUT.into());
                break;
            }
        }
        shown.push(name);
    }
    shown
}

fn purpose_name(purpose: Oid<'_>) -> String {
    match purpose {
        oid::ANY_EXTENDED_KEY_USAGE => "anyExtendedKeyUsage".into(),
        oid::SERVER_AUTH => "serverAuth".into(),
        oid::CLIENT_AUTH => "clientAuth".into(),
        oid::CODE_SIGNING => "codeSigning".into(),
        oid::EMAIL_PROTECTION => "emailProtection".into(),
        oid::TIME_STAMPING => "timeStamping".into(),
        oid::OCSP_SIGNING => "OCSPSigning".into(),
        other => Shown::new(other).to_string(),
    }
}

impl Purpose {
    const fn oid(self) -> Option<Oid<'static>> {
        match self {
            Self::ClientAuth => Some(oid::CLIENT_AUTH),
            Self::ServerAuth => Some(oid::SERVER_AUTH),
            Self::OcspSigning => Some(oid::OCSP_SIGNING),
            Self::Other(purpose) => Some(purpose),
            Self::Any => None,
        }
    }
}

/// The name of RFC 5280, without `id-kp-`.
impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.oid() {
            Some(purpose) => f.write_str(&purpose_name(purpose)),
            None => f.write_str("any"),
        }
    }
}
