//! An OCSP answer about the server's own certificate, shown in every handshake (RFC 6066 section 8).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use portcullis_revocation::{Checker, Failure, Staple};
use portcullis_x509::{Certificate, Malformed};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::UnixTime;

/// Shows a server certificate with the last good OCSP answer about it, as long as that answer holds.
///
/// It does nothing by itself: whoever runs the server calls [`refresh`](Self::refresh), at first and whenever that says.
pub struct Stapler {
    /// Without an answer.
    bare: Arc<CertifiedKey>,
    shown: ArcSwap<CertifiedKey>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    /// When to ask again; nothing before the first time.
    due: Option<UnixTime>,
    /// When the answer that is shown ends, if one is shown.
    ends: Option<UnixTime>,
    /// When the certificate was last said to be revoked: nothing from before counts after that.
    revoked: Option<UnixTime>,
}

/// How long after a failure it is asked again. An answer is asked for from half of its life on, so that there are many
/// tries before it ends.
const RETRY: Duration = Duration::from_secs(60);

/// The shortest time between two questions, however short an answer's life is.
const SHORTEST: Duration = Duration::from_secs(5);

impl Stapler {
    /// Takes a certificate that comes with that of its issuer.
    pub(crate) fn new(key: CertifiedKey) -> Result<Self, StaplingError> {
        let bare = Arc::new(key);
        let (certificate, issuer) = own(&bare)?;
        if !certificate.issuer().matches(&issuer.subject()) {
            return Err(StaplingError::NotTheIssuer {
                issuer: certificate.issuer().to_string(),
                found: issuer.subject().to_string(),
            });
        }
        Ok(Self {
            shown: ArcSwap::new(Arc::clone(&bare)),
            bare,
            state: Mutex::new(State {
                due: None,
                ends: None,
                revoked: None,
            }),
        })
    }

    /// Asks for an answer if it is time to, and shows it from the next handshake on. An answer that has ended is
    /// not shown any more. Yields the moment to call this again, and what went wrong if anything did.
    ///
    /// Must be called on a tokio runtime with I/O and time, by one caller at a time.
    pub async fn refresh(&self, checker: &Checker, now: UnixTime) -> (UnixTime, Option<Failure>) {
        let state = *self.state();
        if let Some(due) = state.due
            && now < due
        {
            return (due, None);
        }
        let (state, failure) = match self.ask(checker, now).await {
            Ok(staple) => (self.show(state, &staple, now), None),
            Err(failure) => (self.keep(state, &failure, now), Some(failure)),
        };
        *self.state() = state;
        (state.due.unwrap_or(now), failure)
    }

    /// Goes on showing what `other` shows, where both have the same certificate. That is asked for anew by the next
    /// [`refresh`](Self::refresh), and shown until there is a newer one or it ends.
    ///
    /// So a configuration that replaces another does not leave clients without an answer, be it that the responder is
    /// down just then.
    pub fn take_over(&self, other: &Self) {
        let shown = other.shown.load();
        if self.bare.cert != other.bare.cert || shown.ocsp.is_none() {
            return;
        }
        let State { ends, revoked, .. } = *other.state();
        let mut key = CertifiedKey::clone(&self.bare);
        key.ocsp.clone_from(&shown.ocsp);
        self.shown.store(Arc::new(key));
        *self.state() = State {
            due: None,
            ends,
            revoked,
        };
    }

    async fn ask(&self, checker: &Checker, now: UnixTime) -> Result<Staple, Failure> {
        // It was made with both.
        let (certificate, issuer) = own(&self.bare).map_err(|error| match error {
            StaplingError::Malformed(malformed) => Failure::CertificateMalformed(malformed),
            _ => Failure::IssuerNotKnown,
        })?;
        checker.staple(&certificate, &issuer, now).await
    }

    /// Shows an answer, unless it is from before the certificate was said to be revoked, or ends before the one that is
    /// shown: that would be one from a replica that lags, or replayed.
    fn show(&self, state: State, staple: &Staple, now: UnixTime) -> State {
        let retry = later(now, RETRY);
        let revoked_since = state.revoked.is_some_and(|at| staple.this_update() < at);
        let ends_sooner = state
            .ends
            .is_some_and(|ends| now < ends && staple.valid_until() < ends);
        if revoked_since || ends_sooner {
            let due = state.ends.map_or(retry, |ends| retry.min(ends));
            return State {
                due: Some(due.max(later(now, SHORTEST))),
                ..state
            };
        }
        let mut key = CertifiedKey::clone(&self.bare);
        key.ocsp = Some(staple.response().to_vec());
        self.shown.store(Arc::new(key));
        State {
            due: Some(staple.refresh_at().max(later(now, SHORTEST))),
            ends: Some(staple.valid_until()),
            revoked: None,
        }
    }

    /// Goes on showing what is shown, until it ends; but a certificate that is revoked is not said to be good.
    fn keep(&self, state: State, failure: &Failure, now: UnixTime) -> State {
        let retry = later(now, RETRY);
        let revoked = matches!(failure, Failure::CertificateRevoked { .. });
        match state.ends {
            Some(ends) if now < ends && !revoked => State {
                due: Some(retry.min(ends)),
                ..state
            },
            _ => {
                self.shown.store(Arc::clone(&self.bare));
                State {
                    due: Some(retry),
                    ends: None,
                    revoked: if revoked { Some(now) } else { state.revoked },
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole after every statement, also after one that panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Stapler {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.load_full())
    }
}

impl fmt::Debug for Stapler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stapled = self.shown.load().ocsp.is_some();
        f.debug_struct("Stapler")
            .field("stapled", &stapled)
            .finish_non_exhaustive()
    }
}

/// The server's certificate and that of its issuer.
fn own(key: &CertifiedKey) -> Result<(Certificate<'_>, Certificate<'_>), StaplingError> {
    let [certificate, issuer, ..] = key.cert.as_slice() else {
        return Err(StaplingError::NoIssuer);
    };
    let certificate = Certificate::parse(certificate).map_err(StaplingError::Malformed)?;
    let issuer = Certificate::parse(issuer).map_err(StaplingError::Malformed)?;
    Ok((certificate, issuer))
}

fn later(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        time.as_secs().saturating_add(by.as_secs()),
    ))
}

/// Why no answer can be stapled to a certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StaplingError {
    /// The certificate stands alone: without its issuer's nobody can be asked about it.
    #[error("OCSP stapling needs the certificate of the issuer after the server's own")]
    NoIssuer,
    /// The second certificate is not that of the issuer of the first.
    #[error("the second certificate is {found}, not {issuer}, which issued the first")]
    NotTheIssuer {
        /// Who issued the first.
        issuer: String,
        /// Whose the second is.
        found: String,
    },
    /// One of the two cannot be read.
    #[error("a certificate is malformed: {0}")]
    Malformed(Malformed),
}
