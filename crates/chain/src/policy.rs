//! What the caller demands of a path beyond RFC 5280 section 6.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use portcullis_x509::{CUT, Certificate, ExtendedKeyUsage, KeyUsage, MAX_SHOWN, Oid, Shown, oid};
use rustls_pki_types::SignatureVerificationAlgorithm;

use crate::reason::{KeyOwner, Reason};
use crate::rejection::Fault;

/// What a verification is for and what it accepts. Purpose and algorithms have no default.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    purpose: Purpose,
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    max_depth: usize,
    anchor_validity: AnchorValidity,
    anchor_constraints: AnchorConstraints,
    least_rsa_bits: usize,
    most_rsa_bits: usize,
    partial_chain: PartialChain,
}

/// What the leaf is to be used for.
///
/// A leaf or authority with an extKeyUsage extension must list the purpose or
/// `anyExtendedKeyUsage`; one without the extension is not restricted (RFC 5280 section
/// 4.2.1.12). A leaf with a keyUsage extension must allow signatures, because that is how TLS (RFC
/// 8446 section 4.4.2.2) and OCSP use its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// TLS client authentication, `id-kp-clientAuth`.
    ClientAuth,
    /// TLS server authentication, `id-kp-serverAuth`. Whether the names are the expected ones is not judged.
    ServerAuth,
    /// Signing OCSP responses for others, `id-kp-OCSPSigning`: the leaf must list exactly this
    /// (RFC 6960 section 4.2.2.2), the authorities above need not (they are told not to).
    OcspSigning,
    /// No purpose: neither extKeyUsage nor the leaf's keyUsage is looked at.
    Any,
}

/// Whether an anchor's own validity period counts. RFC 5280 leaves it open (section 6.1.1 (d) takes
/// a name and a key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorValidity {
    /// An expired anchor is trusted no longer.
    Enforce,
    /// An anchor is trusted as long as it is listed.
    Ignore,
}

/// Whether what an anchor's certificate says about itself restricts paths below it: cA, path
/// length, keyUsage, extKeyUsage, critical extensions. RFC 5280 takes only name and key; RFC
/// 5937 describes the stricter way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorConstraints {
    /// An anchor is held to its own certificate.
    Enforce,
    /// An anchor is a name and a key.
    Ignore,
}

/// Whether a certificate that is not self-issued can end a path when it is listed as an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialChain {
    /// Every listed anchor ends a path, the leaf itself included.
    Allow,
    /// Only self-issued anchors end a path; others are material for building it.
    Deny,
}

impl Policy {
    /// The most intermediates that a path has unless [`Policy::max_depth`] says otherwise.
    ///
    /// rustls-webpki stops at 6, OpenSSL at 100; the longest valid path of NIST PKITS has 4.
    pub const DEFAULT_MAX_DEPTH: usize = 10;

    /// The least RSA key unless [`Policy::least_rsa_bits`] says otherwise: NIST SP 800-131A
    /// disallows less since 2014.
    pub const DEFAULT_LEAST_RSA_BITS: usize = 2_048;

    /// The greatest RSA key unless [`Policy::most_rsa_bits`] says otherwise: what `aws-lc-rs`, `ring` and
    /// Go's `crypto/tls` take. A check costs the square of the size.
    pub const DEFAULT_MOST_RSA_BITS: usize = 8_192;

    /// A policy for this purpose, with the signature algorithms of the caller's crypto provider.
    ///
    /// What is not in `algorithms` is not accepted: providers leave out SHA-1, and so must a caller who makes the list.
    pub const fn new(
        purpose: Purpose,
        algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    ) -> Self {
        Self {
            purpose,
            algorithms,
            max_depth: Self::DEFAULT_MAX_DEPTH,
            anchor_validity: AnchorValidity::Enforce,
            anchor_constraints: AnchorConstraints::Enforce,
            least_rsa_bits: Self::DEFAULT_LEAST_RSA_BITS,
            most_rsa_bits: Self::DEFAULT_MOST_RSA_BITS,
            partial_chain: PartialChain::Deny,
        }
    }

    /// Sets how many intermediates that are not self-issued may stand between leaf and anchor.
    #[must_use]
    pub const fn max_depth(mut self, intermediates: usize) -> Self {
        self.max_depth = intermediates;
        self
    }

    /// Sets whether an expired anchor is trusted.
    #[must_use]
    pub const fn anchor_validity(mut self, anchor_validity: AnchorValidity) -> Self {
        self.anchor_validity = anchor_validity;
        self
    }

    /// Sets whether an anchor's own certificate restricts the paths below it.
    #[must_use]
    pub const fn anchor_constraints(mut self, anchor_constraints: AnchorConstraints) -> Self {
        self.anchor_constraints = anchor_constraints;
        self
    }

    /// Sets the least size of an RSA modulus. The provider's algorithms may want more.
    #[must_use]
    pub const fn least_rsa_bits(mut self, bits: usize) -> Self {
        self.least_rsa_bits = bits;
        self
    }

    /// Sets the greatest size of an RSA modulus. The provider's algorithms may want less.
    #[must_use]
    pub const fn most_rsa_bits(mut self, bits: usize) -> Self {
        self.most_rsa_bits = bits;
        self
    }

    /// Sets whether a path may end in an anchor that is not self-issued.
    #[must_use]
    pub const fn partial_chain(mut self, partial_chain: PartialChain) -> Self {
        self.partial_chain = partial_chain;
        self
    }

    pub(crate) const fn algorithms(
        &self,
    ) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
        self.algorithms
    }

    pub(crate) const fn depth(&self) -> usize {
        self.max_depth
    }

    pub(crate) const fn checks_anchor_validity(&self) -> bool {
        matches!(self.anchor_validity, AnchorValidity::Enforce)
    }

    pub(crate) const fn checks_anchor_constraints(&self) -> bool {
        matches!(self.anchor_constraints, AnchorConstraints::Enforce)
    }

    pub(crate) const fn ends_anywhere(&self) -> bool {
        matches!(self.partial_chain, PartialChain::Allow)
    }

    /// Whether the key is strong enough to trust what it signed, and small enough to find out.
    pub(crate) fn check_key(
        &self,
        certificate: &Certificate<'_>,
        owner: KeyOwner,
    ) -> Result<(), Reason> {
        let Some(found) = certificate.subject_public_key_info().rsa_modulus_bits()? else {
            return Ok(());
        };
        let (least, most) = (self.least_rsa_bits, self.most_rsa_bits);
        if found < least {
            return Err(Reason::WeakKey {
                expected: least,
                found,
                owner,
            });
        }
        if found > most {
            return Err(Reason::OversizedKey {
                expected: most,
                found,
                owner,
            });
        }
        Ok(())
    }

    /// Judges a path, leaf first, by this policy. The authorities' keys were judged on the way.
    pub(crate) fn check_path(&self, path: &[Certificate<'_>]) -> Result<(), Fault> {
        let Some((leaf, authorities)) = path.split_first() else {
            return Ok(());
        };
        let at_leaf = |reason| Fault {
            certificate: 0,
            reason,
        };
        self.check_key(leaf, KeyOwner::Leaf).map_err(at_leaf)?;
        for (above, authority) in authorities.iter().enumerate().rev() {
            let is_anchor = above.saturating_add(1) == authorities.len();
            if !is_anchor || self.checks_anchor_constraints() {
                self.check_authority_purpose(authority)
                    .map_err(|reason| Fault {
                        certificate: above.saturating_add(1),
                        reason,
                    })?;
            }
        }
        self.check_leaf_purpose(leaf).map_err(at_leaf)?;
        self.check_leaf_key_usage(leaf).map_err(at_leaf)
    }

    fn check_authority_purpose(&self, authority: &Certificate<'_>) -> Result<(), Reason> {
        let (Some(purpose), true) = (self.purpose.oid(), self.purpose.binds_authorities()) else {
            return Ok(());
        };
        match authority.extended_key_usage()? {
            Some(found) if !allows(found, purpose) => Err(self.purpose_not_allowed(Some(found))),
            _ => Ok(()),
        }
    }

    fn check_leaf_purpose(&self, leaf: &Certificate<'_>) -> Result<(), Reason> {
        let Some(purpose) = self.purpose.oid() else {
            return Ok(());
        };
        let found = leaf.extended_key_usage()?;
        let allowed = match (self.purpose, found) {
            (Purpose::OcspSigning, found) => found.is_some_and(|found| found.contains(purpose)),
            (_, Some(found)) => allows(found, purpose),
            (_, None) => true,
        };
        if allowed {
            Ok(())
        } else {
            Err(self.purpose_not_allowed(found))
        }
    }

    fn check_leaf_key_usage(&self, leaf: &Certificate<'_>) -> Result<(), Reason> {
        let sufficient: &[KeyUsage] = match self.purpose {
            Purpose::ClientAuth | Purpose::ServerAuth => &[KeyUsage::DIGITAL_SIGNATURE],
            // RFC 5280 section 4.2.1.12, id-kp-OCSPSigning.
            Purpose::OcspSigning => &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION],
            Purpose::Any => return Ok(()),
        };
        match leaf.key_usage()? {
            Some(found) if !sufficient.iter().any(|usage| found.contains(*usage)) => {
                Err(Reason::KeyUsageMissing {
                    expected: KeyUsage::DIGITAL_SIGNATURE,
                    found,
                })
            }
            _ => Ok(()),
        }
    }

    #[cold]
    fn purpose_not_allowed(&self, found: Option<ExtendedKeyUsage<'_>>) -> Reason {
        Reason::PurposeNotAllowed {
            expected: self.purpose,
            found: found.map(shown_purposes).unwrap_or_default(),
        }
    }
}

/// Purposes that a report repeats. RFC 5280 defines six and the one for any.
const MAX_PURPOSES_SHOWN: usize = 16;

/// The first purposes of a list, up to [`MAX_SHOWN`] characters in all, then [`CUT`].
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

fn allows(found: ExtendedKeyUsage<'_>, purpose: Oid<'_>) -> bool {
    found.contains(purpose) || found.contains(oid::ANY_EXTENDED_KEY_USAGE)
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
            Self::Any => None,
        }
    }

    const fn binds_authorities(self) -> bool {
        matches!(self, Self::ClientAuth | Self::ServerAuth)
    }
}

/// The name of RFC 5280, without `id-kp-`.
impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientAuth => "clientAuth",
            Self::ServerAuth => "serverAuth",
            Self::OcspSigning => "OCSPSigning",
            Self::Any => "any",
        })
    }
}
