//! What the caller demands of a path beyond RFC 5280 section 6.

mod demands;
pub(crate) mod digest;
mod inputs;
mod issuer;
mod name_rule;
mod purpose;
mod settings;
mod twin;

use alloc::string::ToString;

use portcullis_x509::{Certificate, DistinguishedName, Oid, Shown};
use rustls_pki_types::SignatureVerificationAlgorithm;

use self::demands::Demands;
use self::purpose::Usage;
use crate::judgement::Rules;
use crate::member::Member;
use crate::reason::{KeyOwner, Reason};
use crate::rejection::Fault;

pub use self::demands::{CertificateId, Sha256Digest};
pub(crate) use self::inputs::PolicyInputs;
pub use self::issuer::client_certificate_issuer;
pub use self::name_rule::{NameRule, NameRuleError};
pub use self::purpose::Purpose;
pub use self::settings::{
    AnchorConstraints, AnchorValidity, ExtendedKeyUsageRule, IssuanceProfile, LeafKeyUsage,
    PartialChain,
};

/// What a verification is for and what it accepts. Purpose and algorithms have no default; the
/// other defaults are the stricter ones.
///
/// Demands on names, keys and certificates add up: where there are several of one kind, one of them
/// suffices; where there are several kinds, each must be met.
#[derive(Clone, Debug)]
pub struct Policy {
    usage: Usage,
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    max_depth: usize,
    anchor_validity: AnchorValidity,
    anchor_constraints: AnchorConstraints,
    issuance_profile: IssuanceProfile,
    least_rsa_bits: usize,
    most_rsa_bits: usize,
    partial_chain: PartialChain,
    policies: PolicyInputs,
    demands: Demands,
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
    /// What is not in `algorithms` is not accepted, as the algorithm of a signature or of the leaf's
    /// key: providers leave out SHA-1, and so must a caller who makes the list.
    pub fn new(
        purpose: Purpose,
        algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    ) -> Self {
        Self {
            usage: Usage {
                purpose,
                extended: ExtendedKeyUsageRule::IfPresent,
                leaf: LeafKeyUsage::Enforce,
            },
            algorithms,
            max_depth: Self::DEFAULT_MAX_DEPTH,
            anchor_validity: AnchorValidity::Enforce,
            anchor_constraints: AnchorConstraints::Enforce,
            issuance_profile: IssuanceProfile::Ignore,
            least_rsa_bits: Self::DEFAULT_LEAST_RSA_BITS,
            most_rsa_bits: Self::DEFAULT_MOST_RSA_BITS,
            partial_chain: PartialChain::Deny,
            policies: PolicyInputs::default(),
            demands: Demands::default(),
        }
    }

    /// Sets how many intermediates that are not self-issued may stand between leaf and anchor.
    #[must_use]
    pub fn max_depth(mut self, intermediates: usize) -> Self {
        self.max_depth = intermediates;
        self
    }

    /// Sets what extKeyUsage must say of the purpose.
    #[must_use]
    pub fn extended_key_usage(mut self, rule: ExtendedKeyUsageRule) -> Self {
        self.usage.extended = rule;
        self
    }

    /// Sets whether the leaf's keyUsage counts.
    #[must_use]
    pub fn leaf_key_usage(mut self, rule: LeafKeyUsage) -> Self {
        self.usage.leaf = rule;
        self
    }

    /// Sets whether an expired anchor is trusted.
    #[must_use]
    pub fn anchor_validity(mut self, anchor_validity: AnchorValidity) -> Self {
        self.anchor_validity = anchor_validity;
        self
    }

    /// Sets whether an anchor's own certificate restricts the paths below it.
    #[must_use]
    pub fn anchor_constraints(mut self, anchor_constraints: AnchorConstraints) -> Self {
        self.anchor_constraints = anchor_constraints;
        self
    }

    /// Sets whether certificates are held to what is demanded of those who issue them.
    #[must_use]
    pub fn issuance_profile(mut self, profile: IssuanceProfile) -> Self {
        self.issuance_profile = profile;
        self
    }

    /// Sets the least size of an RSA modulus. The provider's algorithms may want more.
    #[must_use]
    pub fn least_rsa_bits(mut self, bits: usize) -> Self {
        self.least_rsa_bits = bits;
        self
    }

    /// Sets the greatest size of an RSA modulus. The provider's algorithms may want less.
    #[must_use]
    pub fn most_rsa_bits(mut self, bits: usize) -> Self {
        self.most_rsa_bits = bits;
        self
    }

    /// Sets whether a path may end in an anchor that is not self-issued.
    #[must_use]
    pub fn partial_chain(mut self, partial_chain: PartialChain) -> Self {
        self.partial_chain = partial_chain;
        self
    }

    /// Accepts this certificate policy, and from the first call on no others: the
    /// user-initial-policy-set of RFC 5280 section 6.1.1 (c). That a path must be valid for one of them is
    /// [`Policy::require_explicit_policy`]'s to say, or an authority's.
    #[must_use]
    pub fn certificate_policy(mut self, policy: Oid<'_>) -> Self {
        self.policies.accept(policy);
        self
    }

    /// A path must be valid for a policy: initial-explicit-policy of RFC 5280 section 6.1.1 (f).
    #[must_use]
    pub fn require_explicit_policy(mut self) -> Self {
        self.policies.explicit = true;
        self
    }

    /// Policies are not mapped: initial-policy-mapping-inhibit of RFC 5280 section 6.1.1 (e).
    #[must_use]
    pub fn inhibit_policy_mapping(mut self) -> Self {
        self.policies.inhibit_mapping = true;
        self
    }

    /// anyPolicy stands for no other: initial-any-policy-inhibit of RFC 5280 section 6.1.1 (g).
    #[must_use]
    pub fn inhibit_any_policy(mut self) -> Self {
        self.policies.inhibit_any = true;
        self
    }

    /// The leaf's issuer may have this name: Application Gateway's `verifyClientCertIssuerDN`, for which
    /// [`client_certificate_issuer`] finds the name in a file. It is a name and no key: where several anchors
    /// are trusted, [`Policy::pin`] says whose.
    #[must_use]
    pub fn issuer(mut self, name: DistinguishedName) -> Self {
        self.demands.issuers.push(name);
        self
    }

    /// The leaf may have an alternative name like this.
    #[must_use]
    pub fn name(mut self, rule: NameRule) -> Self {
        self.demands.names.push(rule);
        self
    }

    /// The leaf's subject may have all attributes of this name, in any order and with others between.
    #[must_use]
    pub fn subject(mut self, attributes: DistinguishedName) -> Self {
        self.demands.subjects.push(attributes);
        self
    }

    /// A certificate of the path, leaf and anchor included, may have the key whose
    /// SubjectPublicKeyInfo has this SHA-256 digest.
    #[must_use]
    pub fn pin(mut self, key: Sha256Digest) -> Self {
        self.demands.pins.push(key);
        self
    }

    /// The leaf may be this certificate, and from the first call on no other than those allowed. A serial
    /// number is that of an issuer's name: where several anchors are trusted, any of them may have given that
    /// name to somebody, which [`Policy::pin`] rules out.
    #[must_use]
    pub fn allow(mut self, leaf: CertificateId) -> Self {
        self.demands.allowed.push(leaf);
        self
    }

    /// No certificate of a path may be this one, whatever else is allowed, nor one that differs from it only in
    /// what its bearer can change: the kind of string of its issuer's name, or the form of an ECDSA signature.
    #[must_use]
    pub fn deny(mut self, certificate: CertificateId) -> Self {
        self.demands.denied.push(certificate);
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

    pub(crate) const fn ends_anywhere(&self) -> bool {
        matches!(self.partial_chain, PartialChain::Allow)
    }

    pub(crate) const fn rules(&self, now: rustls_pki_types::UnixTime) -> Rules<'_> {
        Rules {
            anchor_validity: self.checks_anchor_validity(),
            anchor_constraints: self.anchor_constraints,
            issuance_profile: self.issuance_profile,
            policies: &self.policies,
            now,
        }
    }

    /// Whether the key is strong enough to trust what it signed, and small enough to find out.
    pub(crate) fn check_key(
        &self,
        certificate: &Certificate<'_>,
        owner: KeyOwner,
    ) -> Result<(), Reason> {
        let key = certificate.subject_public_key_info();
        let Some(found) = key.rsa_modulus_bits()? else {
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

    /// Judges the leaf by what is demanded of it alone, whatever its path.
    pub(crate) fn check_leaf(&self, leaf: &Member<'_>) -> Result<(), Reason> {
        self.demands.check_leaf(leaf, self.usage.purpose)
    }

    /// Judges a path, leaf first, by this policy. The authorities' keys were judged on the way.
    pub(crate) fn check_path(&self, path: &[&Member<'_>]) -> Result<(), Fault> {
        let Some((leaf, authorities)) = path.split_first() else {
            return Ok(());
        };
        let at = |certificate| {
            move |reason| Fault {
                certificate,
                reason,
            }
        };
        self.check_leaf_key(&leaf.certificate).map_err(at(0))?;
        for (above, authority) in authorities.iter().enumerate().rev() {
            let certificate = above.saturating_add(1);
            let is_anchor = certificate == authorities.len();
            if !is_anchor || self.anchor_constraints != AnchorConstraints::Ignore {
                self.usage
                    .check_authority(authority, is_anchor)
                    .map_err(at(certificate))?;
            }
        }
        self.usage
            .check_leaf(leaf, authorities.is_empty())
            .map_err(at(0))?;
        self.demands.check_path(path)
    }

    /// A key that no accepted algorithm is for proves nothing of whoever holds it.
    fn check_leaf_key(&self, leaf: &Certificate<'_>) -> Result<(), Reason> {
        self.check_key(leaf, KeyOwner::Leaf)?;
        let key = leaf.subject_public_key_info();
        let mut algorithms = self.algorithms.iter();
        if algorithms.any(|algorithm| key.suits(*algorithm)) {
            return Ok(());
        }
        Err(Reason::UnsupportedKey {
            algorithm: Shown::new(key.algorithm()).to_string(),
        })
    }
}
