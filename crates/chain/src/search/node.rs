//! A certificate of the search, with everything that is asked about it again and again.

use alloc::string::ToString;
use alloc::sync::Arc;
use core::cell::OnceCell;

use portcullis_x509::{Certificate, Name};

use crate::anchors::Entry;
use crate::member::Member;
use crate::rejection::{Origin, Step};

/// A number that stands for all names that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameId(pub(super) usize);

/// A number that stands for one SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyId(pub(super) usize);

/// One certificate. What takes time in proportion to its size was done once, when it was made, or
/// is done once, when it is first asked for.
pub(super) struct Node<'a> {
    pub(super) member: Member<'a>,
    pub(super) origin: Origin,
    pub(super) source: Source,
    pub(super) id: usize,
    pub(super) subject: NameId,
    pub(super) issuer: NameId,
    pub(super) key: KeyId,
    /// The subjectKeyIdentifier.
    key_identifier: Option<&'a [u8]>,
    /// The authorityKeyIdentifier.
    issuer_key_identifier: Option<&'a [u8]>,
    shown_subject: OnceCell<Arc<str>>,
    shown_issuer: OnceCell<Arc<str>>,
}

/// Where a certificate stands among what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Leaf,
    /// At this position of what was offered.
    Offered(usize),
    Configured(Entry),
}

/// The numbers of a new node.
pub(super) struct Numbers {
    pub(super) id: usize,
    pub(super) subject: NameId,
    pub(super) issuer: NameId,
    pub(super) key: KeyId,
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

impl<'a> Node<'a> {
    pub(super) fn new(
        certificate: Certificate<'a>,
        origin: Origin,
        source: Source,
        numbers: Numbers,
    ) -> Self {
        let member = Member::new(certificate, numbers.subject.0, numbers.issuer.0);
        let known = member.known().ok();
        let key_identifier = known.and_then(|known| known.subject_key_identifier);
        let issuer_key_identifier = known
            .and_then(|known| known.authority_key_identifier)
            .and_then(|identifier| identifier.key_identifier);
        Self {
            member,
            origin,
            source,
            id: numbers.id,
            subject: numbers.subject,
            issuer: numbers.issuer,
            key: numbers.key,
            key_identifier,
            issuer_key_identifier,
            shown_subject: OnceCell::new(),
            shown_issuer: OnceCell::new(),
        }
    }

    pub(super) fn issuer_key_identifier(&self) -> Option<&'a [u8]> {
        self.issuer_key_identifier
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether a path that has one of them gains nothing from the other.
    pub(super) fn is_equivalent(&self, other: &Node<'_>) -> bool {
        self.key == other.key && self.subject == other.subject
    }

    pub(super) fn likelihood_of(&self, issuer: &Node<'_>) -> Likelihood {
        match (self.issuer_key_identifier, issuer.key_identifier) {
            (Some(wanted), Some(found)) if wanted == found => Likelihood::Confirmed,
            (Some(_), Some(_)) => Likelihood::Contradicted,
            _ => Likelihood::Open,
        }
    }

    pub(super) fn shown_subject(&self) -> Arc<str> {
        Self::shown(&self.shown_subject, self.member.certificate.subject())
    }

    pub(super) fn shown_issuer(&self) -> Arc<str> {
        Self::shown(&self.shown_issuer, self.member.certificate.issuer())
    }

    fn shown(once: &OnceCell<Arc<str>>, name: Name<'_>) -> Arc<str> {
        once.get_or_init(|| name.shown().to_string().into()).clone()
    }

    pub(super) fn step(&self) -> Step {
        Step {
            subject: self.shown_subject(),
            origin: self.origin,
            id: self.id,
        }
    }

    /// How many of its names were shown.
    #[cfg(test)]
    pub(super) fn names_shown(&self) -> usize {
        let subject = usize::from(self.shown_subject.get().is_some());
        subject + usize::from(self.shown_issuer.get().is_some())
    }
}
