//! Asks about one certificate, for everybody who wants to know.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ocsp::{CertificateStatus, Query, Status, request, status};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::debug;

use crate::allowance::Allowance;
use crate::failure::Failure;
use crate::fetch::fetch_within;
use crate::memory::{Answer, Question};
use crate::settings::Settings;
use crate::verdict::{Source, Verdict};

/// Responders of one certificate that are asked. Certificates name one, rarely two.
const MAX_RESPONDERS: usize = 4;

/// How long a failure is remembered, so that a responder in trouble is not asked for every
/// connection. Short, because clients are refused meanwhile.
const FAILURE_LIFETIME: Duration = Duration::from_secs(5);

/// How long "unknown" is remembered at most: responders learn of new certificates late.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(60);

/// Everything that a question needs when its caller is gone.
pub(crate) struct Asking {
    certificate: Vec<u8>,
    issuer: Vec<u8>,
    request: Vec<u8>,
    responders: Vec<Arc<str>>,
}

impl Asking {
    pub(crate) fn new(
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<Self, Failure> {
        let responders = certificate
            .ocsp_responders()
            .map_err(Failure::CertificateMalformed)?;
        let responders: Vec<_> = responders.take(MAX_RESPONDERS).map(Arc::from).collect();
        if responders.is_empty() {
            return Err(Failure::ResponderNotNamed);
        }
        Ok(Self {
            certificate: certificate.der().to_vec(),
            issuer: issuer.der().to_vec(),
            request: request(&Query::new(certificate, issuer)),
            responders,
        })
    }

    /// Asks, and lets everyone know.
    pub(crate) async fn settle(self, question: Question, settings: Arc<Settings>, now: UnixTime) {
        let answer = match self.ask(&settings, question.turns(), now).await {
            Ok((status, responder)) => answer(&status, &responder, now),
            Err(failure) => Answer {
                outcome: Err(failure),
                until: later(now, FAILURE_LIFETIME),
                now,
            },
        };
        if let Err(failure) = &answer.outcome {
            debug!(code = failure.code(), %failure, "revocation check failed");
        }
        question.answer(answer);
    }

    /// Waits for its turn, then asks one responder after the other until one proves something. Each
    /// has an equal share of the time that is left; if all fail, the failure that came farthest is
    /// reported.
    async fn ask(
        &self,
        settings: &Settings,
        turns: &Semaphore,
        now: UnixTime,
    ) -> Result<(Status, Arc<str>), Failure> {
        let allowance = Allowance::new(settings.timeout);
        let Ok(Ok(_turn)) = timeout(allowance.left(), turns.acquire()).await else {
            let limit = settings.questions;
            return Err(Failure::TooManyQuestions { limit });
        };
        let mut farthest = Failure::ResponderNotNamed;
        for (index, url) in self.responders.iter().enumerate() {
            let time = allowance.share(self.responders.len().saturating_sub(index));
            let fetched = fetch_within(time, url, &self.request, settings.destinations).await;
            match fetched.and_then(|response| self.judge(&response, url, settings, now)) {
                Ok(status) => return Ok((status, Arc::clone(url))),
                Err(failure) if index == 0 || failure.progress() > farthest.progress() => {
                    farthest = failure;
                }
                Err(_) => (),
            }
        }
        Err(farthest)
    }

    fn judge(
        &self,
        response: &[u8],
        url: &str,
        settings: &Settings,
        now: UnixTime,
    ) -> Result<Status, Failure> {
        let parse = |der| Certificate::parse(der).map_err(Failure::CertificateMalformed);
        let (certificate, issuer) = (parse(&self.certificate)?, parse(&self.issuer)?);
        let query = Query::new(&certificate, &issuer);
        status(response, &query, &settings.rules(), now).map_err(|refusal| Failure::AnswerRefused {
            url: url.to_owned(),
            refusal: Box::new(refusal),
        })
    }
}

/// What a proven status comes to, and for how long.
fn answer(status: &Status, responder: &Arc<str>, now: UnixTime) -> Answer {
    let valid_until = status.valid_until;
    match status.certificate {
        CertificateStatus::Good => {
            let responder = Arc::clone(responder);
            let verdict = Verdict {
                valid_until,
                source: Source::Fetched,
                responder,
            };
            Answer {
                outcome: Ok(verdict),
                until: valid_until,
                now,
            }
        }
        CertificateStatus::Revoked { at, reason } => {
            let failure = Failure::CertificateRevoked { at, reason };
            Answer {
                outcome: Err(failure),
                until: valid_until,
                now,
            }
        }
        CertificateStatus::Unknown => {
            let failure = Failure::CertificateUnknown {
                url: responder.to_string(),
            };
            let until = valid_until.min(later(now, UNKNOWN_LIFETIME));
            Answer {
                outcome: Err(failure),
                until,
                now,
            }
        }
    }
}

fn later(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        time.as_secs().saturating_add(by.as_secs()),
    ))
}
