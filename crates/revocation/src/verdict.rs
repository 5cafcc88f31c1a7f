use std::sync::Arc;

use rustls_pki_types::UnixTime;

/// An authorised responder says that the certificate is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(crate) valid_until: UnixTime,
    pub(crate) source: Source,
    pub(crate) responder: Arc<str>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The responder was asked, for this caller or for another at the same time.
    Fetched,
    /// An earlier answer still holds.
    Cached,
}

impl Verdict {
    pub(crate) fn cached(self) -> Self {
        Self {
            source: Source::Cached,
            ..self
        }
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

    /// The URL of the responder that gave the answer.
    #[must_use]
    pub fn responder(&self) -> &str {
        &self.responder
    }
}
