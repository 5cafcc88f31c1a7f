//! From the builder's fields to DER.

use std::sync::atomic::{AtomicU64, Ordering};

use sha1::{Digest as _, Sha1};

use super::{BasicConstraints, Builder, Certified, Criticality, Version, key_identifier, oid};
use crate::{DAY, Key, Name, after, before, der};

impl<T: From<Certified>> Builder<T> {
    /// The finished certificate with its key.
    #[must_use]
    pub fn issue(self) -> T {
        let key = self
            .key
            .clone()
            .unwrap_or_else(|| Key::generate(self.algorithm));
        let serial = self.serial.clone().unwrap_or_else(|| fresh_serial(&key));
        let signer = self.signing_key(&key);
        let inner = self
            .signature_algorithm
            .clone()
            .unwrap_or_else(|| signer.algorithm().identifier());
        let outer = self
            .outer_signature_algorithm
            .clone()
            .unwrap_or_else(|| inner.clone());
        let tbs = self.tbs(&key, &serial, &inner);
        let mut signature = signer.sign(&tbs);
        if self.flip_signature {
            let last = signature.len() - 1;
            signature[last] ^= 1;
        }
        let der = der::sequence(&[tbs, outer, der::bit_string(&signature)]);
        let around = self.around;
        T::from(Certified {
            der: der.into(),
            key,
            subject: self.subject,
            serial,
            around,
        })
    }

    fn signing_key(&self, own: &Key) -> Key {
        let issuer = self.issuer.as_ref().map(|issuer| &issuer.key);
        self.signer.as_ref().or(issuer).unwrap_or(own).clone()
    }

    fn tbs(&self, key: &Key, serial: &[u8], signature_algorithm: &[u8]) -> Vec<u8> {
        let issuer = self
            .issuer
            .as_ref()
            .map_or(&self.subject, |issuer| &issuer.subject);
        let issuer = self.issuer_name.as_ref().unwrap_or(issuer);
        let mut parts = vec![
            self.encoded_version(),
            der::integer(serial),
            signature_algorithm.to_vec(),
            issuer.der().to_vec(),
            self.validity(),
            self.subject.der().to_vec(),
            self.public_key_info
                .clone()
                .unwrap_or_else(|| key.subject_public_key_info()),
        ];
        let extensions = self.extensions(key);
        if !matches!(self.version, Version::V1 | Version::V2) && !extensions.is_empty() {
            parts.push(der::context(3, &der::sequence(&extensions)));
        }
        der::sequence(&parts)
    }

    fn encoded_version(&self) -> Vec<u8> {
        let number = match self.version {
            Version::V1 => return Vec::new(),
            Version::V2 => 1,
            Version::V3 => 2,
            Version::Other(number) => number,
        };
        der::context(0, &der::number(number.into()))
    }

    fn validity(&self) -> Vec<u8> {
        let span = self.days * DAY;
        let not_before = self.not_before.unwrap_or_else(|| before(self.around, span));
        let not_after = self.not_after.unwrap_or_else(|| after(self.around, span));
        der::sequence(&[der::time(not_before), der::time(not_after)])
    }

    fn extensions(&self, key: &Key) -> Vec<Vec<u8>> {
        let non_critical = Criticality::NonCritical;
        let issuer_key = self.issuer.as_ref().map_or(key, |issuer| &issuer.key);
        let authority = key_identifier(issuer_key.public_key());
        let authority = der::sequence(&[der::context_primitive(0, &authority)]);
        let subject = der::octet_string(&key_identifier(key.public_key()));
        let own = [
            (oid::AUTHORITY_KEY_IDENTIFIER, non_critical, Some(authority)),
            (oid::SUBJECT_KEY_IDENTIFIER, non_critical, Some(subject)),
            (oid::KEY_USAGE, self.key_usage.1, self.encoded_key_usage()),
            (
                oid::BASIC_CONSTRAINTS,
                self.basic_constraints.1,
                self.encoded_basic_constraints(),
            ),
            (
                oid::EXTENDED_KEY_USAGE,
                self.extended_key_usage.1,
                self.encoded_extended_key_usage(),
            ),
            (
                oid::SUBJECT_ALTERNATIVE_NAME,
                self.alternative_name_criticality(),
                self.encoded_alternative_names(),
            ),
            (
                oid::NAME_CONSTRAINTS,
                Criticality::Critical,
                self.encoded_name_constraints(),
            ),
            (
                oid::AUTHORITY_INFORMATION_ACCESS,
                non_critical,
                self.encoded_access(),
            ),
        ];
        let own = own
            .into_iter()
            .filter(|(oid, ..)| self.without.iter().all(|other| other != oid));
        let own = own.filter_map(|(oid, criticality, value)| {
            value.map(|value| der::extension(oid, criticality, &value))
        });
        own.chain(self.extra.iter().cloned()).collect()
    }

    fn encoded_key_usage(&self) -> Option<Vec<u8>> {
        let bits: Vec<u8> = self.key_usage.0.iter().map(|usage| *usage as u8).collect();
        (!bits.is_empty()).then(|| der::named_bits(&bits))
    }

    fn encoded_basic_constraints(&self) -> Option<Vec<u8>> {
        match self.basic_constraints.0 {
            BasicConstraints::Absent => None,
            BasicConstraints::EndEntity => Some(der::sequence::<&[u8]>(&[])),
            BasicConstraints::Ca { path_length } => {
                let mut parts = vec![der::boolean(true)];
                parts.extend(path_length.map(|length| der::number(length.into())));
                Some(der::sequence(&parts))
            }
        }
    }

    fn encoded_extended_key_usage(&self) -> Option<Vec<u8>> {
        let usages: Vec<_> = self
            .extended_key_usage
            .0
            .iter()
            .map(|usage| der::oid(usage.oid()))
            .collect();
        (!usages.is_empty()).then(|| der::sequence(&usages))
    }

    /// Critical when there is no other name (RFC 5280 4.2.1.6).
    fn alternative_name_criticality(&self) -> Criticality {
        if self.subject == Name::empty() {
            Criticality::Critical
        } else {
            Criticality::NonCritical
        }
    }

    fn encoded_alternative_names(&self) -> Option<Vec<u8>> {
        (!self.alternative_names.is_empty()).then(|| der::sequence(&self.alternative_names))
    }

    fn encoded_name_constraints(&self) -> Option<Vec<u8>> {
        let trees = |number, bases: &[Vec<u8>]| {
            let trees: Vec<_> = bases.iter().map(|base| der::sequence(&[base])).collect();
            (!trees.is_empty()).then(|| der::context(number, &der::concat(&trees)))
        };
        let lists = [trees(0, &self.permitted), trees(1, &self.excluded)];
        let lists: Vec<_> = lists.into_iter().flatten().collect();
        (!lists.is_empty()).then(|| der::sequence(&lists))
    }

    fn encoded_access(&self) -> Option<Vec<u8>> {
        let described: Vec<_> = self
            .access
            .iter()
            .map(|(method, url)| {
                der::sequence(&[der::oid(method), der::context_primitive(6, url.as_bytes())])
            })
            .collect();
        (!described.is_empty()).then(|| der::sequence(&described))
    }
}

/// A positive serial of sixteen octets that no other certificate of this process has.
fn fresh_serial(key: &Key) -> Vec<u8> {
    static ISSUED: AtomicU64 = AtomicU64::new(0);
    let number = ISSUED.fetch_add(1, Ordering::Relaxed);
    let mut hash = Sha1::new();
    hash.update(key.public_key());
    hash.update(number.to_be_bytes());
    let mut serial = hash.finalize()[..16].to_vec();
    serial[0] = serial[0] & 0x3F | 0x40;
    serial
}
