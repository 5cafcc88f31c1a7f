use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls_pki_types::UnixTime;

use crate::failure::{Class, Failure};

/// The certificates of a chain may be relied upon, as far as revocation goes.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub(crate) valid_until: UnixTime,
    pub(crate) source: Source,
    pub(crate) responder: Option<Arc<str>>,
    pub(crate) failure: Option<Failure>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The responder was asked, for this caller or for another at the same time.
    Fetched,
    /// An earlier answer, or an earlier failure to get one, still holds.
    Cached,
    /// An earlier answer that has run out, while the responder cannot be asked.
    Stale,
}

impl Source {
    /// The name in snake case, for logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Cached => "cached",
            Self::Stale => "stale",
        }
    }
}

impl Verdict {
    /// `good` where an authorised responder says so, be it that the answer has run out within the
    /// grace; else the [code](Failure::code) of the failure that was tolerated.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match (&self.responder, &self.failure) {
            (None, Some(failure)) => failure.code(),
            _ => "good",
        }
    }

    /// Whether an authorised responder says "good". Else the failure was tolerated ([`Mode::SoftFail`](crate::Mode)).
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.responder.is_some()
    }

    /// Why there is no answer of now, where the mode tolerates that.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The last moment at which this may be relied upon, never before the moment of the check.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.valid_until
    }

    /// Where the answer comes from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The URL of the responder that gave the answer, where there is one.
    #[must_use]
    pub fn responder(&self) -> Option<&str> {
        self.responder.as_deref()
    }

    /// The same for a check of this moment.
    pub(crate) fn not_before(self, now: UnixTime) -> Self {
        let valid_until = self.valid_until.max(now);
        Self {
            valid_until,
            ..self
        }
    }

    /// Both of two certificates pass: what is less sure of them, for as long as both hold.
    pub(crate) fn and(self, other: Self) -> Self {
        let valid_until = self.valid_until.min(other.valid_until);
        let surer_first = |verdict: &Self| (!verdict.is_proven(), verdict.source);
        let weaker = if surer_first(&other) > surer_first(&self) {
            other
        } else {
            self
        };
        Self {
            valid_until,
            ..weaker
        }
    }
}

/// A certificate is not to be relied upon.
#[derive(Clone, Debug)]
pub struct Refused {
    pub(crate) failure: Failure,
    pub(crate) source: Source,
    pub(crate) until: UnixTime,
    pub(crate) certificate: usize,
}

impl Refused {
    /// Why.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.failure
    }

    /// Where that comes from.
    #[must_use]
    pub fn origin(&self) -> Source {
        self.source
    }

    /// Until when the same question has the same answer, without anybody being asked.
    #[must_use]
    pub fn until(&self) -> UnixTime {
        self.until
    }

    /// Which certificate of the chain, 0 being the leaf.
    #[must_use]
    pub fn certificate(&self) -> usize {
        self.certificate
    }

    /// A stable name of the reason, in snake case, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.failure.code()
    }

    /// The kind of the reason.
    #[must_use]
    pub fn class(&self) -> Class {
        self.failure.class()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

/// Says what the failure says, and has its causes.
impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failure.source()
    }
}
