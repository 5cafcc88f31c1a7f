//! Where issuers are looked for, and in which order they are tried.
//!
//! Names are normalised once and compared as numbers from then on: how often the search comes
//! back to a certificate must not be multiplied by how long its names are.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::vec::Vec;

use portcullis_x509::{Certificate, Name};

use super::node::{KeyId, Likelihood, NameId, Node, Numbers, Source};
use crate::anchors::{Anchors, List};
use crate::budget::{Budget, Resource};
use crate::reason::Reason;
use crate::rejection::Origin;

/// Everything that can issue: what the peer sent and what is configured.
pub(super) struct Pool<'a> {
    anchors: &'a Anchors,
    ends_anywhere: bool,
    /// How many nodes there are.
    nodes: usize,
    /// By their encoding: most names are met several times in the same one.
    encodings: BTreeMap<&'a [u8], NameId>,
    /// By what [`Name::normalised`] makes of them.
    names: BTreeMap<Rc<[u8]>, NameId>,
    /// The certificates with each name as their subject, by [`NameId`].
    named: Vec<Namesakes<'a>>,
    keys: BTreeMap<&'a [u8], KeyId>,
}

struct Namesakes<'a> {
    normalised: Rc<[u8]>,
    /// What was offered, and what is configured as far as it was taken in.
    nodes: Vec<Rc<Node<'a>>>,
    /// The configured certificates that were taken in.
    taken: BTreeSet<&'a [u8]>,
    complete: bool,
}

/// Issuers are looked for in two rounds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Those whose key identifier is the one that the certificate names.
    Confirmed,
    /// All others.
    Others,
}

/// A certificate with the name of an issuer that was looked for.
pub(super) struct Issuer<'a> {
    pub(super) node: Rc<Node<'a>>,
    pub(super) likelihood: Likelihood,
}

impl<'a> Pool<'a> {
    /// Takes in each offered certificate once, however often it was offered.
    pub(super) fn new(
        offered: &[Certificate<'a>],
        anchors: &'a Anchors,
        ends_anywhere: bool,
        budget: &mut Budget,
    ) -> Result<Self, Reason> {
        let mut pool = Self {
            anchors,
            ends_anywhere,
            nodes: 0,
            encodings: BTreeMap::new(),
            names: BTreeMap::new(),
            named: Vec::new(),
            keys: BTreeMap::new(),
        };
        let mut known = BTreeSet::new();
        for (position, certificate) in offered.iter().enumerate() {
            if known.insert(certificate.der()) {
                let source = Source::Offered(position);
                let node = pool.node(certificate.clone(), Origin::Offered, source, budget)?;
                if let Some(namesakes) = pool.named.get_mut(node.subject.0) {
                    namesakes.nodes.push(node);
                }
            }
        }
        Ok(pool)
    }

    /// A node for a certificate that is not in the pool.
    pub(super) fn node(
        &mut self,
        certificate: Certificate<'a>,
        origin: Origin,
        source: Source,
        budget: &mut Budget,
    ) -> Result<Rc<Node<'a>>, Reason> {
        budget.spend(Resource::Certificates, 1)?;
        budget.spend(Resource::Octets, certificate.der().len())?;
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        let octets = subject.der().len().saturating_add(issuer.der().len());
        budget.spend(Resource::NameOctets, octets)?;
        let next_key = KeyId(self.keys.len());
        let key = certificate.subject_public_key_info().der();
        let numbers = Numbers {
            id: self.nodes,
            subject: self.name(subject),
            issuer: self.name(issuer),
            key: *self.keys.entry(key).or_insert(next_key),
        };
        self.nodes = self.nodes.saturating_add(1);
        Ok(Rc::new(Node::new(certificate, origin, source, numbers)))
    }

    fn name(&mut self, name: Name<'a>) -> NameId {
        if let Some(known) = self.encodings.get(name.der()) {
            return *known;
        }
        let normalised: Rc<[u8]> = name.normalised().into();
        let new = NameId(self.named.len());
        let id = *self.names.entry(normalised.clone()).or_insert(new);
        if id == new {
            self.named.push(Namesakes {
                normalised,
                nodes: Vec::new(),
                taken: BTreeSet::new(),
                complete: false,
            });
        }
        self.encodings.insert(name.der(), id);
        id
    }

    /// Whether this very certificate is an anchor at which a path may end.
    pub(super) fn is_anchor(&self, leaf: &Node<'_>) -> bool {
        let Some(namesakes) = self.named.get(leaf.subject.0) else {
            return false;
        };
        let der = leaf.member.certificate.der();
        (self.ends_anywhere || leaf.is_self_issued())
            && self.anchors.contains(&namesakes.normalised, der)
    }

    /// The certificates of this round whose subject is the issuer of `child`, likeliest first; among equals
    /// anchors, then configured intermediates, then what the peer sent, in its order.
    pub(super) fn issuers_of(
        &mut self,
        child: &Node<'a>,
        round: Round,
        budget: &mut Budget,
    ) -> Result<Vec<Issuer<'a>>, Reason> {
        match (round, child.issuer_key_identifier()) {
            (Round::Confirmed, None) => return Ok(Vec::new()),
            (Round::Confirmed, wanted) => self.take_in(child.issuer, wanted, budget)?,
            (Round::Others, _) => self.take_in(child.issuer, None, budget)?,
        }
        let Some(namesakes) = self.named.get(child.issuer.0) else {
            return Ok(Vec::new());
        };
        let mut issuers: Vec<_> = namesakes
            .nodes
            .iter()
            .map(|node| Issuer {
                likelihood: child.likelihood_of(node),
                node: node.clone(),
            })
            .filter(|issuer| {
                (issuer.likelihood == Likelihood::Confirmed) == (round == Round::Confirmed)
            })
            .collect();
        issuers.sort_by_key(|issuer| (issuer.likelihood, rank(issuer.node.origin)));
        Ok(issuers)
    }

    /// Takes in what is configured under a name, with a key identifier or all of it. Of equal certificates
    /// the first stays: anchors come before intermediates, those before what was offered.
    fn take_in(
        &mut self,
        name: NameId,
        key_identifier: Option<&[u8]>,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let Some(namesakes) = self.named.get_mut(name.0) else {
            return Ok(());
        };
        if namesakes.complete {
            return Ok(());
        }
        namesakes.complete = key_identifier.is_none();
        let normalised = namesakes.normalised.clone();
        let mut taken = core::mem::take(&mut namesakes.taken);
        let anchors = self.anchors;
        let mut nodes = Vec::new();
        for (entry, certificate) in anchors.named(&normalised, key_identifier) {
            if taken.insert(certificate.der()) {
                let origin = self.configured(entry.list, &certificate);
                let source = Source::Configured(entry);
                nodes.push(self.node(certificate, origin, source, budget)?);
            }
        }
        if let Some(namesakes) = self.named.get_mut(name.0) {
            namesakes.nodes.retain(|node| {
                node.origin != Origin::Offered || !taken.contains(node.member.certificate.der())
            });
            namesakes.nodes.append(&mut nodes);
            namesakes.taken = taken;
        }
        Ok(())
    }

    fn configured(&self, list: List, certificate: &Certificate<'_>) -> Origin {
        let ends = list == List::Anchors && (self.ends_anywhere || certificate.is_self_issued());
        if ends {
            Origin::Anchor
        } else {
            Origin::Configured
        }
    }
}

#[cfg(test)]
impl<'a> Pool<'a> {
    pub(super) fn every_node(&self) -> impl Iterator<Item = &Rc<Node<'a>>> {
        self.named.iter().flat_map(|namesakes| &namesakes.nodes)
    }
}

const fn rank(origin: Origin) -> u8 {
    match origin {
        Origin::Anchor => 0,
        Origin::Configured => 1,
        Origin::Offered | Origin::Leaf => 2,
    }
}
