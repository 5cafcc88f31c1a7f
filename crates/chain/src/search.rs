//! Finding candidate paths from a leaf to an anchor: depth first, likeliest issuer first, within a budget.
//!
//! Nothing here judges. A [`Judge`] says whether a link holds and whether a whole path does; the
//! search goes on with the next candidate when it does not. A certificate may be come by thousands of
//! times: what depends on its size is done once, and what is said about it is written down only to be kept.

mod fallen;
mod node;
mod pool;
#[cfg(test)]
mod tests;

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use portcullis_x509::{Certificate, SignatureError};

use self::fallen::{Fallen, Reached, leaf_alone};
use self::node::{KeyId, Likelihood, Node};
use self::pool::{Issuer, Pool};
use crate::anchors::Anchors;
use crate::budget::{Budget, Resource};
use crate::reason::{LastFound, Reason};
use crate::rejection::{Fault, Origin, Rejection};

/// Decides what the search only proposes.
pub(crate) trait Judge {
    /// Whether the key of `issuer` is good enough to be asked about signatures.
    fn check_issuer_key(&self, issuer: &Certificate<'_>) -> Result<(), Reason>;

    /// Whether the key of `issuer` signed `child`. Asked once for each child and key.
    fn check_signature(
        &self,
        child: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<(), SignatureError>;

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
    match Search::new(leaf, offered, anchors, limits, judge) {
        Ok(mut search) => match search.start() {
            ControlFlow::Break(()) => Ok(search.path),
            ControlFlow::Continue(()) => Err(search.fallen.into_rejection(leaf)),
        },
        Err(reason) => {
            let nearest = leaf_alone(leaf, reason);
            Err(Rejection::new(nearest.clone(), alloc::vec![nearest]))
        }
    }
}

/// Whether a key signed a certificate.
struct Link {
    /// The node of the certificate.
    child: usize,
    key: KeyId,
    holds: bool,
}

struct Search<'s, 'a, J> {
    pool: Pool<'a>,
    limits: Limits,
    judge: &'s J,
    budget: Budget,
    /// What was checked already; at most one for each signature check.
    links: Vec<Link>,
    path: Vec<Certificate<'a>>,
    /// The nodes of `path`. Never empty.
    nodes: Vec<Rc<Node<'a>>>,
    fallen: Fallen,
}

/// Break ends the search with the accepted path in place, or with nothing left to spend.
type Flow = ControlFlow<()>;

impl<'s, 'a, J: Judge> Search<'s, 'a, J> {
    fn new(
        leaf: &Certificate<'a>,
        offered: &[Certificate<'a>],
        anchors: &'a Anchors,
        limits: Limits,
        judge: &'s J,
    ) -> Result<Self, Reason> {
        let mut budget = Budget::new();
        let mut pool = Pool::new(offered, anchors, limits.ends_anywhere, &mut budget)?;
        let node = pool.node(leaf.clone(), Origin::Leaf, &mut budget)?;
        Ok(Self {
            pool,
            limits,
            judge,
            budget,
            links: Vec::new(),
            path: alloc::vec![leaf.clone()],
            nodes: alloc::vec![node],
            fallen: Fallen::default(),
        })
    }

    fn start(&mut self) -> Flow {
        match self.finish_at_leaf() {
            Ok(flow) => flow,
            Err(reason) => {
                self.fall(self.top(), reason, Reached::Nothing);
                ControlFlow::Continue(())
            }
        }
    }

    fn finish_at_leaf(&mut self) -> Result<Flow, Reason> {
        let is_anchor = self
            .nodes
            .last()
            .is_some_and(|leaf| self.pool.is_anchor(leaf));
        if is_anchor && self.finish()?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.extend()
    }

    /// Tries every issuer of the last certificate. An error means that the budget is spent.
    fn extend(&mut self) -> Result<Flow, Reason> {
        let Some(child) = self.nodes.last().cloned() else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut promising = false;
        for issuer in self.pool.issuers_of(&child, &mut self.budget)? {
            self.budget.spend(Resource::Issuers, 1)?;
            if self
                .nodes
                .iter()
                .any(|node| node.is_equivalent(&issuer.node))
            {
                continue;
            }
            promising |= issuer.likelihood != Likelihood::Contradicted;
            if self.link_holds(&child, &issuer)? && self.step(issuer.node)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if !promising {
            self.dead_end(&child);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn step(&mut self, issuer: Rc<Node<'a>>) -> Result<Flow, Reason> {
        let ends = issuer.origin == Origin::Anchor;
        if !ends && self.is_too_deep(&issuer) {
            let limit = self.limits.max_depth;
            self.fall(
                self.top(),
                Reason::DepthExceeded { limit },
                Reached::Nothing,
            );
            return Ok(ControlFlow::Continue(()));
        }
        self.push(issuer);
        let flow = if ends { self.finish()? } else { self.extend()? };
        if flow.is_continue() {
            self.pop();
        }
        Ok(flow)
    }

    /// Self-issued intermediates do not count, as they do not for pathLenConstraint. What bounds
    /// the recursion is the budget: every step down takes another signature check.
    fn is_too_deep(&self, issuer: &Node<'_>) -> bool {
        let authorities = self.nodes.iter().skip(1).map(|node| &**node);
        authorities
            .chain([issuer])
            .filter(|authority| !authority.is_self_issued())
            .count()
            > self.limits.max_depth
    }

    /// Has the complete path judged.
    fn finish(&mut self) -> Result<Flow, Reason> {
        self.budget.spend(Resource::Paths, 1)?;
        Ok(match self.judge.check_path(&self.path) {
            Ok(()) => ControlFlow::Break(()),
            Err(fault) => {
                self.fall(fault.certificate, fault.reason, Reached::Anchor);
                ControlFlow::Continue(())
            }
        })
    }

    /// Whether `issuer` signed `child`, from memory or by checking.
    fn link_holds(&mut self, child: &Node<'a>, issuer: &Issuer<'a>) -> Result<bool, Reason> {
        let key = issuer.node.key;
        let known = self
            .links
            .iter()
            .find(|link| link.child == child.id && link.key == key);
        if let Some(link) = known {
            return Ok(link.holds);
        }
        self.budget.spend(Resource::SignatureChecks, 1)?;
        let checked = self.check_link(child, &issuer.node);
        self.links.push(Link {
            child: child.id,
            key,
            holds: checked.is_ok(),
        });
        let Err(fault) = checked else {
            return Ok(true);
        };
        let reached = match issuer.likelihood {
            Likelihood::Contradicted => Reached::Namesake,
            Likelihood::Confirmed | Likelihood::Open => Reached::Nothing,
        };
        self.push(issuer.node.clone());
        self.fall(fault.certificate, fault.reason, reached);
        self.pop();
        Ok(false)
    }

    fn check_link(&self, child: &Node<'_>, issuer: &Node<'_>) -> Result<(), Fault> {
        self.judge
            .check_issuer_key(&issuer.certificate)
            .map_err(|reason| Fault {
                certificate: self.path.len(),
                reason,
            })?;
        self.judge
            .check_signature(&child.certificate, &issuer.certificate)
            .map_err(|error| Fault {
                certificate: self.top(),
                reason: match error {
                    SignatureError::BadSignature => Reason::BadSignature {
                        issuer: issuer.shown_subject(),
                    },
                    source => Reason::UnsupportedAlgorithm { source },
                },
            })
    }

    fn dead_end(&mut self, top: &Node<'_>) {
        let last = match top.origin {
            Origin::Offered => LastFound::Offered,
            Origin::Configured | Origin::Anchor => LastFound::Configured,
            Origin::Leaf => LastFound::Leaf,
        };
        let reason = if top.is_self_issued() {
            Reason::SelfSignedUntrusted { last }
        } else {
            let issuer = top.shown_issuer();
            Reason::IssuerNotFound { issuer, last }
        };
        self.fall(self.top(), reason, Reached::Nothing);
    }

    fn fall(&mut self, certificate: usize, reason: Reason, reached: Reached) {
        let fault = Fault {
            certificate,
            reason,
        };
        self.fallen.add(&self.nodes, fault, reached);
    }

    /// The position of the last certificate of the path.
    fn top(&self) -> usize {
        self.path.len().saturating_sub(1)
    }

    fn push(&mut self, node: Rc<Node<'a>>) {
        self.path.push(node.certificate.clone());
        self.nodes.push(node);
    }

    fn pop(&mut self) {
        self.path.pop();
        self.nodes.pop();
    }
}
