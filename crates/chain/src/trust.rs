//! Anchors and policy that belong together, and what was proven under them.

use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use sha2::{Digest as _, Sha256};

use crate::anchors::Anchors;
use crate::budget::{MAX_CERTIFICATES, MAX_OCTETS};
use crate::memory::{MemoryCell, Proof};
use crate::policy::{Policy, Sha256Digest};
use crate::rejection::Rejection;
use crate::search::{Fallen, Found, Kept, Source};
use crate::verify::{Court, VerifiedChain, verify};

/// One generation of one profile's trust: the anchors, and the policy that they are trusted under.
///
/// Neither can be changed. Other anchors, or another policy, are another value, and nothing that was
/// remembered under one is ever recalled under another, even when they share a
/// [`Memory`](crate::Memory).
///
/// ```
/// use core::cell::RefCell;
/// use portcullis_chain::{Anchors, Memory, Policy, Purpose, Trust};
/// use portcullis_x509::Certificate;
/// # use portcullis_test_pki::{Ca, NOW as now};
/// # let root = Ca::root("Contoso Root").issue();
/// # let alice = root.client("alice").issue();
/// # let (root_der, alice_der) = (root.der.clone(), &alice.der[..]);
///
/// let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
/// let policy = Policy::new(Purpose::ClientAuth, algorithms);
/// let trust = Trust::new(Anchors::new(vec![root_der], vec![])?, policy);
/// let memory = RefCell::new(Memory::new(10_000));
///
/// let alice = Certificate::parse(alice_der)?;
/// trust.verify(&alice, &[], &memory, now)?; // checks a signature
/// trust.verify(&alice, &[], &memory, now)?; // recalls that it did
/// assert_eq!(memory.borrow().chains(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trust {
    anchors: Anchors,
    policy: Policy,
    /// Which value this is of all that the process made.
    generation: usize,
}

impl Trust {
    /// Takes what belongs together.
    pub fn new(anchors: Anchors, policy: Policy) -> Self {
        static GENERATIONS: AtomicUsize = AtomicUsize::new(0);
        Self {
            anchors,
            policy,
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The anchors.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A digest of the anchors, the intermediates and all that the policy demands: the same for everybody who trusts the
    /// same, in each process of this version, and another when anything of it is another.
    pub fn digest(&self) -> Sha256Digest {
        let mut digest = Sha256::new();
        digest.update([TRUST]);
        self.anchors.digest(&mut digest);
        self.policy.digest(&mut digest);
        digest.finalize().into()
    }

    /// As [`verify`](crate::verify), with what `memory` knows: certificates that were presented before,
    /// all of them and in this order, cost a digest; a new leaf under an issuer that was in an accepted
    /// chain before costs the check of its own signature, everything else being judged anew.
    ///
    /// A chain that is recalled was accepted under this very trust, and holds at `now` as it held then:
    /// none of its certificates has begun or ended in between.
    ///
    /// # Errors
    /// As [`verify`](crate::verify). Refusals are not remembered.
    pub fn verify<'a>(
        &'a self,
        leaf: &Certificate<'a>,
        offered: &[Certificate<'a>],
        memory: &impl MemoryCell,
        now: UnixTime,
    ) -> Result<VerifiedChain<'a>, Rejection> {
        if exceeds_limits(offered) {
            return verify(leaf, offered, &self.anchors, &self.policy, now);
        }
        let presented = Presented::new(self, leaf, offered);
        let key = presented.whole();
        let proof = memory.with(&key, |memory| memory.chain(&key, now));
        if let Some(chain) = proof.and_then(|proof| self.recall(leaf, offered, &proof)) {
            return Ok(chain);
        }
        let remembers = |child: &Certificate<'_>, issuer: &Certificate<'_>| {
            let (key, signer) = (presented.one(child), issuer.subject_public_key_info());
            memory.with(&key, |memory| memory.is_signed(&key, signer.der()))
        };
        let court = Court::remembering(&self.policy, now, &remembers);
        let mut fallen = Fallen::new(Kept::First);
        let Some(found) = court.find_path(leaf, offered, &self.anchors, &mut fallen) else {
            return Err(fallen.to_rejection(leaf));
        };
        remember_signers(&found, &presented, memory);
        let chain = VerifiedChain::new(leaf, found.path, found.policies, &self.policy);
        let proof = Proof {
            path: found.sources.into(),
            policies: chain.valid_policies().clone(),
            valid_from: chain.valid_from(),
            valid_until: chain.valid_until(),
        };
        memory.with(&key, |memory| memory.remember_chain(key, proof));
        Ok(chain)
    }

    /// The certificates of a chain that was accepted, from where they were found then. Nothing when one
    /// of them is not there, which the digest of what was presented rules out.
    fn recall<'a>(
        &'a self,
        leaf: &Certificate<'a>,
        offered: &[Certificate<'a>],
        proof: &Proof,
    ) -> Option<VerifiedChain<'a>> {
        let find = |source: &Source| match source {
            Source::Leaf => Some(leaf.clone()),
            Source::Offered(position) => offered.get(*position).cloned(),
            Source::Configured(entry) => self.anchors.read(*entry),
        };
        let path = proof.path.iter().map(find).collect::<Option<_>>()?;
        let policies = proof.policies.clone();
        Some(VerifiedChain::new(leaf, path, policies, &self.policy))
    }
}

/// What was offered is more than a verification takes in, and not worth a digest.
fn exceeds_limits(offered: &[Certificate<'_>]) -> bool {
    let octets = offered.iter().fold(0_usize, |octets, one| {
        octets.saturating_add(one.der().len())
    });
    let fits = |found: usize, limit| u32::try_from(found).is_ok_and(|found| found <= limit);
    !fits(offered.len(), MAX_CERTIFICATES) || !fits(octets, MAX_OCTETS)
}

/// What signed the leaf is remembered with its chain; what signed the authorities above, with them.
fn remember_signers(found: &Found<'_>, presented: &Presented<'_, '_>, memory: &impl MemoryCell) {
    for position in found.checked.iter().filter(|position| **position > 0) {
        let issuer = found.path.get(position.saturating_add(1));
        let Some((child, issuer)) = found.path.get(*position).zip(issuer) else {
            continue;
        };
        let (key, signer) = (presented.one(child), issuer.subject_public_key_info());
        memory.with(&key, |memory| memory.remember_signer(key, signer.der()));
    }
}

/// What was presented under a trust, and the digests that stand for it. Each certificate is hashed once.
struct Presented<'p, 'a> {
    generation: usize,
    certificates: Vec<(&'p Certificate<'a>, Sha256Digest)>,
}

impl<'p, 'a> Presented<'p, 'a> {
    fn new(trust: &Trust, leaf: &'p Certificate<'a>, offered: &'p [Certificate<'a>]) -> Self {
        let generation = trust.generation;
        let digest = |certificate| (certificate, of_one(generation, certificate));
        Self {
            generation,
            certificates: core::iter::once(leaf).chain(offered).map(digest).collect(),
        }
    }

    /// What stands for all of it, in its order.
    fn whole(&self) -> Sha256Digest {
        let mut digest = Sha256::new();
        digest.update([WHOLE]);
        digest.update(self.generation.to_be_bytes());
        for (_, one) in &self.certificates {
            digest.update(one);
        }
        digest.finalize().into()
    }

    /// What stands for one certificate, presented or configured.
    fn one(&self, certificate: &Certificate<'_>) -> Sha256Digest {
        let der = certificate.der();
        let mut known = self.certificates.iter();
        match known.find(|(known, _)| core::ptr::eq(known.der(), der)) {
            Some((_, digest)) => *digest,
            None => of_one(self.generation, certificate),
        }
    }
}

// What a digest begins with, so that none stands for two kinds of things.
const ONE: u8 = 0;
const WHOLE: u8 = 1;
const TRUST: u8 = 2;

fn of_one(generation: usize, certificate: &Certificate<'_>) -> Sha256Digest {
    let mut digest = Sha256::new();
    digest.update([ONE]);
    digest.update(generation.to_be_bytes());
    digest.update(certificate.der());
    digest.finalize().into()
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("anchors", &self.anchors)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use portcullis_test_pki::Ca;
    use portcullis_x509::DistinguishedName;

    use super::*;
    use crate::policy::{CertificateId, PartialChain, Purpose};

    #[test]
    fn a_digest_tells_trusts_apart_and_nothing_else() {
        let [one, other] = ["One", "Other"].map(|name| Ca::root(name).issue().der.clone());
        let (ours, theirs, both) = ([one.clone()], [other.clone()], [one, other]);
        let policy = || Policy::new(Purpose::ClientAuth, &[]);
        let name = || "CN=One".parse::<DistinguishedName>().unwrap();
        let id = || CertificateId::Fingerprint([7; 32]);
        let of = |anchors: &[_], intermediates: &[_], policy| {
            let anchors = Anchors::new(anchors.to_vec(), intermediates.to_vec()).unwrap();
            Trust::new(anchors, policy).digest()
        };
        let digests = [
            of(&ours, &[], policy()),
            of(&theirs, &[], policy()),
            of(&both, &[], policy()),
            of(&ours, &theirs, policy()),
            of(&ours, &[], Policy::new(Purpose::ServerAuth, &[])),
            of(&ours, &[], policy().max_depth(3)),
            of(&ours, &[], policy().partial_chain(PartialChain::Allow)),
            of(&ours, &[], policy().issuer(name())),
            of(&ours, &[], policy().subject(name())),
            of(&ours, &[], policy().pin([7; 32])),
            of(&ours, &[], policy().allow(id())),
            of(&ours, &[], policy().deny(id())),
            of(&ours, &[], policy().name("DNS:one".parse().unwrap())),
        ];
        for (number, digest) in digests.iter().enumerate() {
            let same = digests.iter().filter(|other| *other == digest).count();
            assert_eq!(same, 1, "{number}");
        }
        assert_eq!(digests[0], of(&ours, &[], policy()));
    }
}
