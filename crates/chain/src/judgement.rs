//! Whether one path holds by RFC 5280 section 6.1, from the anchor down to the leaf.
//!
//! Nothing here searches and nothing here knows what the leaf is for.

mod conformance;
mod name_constraints;
mod policies;
mod subtree;

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use portcullis_x509::{
    BasicConstraints, Certificate, KeyUsage, KnownExtensions, Shown, SignatureError, Version,
    verify_signature,
};
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use self::name_constraints::InForce;
use self::policies::Policies;
use crate::budget::Budget;
use crate::member::Member;
use crate::policy::{AnchorConstraints, IssuanceProfile, PolicyInputs};
use crate::reason::{AuthorityClaim, Reason};
use crate::rejection::Fault;

/// How certificates are read, and when.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'p> {
    /// Whether the anchor's validity period counts.
    pub(crate) anchor_validity: bool,
    /// How far the anchor's own certificate restricts the path.
    pub(crate) anchor_constraints: AnchorConstraints,
    /// Whether certificates are held to section 4.
    pub(crate) issuance_profile: IssuanceProfile,
    /// Sections 6.1.1 (c) and (e) to (g).
    pub(crate) policies: &'p PolicyInputs,
    pub(crate) now: UnixTime,
}

/// The user-constrained-policy-set of section 6.1.6.
pub(crate) type ValidPolicies = Vec<Box<[u8]>>;

/// RFC 5280 section 6.1.3 (a)(1): the signature of `child` verifies with the key of `issuer`.
pub(crate) fn check_signature(
    child: &Certificate<'_>,
    issuer: &Certificate<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), SignatureError> {
    verify_signature(
        algorithms,
        issuer.subject_public_key_info(),
        child.signature_algorithm(),
        child.tbs(),
        child.signature(),
    )
}

/// The rest of section 6.1 for a path, leaf first and anchor last, whose signatures were checked.
///
/// A path of one certificate is a leaf that is an anchor itself.
pub(crate) fn check_path(
    path: &[&Member<'_>],
    rules: Rules<'_>,
    budget: &mut Budget,
) -> Result<ValidPolicies, Fault> {
    let mut walk = Walk::new(path.len(), rules, budget);
    for (position, member) in path.iter().enumerate().rev() {
        let at = |reason| Fault {
            certificate: position,
            reason,
        };
        match Role::of(position, path.len()) {
            Role::Anchor => walk.anchor(member),
            Role::Intermediate => walk.intermediate(member),
            Role::Leaf => walk.leaf(member),
        }
        .map_err(at)?;
        let issued = position.checked_sub(1).and_then(|below| path.get(below));
        if let Some(issued) = issued {
            check_names_chain(issued, member).map_err(|reason| Fault {
                certificate: position.saturating_sub(1),
                reason,
            })?;
        }
    }
    let valid = match path.first() {
        Some(leaf) => walk.finish(leaf),
        None => Ok(ValidPolicies::new()),
    };
    valid.map_err(|reason| Fault {
        certificate: 0,
        reason,
    })
}

/// What a certificate is in its path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Anchor,
    Intermediate,
    Leaf,
}

impl Role {
    const fn of(position: usize, length: usize) -> Self {
        match position {
            0 => Self::Leaf,
            _ if position.saturating_add(1) == length => Self::Anchor,
            _ => Self::Intermediate,
        }
    }
}

/// The state variables of section 6.1.2.
struct Walk<'w, 'a> {
    rules: Rules<'w>,
    /// Whether the path is a leaf that is an anchor.
    is_alone: bool,
    lengths: PathLength,
    names: InForce<'a>,
    policies: Policies<'a>,
    budget: &'w mut Budget,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn new(length: usize, rules: Rules<'w>, budget: &'w mut Budget) -> Self {
        let is_alone = length == 1;
        // A leaf that is an anchor is a path of one; other anchors do not count.
        let length = length.saturating_sub(1).max(1);
        Self {
            rules,
            is_alone,
            lengths: PathLength::default(),
            names: InForce::default(),
            policies: Policies::new(length, rules.policies),
            budget,
        }
    }

    fn leaf(&mut self, leaf: &Member<'a>) -> Result<(), Reason> {
        self.check_each(leaf, Role::Leaf)?;
        self.names.check(leaf, Role::Leaf, self.budget)?;
        self.enter(leaf, Role::Leaf)
    }

    fn intermediate(&mut self, authority: &Member<'a>) -> Result<(), Reason> {
        let role = Role::Intermediate;
        self.check_each(authority, role)?;
        if !authority.is_self_issued() {
            self.names.check(authority, role, self.budget)?;
        }
        self.enter(authority, role)?;
        let constraints = check_authority(authority)?;
        check_signs_certificates(authority)?;
        if !authority.is_self_issued() {
            self.lengths.descend()?;
        }
        self.lengths.restrict(constraints);
        self.names.impose(authority, self.budget)?;
        self.leave(authority, role)
    }

    /// An anchor is a name and a key; its certificate restricts the path as far as the rules say, as
    /// RFC 5937 has it. Without extensions (version 1) it says nothing about itself.
    fn anchor(&mut self, anchor: &Member<'a>) -> Result<(), Reason> {
        if self.rules.anchor_validity {
            check_validity(&anchor.certificate, self.rules.now)?;
        }
        let constraints = self.rules.anchor_constraints;
        if constraints == AnchorConstraints::Ignore || anchor.certificate.version() != Version::V3 {
            return Ok(());
        }
        let known = anchor.known()?;
        check_critical_extensions(known)?;
        self.check_conformance(anchor, Role::Anchor)?;
        let silent = known.basic_constraints.is_none();
        if !(silent && constraints == AnchorConstraints::EnforceStated) {
            self.lengths.restrict(check_authority(anchor)?);
        }
        check_signs_certificates(anchor)?;
        self.names.impose(anchor, self.budget)?;
        self.enter(anchor, Role::Anchor)?;
        self.leave(anchor, Role::Anchor)
    }

    fn check_each(&self, member: &Member<'a>, role: Role) -> Result<(), Reason> {
        check_validity(&member.certificate, self.rules.now)?;
        check_critical_extensions(member.known()?)?;
        self.check_conformance(member, role)
    }

    fn check_conformance(&self, member: &Member<'a>, role: Role) -> Result<(), Reason> {
        match self.rules.issuance_profile {
            IssuanceProfile::Enforce => conformance::check(member, role, self.is_alone),
            IssuanceProfile::Ignore => Ok(()),
        }
    }

    fn enter(&mut self, member: &Member<'a>, role: Role) -> Result<(), Reason> {
        let known = member.known()?;
        self.policies
            .enter(known, role, member.is_self_issued(), self.budget)
    }

    fn leave(&mut self, member: &Member<'a>, role: Role) -> Result<(), Reason> {
        let known = member.known()?;
        self.policies
            .leave(known, role, member.is_self_issued(), self.budget)
    }

    fn finish(self, leaf: &Member<'a>) -> Result<ValidPolicies, Reason> {
        self.policies.finish(leaf.known()?, self.rules.policies)
    }
}

/// Section 6.1.3 (a)(2): both ends of the period belong to it.
fn check_validity(certificate: &Certificate<'_>, now: UnixTime) -> Result<(), Reason> {
    let validity = certificate.validity();
    if now.as_secs() < validity.not_before.as_secs() {
        return Err(Reason::NotYetValid {
            not_before: validity.not_before,
            now,
        });
    }
    if now.as_secs() > validity.not_after.as_secs() {
        return Err(Reason::Expired {
            not_after: validity.not_after,
            now,
        });
    }
    Ok(())
}

/// Section 6.1.3 (a)(4).
fn check_names_chain(issued: &Member<'_>, issuer: &Member<'_>) -> Result<(), Reason> {
    if issued.certificate.issuer().is_empty() {
        return Err(Reason::EmptyIssuer);
    }
    if issued.names_as_issuer(issuer) {
        return Ok(());
    }
    Err(Reason::NamesDoNotChain {
        expected: issued.certificate.issuer().shown().to_string(),
        found: issuer.certificate.subject().shown().to_string(),
    })
}

/// Section 6.1.4 (k). Before version 3 nothing says that a certificate is an authority's.
fn check_authority(member: &Member<'_>) -> Result<BasicConstraints, Reason> {
    let version = member.certificate.version();
    let found = match (version, member.known()?.basic_constraints) {
        (Version::V3, Some(constraints)) if constraints.ca => return Ok(constraints),
        (Version::V3, Some(_)) => AuthorityClaim::EndEntity,
        (Version::V3, None) => AuthorityClaim::NoBasicConstraints,
        (version, _) => AuthorityClaim::OldVersion(version),
    };
    Err(Reason::NotACa { found })
}

/// Section 6.1.4 (n).
fn check_signs_certificates(member: &Member<'_>) -> Result<(), Reason> {
    let expected = KeyUsage::KEY_CERT_SIGN;
    match member.known()?.key_usage {
        Some(found) if !found.contains(expected) => {
            Err(Reason::KeyUsageMissing { expected, found })
        }
        _ => Ok(()),
    }
}

/// Sections 6.1.4 (o) and 6.1.5 (f). Microsoft's application policies say again what extKeyUsage says,
/// and are understood where it is there: the purpose is then looked for in both.
fn check_critical_extensions(known: &KnownExtensions<'_>) -> Result<(), Reason> {
    let unread =
        known.critical_application_policies.is_some() && known.extended_key_usage.is_none();
    let oid = match known.unknown_critical {
        Some(oid) => oid,
        None if unread => portcullis_x509::oid::APPLICATION_POLICIES,
        None => return Ok(()),
    };
    Err(Reason::UnknownCriticalExtension {
        oid: Shown::new(oid).to_string(),
    })
}

/// `max_path_length` of section 6.1.2 (k), with what it started from for the report. Unset is the
/// length of the path, which nothing exceeds.
#[derive(Default)]
struct PathLength {
    limit: Option<u32>,
    used: u32,
}

impl PathLength {
    /// Section 6.1.4 (l).
    fn descend(&mut self) -> Result<(), Reason> {
        self.used = self.used.saturating_add(1);
        match self.limit {
            Some(expected) if self.used > expected => Err(Reason::PathTooLong {
                expected,
                found: self.used,
            }),
            _ => Ok(()),
        }
    }

    /// Section 6.1.4 (m).
    fn restrict(&mut self, constraints: BasicConstraints) {
        let Some(length) = constraints.path_length else {
            return;
        };
        let left = self.limit.map(|limit| limit.saturating_sub(self.used));
        if left.is_none_or(|left| length < left) {
            self.limit = Some(length);
            self.used = 0;
        }
    }
}
