//! What became of a property that is not simply configured, or why nothing could become of it.

mod problem;
mod reason;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

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
    /// It is configured, and probably not meant so; a warning of the configuration's own checks.
    Doubtful {
        /// What it is.
        message: String,
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
            Self::Doubtful { .. } => "doubtful",
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
            Self::Doubtful { message } => format!("warning: {message}"),
            Self::Metadata => "carried as metadata".to_owned(),
        }
    }
}

/// Collects findings.
#[derive(Default)]
pub(crate) struct Report {
    findings: RefCell<Vec<Finding>>,
    /// A certificate that two listeners use is one problem.
    told: RefCell<HashSet<(String, String)>>,
    /// Problems beside keys that are not in the document.
    flaws: Cell<usize>,
}

/// Findings that are kept of one document: several times those of a large one that
/// `az` shows, with what Azure records of each part.
const FINDINGS: usize = 100_000;

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
            let mut told = self.told.borrow_mut();
            if !matches!(fate, Fate::Problem(_)) || told.insert((path.clone(), fate.message())) {
                findings.push(Finding { path, fate });
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
            Fate::Doubtful { .. } => 2,
            Fate::Adapted(_) => 3,
            Fate::Metadata => 4,
        });
        findings
    }
}
