//! What became of a property that is not simply configured, or why nothing could become of it.

mod problem;
mod reason;

use std::cell::{Cell, RefCell};

pub use problem::{CertificateProblem, Problem};
pub use reason::{Adaptation, Reason};

use crate::place::Place;

/// Something to know about one place of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// A JSON path, `$.properties.sku`.
    pub path: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing could: the document cannot be imported as it is.
    Problem(Problem),
    /// It is not carried over.
    NotCarried(Reason),
    /// It is carried over as something a little different.
    Adapted(Adaptation),
    /// It is in the configuration, and the gateway does not act on it yet.
    Inactive {
        /// Where in the configuration.
        at: String,
    },
    /// It is carried as a comment.
    Metadata,
}

impl Fate {
    /// For programs: one of a closed set.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Problem(_) => "problem",
            Self::NotCarried(_) => "not_carried",
            Self::Adapted(_) => "adapted",
            Self::Inactive { .. } => "inactive",
            Self::Metadata => "metadata",
        }
    }

    /// For people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Problem(problem) => problem.to_string(),
            Self::NotCarried(reason) => format!("not carried over: {reason}"),
            Self::Adapted(adaptation) => adaptation.to_string(),
            Self::Inactive { at } => {
                format!("carried over as {at}, on which the gateway does not act yet")
            }
            Self::Metadata => "carried as metadata".to_owned(),
        }
    }
}

/// Collects findings.
#[derive(Default)]
pub(crate) struct Report {
    findings: RefCell<Vec<Finding>>,
    /// Problems beside keys that are not in the document.
    flaws: Cell<usize>,
}

/// Findings that are kept of one document: more than a gateway of a hundred listeners has.
const FINDINGS: usize = 20_000;

impl Report {
    pub(crate) fn problem(&self, place: &Place, problem: Problem) {
        if !matches!(problem, Problem::NoKey { .. }) {
            self.flaws.set(self.flaws.get().saturating_add(1));
        }
        self.push(place, Fate::Problem(problem));
    }

    pub(crate) fn push(&self, place: &Place, fate: Fate) {
        let mut findings = self.findings.borrow_mut();
        let path = place.to_string();
        if findings.len() < FINDINGS {
            let finding = Finding { path, fate };
            // A certificate that two listeners use is one problem.
            if !matches!(finding.fate, Fate::Problem(_)) || !findings.contains(&finding) {
                findings.push(finding);
            }
        } else if findings.len() == FINDINGS {
            self.flaws.set(self.flaws.get().saturating_add(1));
            let fate = Fate::Problem(Problem::TooMuch { most: FINDINGS });
            findings.push(Finding { path, fate });
        }
    }

    /// Whether there is nothing wrong but that keys are not in the document.
    pub(crate) fn is_complete(&self) -> bool {
        self.flaws.get() == 0
    }

    /// Problems first, then by what became of them, otherwise in the order of finding.
    pub(crate) fn finish(self) -> Vec<Finding> {
        let mut findings = self.findings.into_inner();
        findings.sort_by_key(|finding| match finding.fate {
            Fate::Problem(_) => 0,
            Fate::NotCarried(_) => 1,
            Fate::Inactive { .. } => 2,
            Fate::Adapted(_) => 3,
            Fate::Metadata => 4,
        });
        findings
    }
}
