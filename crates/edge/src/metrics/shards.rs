//! Counters of which each core has its own.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

thread_local! {
    static CORE: Cell<usize> = const { Cell::new(0) };
}

/// Says which core this thread is. A thread that does not say counts with the first one.
pub(crate) fn pin(core: usize) {
    CORE.set(core);
}

/// A value a core. What one core counts, no other core waits for: only a scrape looks at all of them.
#[derive(Debug)]
pub(crate) struct Shards<T> {
    first: Apart<T>,
    others: Box<[Apart<T>]>,
}

/// On cache lines of its own, two of them, as processors fetch pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T: Default> Shards<T> {
    pub(crate) fn new(cores: NonZeroUsize) -> Self {
        Self {
            first: Apart::default(),
            others: (1..cores.get()).map(|_| Apart::default()).collect(),
        }
    }
}

impl<T> Shards<T> {
    /// That of the core that asks.
    pub(crate) fn own(&self) -> &T {
        let other = CORE.get().checked_sub(1);
        let other = other.and_then(|index| self.others.get(index));
        &other.unwrap_or(&self.first).0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .map(|one| &one.0)
    }
}

/// Locks what one core writes and a scrape reads now and then.
pub(crate) fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    // Counters are whole after every statement, also after one that panicked.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn every_core_has_its_own_and_nobody_has_none() {
        let shards: Shards<AtomicU64> = Shards::new(NonZeroUsize::new(2).unwrap());
        std::thread::scope(|scope| {
            for core in 0..4 {
                let shards = &shards;
                scope.spawn(move || {
                    pin(core);
                    shards.own().fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        let counted: Vec<u64> = shards
            .iter()
            .map(|one| one.load(Ordering::Relaxed))
            .collect();
        assert_eq!(counted, [3, 1]);
    }
}
