use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use hashbrown::HashMap;
use portcullis_x509::{Certificate, Malformed};
use rustls_pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};

use crate::policy::digest::field;

/// What the caller trusts, and what it knows besides: read once, shared by every verification.
///
/// `anchors` are trusted; `intermediates` are only material for building paths, as if every peer
/// had sent them along. Both are found in a hash table of normalised subjects, so that a verification
/// costs the same over ten anchors and over a hundred thousand. Of many with one subject, those with the
/// key identifier that is looked for are taken in first, and the others only when none of them will do.
pub struct Anchors {
    anchors: Vec<CertificateDer<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    /// By normalised subject; anchors first.
    index: HashMap<Vec<u8>, Vec<Known>>,
}

/// One of the certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) list: List,
    position: usize,
}

/// One of the certificates, and which key it says that it has.
struct Known {
    entry: Entry,
    key_identifier: Option<Box<[u8]>>,
}

/// One of the two lists given to [`Anchors::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// The trusted certificates.
    Anchors,
    /// The certificates that only complete paths.
    Intermediates,
}

/// Why there is nothing to verify against.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorsError {
    /// No anchor at all. Trusting nobody is never what was meant, trusting everybody never what is done.
    #[error("there is no trust anchor")]
    Empty,
    /// A certificate of one of the lists cannot be read.
    #[error("certificate {index} of the {list} cannot be read")]
    Unreadable {
        /// The list.
        list: List,
        /// The position in it, from 0.
        index: usize,
        /// What is wrong with it.
        #[source]
        source: Malformed,
    },
}

impl Anchors {
    /// Takes the trusted certificates, and intermediates that peers may leave out.
    ///
    /// Every certificate given as an anchor is trusted as far as
    /// [`PartialChain`](crate::PartialChain) goes; sorting a file into the two lists is the caller's.
    ///
    /// # Errors
    /// [`AnchorsError`] when `anchors` is empty or any certificate cannot be read.
    pub fn new(
        anchors: Vec<CertificateDer<'static>>,
        intermediates: Vec<CertificateDer<'static>>,
    ) -> Result<Self, AnchorsError> {
        if anchors.is_empty() {
            return Err(AnchorsError::Empty);
        }
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for (list, certificates) in [
            (List::Anchors, &anchors),
            (List::Intermediates, &intermediates),
        ] {
            for (position, der) in certificates.iter().enumerate() {
                let certificate =
                    Certificate::parse(der).map_err(|source| AnchorsError::Unreadable {
                        list,
                        index: position,
                        source,
                    })?;
                let key_identifier = certificate.subject_key_identifier().ok().flatten();
                let namesakes: &mut Vec<Known> =
                    index.entry(certificate.subject().normalised()).or_default();
                namesakes.push(Known {
                    entry: Entry { list, position },
                    key_identifier: key_identifier.map(Box::from),
                });
            }
        }
        Ok(Self {
            anchors,
            intermediates,
            index,
        })
    }

    /// How many anchors there are; at least one.
    pub fn count(&self) -> usize {
        self.anchors.len()
    }

    /// The subjects of the anchors as DER, for the hints of a TLS CertificateRequest.
    pub fn subjects(&self) -> impl Iterator<Item = &[u8]> {
        self.anchors
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .map(|certificate| certificate.subject().der())
    }

    /// Takes in both lists.
    pub(crate) fn digest(&self, digest: &mut Sha256) {
        for list in [&self.anchors, &self.intermediates] {
            let count = u64::try_from(list.len()).unwrap_or(u64::MAX);
            digest.update(count.to_be_bytes());
            list.iter().for_each(|der| field(digest, der));
        }
    }

    /// The certificates with this normalised subject, and with this key identifier where there is one to
    /// ask for, anchors first.
    pub(crate) fn named<'a>(
        &'a self,
        subject: &[u8],
        key_identifier: Option<&[u8]>,
    ) -> impl Iterator<Item = (Entry, Certificate<'a>)> {
        self.known(subject)
            .filter(move |known| {
                key_identifier.is_none() || known.key_identifier.as_deref() == key_identifier
            })
            .filter_map(|known| Some((known.entry, self.read(known.entry)?)))
    }

    /// Whether this certificate, which has this normalised subject, is an anchor.
    pub(crate) fn contains(&self, subject: &[u8], der: &[u8]) -> bool {
        self.known(subject).any(|known| {
            known.entry.list == List::Anchors
                && self
                    .anchors
                    .get(known.entry.position)
                    .is_some_and(|anchor| **anchor == *der)
        })
    }

    fn known(&self, subject: &[u8]) -> impl Iterator<Item = &Known> {
        self.index.get(subject).into_iter().flatten()
    }

    // Invariant: `new` read every certificate once, so that reading again cannot fail.
    pub(crate) fn read(&self, entry: Entry) -> Option<Certificate<'_>> {
        let list = match entry.list {
            List::Anchors => &self.anchors,
            List::Intermediates => &self.intermediates,
        };
        Certificate::parse(list.get(entry.position)?).ok()
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchors")
            .field("anchors", &self.anchors.len())
            .field("intermediates", &self.intermediates.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anchors => "anchors",
            Self::Intermediates => "intermediates",
        })
    }
}
