//! What a policy demands, as one digest.

use alloc::format;
use core::fmt::Debug;

use sha2::{Digest as _, Sha256};

use super::demands::{CertificateId, Demands};
use super::inputs::PolicyInputs;
use super::{DistinguishedName, Policy};

/// Takes in a value behind its length, so that no two lists of values are the same octets.
pub(crate) fn field(digest: &mut Sha256, octets: &[u8]) {
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    digest.update(length.to_be_bytes());
    digest.update(octets);
}

/// As [`field`], of a value that shows all of itself.
fn shown(digest: &mut Sha256, value: &impl Debug) {
    field(digest, format!("{value:?}").as_bytes());
}

fn list<T>(digest: &mut Sha256, items: &[T], each: impl Fn(&mut Sha256, &T)) {
    shown(digest, &items.len());
    for item in items {
        each(digest, item);
    }
}

fn name(digest: &mut Sha256, name: &DistinguishedName) {
    field(digest, name.name().der());
}

fn id(digest: &mut Sha256, id: &CertificateId) {
    match id {
        CertificateId::Serial { issuer, serial } => {
            field(digest, b"serial");
            name(digest, issuer);
            field(digest, serial);
        }
        CertificateId::Fingerprint(fingerprint) => field(digest, fingerprint),
    }
}

impl Policy {
    /// Takes in everything that the policy demands.
    pub(crate) fn digest(&self, digest: &mut Sha256) {
        // Every field by its name: a new one does not compile until it is taken in.
        let Self {
            usage,
            algorithms,
            max_depth,
            anchor_validity,
            anchor_constraints,
            issuance_profile,
            least_rsa_bits,
            most_rsa_bits,
            partial_chain,
            policies,
            demands,
        } = self;
        shown(digest, usage);
        list(digest, algorithms, |digest, algorithm| {
            field(digest, &algorithm.public_key_alg_id());
            field(digest, &algorithm.signature_alg_id());
        });
        shown(digest, &(max_depth, least_rsa_bits, most_rsa_bits));
        shown(digest, &(anchor_validity, anchor_constraints));
        shown(digest, &(issuance_profile, partial_chain));
        policies.digest(digest);
        demands.digest(digest);
    }
}

impl PolicyInputs {
    fn digest(&self, digest: &mut Sha256) {
        shown(digest, self);
    }
}

impl Demands {
    fn digest(&self, digest: &mut Sha256) {
        let Self {
            issuers,
            names,
            subjects,
            pins,
            allowed,
            denied,
        } = self;
        list(digest, issuers, name);
        list(digest, names, shown);
        list(digest, subjects, name);
        list(digest, pins, |digest, pin| field(digest, pin));
        list(digest, allowed, id);
        list(digest, denied, id);
    }
}
