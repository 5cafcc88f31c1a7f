//! Where issuers are looked for, and in which order they are tried.

use alloc::vec::Vec;

use portcullis_x509::Certificate;

use super::Node;
use crate::anchors::{Anchors, List};
use crate::rejection::Origin;

/// Everything that can issue: what the peer sent and what is configured.
pub(super) struct Pool<'s, 'a> {
    offered: &'s [Certificate<'a>],
    /// The hash of each offered subject.
    subjects: Vec<u64>,
    anchors: &'a Anchors,
    ends_anywhere: bool,
}

/// A certificate with the name of an issuer that was looked for.
pub(super) struct Issuer<'a> {
    pub(super) certificate: Certificate<'a>,
    pub(super) node: Node,
    pub(super) likelihood: Likelihood,
}

/// What the key identifiers say (RFC 5280 sections 4.2.1.1 and 4.2.1.2). They order candidates and
/// never refuse one: an issuer may have changed them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likelihood {
    /// Both name the same key.
    Confirmed,
    /// One of them is absent or unreadable.
    Open,
    /// They name different keys.
    Contradicted,
}

impl<'s, 'a> Pool<'s, 'a> {
    /// The node of the leaf.
    pub(super) const LEAF: usize = usize::MAX;

    pub(super) fn new(
        offered: &'s [Certificate<'a>],
        anchors: &'a Anchors,
        ends_anywhere: bool,
    ) -> Self {
        let subjects = offered
            .iter()
            .map(|certificate| certificate.subject().matching_hash())
            .collect();
        Self {
            offered,
            subjects,
            anchors,
            ends_anywhere,
        }
    }

    /// Whether this very certificate is an anchor at which a path may end.
    pub(super) fn is_anchor(&self, leaf: &Certificate<'_>) -> bool {
        let subject = leaf.subject();
        (self.ends_anywhere || leaf.is_self_issued())
            && self
                .anchors
                .named(subject, subject.matching_hash())
                .any(|(list, _, anchor)| list == List::Anchors && anchor.der() == leaf.der())
    }

    /// Every certificate whose subject is the issuer of `child`, likeliest first; among equals
    /// anchors, then configured intermediates, then what the peer sent, in its order.
    pub(super) fn issuers_of(&self, child: &Certificate<'a>) -> Vec<Issuer<'a>> {
        let name = child.issuer();
        let hash = name.matching_hash();
        let wanted = key_identifier_of_issuer(child);
        let mut issuers = Vec::new();
        for (list, position, certificate) in self.anchors.named(name, hash) {
            let node = self.configured(list, position, &certificate);
            add(&mut issuers, certificate, node, wanted);
        }
        for (id, (certificate, subject)) in self.offered.iter().zip(&self.subjects).enumerate() {
            if *subject == hash && certificate.subject().matches(&name) {
                let node = Node {
                    id,
                    origin: Origin::Offered,
                };
                add(&mut issuers, certificate.clone(), node, wanted);
            }
        }
        issuers.sort_by_key(|issuer| (issuer.likelihood, rank(issuer.node.origin)));
        issuers
    }

    fn configured(&self, list: List, position: usize, certificate: &Certificate<'_>) -> Node {
        let before = match list {
            List::Anchors => self.offered.len(),
            List::Intermediates => self.offered.len().saturating_add(self.anchors.count()),
        };
        let ends = list == List::Anchors && (self.ends_anywhere || certificate.is_self_issued());
        let origin = if ends {
            Origin::Anchor
        } else {
            Origin::Configured
        };
        Node {
            id: before.saturating_add(position),
            origin,
        }
    }
}

/// Of equal certificates the first stays: anchors come before intermediates, those before what was offered.
fn add<'a>(
    issuers: &mut Vec<Issuer<'a>>,
    certificate: Certificate<'a>,
    node: Node,
    wanted: Option<&[u8]>,
) {
    if !issuers
        .iter()
        .any(|known| known.certificate.der() == certificate.der())
    {
        issuers.push(Issuer::new(certificate, node, wanted));
    }
}

const fn rank(origin: Origin) -> u8 {
    match origin {
        Origin::Anchor => 0,
        Origin::Configured => 1,
        Origin::Offered | Origin::Leaf => 2,
    }
}

fn key_identifier_of_issuer<'a>(child: &Certificate<'a>) -> Option<&'a [u8]> {
    child
        .authority_key_identifier()
        .ok()
        .flatten()?
        .key_identifier
}

impl<'a> Issuer<'a> {
    fn new(certificate: Certificate<'a>, node: Node, wanted: Option<&[u8]>) -> Self {
        let found = certificate.subject_key_identifier().ok().flatten();
        let likelihood = match (wanted, found) {
            (Some(wanted), Some(found)) if wanted == found => Likelihood::Confirmed,
            (Some(_), Some(_)) => Likelihood::Contradicted,
            _ => Likelihood::Open,
        };
        Self {
            certificate,
            node,
            likelihood,
        }
    }
}
