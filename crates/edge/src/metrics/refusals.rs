//! The latest refusals, for operators to look at.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::SystemTime;

use super::shards::{Shards, lock};

/// Refusals that are kept, by each core, and shown of all.
pub(crate) const REFUSALS: usize = 256;

/// Characters of a text that a peer chose.
const LONGEST: usize = 512;

/// One refusal.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: SystemTime,
    pub(crate) client: SocketAddr,
    pub(crate) listener: Option<String>,
    /// That of the certificate that was presented, proven or not.
    pub(crate) subject: Option<String>,
    /// Nothing where the handshake ended with an alert.
    pub(crate) status: Option<u16>,
    pub(crate) class: &'static str,
    pub(crate) reason: &'static str,
    /// The whole story.
    pub(crate) detail: Option<String>,
}

/// The latest refusals of each core.
#[derive(Debug)]
pub(crate) struct Refusals(Shards<Mutex<VecDeque<Seen>>>);

impl Refusals {
    pub(super) fn new(cores: NonZeroUsize) -> Self {
        Self(Shards::new(cores))
    }

    pub(super) fn push(&self, mut seen: Seen) {
        for text in [&mut seen.subject, &mut seen.detail].into_iter().flatten() {
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.truncate(end);
                text.push('…');
            }
        }
        let mut kept = lock(self.0.own());
        while kept.len() >= REFUSALS {
            kept.pop_front();
        }
        kept.push_back(seen);
    }

    /// The latest of all cores, the latest first.
    pub(crate) fn latest(&self) -> Vec<Seen> {
        let mut all = Vec::new();
        for shard in self.0.iter() {
            all.extend(lock(shard).iter().rev().cloned());
        }
        all.sort_by_key(|seen| std::cmp::Reverse(seen.at));
        all.truncate(REFUSALS);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_are_kept_and_none_without_end() {
        let refusals = Refusals::new(NonZeroUsize::MIN);
        for port in 0..2_000 {
            refusals.push(Seen {
                at: SystemTime::now(),
                client: SocketAddr::from(([127, 0, 0, 1], port)),
                listener: None,
                subject: Some("é".repeat(100_000)),
                status: None,
                class: "",
                reason: "",
                detail: None,
            });
        }
        let latest = refusals.latest();
        assert_eq!(latest.len(), REFUSALS);
        assert_eq!(latest[0].client.port(), 1_999);
        assert_eq!(
            latest[0].subject.as_ref().unwrap().chars().count(),
            LONGEST + 1
        );
    }
}
