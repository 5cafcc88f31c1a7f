//! What is known of one certificate, what an answer changes in it, and what it comes to under a policy: pure functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portcullis_ocsp::{CertificateStatus, Status};
use rustls_pki_types::UnixTime;

use crate::failure::{Class, Failure};
use crate::lifetimes::Lifetimes;
use crate::moment::later;
use crate::policy::Mode;
use crate::verdict::{Refused, Source, Verdict};

/// What is known of one certificate.
#[derive(Debug)]
pub(crate) struct Entry {
    proven: Option<Proven>,
    /// The last question failed, since the last proven answer if there is one.
    failed: Option<Failed>,
    /// Somebody has taken it on to ask again before it runs out.
    renewing: AtomicBool,
}

/// What an authorised responder said.
#[derive(Clone, Debug)]
struct Proven {
    status: CertificateStatus,
    this_update: UnixTime,
    until: UnixTime,
    refresh_at: UnixTime,
    responder: Arc<str>,
}

/// How asking failed.
#[derive(Clone, Debug)]
struct Failed {
    failure: Failure,
    /// One after the other.
    times: u32,
    /// Until then nobody asks again, and from then on: a clock that was ahead does not make it last.
    since: UnixTime,
    until: UnixTime,
}

/// What came of a question.
pub(crate) type Outcome = Result<(Status, Arc<str>), Failure>;

impl Entry {
    /// What is known after a question whose outcome this is.
    ///
    /// A failure leaves what was proven. An answer takes its place, except that nothing but a newer "good" takes a
    /// revocation back, and that an older answer does not take the place of one that still holds: it would be one from
    /// a replica that lags, or replayed. `jitter` is 0 to 255 and spreads the moment of refreshing.
    pub(crate) fn after(
        known: Option<&Self>,
        outcome: Outcome,
        lifetimes: &Lifetimes,
        jitter: u8,
        now: UnixTime,
    ) -> Self {
        let known_proof = known.and_then(|known| known.proven.as_ref());
        let (status, responder) = match outcome {
            Ok(answer) => answer,
            Err(failure) => return Self::failed(known, failure, lifetimes, now),
        };
        if known_proof.is_some_and(|known| known.outlasts(&status, now)) {
            let url = responder.to_string();
            return Self::failed(known, Failure::AnswerOlder { url }, lifetimes, now);
        }
        let until = lifetimes.until(&status, now);
        Self {
            proven: Some(Proven {
                status: status.certificate,
                this_update: status.this_update,
                until,
                refresh_at: refresh_at(until, jitter, now),
                responder,
            }),
            failed: None,
            renewing: AtomicBool::new(false),
        }
    }

    /// Whether the answer that was last given is part of it, and not a failure to take it.
    pub(crate) fn took_the_answer(&self) -> bool {
        self.failed.is_none()
    }

    /// Whether nothing is proven that is as new as this answer.
    pub(crate) fn is_older_than(&self, status: &Status) -> bool {
        let proven = self.proven.as_ref();
        proven.is_none_or(|proven| proven.this_update < status.this_update)
    }

    /// The end of what was proven.
    pub(crate) fn ends(&self) -> Option<UnixTime> {
        self.proven.as_ref().map(|proven| proven.until)
    }

    fn failed(
        known: Option<&Self>,
        failure: Failure,
        lifetimes: &Lifetimes,
        now: UnixTime,
    ) -> Self {
        let times = known
            .and_then(|known| known.failed.as_ref())
            .map_or(1, |failed| failed.times.saturating_add(1));
        Self {
            proven: known.and_then(|known| known.proven.clone()),
            failed: Some(Failed {
                failure,
                times,
                since: now,
                until: later(now, lifetimes.of_failure(times)),
            }),
            renewing: AtomicBool::new(false),
        }
    }

    /// Whether a check can do with what is known.
    pub(crate) fn is_settled(&self, now: UnixTime) -> bool {
        self.current(now).is_some() || self.is_resting(now)
    }

    /// Whether it is time to ask again, although what is known still holds.
    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        let due = |proven: &Proven| proven.refresh_at <= now;
        self.current(now).is_some_and(due) && !self.is_resting(now)
    }

    /// Takes it on to ask again, if it is due and nobody has.
    pub(crate) fn renew(&self, now: UnixTime) -> bool {
        self.is_due(now) && !self.renewing.swap(true, Ordering::Relaxed)
    }

    /// Whether a failure is recent enough not to ask again yet.
    fn is_resting(&self, now: UnixTime) -> bool {
        self.failed
            .as_ref()
            .is_some_and(|failed| failed.since <= now && now <= failed.until)
    }

    fn current(&self, now: UnixTime) -> Option<&Proven> {
        self.proven.as_ref().filter(|proven| now <= proven.until)
    }

    /// What this comes to in a mode.
    pub(crate) fn judge(
        &self,
        mode: Mode,
        source: Source,
        now: UnixTime,
    ) -> Result<Verdict, Refused> {
        if let Some(proven) = self.current(now) {
            return proven.judge(source, proven.until, None);
        }
        let Some(failed) = &self.failed else {
            // Known to nobody, as nothing settles an entry with neither.
            return Err(refuse(Failure::Abandoned, source, now));
        };
        match &self.proven {
            Some(proven) if proven.is_revoked() => {
                let until = failed.until.max(now);
                return proven.judge(Source::Stale, until, None);
            }
            Some(proven) => {
                if let Some(end) = proven.end_of_grace(mode, failed, now) {
                    return proven.judge(Source::Stale, end, Some(failed.failure.clone()));
                }
            }
            None => (),
        }
        let until = failed.until.max(now);
        tolerate(failed.failure.clone(), mode, source, until)
    }
}

/// A failure without any answer, in a mode.
pub(crate) fn tolerate(
    failure: Failure,
    mode: Mode,
    source: Source,
    until: UnixTime,
) -> Result<Verdict, Refused> {
    if mode == Mode::SoftFail && failure.class() == Class::Unavailable {
        return Ok(Verdict {
            valid_until: until,
            source,
            responder: None,
            failure: Some(failure),
        });
    }
    Err(refuse(failure, source, until))
}

fn refuse(failure: Failure, source: Source, until: UnixTime) -> Refused {
    Refused {
        failure,
        source,
        until,
        certificate: 0,
    }
}

impl Proven {
    fn is_revoked(&self) -> bool {
        matches!(self.status, CertificateStatus::Revoked { .. })
    }

    /// Whether an answer does not take the place of this one.
    fn outlasts(&self, status: &Status, now: UnixTime) -> bool {
        match status.certificate {
            CertificateStatus::Revoked { .. } => false,
            CertificateStatus::Good if self.is_revoked() => status.this_update <= self.this_update,
            CertificateStatus::Unknown if self.is_revoked() => true,
            CertificateStatus::Good | CertificateStatus::Unknown => {
                now <= self.until && status.this_update < self.this_update
            }
        }
    }

    /// Until when a good answer that has run out still serves, if it does at all.
    fn end_of_grace(&self, mode: Mode, failed: &Failed, now: UnixTime) -> Option<UnixTime> {
        let Mode::Grace(grace) = mode else {
            return None;
        };
        let end = later(self.until, grace);
        let serves = self.status == CertificateStatus::Good
            && failed.failure.class() == Class::Unavailable
            && now <= end;
        serves.then(|| end.min(failed.until.max(now)))
    }

    fn judge(
        &self,
        source: Source,
        until: UnixTime,
        failure: Option<Failure>,
    ) -> Result<Verdict, Refused> {
        let failure = match self.status {
            CertificateStatus::Good => {
                return Ok(Verdict {
                    valid_until: until,
                    source,
                    responder: Some(Arc::clone(&self.responder)),
                    failure,
                });
            }
            CertificateStatus::Revoked { at, reason } => Failure::CertificateRevoked { at, reason },
            CertificateStatus::Unknown => Failure::CertificateUnknown {
                url: self.responder.to_string(),
            },
        };
        Err(refuse(failure, source, until))
    }
}

/// The moment from which an answer in use is asked for again: between three quarters and nine tenths
/// of its life, so that answers which came together are not asked for together again. An answer that
/// lives for less than [`SHORTEST_REFRESHED`] is asked for when it has run out.
fn refresh_at(until: UnixTime, jitter: u8, now: UnixTime) -> UnixTime {
    let life = until.as_secs().saturating_sub(now.as_secs());
    if life < SHORTEST_REFRESHED.as_secs() {
        return later(until, Duration::from_secs(1));
    }
    // 10 % and up to 15 % more, in thousandths.
    let spread = u64::from(jitter).saturating_mul(150) >> 8;
    let ahead = life.saturating_mul(spread.saturating_add(100)) / 1000;
    UnixTime::since_unix_epoch(Duration::from_secs(until.as_secs().saturating_sub(ahead)))
}

/// Shorter than this, refreshing ahead would be asking all the time.
const SHORTEST_REFRESHED: Duration = Duration::from_secs(20);

#[cfg(test)]
pub(crate) mod tests;
