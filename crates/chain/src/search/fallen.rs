//! What became of the paths that were not accepted.

use alloc::vec::Vec;

use portcullis_x509::Certificate;

use crate::reason::{LastFound, Reason};
use crate::rejection::{Candidate, Fault, Origin, Rejection, Step};

/// How far a path came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reached {
    /// Another authority that happens to have the issuer's name: its key identifier says so.
    Namesake,
    /// No anchor.
    Nothing,
    /// An anchor, by signatures that verify.
    Anchor,
}

/// Compared in order: how far the path came; how near the fault is to the leaf, which all paths
/// share, or without an anchor how much the failure tells; how long the path is.
type Nearness = (Reached, usize, usize);

/// The paths that were not accepted, and which of them came furthest.
#[derive(Default)]
pub(super) struct Fallen {
    candidates: Vec<Candidate>,
    nearest: Option<(Nearness, Candidate)>,
}

impl Fallen {
    pub(super) fn add(&mut self, candidate: Candidate, reached: Reached) {
        let nearness = nearness(&candidate, reached);
        if self
            .nearest
            .as_ref()
            .is_none_or(|(nearest, _)| nearness > *nearest)
        {
            self.nearest = Some((nearness, candidate.clone()));
        }
        if self.candidates.len() < Rejection::MAX_KEPT {
            self.candidates.push(candidate);
        }
    }

    // Invariant: a search that found nothing ended in at least one fallen path; the alternative
    // is what an empty search means.
    pub(super) fn into_rejection(self, leaf: &Certificate<'_>) -> Rejection {
        let nearest = match self.nearest {
            Some((_, candidate)) => candidate,
            None => nobody_found(leaf),
        };
        Rejection::new(nearest, self.candidates)
    }
}

fn nearness(candidate: &Candidate, reached: Reached) -> Nearness {
    let length = candidate.steps().len();
    match (reached, candidate.reason()) {
        (_, Reason::BudgetExceeded { .. }) => (Reached::Anchor, usize::MAX, usize::MAX),
        (Reached::Anchor, _) => (
            reached,
            usize::MAX.saturating_sub(candidate.certificate()),
            length,
        ),
        (_, reason) => (reached, usize::from(reason.telling()), length),
    }
}

fn nobody_found(leaf: &Certificate<'_>) -> Candidate {
    let step = Step {
        subject: alloc::format!("{}", leaf.subject()),
        origin: Origin::Leaf,
    };
    let issuer = alloc::format!("{}", leaf.issuer());
    let reason = Reason::IssuerNotFound {
        issuer,
        last: LastFound::Leaf,
    };
    Candidate::new(
        alloc::vec![step],
        Fault {
            certificate: 0,
            reason,
        },
    )
}
