//! Finding candidate paths from a leaf to an anchor: depth first, likeliest issuer first, within a budget.
//!
//! Nothing here judges. A [`Judge`] says whether a link holds and whether a whole path does; the
//! search goes on with the next candidate when it does not.

mod fallen;
mod pool;

use alloc::vec::Vec;
use core::ops::ControlFlow;

use portcullis_x509::Certificate;

use self::fallen::{Fallen, Reached};
use self::pool::{Issuer, Likelihood, Pool};
use crate::anchors::Anchors;
use crate::budget::{Budget, Resource};
use crate::reason::{LastFound, Reason};
use crate::rejection::{Candidate, Fault, Origin, Rejection, Step};

/// Decides what the search only proposes.
pub(crate) trait Judge {
    /// Whether the key of `issuer` is good enough to be asked about signatures.
    fn check_issuer_key(&self, issuer: &Certificate<'_>) -> Result<(), Reason>;

    /// Whether the key of `issuer` signed `child`. Asked once for each child and key.
    fn check_signature(
        &self,
        child: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<(), Reason>;

    /// Whether a path of links that hold is valid, leaf first, anchor last.
    fn check_path(&self, path: &[Certificate<'_>]) -> Result<(), Fault>;
}

/// How far a search goes.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Intermediates between leaf and anchor.
    pub(crate) max_depth: usize,
    /// Whether an anchor that is not self-issued ends a path.
    pub(crate) ends_anywhere: bool,
}

/// Searches a path from `leaf` to one of `anchors` that `judge` accepts.
pub(crate) fn find_path<'a>(
    leaf: &Certificate<'a>,
    offered: &[Certificate<'a>],
    anchors: &'a Anchors,
    limits: Limits,
    judge: &impl Judge,
) -> Result<Vec<Certificate<'a>>, Rejection> {
    let mut search = Search {
        pool: Pool::new(offered, anchors, limits.ends_anywhere),
        limits,
        judge,
        budget: Budget::new(),
        links: Vec::new(),
        path: Vec::new(),
        nodes: Vec::new(),
        fallen: Fallen::default(),
    };
    match search.start(leaf) {
        ControlFlow::Break(()) => Ok(search.path),
        ControlFlow::Continue(()) => Err(search.fallen.into_rejection(leaf)),
    }
}

/// What is known about a certificate of the path besides itself.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Node {
    /// Which certificate of leaf, pool and anchors this is.
    id: usize,
    origin: Origin,
}

/// Whether a key signed a certificate.
struct Link<'a> {
    /// The node of the certificate.
    child: usize,
    /// The SubjectPublicKeyInfo of the key.
    key: &'a [u8],
    holds: bool,
}

struct Search<'s, 'a, J> {
    pool: Pool<'s, 'a>,
    limits: Limits,
    judge: &'s J,
    budget: Budget,
    /// What was checked already; at most one for each signature check.
    links: Vec<Link<'a>>,
    path: Vec<Certificate<'a>>,
    /// Same length as `path`.
    nodes: Vec<Node>,
    fallen: Fallen,
}

/// Break ends the search with the accepted path in place, or with nothing left to spend.
type Flow = ControlFlow<()>;

impl<'a, J: Judge> Search<'_, 'a, J> {
    fn start(&mut self, leaf: &Certificate<'a>) -> Flow {
        self.push(
            leaf.clone(),
            Node {
                id: Pool::LEAF,
                origin: Origin::Leaf,
            },
        );
        if self.pool.is_anchor(leaf) {
            self.finish()?;
        }
        match self.extend() {
            Ok(flow) => flow,
            Err(reason) => {
                self.fall(self.top(), reason, Reached::Nothing);
                ControlFlow::Continue(())
            }
        }
    }

    /// Tries every issuer of the last certificate. An error means that the budget is spent.
    fn extend(&mut self) -> Result<Flow, Reason> {
        let Some(child) = self.path.last().cloned() else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut promising = false;
        for issuer in self.pool.issuers_of(&child) {
            self.budget.spend(Resource::Issuers)?;
            if self.repeats(&issuer.certificate) {
                continue;
            }
            promising |= issuer.likelihood != Likelihood::Contradicted;
            if self.link_holds(&child, &issuer)?
                && self.step(issuer.certificate, issuer.node)?.is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        if !promising {
            self.dead_end(&child);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn step(&mut self, issuer: Certificate<'a>, node: Node) -> Result<Flow, Reason> {
        let ends = node.origin == Origin::Anchor;
        if !ends && self.is_too_deep(&issuer) {
            let limit = self.limits.max_depth;
            self.fall(
                self.top(),
                Reason::DepthExceeded { limit },
                Reached::Nothing,
            );
            return Ok(ControlFlow::Continue(()));
        }
        self.push(issuer, node);
        let flow = if ends { self.finish() } else { self.extend()? };
        if flow.is_continue() {
            self.pop();
        }
        Ok(flow)
    }

    /// Self-issued intermediates do not count, as they do not for pathLenConstraint. What bounds
    /// the recursion is the budget: every step down takes another signature check.
    fn is_too_deep(&self, issuer: &Certificate<'_>) -> bool {
        let authorities = self.path.iter().skip(1).chain([issuer]);
        authorities
            .filter(|authority| !authority.is_self_issued())
            .count()
            > self.limits.max_depth
    }

    /// Has the complete path judged.
    fn finish(&mut self) -> Flow {
        match self.judge.check_path(&self.path) {
            Ok(()) => ControlFlow::Break(()),
            Err(fault) => {
                self.fall(fault.certificate, fault.reason, Reached::Anchor);
                ControlFlow::Continue(())
            }
        }
    }

    /// Whether `issuer` signed `child`, from memory or by checking.
    fn link_holds(&mut self, child: &Certificate<'a>, issuer: &Issuer<'a>) -> Result<bool, Reason> {
        let from = self.nodes.last().map_or(Pool::LEAF, |node| node.id);
        let key = issuer.certificate.subject_public_key_info();
        let known = self
            .links
            .iter()
            .find(|link| link.child == from && link.key == key.der());
        if let Some(link) = known {
            return Ok(link.holds);
        }
        self.budget.spend(Resource::SignatureChecks)?;
        let checked = self.check_link(child, &issuer.certificate);
        self.links.push(Link {
            child: from,
            key: key.der(),
            holds: checked.is_ok(),
        });
        let Err(fault) = checked else {
            return Ok(true);
        };
        let reached = match issuer.likelihood {
            Likelihood::Contradicted => Reached::Namesake,
            Likelihood::Confirmed | Likelihood::Open => Reached::Nothing,
        };
        self.push(issuer.certificate.clone(), issuer.node);
        self.fall(fault.certificate, fault.reason, reached);
        self.pop();
        Ok(false)
    }

    fn check_link(&self, child: &Certificate<'_>, issuer: &Certificate<'_>) -> Result<(), Fault> {
        let above = self.path.len();
        self.judge
            .check_issuer_key(issuer)
            .map_err(|reason| Fault {
                certificate: above,
                reason,
            })?;
        self.judge
            .check_signature(child, issuer)
            .map_err(|reason| Fault {
                certificate: self.top(),
                reason,
            })
    }

    /// RFC 5280 section 6.1 lets no certificate appear twice. The same name with the same key
    /// adds nothing to a path either, whatever else the certificate says.
    fn repeats(&self, candidate: &Certificate<'_>) -> bool {
        self.path.iter().any(|certificate| {
            let (key, other) = (
                certificate.subject_public_key_info(),
                candidate.subject_public_key_info(),
            );
            key.der() == other.der() && certificate.subject().matches(&candidate.subject())
        })
    }

    fn dead_end(&mut self, top: &Certificate<'_>) {
        let last = match self.nodes.last().map(|node| node.origin) {
            Some(Origin::Offered) => LastFound::Offered,
            Some(Origin::Configured | Origin::Anchor) => LastFound::Configured,
            Some(Origin::Leaf) | None => LastFound::Leaf,
        };
        let reason = if top.is_self_issued() {
            Reason::SelfSignedUntrusted { last }
        } else {
            Reason::IssuerNotFound {
                issuer: alloc::format!("{}", top.issuer()),
                last,
            }
        };
        self.fall(self.top(), reason, Reached::Nothing);
    }

    fn fall(&mut self, certificate: usize, reason: Reason, reached: Reached) {
        let steps = self
            .path
            .iter()
            .zip(&self.nodes)
            .map(|(certificate, node)| Step {
                subject: alloc::format!("{}", certificate.subject()),
                origin: node.origin,
            });
        self.fallen.add(
            Candidate::new(
                steps.collect(),
                Fault {
                    certificate,
                    reason,
                },
            ),
            reached,
        );
    }

    /// The position of the last certificate of the path.
    fn top(&self) -> usize {
        self.path.len().saturating_sub(1)
    }

    fn push(&mut self, certificate: Certificate<'a>, node: Node) {
        self.path.push(certificate);
        self.nodes.push(node);
    }

    fn pop(&mut self) {
        self.path.pop();
        self.nodes.pop();
    }
}
