use alloc::vec::Vec;
use core::fmt;

use portcullis_x509::{Certificate, Name, SignatureError};
use rustls_pki_types::UnixTime;

use crate::anchors::Anchors;
use crate::judgement::{self, Rules};
use crate::policy::Policy;
use crate::reason::{KeyOwner, Reason};
use crate::rejection::{Fault, Rejection};
use crate::search::{self, Judge, Limits};

/// Finds a path from `leaf` to one of `anchors` that holds by RFC 5280 section 6 and by `policy` at `now`.
///
/// `offered` is what the peer sent besides the leaf, in any order and with any junk in between; it
/// helps to find a path and is trusted in nothing. The crate documentation says what is checked,
/// what is not, and what the caller still owes.
///
/// # Errors
/// [`Rejection`] with the nearest miss and every path tried.
pub fn verify<'a>(
    leaf: &Certificate<'a>,
    offered: &[Certificate<'a>],
    anchors: &'a Anchors,
    policy: &Policy,
    now: UnixTime,
) -> Result<VerifiedChain<'a>, Rejection> {
    let limits = Limits {
        max_depth: policy.depth(),
        ends_anywhere: policy.ends_anywhere(),
    };
    let court = Court { policy, now };
    let certificates = search::find_path(leaf, offered, anchors, limits, &court)?;
    let valid_until = valid_until(leaf, &certificates, policy);
    Ok(VerifiedChain {
        leaf: leaf.clone(),
        certificates,
        valid_until,
    })
}

/// Puts each question of the search to whom it concerns.
struct Court<'p> {
    policy: &'p Policy,
    now: UnixTime,
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

    fn check_path(&self, path: &[Certificate<'_>]) -> Result<(), Fault> {
        let rules = Rules {
            anchor_validity: self.policy.checks_anchor_validity(),
            anchor_constraints: self.policy.checks_anchor_constraints(),
            now: self.now,
        };
        judgement::check_path(path, rules)?;
        self.policy.check_path(path)
    }
}

/// The earliest notAfter of the leaf, the intermediates, and the anchor where its own counts.
fn valid_until(leaf: &Certificate<'_>, path: &[Certificate<'_>], policy: &Policy) -> UnixTime {
    let counted = match path {
        [authorities @ .., _] if !policy.checks_anchor_validity() => authorities,
        all => all,
    };
    let ends = counted
        .iter()
        .map(|certificate| certificate.validity().not_after);
    ends.fold(leaf.validity().not_after, |earliest, end| {
        if end.as_secs() < earliest.as_secs() {
            end
        } else {
            earliest
        }
    })
}

/// A path that [`verify`] accepted. There is no other way to get one.
#[derive(Clone)]
pub struct VerifiedChain<'a> {
    leaf: Certificate<'a>,
    // Invariant: begins with `leaf`.
    certificates: Vec<Certificate<'a>>,
    valid_until: UnixTime,
}

impl<'a> VerifiedChain<'a> {
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

    /// The last second at which this verdict can still be true: the earliest notAfter of the path. Revocation may end it earlier.
    pub fn valid_until(&self) -> UnixTime {
        self.valid_until
    }

    /// The subjects, leaf first.
    pub fn subjects(&self) -> impl Iterator<Item = Name<'a>> {
        self.certificates.iter().map(Certificate::subject)
    }
}

impl fmt::Debug for VerifiedChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.subjects()).finish()
    }
}
