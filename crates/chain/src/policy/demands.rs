//! What a listener demands of the certificates themselves: who issued them, what they say of whom,
//! which they are.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use portcullis_x509::{Attribute, Certificate, DistinguishedName, GeneralName, Name};

use super::name_rule::{Bearer, NameRule};
use super::purpose::Purpose;
use super::twin;
use crate::member::Member;
use crate::reason::Reason;
use crate::rejection::Fault;

/// A SHA-256 digest: of a whole certificate, or of a SubjectPublicKeyInfo.
pub type Sha256Digest = [u8; 32];

/// Which certificate is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateId {
    /// The one that this issuer gave this number: the content octets of the INTEGER, two's complement.
    Serial {
        /// The issuer's name.
        issuer: DistinguishedName,
        /// The serial number.
        serial: Vec<u8>,
    },
    /// The one whose DER has this SHA-256 digest.
    Fingerprint(Sha256Digest),
}

/// Lists of which an empty one demands nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Demands {
    pub(super) issuers: Vec<DistinguishedName>,
    pub(super) names: Vec<NameRule>,
    pub(super) subjects: Vec<DistinguishedName>,
    pub(super) pins: Vec<Sha256Digest>,
    pub(super) allowed: Vec<CertificateId>,
    pub(super) denied: Vec<CertificateId>,
}

impl Demands {
    /// Judges the leaf, which is the same in every path.
    pub(super) fn check_leaf(&self, leaf: &Member<'_>, purpose: Purpose) -> Result<(), Reason> {
        self.check_allowed(leaf)?;
        self.check_issuer(&leaf.certificate)?;
        self.check_subject(&leaf.certificate)?;
        self.check_names(leaf, purpose)
    }

    /// Judges a path, leaf first.
    pub(super) fn check_path(&self, path: &[&Member<'_>]) -> Result<(), Fault> {
        for (certificate, member) in path.iter().enumerate() {
            self.check_denied(member).map_err(|reason| Fault {
                certificate,
                reason,
            })?;
        }
        self.check_pins(path).map_err(|reason| Fault {
            certificate: 0,
            reason,
        })
    }

    fn check_denied(&self, member: &Member<'_>) -> Result<(), Reason> {
        match self.denied.iter().find(|id| id.may_be(member)) {
            Some(id) => Err(Reason::Denied { id: id.to_string() }),
            None => Ok(()),
        }
    }

    fn check_allowed(&self, leaf: &Member<'_>) -> Result<(), Reason> {
        if self.allowed.is_empty() || self.allowed.iter().any(|id| id.is(leaf)) {
            return Ok(());
        }
        Err(Reason::NotAllowed {
            expected: self.allowed.len(),
            fingerprint: *leaf.digest(),
        })
    }

    fn check_issuer(&self, leaf: &Certificate<'_>) -> Result<(), Reason> {
        let issuer = leaf.issuer();
        let is_issuer = |expected: &DistinguishedName| expected.name().matches(&issuer);
        if self.issuers.is_empty() || self.issuers.iter().any(is_issuer) {
            return Ok(());
        }
        Err(Reason::IssuerNotAllowed {
            expected: shown(self.issuers.iter().map(DistinguishedName::name)),
            found: issuer.shown().to_string(),
        })
    }

    fn check_subject(&self, leaf: &Certificate<'_>) -> Result<(), Reason> {
        let subject = leaf.subject();
        let is_subject = |expected: &DistinguishedName| has_every_attribute(subject, expected);
        if self.subjects.is_empty() || self.subjects.iter().any(is_subject) {
            return Ok(());
        }
        Err(Reason::SubjectNotAllowed {
            expected: shown(self.subjects.iter().map(DistinguishedName::name)),
            found: subject.shown().to_string(),
        })
    }

    fn check_names(&self, leaf: &Member<'_>, purpose: Purpose) -> Result<(), Reason> {
        if self.names.is_empty() {
            return Ok(());
        }
        let names = leaf.known()?.subject_alternative_name;
        let names = || names.iter().flat_map(|names| names.iter());
        let bearer = Bearer::of(leaf, purpose)?;
        let meets = |name: &GeneralName<'_>| {
            let mut rules = self.names.iter();
            rules.any(|rule| rule.is_met(name, bearer))
        };
        if names().any(|name| meets(&name)) {
            return Ok(());
        }
        Err(Reason::NameNotAllowed {
            expected: shown(&self.names),
            found: shown(names()),
        })
    }

    fn check_pins(&self, path: &[&Member<'_>]) -> Result<(), Reason> {
        if self.pins.is_empty() {
            return Ok(());
        }
        let is_pinned = |member: &&Member<'_>| self.pins.contains(member.key_digest());
        if path.iter().any(is_pinned) {
            return Ok(());
        }
        Err(Reason::KeyNotPinned {
            expected: self.pins.len(),
        })
    }
}

/// Whether every attribute of `expected`, of which there is one, is in the subject, wherever it stands.
fn has_every_attribute(subject: Name<'_>, expected: &DistinguishedName) -> bool {
    let has = |wanted: Attribute<'_>| subject.attributes().any(|found| found.matches(&wanted));
    !expected.name().is_empty() && expected.name().attributes().all(has)
}

/// Values that a report repeats.
const MAX_LISTED: usize = 4;

/// The first values of a list, each up to what is shown of one.
#[cold]
fn shown<T: fmt::Display>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    let shown = |value| portcullis_x509::Shown::new(value).to_string();
    values.into_iter().take(MAX_LISTED).map(shown).collect()
}

impl CertificateId {
    /// Whether this is the certificate.
    fn is(&self, member: &Member<'_>) -> bool {
        let certificate = &member.certificate;
        match self {
            Self::Serial { issuer, serial } => {
                certificate.serial().as_bytes() == serial
                    && issuer.name().matches(&certificate.issuer())
            }
            Self::Fingerprint(fingerprint) => fingerprint == member.digest(),
        }
    }

    /// Whether this is the certificate, or one that says the same in another form: an issuer in another
    /// kind of string, or the other of the two signatures that everybody can make of one by ECDSA.
    fn may_be(&self, member: &Member<'_>) -> bool {
        let certificate = &member.certificate;
        self.is(member)
            || match self {
                Self::Serial { issuer, serial } => {
                    let (own, other) = (certificate.issuer(), issuer.name());
                    certificate.serial().as_bytes() == serial
                        && own.resembles_within(&other)
                        && other.resembles_within(&own)
                }
                Self::Fingerprint(fingerprint) => twin::digests(certificate).contains(fingerprint),
            }
    }

    /// The certificate to which `issuer` gave a serial number with this magnitude, big endian.
    pub fn serial(issuer: DistinguishedName, magnitude: &[u8]) -> Self {
        let zeros = magnitude.iter().take_while(|octet| **octet == 0).count();
        let significant = magnitude.get(zeros..).unwrap_or_default();
        let positive = significant.first().is_some_and(|octet| octet & 0x80 == 0);
        let sign: &[u8] = if positive { &[] } else { &[0] };
        Self::Serial {
            issuer,
            serial: [sign, significant].concat(),
        }
    }
}

/// As logs show both: the serial number and its issuer, or the digest in hexadecimal.
impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial { issuer, serial } => {
                let serial = portcullis_x509::Serial::from_content(serial);
                write!(f, "serial {serial} of {}", issuer.name().shown())
            }
            Self::Fingerprint(digest) => {
                f.write_str("SHA-256 ")?;
                digest.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}
