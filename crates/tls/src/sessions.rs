//! What is remembered of sessions, within bounds.

use arc_swap::ArcSwap;
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};

/// Sessions one profile remembers for resumption, the oldest leaving first.
///
/// Most hold some 2 KiB, a chain of two P-256 certificates, which makes 16 MiB a profile. None holds
/// more than [`SESSION_BYTES`], so that a profile stays under 64 MiB whatever its clients present.
pub const SESSIONS: usize = 8_192;

/// Most bytes of a session that is remembered. A client whose chain is longer shakes hands anew.
///
/// A session holds the chain that the client presented, trusted or not, and rustls takes up to
/// 64 KiB of it: at two sessions a handshake, strangers could otherwise make each profile hold half
/// a GiB.
pub const SESSION_BYTES: usize = 8 * 1024;

/// The sessions of one profile, and of those that took them over.
#[derive(Debug)]
pub(crate) struct Sessions(ArcSwap<ServerSessionMemoryCache>);

impl Sessions {
    pub(crate) fn new() -> Self {
        Self(ArcSwap::new(ServerSessionMemoryCache::new(SESSIONS)))
    }

    /// Shares those of `other` from now on, and forgets its own.
    pub(crate) fn take_over(&self, other: &Self) {
        self.0.store(other.0.load_full());
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        value.len() <= SESSION_BYTES && self.0.load().put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.load().get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.load().take(key)
    }

    fn can_cache(&self) -> bool {
        self.0.load().can_cache()
    }
}
