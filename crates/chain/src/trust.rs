//! Anchors and policy that belong together, and what was proven under them.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use sha2::{Digest as _, Sha256};

use crate::anchors::Anchors;
use crate::memory::{MemoryCell, Proof};
use crate::policy::{Policy, Sha256Digest};
use crate::rejection::Rejection;
use crate::search::{Fallen, Found, Kept, Source};
use crate::verify::{Court, VerifiedChain};

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
        let presented = self.presented(leaf, offered);
        let proof = memory.with(&presented, |memory| memory.chain(&presented, now));
        if let Some(chain) = proof.and_then(|proof| self.recall(leaf, offered, &proof)) {
            return Ok(chain);
        }
        let remembers = |child: &Certificate<'_>, issuer: &Certificate<'_>| {
            let (key, signer) = (self.authority(child), issuer.subject_public_key_info());
            memory.with(&key, |memory| memory.is_signed(&key, signer.der()))
        };
        let court = Court::remembering(&self.policy, now, &remembers);
        let mut fallen = Fallen::new(Kept::First);
        match court.find_path(leaf, offered, &self.anchors, &mut fallen) {
            Some(found) => Ok(self.remember(leaf, found, presented, memory)),
            None => Err(fallen.to_rejection(leaf)),
        }
    }

    fn remember<'a>(
        &'a self,
        leaf: &Certificate<'a>,
        found: Found<'a>,
        presented: Sha256Digest,
        memory: &impl MemoryCell,
    ) -> VerifiedChain<'a> {
        // What signed the leaf is remembered with the chain.
        for position in found.checked.into_iter().filter(|position| *position > 0) {
            let issuer = found.path.get(position.saturating_add(1));
            let Some((child, issuer)) = found.path.get(position).zip(issuer) else {
                continue;
            };
            let (key, signer) = (self.authority(child), issuer.subject_public_key_info());
            memory.with(&key, |memory| memory.remember_signer(key, signer.der()));
        }
        let chain = VerifiedChain::new(leaf, found.path, found.policies, &self.policy);
        let proof = Proof {
            path: found.sources.into(),
            policies: chain.valid_policies().clone(),
            valid_from: chain.valid_from(),
            valid_until: chain.valid_until(),
        };
        memory.with(&presented, |memory| memory.remember_chain(presented, proof));
        chain
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

    /// What stands for everything that was presented.
    fn presented(&self, leaf: &Certificate<'_>, offered: &[Certificate<'_>]) -> Sha256Digest {
        let certificates = core::iter::once(leaf).chain(offered);
        self.digest(Kind::Presented, certificates)
    }

    /// What stands for an authority's certificate.
    fn authority(&self, certificate: &Certificate<'_>) -> Sha256Digest {
        self.digest(Kind::Authority, core::iter::once(certificate))
    }

    /// Certificates say themselves where they end, so that no two lists of them read alike.
    fn digest<'c, 'a: 'c>(
        &self,
        kind: Kind,
        certificates: impl Iterator<Item = &'c Certificate<'a>>,
    ) -> Sha256Digest {
        let mut digest = Sha256::new();
        digest.update([kind.octet()]);
        digest.update(self.generation.to_be_bytes());
        certificates.for_each(|certificate| digest.update(certificate.der()));
        digest.finalize().into()
    }
}

/// What a digest stands for.
#[derive(Clone, Copy)]
enum Kind {
    Presented,
    Authority,
}

impl Kind {
    const fn octet(self) -> u8 {
        match self {
            Self::Presented => 0,
            Self::Authority => 1,
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("anchors", &self.anchors)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
