//! Asks about one certificate, for everybody who wants to know.

mod attempt;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ocsp::{
    CertId, CertificateStatus, DelegatesWithoutNocheck, HashAlgorithm, Query, Refusal, Staleness,
    Status, status,
};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::debug;

use attempt::Attempt;

use crate::allowance::Allowance;
use crate::failure::Failure;
use crate::memory::{Memory, Question};
use crate::moment::later;
use crate::observer::Event;
use crate::settings::{Nonces, Settings};
use crate::store::{Kept, Store, Stored};
use crate::verdict::Source;
use crate::whom::Whom;

/// Everything that a question needs when its caller is gone.
pub(crate) struct Asking {
    certificate: Vec<u8>,
    issuer: Vec<u8>,
    settings: Arc<Settings>,
}

/// A proven status, and what proves it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Proof {
    /// What is proven.
    pub status: Status,
    /// The URL of the responder that gave the answer.
    pub responder: Arc<str>,
    /// The DER of the `OCSPResponse`.
    pub response: Vec<u8>,
}

/// Whether the store may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FromStore {
    Yes,
    /// It is a newer answer that is wanted.
    No,
}

/// How long the store may take. A responder is as quick, and a disk that hangs must not be what clients wait for.
const RECALL_TIME: Duration = Duration::from_millis(500);

/// What a question is about, for as long as it is asked.
struct Subject<'a> {
    certificate: Certificate<'a>,
    issuer: Certificate<'a>,
    whom: Whom,
}

impl Asking {
    pub(crate) fn new(
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        settings: Arc<Settings>,
    ) -> Self {
        Self {
            certificate: certificate.der().to_vec(),
            issuer: issuer.der().to_vec(),
            settings,
        }
    }

    /// Asks the store or the responders, and lets everyone know.
    pub(crate) async fn settle(self, question: Question, from_store: FromStore, now: UnixTime) {
        // Only of what nothing is known any more: what has run out here has run out there.
        if from_store == FromStore::Yes
            && !question.knows()
            && let Some(proof) = self.recall(&question, now).await
        {
            self.settings.observe(&Event::Restored);
            question.settle(Ok((proof.status, proof.responder)), Source::Cached, now);
            return;
        }
        // Also ahead of its end: another gateway may have asked meanwhile.
        if let Some(proof) = self.recall_shared(&question, now).await {
            self.settings.observe(&Event::Shared);
            question.settle(Ok((proof.status, proof.responder)), Source::Cached, now);
            return;
        }
        let outcome = self.ask(question.memory(), self.settings.nonces, now).await;
        if let Err(failure) = &outcome {
            debug!(code = failure.code(), %failure, "revocation check failed");
        }
        let (outcome, proof) = match outcome {
            Ok(proof) => (
                Ok((proof.status.clone(), Arc::clone(&proof.responder))),
                Some(proof),
            ),
            Err(failure) => (Err(failure), None),
        };
        let (store, pool) = (question.memory().store.clone(), self.pool(&question));
        let ends = question.settle(outcome, Source::Fetched, now);
        let (Some(proof), Some(ends)) = (proof, ends) else {
            return;
        };
        if let Some(pool) = pool {
            self.share(&proof, &pool, ends, now).await;
        }
        if let Some(store) = store {
            self.keep(proof, store, ends, now).await;
        }
    }

    /// Waits for its turn, then asks one responder after the other until one proves something. Each
    /// has an equal share of the time that is left; if all fail, the failure that came farthest is
    /// reported.
    pub(crate) async fn ask(
        &self,
        memory: &Memory,
        nonces: Nonces,
        now: UnixTime,
    ) -> Result<Proof, Failure> {
        let parse = |der| Certificate::parse(der).map_err(Failure::CertificateMalformed);
        let (certificate, issuer) = (parse(&self.certificate)?, parse(&self.issuer)?);
        let whom = Whom::of(&certificate, &issuer, &self.settings.responders)?;
        let subject = Subject {
            certificate,
            issuer,
            whom,
        };
        let allowance = Allowance::new(self.settings.timeout);
        let mut farthest = None::<Failure>;
        for (index, url) in subject.whom.urls.iter().enumerate() {
            let share = allowance.share(subject.whom.urls.len().saturating_sub(index));
            let asked = Attempt {
                asking: self,
                memory,
                url,
                allowance: Allowance::new(share),
                now,
            };
            match asked.ask(&subject, nonces).await {
                Ok(proof) => return Ok(proof),
                Err(failure) => farthest = Some(Failure::farther(farthest, failure)),
            }
        }
        Err(farthest.unwrap_or(Failure::ResponderNotNamed))
    }

    fn judge(
        &self,
        response: &[u8],
        query: &Query<'_>,
        whom: &Whom,
        about_delegates: &[&[u8]],
        now: UnixTime,
    ) -> Result<Status, Refusal> {
        // Whoever configured them has parsed them.
        let trusted: Vec<_> = whom
            .trusted
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect();
        let rules = self
            .settings
            .rules()
            .trusted_responders(&trusted)
            .delegate_answers(about_delegates);
        status(response, query, &rules, now)
    }

    /// What a stored response says, where it is that the certificate was revoked: that its delegate may be so too, or
    /// that it has run out, does not make that unsaid. Wrongly believed it refuses, and nothing else.
    fn judge_revocation(
        &self,
        response: &[u8],
        query: &Query<'_>,
        whom: &Whom,
        now: UnixTime,
    ) -> Option<Status> {
        let lenient = Self {
            certificate: Vec::new(),
            issuer: Vec::new(),
            settings: Arc::new(
                Settings::clone(&self.settings)
                    .delegates_without_nocheck(DelegatesWithoutNocheck::Allow),
            ),
        };
        let judge = |at| lenient.judge(response, query, whom, &[], at);
        let status = judge(now).or_else(|refusal| at_its_end(refusal, judge).ok_or(()));
        let revoked =
            |status: &Status| matches!(status.certificate, CertificateStatus::Revoked { .. });
        status.ok().filter(revoked)
    }

    /// What the store has, if that proves something now: it is judged like an answer that comes from the network. An
    /// answer that has run out is recalled too, for whom it may still be of use when nobody can be asked.
    async fn recall(&self, question: &Question, now: UnixTime) -> Option<Proof> {
        if self.settings.nonces == Nonces::Require {
            return None;
        }
        let store = Arc::clone(question.memory().store.as_ref()?);
        let parse = |der| Certificate::parse(der).ok();
        let (certificate, issuer) = (parse(&self.certificate)?, parse(&self.issuer)?);
        let whom = Whom::of(&certificate, &issuer, &self.settings.responders).ok()?;
        let cert_id = CertId::new(&certificate, &issuer, HashAlgorithm::Sha256).to_der();
        let reading = tokio::task::spawn_blocking(move || store.find(&cert_id));
        let found = timeout(RECALL_TIME, reading).await.ok()?;
        let Stored {
            url,
            until,
            response,
        } = match found.ok()? {
            Ok(found) => found?,
            Err(error) => {
                self.settings.observe(&Event::StoreFailed { error: &error });
                return None;
            }
        };
        let query = Query::new(&certificate, &issuer);
        let responder: Arc<str> = url.into();
        let judge = |at| self.judge(&response, &query, &whom, &[], at);
        let status = match judge(now) {
            Ok(status) => Some(status),
            Err(refusal) => at_its_end(refusal, judge),
        };
        let Some(mut status) = status else {
            let revoked = self.judge_revocation(&response, &query, &whom, now)?;
            question.recall_as_run_out(revoked, responder, now);
            return None;
        };
        // What bounded its life when it was kept bounds it still.
        status.valid_until = status.valid_until.min(until);
        if now <= status.valid_until {
            return Some(Proof {
                status,
                responder,
                response,
            });
        }
        question.recall(status, responder, now);
        None
    }

    /// Gives an answer to the store, unless so many others are being written that the disk must be in trouble.
    async fn keep(&self, proof: Proof, store: Arc<Store>, until: UnixTime, now: UnixTime) {
        if self.settings.nonces == Nonces::Require {
            return;
        }
        let Ok(_turn) = Arc::clone(&store.turns).try_acquire_owned() else {
            return;
        };
        let parse = |der| Certificate::parse(der).ok();
        let (Some(certificate), Some(issuer)) = (parse(&self.certificate), parse(&self.issuer))
        else {
            return;
        };
        let cert_id = CertId::new(&certificate, &issuer, HashAlgorithm::Sha256).to_der();
        let kept = Kept {
            revoked: matches!(proof.status.certificate, CertificateStatus::Revoked { .. }),
            this_update: proof.status.this_update,
            until,
        };
        let writing = move || store.keep(&cert_id, &proof.responder, &proof.response, kept, now);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(writing).await {
            self.settings.observe(&Event::StoreFailed { error: &error });
        }
    }
}

/// What an answer that has run out, which is the refusal, said at its end: at its nextUpdate or when it became too
/// old, whichever came first.
fn at_its_end(
    mut refusal: Refusal,
    judge: impl Fn(UnixTime) -> Result<Status, Refusal>,
) -> Option<Status> {
    for _ in 0..2 {
        let end = match refusal {
            Refusal::NotFresh(Staleness::Expired { next_update, .. }) => next_update,
            Refusal::NotFresh(Staleness::TooOld {
                this_update,
                max_age,
                ..
            }) => later(this_update, max_age),
            _ => return None,
        };
        match judge(end) {
            Ok(status) => return Some(status),
            Err(earlier) => refusal = earlier,
        }
    }
    None
}

async fn turn<'s>(
    turns: &'s Semaphore,
    allowance: &Allowance,
    limit: usize,
) -> Result<SemaphorePermit<'s>, Failure> {
    // Semaphores here are never closed.
    match timeout(allowance.left(), turns.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(Failure::TooManyQuestions { limit }),
    }
}
