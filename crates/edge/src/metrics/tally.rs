//! What is counted by kinds, and how long things take.

use std::collections::BTreeMap;
use std::time::Duration;

/// How often each of several kinds of things happened. The kinds must be a closed set.
#[derive(Clone, Debug)]
pub(crate) struct Tally<K>(BTreeMap<K, u64>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Copy> Tally<K> {
    pub(crate) fn count(&mut self, kind: K) {
        let count = self.0.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, more) in &other.0 {
            let count = self.0.entry(*kind).or_default();
            *count = count.saturating_add(*more);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, u64)> {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }
}

/// Upper bounds of what is told apart, in milliseconds: from a backend on the same machine to a minute, the
/// defaults of Prometheus's own libraries with one step below and three above.
const BOUNDS: [u64; 15] = [
    1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000,
];

/// How long things took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durations {
    /// By bound.
    counts: [u64; BOUNDS.len()],
    /// Longer than the last bound.
    longer: u64,
    sum: Duration,
}

impl Durations {
    pub(crate) fn observe(&mut self, took: Duration) {
        let place = BOUNDS
            .iter()
            .position(|bound| took <= Duration::from_millis(*bound));
        let count = match place.and_then(|place| self.counts.get_mut(place)) {
            Some(count) => count,
            None => &mut self.longer,
        };
        *count = count.saturating_add(1);
        self.sum = self.sum.saturating_add(took);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.longer = self.longer.saturating_add(other.longer);
        self.sum = self.sum.saturating_add(other.sum);
    }

    pub(crate) fn count(&self) -> u64 {
        let counts = self.counts.iter();
        counts.fold(self.longer, |sum, count| sum.saturating_add(*count))
    }

    /// In seconds.
    pub(crate) fn sum(&self) -> f64 {
        self.sum.as_secs_f64()
    }

    /// What it took on the average, in whole milliseconds; nothing where nothing was.
    pub(crate) fn mean_of_millis(&self) -> Option<u128> {
        self.sum.as_millis().checked_div(u128::from(self.count()))
    }

    /// Upper bounds in seconds, each with what is within it and not within the one before.
    pub(crate) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS
            .iter()
            .map(|bound| Duration::from_millis(*bound).as_secs_f64());
        let mut buckets: Vec<_> = bounds.zip(self.counts).collect();
        buckets.push((f64::INFINITY, self.longer));
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_at_and_below_their_bound() {
        let mut durations = Durations::default();
        for millis in [0, 1, 2, 60_000, 120_000, 120_001, 10_000_000] {
            durations.observe(Duration::from_millis(millis));
        }
        let mut twice = durations.clone();
        twice.add(&durations);
        let counts = |of: &Durations| of.buckets().iter().map(|(_, count)| *count).collect();
        let once: Vec<u64> = counts(&durations);
        assert_eq!(once, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
        assert_eq!((durations.count(), twice.count()), (7, 14));
        assert!((durations.sum() - 10_300.004).abs() < 1e-6);
    }
}
