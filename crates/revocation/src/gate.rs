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

/// The way to one host and port.
#[derive(Debug)]
pub(crate) struct Gate {
    /// One permit for each question that is asked there at once.
    pub(crate) turns: Semaphore,
    /// Opens when there is no connection.
    pub(crate) breaker: Breaker,
    /// Who is there answered a POST after it had not understood a GET.
    only_by_post: AtomicBool,
}

impl Gate {
    pub(crate) fn new(questions: usize) -> Self {
        Self {
            turns: Semaphore::new(questions.min(Semaphore::MAX_PERMITS)),
            breaker: Breaker::default(),
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

    /// Remembers that GET is not known there.
    pub(crate) fn only_by_post(&self) {
        self.only_by_post.store(true, Ordering::Relaxed);
    }
}

/// A circuit breaker: closed, open until a moment, or half open while one question tries.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// One after the other.
    failures: u32,
    open: Option<Open>,
    trying: bool,
}

/// An open breaker. It is open from one moment to another: a clock that was ahead when it opened does not keep it open.
#[derive(Clone, Copy, Debug)]
struct Open {
    since: UnixTime,
    until: UnixTime,
}

impl Open {
    fn holds(self, now: UnixTime) -> bool {
        self.since <= now && now < self.until
    }
}

/// Failures in a row after which nothing is asked. Fewer would take a restart of the responder for a
/// failure; more would make more clients wait for a timeout.
const FAILURES: u32 = 5;

/// How long nothing is asked first. Each failed try doubles it.
const FIRST_REST: Duration = Duration::from_secs(5);

/// How long nothing is asked at most, so that a responder is soon found to be back.
const LONGEST_REST: Duration = Duration::from_secs(60);

impl Breaker {
    /// The right to ask, which is used up by saying how it went; or the failure of being suspended.
    pub(crate) fn enter(&self, url: &str, now: UnixTime) -> Result<Try<'_>, Failure> {
        let mut state = self.state();
        let probe = match state.open {
            None => false,
            Some(open) if open.holds(now) || state.trying => {
                return Err(Failure::ResponderSuspended {
                    url: url.escape_debug().to_string(),
                    failures: state.failures,
                    until: open.until,
                });
            }
            Some(_) => {
                state.trying = true;
                true
            }
        };
        Ok(Try {
            breaker: self,
            probe,
            said: false,
            now,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole after every statement, also after one that panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One question under way.
pub(crate) struct Try<'b> {
    breaker: &'b Breaker,
    /// Whether it is the one that tries while the breaker is open.
    probe: bool,
    said: bool,
    now: UnixTime,
}

impl Try<'_> {
    /// It went well.
    pub(crate) fn succeeded(mut self) {
        self.said = true;
        let mut state = self.breaker.state();
        // A question from before the breaker opened says nothing about now.
        if self.probe || state.open.is_none() {
            *state = State::default();
        }
    }

    /// It went wrong. Yields the moment until which nothing is asked from now on, if that begins with it.
    pub(crate) fn failed(mut self) -> Option<UnixTime> {
        self.said = true;
        let mut state = self.breaker.state();
        if state.open.is_some() && !self.probe {
            return None;
        }
        state.trying = false;
        state.failures = state.failures.saturating_add(1);
        let beyond = state.failures.checked_sub(FAILURES)?;
        let rest = doubled(FIRST_REST, LONGEST_REST, beyond.saturating_add(1));
        let until = later(self.now, rest);
        state.open = Some(Open {
            since: self.now,
            until,
        });
        Some(until)
    }
}

/// Whoever asked gave up, or it was not the fault of who was asked.
impl Drop for Try<'_> {
    fn drop(&mut self) {
        if !self.said && self.probe {
            self.breaker.state().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_780_272_000));

    fn fail(breaker: &Breaker, now: UnixTime) -> Option<UnixTime> {
        breaker.enter("http://a/", now).unwrap().failed()
    }

    fn is_suspended(breaker: &Breaker, now: UnixTime) -> bool {
        match breaker.enter("http://a/", now) {
            Ok(_) => false,
            Err(Failure::ResponderSuspended { .. }) => true,
            Err(other) => panic!("{other}"),
        }
    }

    fn open() -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            fail(&breaker, NOW);
        }
        breaker
    }

    #[test]
    fn a_responder_is_suspended_after_failures_in_a_row_and_not_after_others() {
        let breaker = Breaker::default();
        for _ in 1..FAILURES {
            assert_eq!(fail(&breaker, NOW), None);
        }
        breaker.enter("http://a/", NOW).unwrap().succeeded();
        for _ in 1..FAILURES {
            assert_eq!(fail(&breaker, NOW), None);
        }
        assert!(!is_suspended(&breaker, NOW));
        assert_eq!(fail(&breaker, NOW), Some(later(NOW, FIRST_REST)));
        assert!(is_suspended(&breaker, NOW));
    }

    #[test]
    fn one_question_at_a_time_tries_whether_it_is_back() {
        let breaker = open();
        let after_rest = later(NOW, FIRST_REST);
        let attempt = breaker.enter("http://a/", after_rest).unwrap();
        assert!(is_suspended(&breaker, after_rest));
        // It fails: the rest doubles.
        assert_eq!(attempt.failed(), Some(later(after_rest, FIRST_REST * 2)));
        assert!(is_suspended(&breaker, later(after_rest, FIRST_REST)));
        let attempt = breaker.enter("http://a/", later(after_rest, FIRST_REST * 2));
        attempt.unwrap().succeeded();
        assert!(!is_suspended(&breaker, NOW));
    }

    #[test]
    fn questions_from_before_it_opened_change_nothing() {
        let breaker = Breaker::default();
        let mut old: Vec<_> = (0..20)
            .map(|_| breaker.enter("http://a/", NOW).unwrap())
            .collect();
        let last = old.pop().unwrap();
        let opened: Vec<_> = old.into_iter().filter_map(Try::failed).collect();
        assert_eq!(opened, [later(NOW, FIRST_REST)]);
        let after_rest = later(NOW, FIRST_REST);
        let _probe = breaker.enter("http://a/", after_rest).unwrap();
        last.succeeded();
        assert!(is_suspended(&breaker, after_rest));
    }

    #[test]
    fn a_try_that_is_given_up_leaves_the_next_one_to_try() {
        let breaker = open();
        let after_rest = later(NOW, FIRST_REST);
        drop(breaker.enter("http://a/", after_rest).unwrap());
        assert!(!is_suspended(&breaker, after_rest));
    }

    #[test]
    fn a_rest_is_never_longer_than_the_longest() {
        let breaker = Breaker::default();
        let mut now = NOW;
        for _ in 0..1000 {
            if let Some(until) = fail(&breaker, now) {
                assert!(until.as_secs() - now.as_secs() <= LONGEST_REST.as_secs());
                now = until;
            }
        }
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_keep_it_open() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            fail(&breaker, later(NOW, Duration::from_secs(1_000_000)));
        }
        assert!(!is_suspended(&breaker, NOW));
    }
}
