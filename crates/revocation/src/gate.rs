//! How much a responder is asked: so many questions at once, and none for a while when it fails again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls_pki_types::UnixTime;
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::lifetimes::doubled;
use crate::moment::later;
use crate::transport::Method;

/// The way to one responder.
#[derive(Debug)]
pub(crate) struct Gate {
    /// One permit for each question that it is asked at once.
    pub(crate) turns: Semaphore,
    breaker: Mutex<Breaker>,
    /// The responder answered a POST after it had not understood a GET.
    only_by_post: AtomicBool,
}

/// A circuit breaker: closed, open until a moment, or half open while one question tries.
#[derive(Debug, Default)]
struct Breaker {
    /// One after the other.
    failures: u32,
    open_until: Option<UnixTime>,
    trying: bool,
}

/// Failures in a row after which a responder is left alone. Fewer would take a restart of the responder for a
/// failure; more would make more clients wait for a timeout.
const FAILURES: u32 = 5;

/// How long it is left alone first. Each failed try doubles it.
const FIRST_REST: Duration = Duration::from_secs(5);

/// How long it is left alone at most, so that it is soon found to be back.
const LONGEST_REST: Duration = Duration::from_secs(60);

impl Gate {
    pub(crate) fn new(questions: usize) -> Self {
        Self {
            turns: Semaphore::new(questions.min(Semaphore::MAX_PERMITS)),
            breaker: Mutex::default(),
            only_by_post: AtomicBool::new(false),
        }
    }

    /// How the next question is put, if this is how it should be.
    pub(crate) fn method(&self, preferred: Method) -> Method {
        if self.only_by_post.load(Ordering::Relaxed) {
            Method::Post
        } else {
            preferred
        }
    }

    /// Remembers that the responder does not know GET.
    pub(crate) fn only_by_post(&self) {
        self.only_by_post.store(true, Ordering::Relaxed);
    }

    /// The right to ask, which is used up by saying how it went; or the failure of being suspended.
    pub(crate) fn enter(&self, url: &str, now: UnixTime) -> Result<Try<'_>, Failure> {
        let mut breaker = self.breaker();
        if let Some(until) = breaker.open_until {
            if now < until || breaker.trying {
                return Err(Failure::ResponderSuspended {
                    url: url.escape_debug().to_string(),
                    failures: breaker.failures,
                    until,
                });
            }
            breaker.trying = true;
        }
        Ok(Try {
            gate: self,
            went: Went::Unsaid,
            now,
        })
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // The state is whole after every statement, also after one that panicked.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One question under way.
pub(crate) struct Try<'g> {
    gate: &'g Gate,
    went: Went,
    now: UnixTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Went {
    Well,
    Wrong,
    /// Whoever asked gave up.
    Unsaid,
}

impl Try<'_> {
    /// The responder answered, whatever the answer is worth; or it did not. Yields the moment until which it is left
    /// alone from now on, if it is.
    pub(crate) fn ended(mut self, answered: bool) -> Option<UnixTime> {
        self.went = if answered { Went::Well } else { Went::Wrong };
        self.count()
    }

    fn count(&self) -> Option<UnixTime> {
        let mut breaker = self.gate.breaker();
        match self.went {
            Went::Well => *breaker = Breaker::default(),
            Went::Unsaid => breaker.trying = false,
            Went::Wrong => {
                breaker.trying = false;
                breaker.failures = breaker.failures.saturating_add(1);
                let beyond = breaker.failures.checked_sub(FAILURES)?;
                let rest = doubled(FIRST_REST, LONGEST_REST, beyond.saturating_add(1));
                let until = later(self.now, rest);
                // Questions that were under way together count, but what they add up to is bounded.
                breaker.open_until = Some(until);
                return Some(until);
            }
        }
        None
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if self.went == Went::Unsaid {
            self.count();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_780_272_000));

    fn fail(gate: &Gate, now: UnixTime) -> Option<UnixTime> {
        gate.enter("http://a/", now).unwrap().ended(false)
    }

    fn is_suspended(gate: &Gate, now: UnixTime) -> bool {
        match gate.enter("http://a/", now) {
            Ok(_) => false,
            Err(Failure::ResponderSuspended { .. }) => true,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_responder_is_suspended_after_failures_in_a_row_and_not_after_others() {
        let gate = Gate::new(1);
        for _ in 1..FAILURES {
            assert_eq!(fail(&gate, NOW), None);
        }
        assert_eq!(gate.enter("http://a/", NOW).unwrap().ended(true), None);
        for _ in 1..FAILURES {
            assert_eq!(fail(&gate, NOW), None);
        }
        assert!(!is_suspended(&gate, NOW));
        assert_eq!(fail(&gate, NOW), Some(later(NOW, FIRST_REST)));
        assert!(is_suspended(&gate, NOW));
    }

    #[test]
    fn one_question_at_a_time_tries_whether_it_is_back() {
        let gate = Gate::new(1);
        for _ in 0..FAILURES {
            fail(&gate, NOW);
        }
        let after_rest = later(NOW, FIRST_REST);
        let attempt = gate.enter("http://a/", after_rest).unwrap();
        assert!(is_suspended(&gate, after_rest));
        // It fails: the rest doubles.
        assert_eq!(
            attempt.ended(false),
            Some(later(after_rest, FIRST_REST * 2))
        );
        assert!(is_suspended(&gate, later(after_rest, FIRST_REST)));
        let attempt = gate
            .enter("http://a/", later(after_rest, FIRST_REST * 2))
            .unwrap();
        assert_eq!(attempt.ended(true), None);
        assert!(!is_suspended(&gate, NOW));
    }

    #[test]
    fn a_try_that_is_given_up_leaves_the_next_one_to_try() {
        let gate = Gate::new(1);
        for _ in 0..FAILURES {
            fail(&gate, NOW);
        }
        let after_rest = later(NOW, FIRST_REST);
        drop(gate.enter("http://a/", after_rest).unwrap());
        assert!(!is_suspended(&gate, after_rest));
    }

    #[test]
    fn a_rest_is_never_longer_than_the_longest() {
        let gate = Gate::new(1);
        let mut now = NOW;
        for _ in 0..1000 {
            if let Some(until) = fail(&gate, now) {
                assert!(until.as_secs() - now.as_secs() <= LONGEST_REST.as_secs());
                now = until;
            }
        }
    }
}
