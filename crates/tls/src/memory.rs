//! What the handshakes of a profile have proven, shared between the cores.

use std::sync::{Mutex, PoisonError};

use portcullis_chain::{Memory, MemoryCell, Sha256Digest};

/// Chains, and as many issuers, that a profile remembers unless it is [told](crate::Trust::remembering): some 4 MB
/// when all are there.
///
/// A client that returns within so many others costs no signature check for its chain.
pub const REMEMBERED_CHAINS: usize = 16_384;

/// Memories that are locked one by one: more than there are cores that would wait for each other.
const SHARDS: usize = 16;

/// A memory in parts, each behind its lock. A digest says which part.
#[derive(Debug)]
pub(crate) struct Shards([Mutex<Memory>; SHARDS]);

impl Shards {
    pub(crate) fn new(chains: usize) -> Self {
        Self(std::array::from_fn(|_| {
            let issuers = REMEMBERED_CHAINS / SHARDS;
            Mutex::new(Memory::bounded(chains.div_ceil(SHARDS), issuers))
        }))
    }
}

/// What a [`Trust`](crate::Trust) remembers, and how often it was of use since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remembered {
    /// Chains that are remembered.
    pub chains: usize,
    /// Issuers that are remembered.
    pub issuers: usize,
    /// Verifications of a chain that was remembered.
    pub hits: u64,
    /// Verifications of a chain that was not.
    pub misses: u64,
}

impl Shards {
    /// All parts together; each is locked for a moment.
    pub(crate) fn remembered(&self) -> Remembered {
        let mut whole = Remembered::default();
        for shard in &self.0 {
            let memory = shard.lock().unwrap_or_else(PoisonError::into_inner);
            whole = Remembered {
                chains: whole.chains.saturating_add(memory.chains()),
                issuers: whole.issuers.saturating_add(memory.issuers()),
                hits: whole.hits.saturating_add(memory.recalled()),
                misses: whole.misses.saturating_add(memory.missed()),
            };
        }
        whole
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
