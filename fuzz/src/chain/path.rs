//! A path that one of the validators accepted, and what can be asked about it without judging it.

use std::collections::BTreeSet;
use std::fmt;

use portcullis_x509::der::{Reader, Tag};
use portcullis_x509::{Certificate, Oid, oid};

/// Certificates of which each names the next as its issuer; an anchor last.
pub(super) struct Path<'a> {
    // Invariant: never empty.
    certificates: Vec<Certificate<'a>>,
}

impl<'a> Path<'a> {
    pub(super) fn new(certificates: Vec<Certificate<'a>>) -> Self {
        Self { certificates }
    }

    pub(super) fn certificates(&self) -> &[Certificate<'a>] {
        &self.certificates
    }

    pub(super) fn leaf(&self) -> Option<&Certificate<'a>> {
        self.certificates.first()
    }

    pub(super) fn anchor(&self) -> Option<&Certificate<'a>> {
        self.certificates.last()
    }

    /// Leaf and intermediates.
    pub(super) fn below_anchor(&self) -> &[Certificate<'a>] {
        match &*self.certificates {
            [below @ .., _] => below,
            [] => &[],
        }
    }

    pub(super) fn intermediates(&self) -> &[Certificate<'a>] {
        match &*self.certificates {
            [_, intermediates @ .., _] => intermediates,
            _ => &[],
        }
    }

    pub(super) fn intermediate_ders(&self) -> Vec<&'a [u8]> {
        self.intermediates().iter().map(Certificate::der).collect()
    }

    /// Whether the leaf or an intermediate has this extension.
    pub(super) fn has_extension(&self, oid: Oid<'_>) -> bool {
        let mut below = self.below_anchor().iter();
        below.any(|certificate| certificate.extensions().find(oid).is_some())
    }

    /// Whether no two certificates have the same subject, so that there is only one path through them.
    pub(super) fn is_the_only_one(&self) -> bool {
        let subjects = self.certificates.iter();
        let distinct: BTreeSet<_> = subjects
            .map(|certificate| certificate.subject().normalised())
            .collect();
        distinct.len() == self.certificates.len()
    }

    /// Another path through these certificates that is as long as this one has the same.
    pub(super) fn is_as_good_as(&self, intermediates: &[&[u8]]) {
        let own = self.intermediate_ders();
        if own.len() == intermediates.len() {
            let (own, other) = (BTreeSet::from_iter(own), intermediates.iter().copied());
            assert_eq!(own, other.collect(), "{self:?}");
        }
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.certificates).finish()
    }
}

/// Whether the obsolete `issuerUniqueID` or `subjectUniqueID` is there.
pub(super) fn has_unique_identifier(certificate: &Certificate<'_>) -> bool {
    let mut outer = Reader::new(certificate.tbs());
    let mut reader = Reader::new(outer.expect(Tag::SEQUENCE).unwrap_or_default());
    std::iter::from_fn(|| reader.tlv().ok())
        .any(|field| field.tag == Tag::context(1) || field.tag == Tag::context(2))
}

/// Whether the extension is absent or one SEQUENCE and nothing else, whatever is inside.
pub(super) fn is_sequence_or_absent(certificate: &Certificate<'_>, oid: Oid<'_>) -> bool {
    let Some(extension) = certificate.extensions().find(oid) else {
        return true;
    };
    let mut reader = Reader::new(extension.value());
    reader.expect(Tag::SEQUENCE).is_ok() && reader.is_empty()
}

pub(super) fn constrains_names(certificate: &Certificate<'_>) -> bool {
    let extension = certificate.extensions().find(oid::NAME_CONSTRAINTS);
    extension.is_some()
}

/// Whether an intermediate constrains names.
pub(super) fn constrains_any(path: &Path<'_>) -> bool {
    path.intermediates().iter().any(constrains_names)
}

/// Whether an intermediate constrains names of a form other than dNSName and iPAddress, which are those
/// that both validators evaluate.
pub(super) fn constrains_other_forms(path: &Path<'_>) -> bool {
    let both = BTreeSet::from([2, 7]);
    let mut intermediates = path.intermediates().iter();
    intermediates.any(|authority| !constrained_forms(authority).is_subset(&both))
}

/// The tag numbers of the names in the name constraints of a certificate, as far as they can be read.
fn constrained_forms(certificate: &Certificate<'_>) -> BTreeSet<u8> {
    let extension = certificate.extensions().find(oid::NAME_CONSTRAINTS);
    let value = extension.map_or(&[][..], |extension| extension.value());
    let lists = elements(elements(value).next().unwrap_or_default());
    lists
        .flat_map(elements)
        .filter_map(|subtree| subtree.first())
        .map(|tag| tag & 0x1f)
        .collect()
}

/// The contents of DER elements one after the other, up to the first that cannot be read.
fn elements(der: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader::new(der);
    std::iter::from_fn(move || Some(reader.tlv().ok()?.value))
}
