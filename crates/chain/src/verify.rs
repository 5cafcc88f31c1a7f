use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::fmt;

use portcullis_x509::{Certificate, Name, Oid, SignatureError};
use rustls_pki_types::UnixTime;

use crate::anchors::Anchors;
use crate::budget::Budget;
use crate::judgement::{self, ValidPolicies};
use crate::member::Member;
use crate::policy::Policy;
use crate::reason::{KeyOwner, Reason};
use crate::rejection::{Candidate, Fault, Rejection, Step};
use crate::search::{self, Fallen, Found, Judge, Kept, Limits};

/// Finds a path from `leaf` to one of `anchors` that holds by RFC 5280 section 6 and by `policy` at `now`.
///
/// `offered` is what the peer sent besides the leaf, in any order and with any junk in between; it
/// helps to find a path and is trusted in nothing. The crate documentation says what is checked,
/// what is not, and what the caller still owes.
///
/// # Errors
/// [`Rejection`] with the nearest miss and the first paths tried.
pub fn verify<'a>(
    leaf: &Certificate<'a>,
    offered: &[Certificate<'a>],
    anchors: &'a Anchors,
    policy: &Policy,
    now: UnixTime,
) -> Result<VerifiedChain<'a>, Rejection> {
    let mut fallen = Fallen::new(Kept::First);
    Court::new(policy, now).verify(leaf, offered, anchors, &mut fallen)
}

/// As [`verify`], with every path that was tried and fell, for people who want to know.
///
/// It costs memory where [`verify`] does not: limits allow some thousand paths, which is up to a few
/// megabytes of names.
pub fn explain<'a>(
    leaf: &Certificate<'a>,
    offered: &[Certificate<'a>],
    anchors: &'a Anchors,
    policy: &Policy,
    now: UnixTime,
) -> Explanation<'a> {
    let mut fallen = Fallen::new(Kept::All);
    let verdict = Court::new(policy, now).verify(leaf, offered, anchors, &mut fallen);
    let (accepted, fallen) = fallen.into_paths();
    Explanation {
        verdict,
        accepted,
        fallen,
    }
}

/// A verdict and how it came about.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What [`verify`] answers.
    pub verdict: Result<VerifiedChain<'a>, Rejection>,
    /// The path that was accepted; empty when there is none.
    pub accepted: Vec<Step>,
    /// Every path that was tried and fell, in the order of the search.
    pub fallen: Vec<Candidate>,
}

/// Whether a signature is known to hold: that of the first certificate with the key of the second.
type Remembers<'p> = dyn Fn(&Certificate<'_>, &Certificate<'_>) -> bool + 'p;

/// Puts each question of the search to whom it concerns.
pub(crate) struct Court<'p> {
    policy: &'p Policy,
    now: UnixTime,
    remembers: Option<&'p Remembers<'p>>,
    /// What was found of the leaf alone.
    leaf: OnceCell<Result<(), Reason>>,
}

impl<'p> Court<'p> {
    fn new(policy: &'p Policy, now: UnixTime) -> Self {
        Self {
            policy,
            now,
            remembers: None,
            leaf: OnceCell::new(),
        }
    }

    /// A court that need not have every signature of an authority's certificate checked again.
    pub(crate) fn remembering(
        policy: &'p Policy,
        now: UnixTime,
        remembers: &'p Remembers<'p>,
    ) -> Self {
        Self {
            policy,
            now,
            remembers: Some(remembers),
            leaf: OnceCell::new(),
        }
    }

    fn verify<'a>(
        &self,
        leaf: &Certificate<'a>,
        offered: &[Certificate<'a>],
        anchors: &'a Anchors,
        fallen: &mut Fallen,
    ) -> Result<VerifiedChain<'a>, Rejection> {
        match self.find_path(leaf, offered, anchors, fallen) {
            Some(found) => {
                let (path, policies) = (found.path, found.policies);
                Ok(VerifiedChain::new(leaf, path, policies, self.policy))
            }
            None => Err(fallen.to_rejection(leaf)),
        }
    }

    pub(crate) fn find_path<'a>(
        &self,
        leaf: &Certificate<'a>,
        offered: &[Certificate<'a>],
        anchors: &'a Anchors,
        fallen: &mut Fallen,
    ) -> Option<Found<'a>> {
        let limits = Limits {
            max_depth: self.policy.depth(),
            ends_anywhere: self.policy.ends_anywhere(),
        };
        search::find_path(leaf, offered, anchors, limits, self, fallen)
    }
}

impl Court<'_> {
    /// The leaf is the same in every path, and judged once.
    fn check_leaf(&self, path: &[&Member<'_>]) -> Result<(), Reason> {
        let judge = || {
            path.first()
                .map_or(Ok(()), |leaf| self.policy.check_leaf(leaf))
        };
        self.leaf.get_or_init(judge).clone()
    }
}

impl Judge for Court<'_> {
    fn check_issuer_key(&self, issuer: &Certificate<'_>) -> Result<(), Reason> {
        self.policy.check_key(issuer, KeyOwner::Authority)
    }

    fn check_signature(
        &self,
        child: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<(), SignatureError> {
        judgement::check_signature(child, issuer, self.policy.algorithms())
    }

    fn remembers(&self, child: &Certificate<'_>, issuer: &Certificate<'_>) -> bool {
        self.remembers.is_some_and(|known| known(child, issuer))
    }

    fn check_path(
        &self,
        path: &[&Member<'_>],
        budget: &mut Budget,
    ) -> Result<ValidPolicies, Fault> {
        let valid = judgement::check_path(path, self.policy.rules(self.now), budget)?;
        self.policy.check_path(path)?;
        self.check_leaf(path).map_err(|reason| Fault {
            certificate: 0,
            reason,
        })?;
        Ok(valid)
    }
}

/// A path that [`verify`], [`explain`] or [`Trust::verify`](crate::Trust::verify) accepted. There is no other
/// way to get one.
#[derive(Clone)]
pub struct VerifiedChain<'a> {
    leaf: Certificate<'a>,
    // Invariant: begins with `leaf`.
    certificates: Vec<Certificate<'a>>,
    valid_from: UnixTime,
    valid_until: UnixTime,
    policies: Vec<Box<[u8]>>,
}

impl<'a> VerifiedChain<'a> {
    /// What a judge accepted under this policy, now or earlier.
    pub(crate) fn new(
        leaf: &Certificate<'a>,
        certificates: Vec<Certificate<'a>>,
        policies: ValidPolicies,
        policy: &Policy,
    ) -> Self {
        let counted = match certificates.as_slice() {
            [below @ .., _] if !below.is_empty() && !policy.checks_anchor_validity() => below,
            all => all,
        };
        let own = leaf.validity();
        let (mut valid_from, mut valid_until) = (own.not_before, own.not_after);
        for validity in counted.iter().map(Certificate::validity) {
            valid_from = valid_from.max(validity.not_before);
            valid_until = valid_until.min(validity.not_after);
        }
        Self {
            leaf: leaf.clone(),
            certificates,
            valid_from,
            valid_until,
            policies,
        }
    }

    /// The certificates: leaf first, each issued by the next, anchor last. A leaf that is an anchor stands alone.
    pub fn certificates(&self) -> &[Certificate<'a>] {
        &self.certificates
    }

    /// The certificate that was verified.
    pub fn leaf(&self) -> &Certificate<'a> {
        &self.leaf
    }

    /// The anchor that the path ends in.
    pub fn anchor(&self) -> &Certificate<'a> {
        self.certificates.last().unwrap_or(&self.leaf)
    }

    /// The issuer of the certificate at `index`; nothing for the anchor.
    pub fn issuer_of(&self, index: usize) -> Option<&Certificate<'a>> {
        self.certificates.get(index.checked_add(1)?)
    }

    /// The first second at which this verdict can be true: the latest notBefore of the path.
    pub fn valid_from(&self) -> UnixTime {
        self.valid_from
    }

    /// The last second at which this verdict can still be true: the earliest notAfter of the path. Revocation may end it earlier.
    pub fn valid_until(&self) -> UnixTime {
        self.valid_until
    }

    /// The certificate policies that the path is valid for: the user-constrained-policy-set of RFC
    /// 5280 section 6.1.6, as the anchor calls them. anyPolicy is one of them where nothing narrows it.
    pub fn policies(&self) -> impl Iterator<Item = Oid<'_>> {
        self.policies
            .iter()
            .filter_map(|policy| Oid::from_content(policy).ok())
    }

    /// The subjects, leaf first.
    pub fn subjects(&self) -> impl Iterator<Item = Name<'a>> {
        self.certificates.iter().map(Certificate::subject)
    }

    pub(crate) fn valid_policies(&self) -> &ValidPolicies {
        &self.policies
    }
}

impl fmt::Debug for VerifiedChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.subjects()).finish()
    }
}
