//! What was proven before, so that it need not be proven again.

use alloc::sync::Arc;
use core::cell::RefCell;

use hashbrown::HashMap;
use rustls_pki_types::UnixTime;

use crate::judgement::ValidPolicies;
use crate::policy::Sha256Digest;
use crate::search::Source;

/// Chains that were accepted, and issuers whose signatures were found good: as many of each as asked
/// for, those used last.
///
/// Only [`Trust::verify`](crate::Trust::verify) writes and reads it, and only what it accepted: whoever
/// cannot get a certificate accepted cannot put anything here. What is kept of a chain is a digest,
/// where its certificates are found again, and until when: some 200 octets; of an issuer a digest and a
/// key, some 200 to 700 octets.
#[derive(Debug)]
pub struct Memory {
    chains: Table<Proof>,
    links: Table<Arc<[u8]>>,
    recalled: u64,
    missed: u64,
}

/// Lends a [`Memory`] for a moment: the lock of whoever shares one between threads.
///
/// What is lent is looked at or written to once, in some ten nanoseconds. `key` is a digest: whoever has
/// several memories, each with its lock, can choose one by it, and must choose the same every time.
///
/// A [`RefCell`] serves one thread.
pub trait MemoryCell {
    /// Runs `work` with exclusive access.
    fn with<T>(&self, key: &Sha256Digest, work: impl FnOnce(&mut Memory) -> T) -> T;
}

impl MemoryCell for RefCell<Memory> {
    fn with<T>(&self, _: &Sha256Digest, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.borrow_mut())
    }
}

/// A chain that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// Leaf first, anchor last.
    pub(crate) path: Arc<[Source]>,
    pub(crate) policies: ValidPolicies,
    pub(crate) valid_from: UnixTime,
    pub(crate) valid_until: UnixTime,
}

impl Memory {
    /// A memory of so many chains and so many issuers.
    pub fn new(entries: usize) -> Self {
        Self::bounded(entries, entries)
    }

    /// A memory of so many chains, and of so many issuers. Without chains, a client's own certificate is checked every
    /// time, and what is between it and an anchor once.
    pub fn bounded(chains: usize, issuers: usize) -> Self {
        Self {
            chains: Table::new(chains),
            links: Table::new(issuers),
            recalled: 0,
            missed: 0,
        }
    }

    /// How many chains are remembered.
    pub fn chains(&self) -> usize {
        self.chains.len()
    }

    /// How many issuers are remembered.
    pub fn issuers(&self) -> usize {
        self.links.len()
    }

    /// How often a chain was looked for and found, since this memory was made.
    pub fn recalled(&self) -> u64 {
        self.recalled
    }

    /// How often a chain was looked for in vain, since this memory was made.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The chain with this key, where it holds at that time.
    pub(crate) fn chain(&mut self, key: &Sha256Digest, now: UnixTime) -> Option<Proof> {
        let proof = self.chains.find(key).cloned();
        let proof = proof.filter(|proof| proof.valid_from <= now && now <= proof.valid_until);
        match proof {
            Some(_) => self.recalled = self.recalled.saturating_add(1),
            None => self.missed = self.missed.saturating_add(1),
        }
        proof
    }

    pub(crate) fn remember_chain(&mut self, key: Sha256Digest, proof: Proof) {
        self.chains.insert(key, proof);
    }

    /// Whether the certificate with this key is known to be signed with this SubjectPublicKeyInfo's key.
    pub(crate) fn is_signed(&mut self, key: &Sha256Digest, signer: &[u8]) -> bool {
        self.links.find(key).is_some_and(|known| **known == *signer)
    }

    pub(crate) fn remember_signer(&mut self, key: Sha256Digest, signer: &[u8]) {
        self.links.insert(key, signer.into());
    }
}

/// A bounded table in two halves. What is used moves to the young one; when that is full it becomes the old
/// one, and what was old is forgotten.
#[derive(Debug)]
struct Table<V> {
    young: HashMap<Sha256Digest, V>,
    old: HashMap<Sha256Digest, V>,
    entries: usize,
}

impl<V> Table<V> {
    fn new(entries: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            entries,
        }
    }

    fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }

    fn find(&mut self, key: &Sha256Digest) -> Option<&V> {
        if let Some(value) = self.old.remove(key) {
            self.insert(*key, value);
        }
        self.young.get(key)
    }

    fn insert(&mut self, key: Sha256Digest, value: V) {
        let half = self.entries.div_ceil(2);
        if self.young.len() >= half && !self.young.contains_key(&key) {
            self.old = core::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
        if self.len() > self.entries {
            self.old.clear();
        }
        if self.entries == 0 {
            self.young.clear();
        }
    }
}
