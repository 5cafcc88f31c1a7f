//! By what a certificate is looked up: its issuer's name and key, and its serial number.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hashbrown::Equivalent;
use portcullis_x509::Certificate;

/// An issuer, held once for all of its certificates.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    name: Box<[u8]>,
    key: Box<[u8]>,
}

/// The key of a certificate in the memory.
///
/// Issuers of the same name with other keys are other issuers, so that no answer reaches the
/// certificate of another authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    issuer: Arc<Issuer>,
    serial: Box<[u8]>,
}

/// The same, borrowed from certificates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyRef<'a> {
    issuer: IssuerRef<'a>,
    serial: &'a [u8],
}

/// An issuer, borrowed from its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IssuerRef<'a> {
    name: &'a [u8],
    key: &'a [u8],
}

impl<'a> KeyRef<'a> {
    pub(crate) fn new(certificate: &Certificate<'a>, issuer: &Certificate<'a>) -> Self {
        Self {
            issuer: IssuerRef::of(issuer),
            serial: certificate.serial().as_bytes(),
        }
    }

    #[cfg(test)]
    pub(crate) fn made_of(name: &'a [u8], key: &'a [u8], serial: &'a [u8]) -> Self {
        Self {
            issuer: IssuerRef { name, key },
            serial,
        }
    }

    pub(crate) fn issuer(&self) -> IssuerRef<'a> {
        self.issuer
    }

    pub(crate) fn to_key(self, issuer: Arc<Issuer>) -> Key {
        Key {
            issuer,
            serial: self.serial.into(),
        }
    }
}

impl<'a> IssuerRef<'a> {
    fn of(certificate: &Certificate<'a>) -> Self {
        Self {
            name: certificate.subject().der(),
            key: certificate.subject_public_key_info().der(),
        }
    }

    pub(crate) fn to_issuer(self) -> Issuer {
        Issuer {
            name: self.name.into(),
            key: self.key.into(),
        }
    }
}

impl Issuer {
    pub(crate) fn of(certificate: &Certificate<'_>) -> Self {
        IssuerRef::of(certificate).to_issuer()
    }

    pub(crate) fn is(&self, certificate: &Certificate<'_>) -> bool {
        self.by_reference() == IssuerRef::of(certificate)
    }

    fn by_reference(&self) -> IssuerRef<'_> {
        IssuerRef {
            name: &self.name,
            key: &self.key,
        }
    }
}

impl Key {
    pub(crate) fn by_reference(&self) -> KeyRef<'_> {
        KeyRef {
            issuer: self.issuer.by_reference(),
            serial: &self.serial,
        }
    }
}

/// The serial number tells certificates apart, and the key issuers; the name is left to comparison.
impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.serial.hash(state);
        self.issuer.key.hash(state);
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.by_reference().hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        let key = key.by_reference();
        self.serial == key.serial && self.issuer == key.issuer
    }
}

/// The cache has a trait of its own for the same.
impl quick_cache::Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        Equivalent::equivalent(self, key)
    }
}

impl Hash for Issuer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.by_reference().hash(state);
    }
}

impl quick_cache::Equivalent<Arc<Issuer>> for IssuerRef<'_> {
    fn equivalent(&self, key: &Arc<Issuer>) -> bool {
        *self == key.by_reference()
    }
}
