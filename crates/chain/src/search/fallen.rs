//! What became of the paths that were not accepted.

use alloc::rc::Rc;
use alloc::string::ToString;
use alloc::vec::Vec;

use portcullis_x509::Certificate;

use super::node::Node;
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
    /// Steps of all `candidates`.
    steps: usize,
    nearest: Option<(Nearness, Candidate)>,
    /// How many candidates were made.
    #[cfg(test)]
    pub(super) written: usize,
}

impl Fallen {
    /// Takes down a path that is one of the first, or nearer than all before. Of the thousands that a
    /// peer can have tried nothing else is written down.
    pub(super) fn add(&mut self, path: &[Rc<Node<'_>>], fault: Fault, reached: Reached) {
        let nearness = nearness(path.len(), &fault, reached);
        let is_nearest = self
            .nearest
            .as_ref()
            .is_none_or(|(nearest, _)| nearness > *nearest);
        let steps = self.steps.saturating_add(path.len());
        let is_kept =
            self.candidates.len() < Rejection::MAX_KEPT && steps <= Rejection::MAX_STEPS_KEPT;
        if !is_nearest && !is_kept {
            return;
        }
        #[cfg(test)]
        {
            self.written += 1;
        }
        let steps_of_path = path.iter().map(|node| node.step()).collect();
        let candidate = Candidate::new(steps_of_path, fault);
        if is_kept {
            self.steps = steps;
            self.candidates.push(candidate.clone());
        }
        if is_nearest {
            self.nearest = Some((nearness, candidate));
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

fn nearness(length: usize, fault: &Fault, reached: Reached) -> Nearness {
    match (reached, &fault.reason) {
        (_, Reason::BudgetExceeded { .. }) => (Reached::Anchor, usize::MAX, usize::MAX),
        (Reached::Anchor, _) => (
            reached,
            usize::MAX.saturating_sub(fault.certificate),
            length,
        ),
        (_, reason) => (reached, usize::from(reason.telling()), length),
    }
}

fn nobody_found(leaf: &Certificate<'_>) -> Candidate {
    let reason = Reason::IssuerNotFound {
        issuer: leaf.issuer().shown().to_string().into(),
        last: LastFound::Leaf,
    };
    leaf_alone(leaf, reason)
}

/// The path of a search that ended before it began.
pub(super) fn leaf_alone(leaf: &Certificate<'_>, reason: Reason) -> Candidate {
    let step = Step {
        subject: leaf.subject().shown().to_string().into(),
        origin: Origin::Leaf,
    };
    Candidate::new(
        alloc::vec![step],
        Fault {
            certificate: 0,
            reason,
        },
    )
}
