//! One responder that is asked about one certificate.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ocsp::{CertificateStatus, Nonce, Query, Refusal, Status, Unauthorised, request};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use tokio::time::Instant;

use super::{Asking, Proof, Subject, turn};
use crate::allowance::Allowance;
use crate::failure::{Failure, HttpFault, Unreachable};
use crate::fetch::{fetch_within, wants_post};
use crate::gate::Gate;
use crate::memory::{Delegate, Memory};
use crate::observer::Event;
use crate::responder::Responder;
use crate::settings::Nonces;
use crate::transport::Method;
use crate::whom::Whom;

/// One responder that is asked.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) asking: &'a Asking,
    pub(super) memory: &'a Memory,
    pub(super) url: &'a Arc<str>,
    pub(super) allowance: Allowance,
    pub(super) now: UnixTime,
}

/// Octets of a nonce that is sent: the length that RFC 9654 section 2.1 recommends.
const NONCE_LENGTH: usize = 32;

impl Attempt<'_> {
    pub(super) async fn ask(
        &self,
        subject: &Subject<'_>,
        nonces: Nonces,
    ) -> Result<Proof, Failure> {
        let octets = fresh_nonce(nonces)?;
        let query = self.question(&subject.certificate, &subject.issuer, octets.as_ref())?;
        let (response, latency) = self.put(self.url, &request(&query)).await?;
        let judged = match self
            .asking
            .judge(&response, &query, &subject.whom, &[], self.now)
        {
            Err(refusal)
                if self.asking.settings.checks_delegates()
                    && refusal.delegate_to_check().is_some() =>
            {
                self.with_delegate(&response, &query, subject, nonces, refusal)
                    .await
            }
            judged => judged,
        };
        self.answered(self.url, word(&judged), latency);
        match judged {
            Ok(status) => Ok(Proof {
                status,
                responder: Arc::clone(self.url),
                response,
            }),
            Err(refusal) => Err(Failure::AnswerRefused {
                url: self.url.escape_debug().to_string(),
                refusal: Arc::new(without_certificate(refusal)),
            }),
        }
    }

    fn question<'q>(
        &self,
        certificate: &'q Certificate<'q>,
        issuer: &'q Certificate<'q>,
        nonce: Option<&'q [u8; NONCE_LENGTH]>,
    ) -> Result<Query<'q>, Failure> {
        let query = Query::new(certificate, issuer).hash(self.asking.settings.hash);
        match nonce.map(|octets| Nonce::new(octets)).transpose() {
            Ok(Some(nonce)) => Ok(query.nonce(nonce)),
            Ok(None) => Ok(query),
            Err(_) => Err(Failure::NonceUnavailable),
        }
    }

    /// Judges again with what is said of the delegate that signed: what is remembered of it, else what its responders
    /// say when asked. `refusal` is what it comes to if none of that helps.
    async fn with_delegate(
        &self,
        response: &[u8],
        query: &Query<'_>,
        subject: &Subject<'_>,
        nonces: Nonces,
        refusal: Refusal,
    ) -> Result<Status, Refusal> {
        let Some(delegate) = refusal.delegate_to_check() else {
            return Err(refusal);
        };
        let judge = |about: &[u8]| {
            self.asking
                .judge(response, query, &subject.whom, &[about], self.now)
        };
        let remembered = match self.memory.delegate(delegate) {
            Some(Delegate::Revoked(refusal)) => return Err(Refusal::clone(&refusal)),
            Some(Delegate::Good(about)) if nonces != Nonces::Require => judge(&about).ok(),
            _ => None,
        };
        // What has run out is good for when nobody can be asked anew, within the skew.
        if let Some(status) = &remembered
            && self.now < status.valid_until
        {
            return Ok(status.clone());
        }
        match self.about_delegate(delegate, subject, nonces, judge).await {
            Some(asked) => asked,
            None => remembered.ok_or(refusal),
        }
    }

    /// Asks the responders of a delegate about it, each within its share of the time. Nothing, when none of their answers is
    /// of use.
    async fn about_delegate(
        &self,
        delegate: &[u8],
        subject: &Subject<'_>,
        nonces: Nonces,
        judge: impl Fn(&[u8]) -> Result<Status, Refusal>,
    ) -> Option<Result<Status, Refusal>> {
        let certificate = Certificate::parse(delegate).ok()?;
        let settings = &self.asking.settings;
        let whom = Whom::of(&certificate, &subject.issuer, &settings.responders).ok()?;
        for (index, url) in whom.urls.iter().enumerate() {
            let octets = fresh_nonce(nonces).ok()?;
            let query = self
                .question(&certificate, &subject.issuer, octets.as_ref())
                .ok()?;
            let share = self.allowance.share(whom.urls.len().saturating_sub(index));
            let attempt = Attempt {
                url,
                allowance: Allowance::new(share),
                ..*self
            };
            let Ok((about, latency)) = attempt.put(url, &request(&query)).await else {
                continue;
            };
            self.answered(url, "about_delegate", latency);
            if nonces == Nonces::Require
                && self
                    .asking
                    .judge(&about, &query, &whom, &[], self.now)
                    .is_err()
            {
                continue;
            }
            match judge(&about) {
                Ok(status) => {
                    self.memory
                        .remember_delegate(delegate, Delegate::Good(about.into()));
                    return Some(Ok(status));
                }
                Err(refusal) if refusal.delegate_to_check().is_some() => (),
                Err(refusal) => {
                    let known = Delegate::Revoked(Arc::new(refusal.clone()));
                    self.memory.remember_delegate(delegate, known);
                    return Some(Err(refusal));
                }
            }
        }
        None
    }

    fn answered(&self, url: &str, code: &'static str, latency: Duration) {
        self.asking.settings.observe(&Event::Answered {
            responder: &url.escape_debug().to_string(),
            code,
            latency,
        });
    }

    /// Puts a request to a responder, when it is its turn and the responder is not left alone. Yields what it sends,
    /// and how long it took.
    async fn put(&self, url: &str, request: &[u8]) -> Result<(Vec<u8>, Duration), Failure> {
        let settings = &self.asking.settings;
        let refused = |reason| Failure::ResponderRefusedByPolicy {
            url: url.escape_debug().to_string(),
            reason,
        };
        let place = Responder::parse(url).map_err(refused)?.place();
        // Its own turn first: who waits for a slow responder keeps nobody from another one.
        let gate = self.memory.gate(&place, settings.questions_each);
        let _turn = turn(&gate.turns, &self.allowance, settings.questions_each).await?;
        let _of_all = turn(&self.memory.turns, &self.allowance, settings.questions).await?;
        let breaker = self.memory.breaker(url);
        let connecting = gate.breaker.enter(url, self.now)?;
        let answering = breaker.enter(url, self.now)?;
        let responder = &*url.escape_debug().to_string();
        settings.observe(&Event::Asked { responder });
        let (began, time) = (Instant::now(), self.allowance.left());
        let fetched = self.fetch(url, request, &gate).await;
        let latency = began.elapsed();
        if let Err(failure) = &fetched {
            self.answered(url, failure.code(), latency);
        }
        let enough = settings.transport.connect_timeout <= time.saturating_mul(2);
        let suspended = match Trouble::of(&fetched, enough) {
            Trouble::Nobodys => None,
            Trouble::NoConnection => connecting.failed(),
            Trouble::NoAnswer => {
                connecting.succeeded();
                answering.failed()
            }
            Trouble::None => {
                connecting.succeeded();
                answering.succeeded();
                None
            }
        };
        if let Some(until) = suspended {
            settings.observe(&Event::Suspended { responder, until });
        }
        fetched.map(|octets| (octets, latency))
    }

    /// By the method that the responder is known to understand.
    async fn fetch(&self, url: &str, request: &[u8], gate: &Gate) -> Result<Vec<u8>, Failure> {
        let transport = &self.asking.settings.transport;
        let method = gate.method(transport.method);
        let left = || self.allowance.left();
        let fetched = fetch_within(left(), url, request, transport, method).await;
        if !wants_post(&fetched, url, request, method) {
            return fetched;
        }
        let fetched = fetch_within(left(), url, request, transport, Method::Post).await;
        if fetched.is_ok() {
            gate.only_by_post();
        }
        fetched
    }
}

/// What is said of the certificate, or why it counts for nothing.
fn word(judged: &Result<Status, Refusal>) -> &'static str {
    match judged {
        Ok(status) => match status.certificate {
            CertificateStatus::Good => "good",
            CertificateStatus::Revoked { .. } => "revoked",
            CertificateStatus::Unknown => "unknown",
        },
        Err(refusal) => refusal.qualified_code(),
    }
}

/// What a question says about whoever was asked.
enum Trouble {
    None,
    /// There is no connection, which is so for all URLs of the place.
    NoConnection,
    /// It is there and does not answer at this URL.
    NoAnswer,
    /// It was not tried, or had no time.
    Nobodys,
}

impl Trouble {
    fn of(fetched: &Result<Vec<u8>, Failure>, enough: bool) -> Self {
        match fetched {
            Err(Failure::ResponderRefusedByPolicy { .. }) => Self::Nobodys,
            Err(Failure::ResponderTimedOut { .. }) if !enough => Self::Nobodys,
            Err(Failure::ResponderUnreachable {
                cause: Unreachable::Exchange(_),
                ..
            })
            | Err(Failure::ResponderTimedOut { .. })
            | Err(Failure::HttpFault {
                fault: HttpFault::Status { found: 500.. },
                ..
            }) => Self::NoAnswer,
            Err(Failure::ResponderUnreachable { .. }) if !enough => Self::Nobodys,
            Err(Failure::ResponderUnreachable { .. }) => Self::NoConnection,
            Ok(_) | Err(_) => Self::None,
        }
    }
}

fn fresh_nonce(nonces: Nonces) -> Result<Option<[u8; NONCE_LENGTH]>, Failure> {
    let mut octets = [0; NONCE_LENGTH];
    match nonces {
        Nonces::Off => Ok(None),
        Nonces::Prefer | Nonces::Require => {
            getrandom::fill(&mut octets).map_err(|_| Failure::NonceUnavailable)?;
            Ok(Some(octets))
        }
    }
}

/// What is remembered of a refusal has no need of the delegate's certificate.
fn without_certificate(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::UnauthorisedResponder {
            responder,
            reason: Unauthorised::RevocationNotChecked { .. },
        } => Refusal::UnauthorisedResponder {
            responder,
            reason: Unauthorised::RevocationNotChecked {
                delegate: Box::default(),
            },
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(failure: Failure, enough: bool) -> &'static str {
        match Trouble::of(&Err(failure), enough) {
            Trouble::None => "there",
            Trouble::NoConnection => "the place",
            Trouble::NoAnswer => "the url",
            Trouble::Nobodys => "nobody",
        }
    }

    fn unreachable(cause: Unreachable) -> Failure {
        let url = "http://a/".to_owned();
        Failure::ResponderUnreachable { url, cause }
    }

    fn status(found: u16) -> Failure {
        let (url, fault) = ("http://a/".to_owned(), HttpFault::Status { found });
        Failure::HttpFault { url, fault }
    }

    fn timed_out() -> Failure {
        let (url, after) = ("http://a/".to_owned(), Duration::from_secs(1));
        Failure::ResponderTimedOut { url, after }
    }

    #[test]
    fn what_fails_counts_against_what_is_to_blame() {
        let broken = || Unreachable::Exchange(Arc::new(std::io::ErrorKind::BrokenPipe.into()));
        assert_eq!(
            counts(unreachable(Unreachable::NoAddress), true),
            "the place"
        );
        assert_eq!(counts(unreachable(broken()), true), "the url");
        assert_eq!(counts(timed_out(), true), "the url");
        assert_eq!(counts(status(502), true), "the url");
        assert_eq!(counts(status(404), true), "there");
    }

    #[test]
    fn who_is_given_no_time_is_not_to_blame() {
        assert_eq!(counts(timed_out(), false), "nobody");
        assert_eq!(counts(unreachable(Unreachable::NoAddress), false), "nobody");
        assert_eq!(counts(status(502), false), "the url");
    }
}
