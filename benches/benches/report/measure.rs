use std::fmt;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::contender::Contender;

/// How long is measured.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    rounds: usize,
    /// How long one contender runs in one round, about.
    batch: Duration,
}

impl Effort {
    const FULL: Self = Self {
        rounds: 41,
        batch: Duration::from_millis(2),
    };

    /// Everything runs, and no number means anything.
    const ONCE: Self = Self {
        rounds: 1,
        batch: Duration::ZERO,
    };

    /// Once when called with `--test`, as criterion has it.
    pub(crate) fn from_arguments() -> Self {
        if std::env::args().any(|argument| argument == "--test") {
            Self::ONCE
        } else {
            Self::FULL
        }
    }

    /// For what takes many milliseconds and is compared with nothing.
    pub(crate) fn with_fewer_rounds(self) -> Self {
        Self {
            rounds: self.rounds.div_ceil(4),
            ..self
        }
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rounds of {:?} each", self.rounds, self.batch)
    }
}

/// What each of several contenders took in each round, in microseconds for one run.
pub(crate) struct Rounds<const N: usize>(Vec<[f64; N]>);

impl<const N: usize> Rounds<N> {
    /// Runs all contenders in each round, every round beginning with another one.
    pub(crate) fn of(contenders: &[Contender<'_>; N], effort: Effort) -> Self {
        let batches = contenders
            .each_ref()
            .map(|contender| batch(contender, effort.batch));
        let rounds = (0..effort.rounds).map(|round| {
            let mut took = [0.0; N];
            let mut turns: Vec<_> = contenders.iter().zip(batches).zip(&mut took).collect();
            turns.rotate_left(round % N);
            for ((contender, runs), took) in turns {
                *took = microseconds(contender, runs);
            }
            took
        });
        Self(rounds.collect())
    }

    /// The median of each contender.
    pub(crate) fn medians(&self) -> [f64; N] {
        self.median_of_each(|took, _| took)
    }

    /// The median of each contender's ratio to the first.
    pub(crate) fn each_to_the_first(&self) -> [f64; N] {
        self.median_of_each(|took, first| took / first)
    }

    /// The median of what `formula` makes of each round.
    pub(crate) fn median(&self, formula: impl Fn([f64; N]) -> f64) -> f64 {
        median(self.0.iter().map(|round| formula(*round)).collect())
    }

    fn median_of_each(&self, formula: impl Fn(f64, f64) -> f64) -> [f64; N] {
        std::array::from_fn(|which| {
            self.median(|round| {
                let took = round.get(which).copied().unwrap_or(f64::NAN);
                formula(took, round.first().copied().unwrap_or(f64::NAN))
            })
        })
    }
}

/// How many runs take about so long, at least one.
fn batch(contender: &Contender<'_>, target: Duration) -> u32 {
    let mut runs = 1;
    loop {
        let took = time(contender, runs);
        if took >= target {
            return runs;
        }
        // Until then it doubles, which also warms the caches.
        runs *= 2;
    }
}

fn microseconds(contender: &Contender<'_>, runs: u32) -> f64 {
    time(contender, runs).as_secs_f64() * 1_000_000.0 / f64::from(runs)
}

fn time(contender: &Contender<'_>, runs: u32) -> Duration {
    let start = thread_time();
    for _ in 0..runs {
        contender.run();
    }
    thread_time().saturating_sub(start)
}

/// How long this thread has run: what others run meanwhile does not count.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time after the start of the thread")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
