use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::reason::{Class, Reason};

/// The certificate of a path at fault, counted from the leaf.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) certificate: usize,
    pub(crate) reason: Reason,
}

/// Why no path was accepted: the nearest miss, and every path that was tried.
///
/// The nearest miss is the path that came furthest. One that reached an anchor tells more than
/// one that did not: an expired leaf of a trusted authority is reported as expired, whatever else was sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    nearest: Box<Candidate>,
    /// The nearest miss among them.
    candidates: Vec<Candidate>,
}

/// One path that was tried, and where it fell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    steps: Vec<Step>,
    certificate: usize,
    reason: Reason,
}

/// One certificate of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The certificate's subject, printable, up to [`MAX_SHOWN`](portcullis_x509::MAX_SHOWN)
    /// characters; shared by every path that the certificate is in.
    pub subject: Arc<str>,
    /// Where it came from.
    pub origin: Origin,
    /// Tells the certificates of one verification apart where their subjects do not.
    pub id: usize,
}

/// Where a certificate of a path came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the certificate to verify.
    Leaf,
    /// The peer sent it along.
    Offered,
    /// It is a configured intermediate, or an anchor that [`PartialChain::Deny`](crate::PartialChain::Deny) takes for one.
    Configured,
    /// It is an anchor.
    Anchor,
}

impl Rejection {
    /// `candidates` in the order of the search; `nearest` is one of them.
    pub(crate) fn new(nearest: Candidate, candidates: Vec<Candidate>) -> Self {
        Self {
            nearest: Box::new(nearest),
            candidates,
        }
    }

    /// Why the nearest miss fell.
    pub fn reason(&self) -> &Reason {
        &self.nearest.reason
    }

    /// The kind of failure.
    pub fn class(&self) -> Class {
        self.nearest.reason.class()
    }

    /// Which certificate of the nearest miss is at fault: 0 is the leaf, each next one issued the one before.
    pub fn certificate(&self) -> usize {
        self.nearest.certificate
    }

    /// The subject of that certificate, printable.
    pub fn subject(&self) -> &str {
        self.nearest.subject()
    }

    /// The path that came furthest.
    pub fn nearest(&self) -> &Candidate {
        &self.nearest
    }

    /// Every path that was tried, in the order of the search, up to [`Rejection::MAX_KEPT`] of
    /// them with [`Rejection::MAX_STEPS_KEPT`] certificates in all.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Paths that are kept for explanation. More are tried than anybody reads; their number is the peer's to choose.
    pub const MAX_KEPT: usize = 32;

    /// Certificates in all the paths that are kept: [`Rejection::MAX_KEPT`] paths as long as
    /// [`Policy::DEFAULT_MAX_DEPTH`](crate::Policy::DEFAULT_MAX_DEPTH) lets them be, and some. With it a rejection keeps less than 100 KB.
    pub const MAX_STEPS_KEPT: usize = 512;
}

/// One line: which certificate, and why.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nearest.write_fault(f)
    }
}

impl core::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.nearest.reason.source()
    }
}

impl Candidate {
    pub(crate) fn new(steps: Vec<Step>, fault: Fault) -> Self {
        Self {
            steps,
            certificate: fault.certificate,
            reason: fault.reason,
        }
    }

    /// The certificates of the path, leaf first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Which of them is at fault.
    pub fn certificate(&self) -> usize {
        self.certificate
    }

    /// Why the path fell.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The subject of the certificate at fault, printable.
    pub fn subject(&self) -> &str {
        self.steps
            .get(self.certificate)
            .map_or("", |step| &step.subject)
    }

    fn write_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "certificate {} ({}): {}",
            self.certificate,
            self.subject(),
            self.reason
        )
    }
}

/// One line: the path from the leaf on, then which certificate fell, and why.
impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            let separator = if index == 0 { "" } else { " <- " };
            write!(f, "{separator}{} [{}]", step.subject, step.origin)?;
        }
        f.write_str(": ")?;
        self.write_fault(f)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "leaf",
            Self::Offered => "offered",
            Self::Configured => "configured",
            Self::Anchor => "anchor",
        })
    }
}
