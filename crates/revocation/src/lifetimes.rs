use std::time::Duration;

use portcullis_ocsp::{CertificateStatus, Status};
use rustls_pki_types::UnixTime;

use crate::moment::later;

/// How long answers are remembered at most, each kind by itself, in whole seconds.
///
/// They only shorten what the answer itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// "Good". Nothing but the answer's own end unless said.
    pub good: Option<Duration>,
    /// "Revoked". Nothing but the answer's own end unless said.
    pub revoked: Option<Duration>,
    /// "Unknown": a minute unless said, as responders learn of new certificates late.
    pub unknown: Duration,
    /// The first failure: five seconds unless said. Each further one doubles it.
    pub first_failure: Duration,
    /// The longest a failure is remembered: a minute unless said. Clients may be refused meanwhile
    /// although the responder is back.
    pub longest_failure: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            good: None,
            revoked: None,
            unknown: Duration::from_secs(60),
            first_failure: Duration::from_secs(5),
            longest_failure: Duration::from_secs(60),
        }
    }
}

impl Lifetimes {
    /// Until when a status is relied upon.
    pub(crate) fn until(&self, status: &Status, now: UnixTime) -> UnixTime {
        let most = match status.certificate {
            CertificateStatus::Good => self.good,
            CertificateStatus::Revoked { .. } => self.revoked,
            CertificateStatus::Unknown => Some(self.unknown),
        };
        most.map_or(status.valid_until, |most| {
            status.valid_until.min(later(now, most))
        })
    }

    /// How long the last of so many failures, one after the other, is remembered.
    pub(crate) fn of_failure(&self, times: u32) -> Duration {
        doubled(self.first_failure, self.longest_failure, times)
    }
}

/// `first`, doubled for each time but the first, at most `longest`.
pub(crate) fn doubled(first: Duration, longest: Duration, times: u32) -> Duration {
    let factor = 1_u32
        .checked_shl(times.saturating_sub(1))
        .unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(longest)
}
