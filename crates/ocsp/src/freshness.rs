//! Whether what a response says is said of now: one pure function of its dates.
//!
//! [`status`](crate::status()) judges by it. On its own it serves whoever keeps an answer that was
//! proven before and wants to know how long, without the octets.
//!
//! RFC 6960 section 4.2.2.1 says what the dates mean, and section 3.2 (points 5 and 6) what to ask
//! of them; RFC 5019 section 4 says the same more strictly. One deviation from the latter: it has
//! clients reject an answer without nextUpdate, for responders that sign ahead always set it. Those
//! that sign on demand need not, and their answers hold for [`LIFETIME_WITHOUT_NEXT_UPDATE`].

use core::time::Duration;

use rustls_pki_types::UnixTime;

use crate::refusal::Staleness;

/// The dates of one answer. They are believed: who signed them was judged before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    /// The moment at which what is said was known to be so.
    pub this_update: UnixTime,
    /// The moment by which there will be newer information. None: there is all the time.
    pub next_update: Option<UnixTime>,
    /// The moment at which the response was signed.
    pub produced_at: UnixTime,
}

/// How far the dates may be from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The difference of clocks that is forgiven, in whole seconds: the "small tolerance period" of
    /// RFC 5019 section 4.
    pub skew: Duration,
    /// How long ago thisUpdate may be, in whole seconds, even when nextUpdate is still ahead. It
    /// replaces [`LIFETIME_WITHOUT_NEXT_UPDATE`] too.
    pub max_age: Option<Duration>,
}

/// The difference of clocks that is forgiven: 300 s, as in OpenSSL's `ocsp -validity_period` and nginx.
pub const DEFAULT_SKEW: Duration = Duration::from_secs(300);

/// How long an answer without nextUpdate holds when the limits give no maximum age: 1 h.
///
/// RFC 6960 section 4.2.2.1 only says that newer information is available all the time. nginx
/// keeps such answers for an hour. Here the hour begins at thisUpdate, so that a recorded answer
/// cannot be repeated for ever.
pub const LIFETIME_WITHOUT_NEXT_UPDATE: Duration = Duration::from_secs(3600);

/// Judges the dates and says until when the answer holds, which is never before `now`.
///
/// - thisUpdate and producedAt are not after now, but for the skew;
/// - nextUpdate is not before thisUpdate, nor before now, but for the skew;
/// - thisUpdate is not longer ago than the maximum age, which has no skew; without nextUpdate
///   there always is one.
///
/// The first two are RFC 6960 section 4.2.2.1 and RFC 5019 section 4; the last is the caller's
/// ("sufficiently recent", RFC 6960 section 3.2).
///
/// ```
/// use core::time::Duration;
/// use portcullis_ocsp::freshness::{DEFAULT_SKEW, Dates, Limits, valid_until};
/// use rustls_pki_types::UnixTime;
///
/// let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
/// let dates = Dates {
///     this_update: at(1_000_000),
///     next_update: Some(at(1_086_400)),
///     produced_at: at(1_000_000),
/// };
/// let limits = Limits { skew: DEFAULT_SKEW, max_age: None };
/// assert_eq!(valid_until(&dates, &limits, at(1_040_000)), Ok(at(1_086_400)));
/// assert!(valid_until(&dates, &limits, at(1_090_000)).is_err());
/// ```
///
/// # Errors
/// [`Staleness`]: which date, and what it is held against.
pub fn valid_until(dates: &Dates, limits: &Limits, now: UnixTime) -> Result<UnixTime, Staleness> {
    let Dates {
        this_update,
        next_update,
        produced_at,
    } = *dates;
    let latest_start = later(now, limits.skew);
    if this_update > latest_start {
        return Err(Staleness::NotYetValid { this_update, now });
    }
    if produced_at > latest_start {
        return Err(Staleness::ProducedInFuture { produced_at, now });
    }
    if let Some(next_update) = next_update {
        if next_update < this_update {
            return Err(Staleness::EndsBeforeBeginning {
                this_update,
                next_update,
            });
        }
        if later(next_update, limits.skew) < now {
            return Err(Staleness::Expired { next_update, now });
        }
    }
    let max_age = match next_update {
        Some(_) => limits.max_age,
        None => Some(limits.max_age.unwrap_or(LIFETIME_WITHOUT_NEXT_UPDATE)),
    };
    let oldest = max_age.map(|max_age| later(this_update, max_age));
    if let (Some(oldest), Some(max_age)) = (oldest, max_age)
        && oldest < now
    {
        return Err(Staleness::TooOld {
            this_update,
            max_age,
            now,
        });
    }
    let end = next_update.into_iter().chain(oldest).min().unwrap_or(now);
    Ok(end.max(now))
}

fn later(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        time.as_secs().saturating_add(by.as_secs()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_780_272_000;
    const NO_MAX_AGE: Limits = Limits {
        skew: DEFAULT_SKEW,
        max_age: None,
    };
    const ONE_DAY: Limits = Limits {
        skew: DEFAULT_SKEW,
        max_age: Some(Duration::from_secs(86_400)),
    };

    fn at(offset: i64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(NOW.checked_add_signed(offset).unwrap()))
    }

    fn judge(
        this_update: i64,
        next_update: Option<i64>,
        limits: &Limits,
    ) -> Result<UnixTime, Staleness> {
        let dates = Dates {
            this_update: at(this_update),
            next_update: next_update.map(at),
            produced_at: at(this_update),
        };
        valid_until(&dates, limits, at(0))
    }

    #[test]
    fn an_answer_holds_until_next_update() {
        assert_eq!(judge(-3600, Some(3600), &NO_MAX_AGE), Ok(at(3600)));
    }

    #[test]
    fn this_update_may_be_ahead_by_the_skew_and_not_a_second_more() {
        assert_eq!(judge(300, Some(3600), &NO_MAX_AGE), Ok(at(3600)));
        let refused = Staleness::NotYetValid {
            this_update: at(301),
            now: at(0),
        };
        assert_eq!(judge(301, Some(3600), &NO_MAX_AGE), Err(refused));
    }

    #[test]
    fn next_update_may_be_past_by_the_skew_but_then_the_answer_holds_for_this_moment_only() {
        assert_eq!(judge(-3600, Some(-300), &NO_MAX_AGE), Ok(at(0)));
        let refused = Staleness::Expired {
            next_update: at(-301),
            now: at(0),
        };
        assert_eq!(judge(-3600, Some(-301), &NO_MAX_AGE), Err(refused));
    }

    #[test]
    fn an_answer_that_ends_before_it_begins_is_refused() {
        let refused = Staleness::EndsBeforeBeginning {
            this_update: at(10),
            next_update: at(9),
        };
        assert_eq!(judge(10, Some(9), &NO_MAX_AGE), Err(refused));
    }

    #[test]
    fn production_in_the_future_is_refused() {
        let dates = Dates {
            this_update: at(-60),
            next_update: Some(at(60)),
            produced_at: at(301),
        };
        let refused = Staleness::ProducedInFuture {
            produced_at: at(301),
            now: at(0),
        };
        assert_eq!(valid_until(&dates, &NO_MAX_AGE, at(0)), Err(refused));
    }

    #[test]
    fn without_next_update_an_answer_holds_an_hour() {
        assert_eq!(judge(-60, None, &NO_MAX_AGE), Ok(at(3540)));
        assert_eq!(judge(-3600, None, &NO_MAX_AGE), Ok(at(0)));
        let refused = Staleness::TooOld {
            this_update: at(-3601),
            max_age: LIFETIME_WITHOUT_NEXT_UPDATE,
            now: at(0),
        };
        assert_eq!(judge(-3601, None, &NO_MAX_AGE), Err(refused));
    }

    #[test]
    fn the_maximum_age_bounds_answers_with_and_without_next_update() {
        assert_eq!(judge(-7200, None, &ONE_DAY), Ok(at(86_400 - 7200)));
        assert_eq!(judge(-7200, Some(200_000), &ONE_DAY), Ok(at(86_400 - 7200)));
        assert_eq!(judge(-7200, Some(60), &ONE_DAY), Ok(at(60)));
        assert!(matches!(
            judge(-86_401, Some(3600), &ONE_DAY),
            Err(Staleness::TooOld { .. })
        ));
    }
}
