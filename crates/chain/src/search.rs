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

use self::fallen::Reached;
pub(crate) use self::fallen::{Fallen, Kept};
pub(crate) use self::node::Source;
use self::node::{KeyId, Likelihood, Node};
use self::pool::{Issuer, Pool, Round};
use crate::anchors::Anchors;
use crate::budget::{Budget, Resource};
use crate::cost;
use crate::judgement::ValidPolicies;
use crate::member::Member;
use crate::reason::{LastFound, Reason};
use crate::rejection::{Fault, Origin};

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

    /// Whether the key of `issuer` is known to have signed `child`, an authority's certificate, so that
    /// neither need be asked again.
    fn remembers(&self, _child: &Certificate<'_>, _issuer: &Certificate<'_>) -> bool {
        false
    }

    /// Whether a path of links that hold is valid, leaf first, anchor last, and for which policies.
    fn check_path(&self, path: &[&Member<'_>], budget: &mut Budget)
    -> Result<ValidPolicies, Fault>;
}

/// A path that was accepted.
pub(crate) struct Found<'a> {
    /// Leaf first, anchor last.
    pub(crate) path: Vec<Certificate<'a>>,
    /// Where each of them came from.
    pub(crate) sources: Vec<Source>,
    pub(crate) policies: ValidPolicies,
    /// The positions of certificates whose signature was checked in this search with the key of the next.
    pub(crate) checked: Vec<usize>,
}

/// How far a search goes.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Intermediates between leaf and anchor.
    pub(crate) max_depth: usize,
    /// Whether an anchor that is not self-issued ends a path.
    pub(crate) ends_anywhere: bool,
}

/// Searches a path from `leaf` to one of `anchors` that `judge` accepts; what fell on the way is in `fallen`.
pub(crate) fn find_path<'a>(
    leaf: &Certificate<'a>,
    offered: &[Certificate<'a>],
    anchors: &'a Anchors,
    limits: Limits,
    judge: &impl Judge,
    fallen: &mut Fallen,
) -> Option<Found<'a>> {
    match Search::new(leaf, offered, anchors, limits, judge, fallen) {
        Ok(mut search) => search.start().is_break().then(|| search.found()),
        Err(reason) => {
            fallen.add_alone(leaf, reason);
            None
        }
    }
}

/// Whether a key signed a certificate.
struct Link {
    /// The node of the certificate.
    child: usize,
    key: KeyId,
    holds: bool,
    /// Whether that was found out in this search.
    checked: bool,
}

struct Search<'s, 'a, J> {
    pool: Pool<'a>,
    limits: Limits,
    judge: &'s J,
    budget: Budget,
    /// What was checked already; at most one for each signature check.
    links: Vec<Link>,
    /// The path. Never empty.
    nodes: Vec<Rc<Node<'a>>>,
    /// Of the path when it was accepted.
    policies: ValidPolicies,
    fallen: &'s mut Fallen,
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
        fallen: &'s mut Fallen,
    ) -> Result<Self, Reason> {
        let mut budget = Budget::new();
        let mut pool = Pool::new(offered, anchors, limits.ends_anywhere, &mut budget)?;
        let leaf = pool.node(leaf.clone(), Origin::Leaf, Source::Leaf, &mut budget)?;
        Ok(Self {
            pool,
            limits,
            judge,
            budget,
            links: Vec::new(),
            nodes: alloc::vec![leaf],
            policies: ValidPolicies::new(),
            fallen,
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
        for round in [Round::Confirmed, Round::Others] {
            for issuer in self.pool.issuers_of(&child, round, &mut self.budget)? {
                self.budget.spend(Resource::Issuers, 1)?;
                if self.is_in_path(&issuer.node) {
                    continue;
                }
                promising |= issuer.likelihood != Likelihood::Contradicted;
                if self.link_holds(&child, &issuer)? && self.step(issuer.node)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        if !promising {
            self.dead_end(&child);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn is_in_path(&self, issuer: &Node<'_>) -> bool {
        self.nodes.iter().any(|node| node.is_equivalent(issuer))
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
        self.nodes.push(issuer);
        let flow = if ends { self.finish()? } else { self.extend()? };
        if flow.is_continue() {
            self.nodes.pop();
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
        let path: Vec<&Member<'_>> = self.nodes.iter().map(|node| &node.member).collect();
        match self.judge.check_path(&path, &mut self.budget) {
            Ok(policies) => {
                self.policies = policies;
                Ok(ControlFlow::Break(()))
            }
            Err(Fault {
                reason: exceeded @ Reason::BudgetExceeded { .. },
                ..
            }) => Err(exceeded),
            Err(fault) => {
                self.fall(fault.certificate, fault.reason, Reached::Anchor);
                Ok(ControlFlow::Continue(()))
            }
        }
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
        // What is remembered counts too: it is a step down, and they end.
        self.budget.spend(Resource::SignatureChecks, 1)?;
        let [signed, signer] = [child, &issuer.node].map(|node| &node.member.certificate);
        if child.origin != Origin::Leaf && self.judge.remembers(signed, signer) {
            self.know(child, key, true, false);
            return Ok(true);
        }
        let checked = self.check_link(child, &issuer.node)?;
        self.know(child, key, checked.is_ok(), true);
        let Err(fault) = checked else {
            return Ok(true);
        };
        let reached = match issuer.likelihood {
            Likelihood::Contradicted => Reached::Namesake,
            Likelihood::Confirmed | Likelihood::Open => Reached::Nothing,
        };
        self.nodes.push(issuer.node.clone());
        self.fall(fault.certificate, fault.reason, reached);
        self.nodes.pop();
        Ok(false)
    }

    fn know(&mut self, child: &Node<'a>, key: KeyId, holds: bool, checked: bool) {
        self.links.push(Link {
            child: child.id,
            key,
            holds,
            checked,
        });
    }

    /// The fault of the link, if it has one. A key that is not accepted is asked nothing, and costs nothing.
    fn check_link(
        &mut self,
        child: &Node<'_>,
        issuer: &Node<'_>,
    ) -> Result<Result<(), Fault>, Reason> {
        let [signed, signer] = [child, issuer].map(|node| &node.member.certificate);
        if let Err(reason) = self.judge.check_issuer_key(signer) {
            return Ok(Err(Fault {
                certificate: self.nodes.len(),
                reason,
            }));
        }
        let cost = cost::of_check(signer.subject_public_key_info());
        self.budget.spend(Resource::SignatureCost, cost)?;
        let checked = self.judge.check_signature(signed, signer);
        Ok(checked.map_err(|error| Fault {
            certificate: self.top(),
            reason: match error {
                SignatureError::BadSignature => Reason::BadSignature {
                    issuer: issuer.shown_subject(),
                },
                source => Reason::UnsupportedAlgorithm { source },
            },
        }))
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
        self.nodes.len().saturating_sub(1)
    }

    fn found(self) -> Found<'a> {
        self.fallen.accept(&self.nodes);
        let was_checked = |child: &Node<'_>, issuer: &Node<'_>| {
            let is_this = |link: &Link| link.child == child.id && link.key == issuer.key;
            self.links.iter().any(|link| link.checked && is_this(link))
        };
        let pairs = self.nodes.iter().zip(self.nodes.iter().skip(1));
        Found {
            path: self
                .nodes
                .iter()
                .map(|node| node.member.certificate.clone())
                .collect(),
            sources: self.nodes.iter().map(|node| node.source).collect(),
            checked: pairs
                .enumerate()
                .filter(|(_, (child, issuer))| was_checked(child, issuer))
                .map(|(position, _)| position)
                .collect(),
            policies: self.policies,
        }
    }
}
