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

/// How many of the paths that fell are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// As many as [`Rejection::MAX_KEPT`] and [`Rejection::MAX_STEPS_KEPT`] say.
    First,
    /// Every one.
    All,
}

/// The paths that were not accepted, and which of them came furthest.
pub(crate) struct Fallen {
    kept: Kept,
    candidates: Vec<Candidate>,
    /// Steps of all `candidates`.
    steps: usize,
    nearest: Option<(Nearness, Candidate)>,
    /// The path that was accepted, where every path is kept.
    accepted: Vec<Step>,
    /// How many candidates were made.
    #[cfg(test)]
    pub(super) written: usize,
}

impl Fallen {
    pub(crate) fn new(kept: Kept) -> Self {
        Self {
            kept,
            candidates: Vec::new(),
            steps: 0,
            nearest: None,
            accepted: Vec::new(),
            #[cfg(test)]
            written: 0,
        }
    }

    /// Takes down a path that is one of the first, or nearer than all before. Of the thousands that a
    /// peer can have tried nothing else is written down.
    pub(super) fn add(&mut self, path: &[Rc<Node<'_>>], fault: Fault, reached: Reached) {
        let nearness = nearness(path.len(), &fault, reached);
        let is_nearest = self
            .nearest
            .as_ref()
            .is_none_or(|(nearest, _)| nearness > *nearest);
        let steps = self.steps.saturating_add(path.len());
        let is_kept = self.kept == Kept::All || is_one_of_the_first(self.candidates.len(), steps);
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

    /// Takes down the path of a search that ended before it began.
    pub(super) fn add_alone(&mut self, leaf: &Certificate<'_>, reason: Reason) {
        let candidate = leaf_alone(leaf, reason);
        self.candidates.push(candidate.clone());
        self.nearest = Some(((Reached::Nothing, 0, 0), candidate));
    }

    pub(super) fn accept(&mut self, path: &[Rc<Node<'_>>]) {
        if self.kept == Kept::All {
            self.accepted = path.iter().map(|node| node.step()).collect();
        }
    }

    /// The path that was accepted, where every path is kept, and those that fell.
    pub(crate) fn into_paths(self) -> (Vec<Step>, Vec<Candidate>) {
        (self.accepted, self.candidates)
    }

    // Invariant: a search that found nothing ended in at least one fallen path; the alternative
    // is what an empty search means.
    pub(crate) fn to_rejection(&self, leaf: &Certificate<'_>) -> Rejection {
        let nearest = match &self.nearest {
            Some((_, candidate)) => candidate.clone(),
            None => nobody_found(leaf),
        };
        let (mut first, mut steps) = (Vec::new(), 0_usize);
        for candidate in &self.candidates {
            let with = steps.saturating_add(candidate.steps().len());
            if is_one_of_the_first(first.len(), with) {
                steps = with;
                first.push(candidate.clone());
            }
        }
        Rejection::new(nearest, first)
    }
}

/// Whether a rejection keeps a path too, after so many others and with so many steps in all of them.
fn is_one_of_the_first(kept: usize, steps: usize) -> bool {
    kept < Rejection::MAX_KEPT && steps <= Rejection::MAX_STEPS_KEPT
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

fn leaf_alone(leaf: &Certificate<'_>, reason: Reason) -> Candidate {
    let step = Step {
        subject: leaf.subject().shown().to_string().into(),
        origin: Origin::Leaf,
        id: 0,
    };
    Candidate::new(
        alloc::vec![step],
        Fault {
            certificate: 0,
            reason,
        },
    )
}
