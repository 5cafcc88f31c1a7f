//! What the handshakes of a profile have proven, shared between the cores.

use std::sync::{Mutex, PoisonError};

use portcullis_chain::{Memory, MemoryCell, Sha256Digest};

/// Chains, and as many issuers, that a profile remembers: some 4 MB when all are there.
///
/// A client that returns within so many others costs no signature check for its chain.
pub const REMEMBERED_CHAINS: usize = 16_384;

/// Memories that are locked one by one: more than there are cores that would wait for each other.
const SHARDS: usize = 16;

/// A memory in parts, each behind its lock. A digest says which part.
#[derive(Debug)]
pub(crate) struct Shards([Mutex<Memory>; SHARDS]);

impl Shards {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| {
            Mutex::new(Memory::new(REMEMBERED_CHAINS / SHARDS))
        }))
    }
}

impl MemoryCell for Shards {
    fn with<T>(&self, key: &Sha256Digest, work: impl FnOnce(&mut Memory) -> T) -> T {
        let [first, ..] = *key;
        let [zeroth, ..] = &self.0;
        let shard = self.0.get(usize::from(first) % SHARDS).unwrap_or(zeroth);
        // A memory is whole after every step, whoever panicked between two.
        work(&mut shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
