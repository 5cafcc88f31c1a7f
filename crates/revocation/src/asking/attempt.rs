//! One responder that is asked about one certificate.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ocsp::{CertificateStatus, Nonce, Query, Refusal, Status, request};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use tokio::time::Instant;

use super::{Asking, Proof, Subject, turn};
use crate::allowance::Allowance;
use crate::failure::{Failure, HttpFault};
use crate::fetch::{fetch_within, wants_post};
use crate::gate::Gate;
use crate::memory::Memory;
use crate::observer::Event;
use crate::settings::Nonces;
use crate::transport::Method;
use crate::whom::Whom;

/// One responder that is asked.
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
        let mut octets = [0; NONCE_LENGTH];
        let query =
            Query::new(&subject.certificate, &subject.issuer).hash(self.asking.settings.hash);
        let query = match nonces {
            Nonces::Off => query,
            Nonces::Prefer | Nonces::Require => {
                getrandom::fill(&mut octets).map_err(|_| Failure::NonceUnavailable)?;
                match Nonce::new(&octets) {
                    Ok(nonce) => query.nonce(nonce),
                    Err(_) => return Err(Failure::NonceUnavailable),
                }
            }
        };
        let (response, latency) = self.put(self.url, &request(&query)).await?;
        let judged = match self
            .asking
            .judge(&response, &query, &subject.whom, &[], self.now)
        {
            Err(refusal)
                if self.asking.settings.checks_delegates()
                    && refusal.delegate_to_check().is_some() =>
            {
                self.with_delegate(&response, &query, subject, refusal)
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
                refusal: Box::new(refusal),
            }),
        }
    }

    /// Judges again with what is said of the delegate that signed: what is remembered of it, else what its responders
    /// say when asked. `refusal` is what it comes to if none of that helps.
    async fn with_delegate(
        &self,
        response: &[u8],
        query: &Query<'_>,
        subject: &Subject<'_>,
        refusal: Refusal,
    ) -> Result<Status, Refusal> {
        let Some(delegate) = refusal.delegate_to_check() else {
            return Err(refusal);
        };
        let judge = |about: &[u8]| {
            let judged = self
                .asking
                .judge(response, query, &subject.whom, &[about], self.now);
            judged.map_err(|refusal| (refusal.delegate_to_check().is_some(), refusal))
        };
        if let Some(about) = self.memory.about_delegate(delegate) {
            match judge(&about) {
                Err((true, _)) => (),
                Ok(status) => return Ok(status),
                Err((false, refusal)) => return Err(refusal),
            }
        }
        let Ok(certificate) = Certificate::parse(delegate) else {
            return Err(refusal);
        };
        let Ok(whom) = Whom::of(
            &certificate,
            &subject.issuer,
            &self.asking.settings.responders,
        ) else {
            return Err(refusal);
        };
        let question =
            request(&Query::new(&certificate, &subject.issuer).hash(self.asking.settings.hash));
        for url in &whom.urls {
            let Ok((about, latency)) = self.put(url, &question).await else {
                continue;
            };
            self.answered(url, "about_delegate", latency);
            let judged = judge(&about);
            if !matches!(judged, Err((true, _))) {
                self.memory.remember_about_delegate(delegate, about);
            }
            match judged {
                Err((true, _)) => (),
                Ok(status) => return Ok(status),
                Err((false, refusal)) => return Err(refusal),
            }
        }
        Err(refusal)
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
        let gate = self.memory.gate(url, settings.questions_each);
        let _turn = turn(&gate.turns, &self.allowance, settings.questions_each).await?;
        let attempt = gate.enter(url, self.now)?;
        let responder = &*url.escape_debug().to_string();
        settings.observe(&Event::Asked { responder });
        let began = Instant::now();
        let fetched = self.fetch(url, request, &gate).await;
        let latency = began.elapsed();
        if let Err(failure) = &fetched {
            self.answered(url, failure.code(), latency);
        }
        if let Some(answered) = answered(&fetched)
            && let Some(until) = attempt.ended(answered)
        {
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

/// Whether the responder is there. Nothing, when it was not tried.
fn answered(fetched: &Result<Vec<u8>, Failure>) -> Option<bool> {
    match fetched {
        Err(Failure::ResponderRefusedByPolicy { .. }) => None,
        Err(Failure::ResponderUnreachable { .. } | Failure::ResponderTimedOut { .. }) => {
            Some(false)
        }
        Err(Failure::HttpFault {
            fault: HttpFault::Status { found: 500.. },
            ..
        }) => Some(false),
        Ok(_) | Err(_) => Some(true),
    }
}
