//! What was asked of OCSP responders.

use std::fmt;

use rustls_pki_types::UnixTime;

use super::Scrape;
use super::page::{NONE, Page};

impl Scrape {
    pub(super) fn ocsp(&self, page: &mut Page<'_>) -> fmt::Result {
        let ocsp = &self.0.metrics.ocsp;
        page.counter(
            "ocsp_checks",
            "Certificates of clients that were checked; cached ones are hits of the memory",
            None,
            ocsp.checks()
                .iter()
                .map(|((reason, outcome, source), count)| {
                    (
                        [("outcome", outcome), ("reason", reason), ("source", source)],
                        count,
                    )
                }),
        )?;
        page.counter(
            "ocsp_events",
            "Checks that waited for the question of another, renewals ahead of the end, answers found in the store, failures of the store, suspensions of responders",
            None,
            ocsp.events().iter().map(|(event, count)| ([("event", event)], count)),
        )?;
        let (remembered, most) = self.0.gateway.load().checker().remembered();
        page.gauge(
            "ocsp_cache_entries",
            "Certificates of which an answer or a failure is remembered",
            None,
            [(NONE, remembered)],
        )?;
        page.gauge(
            "ocsp_cache_capacity",
            "Certificates of which something can be remembered",
            None,
            [(NONE, most)],
        )
    }

    pub(super) fn responders(&self, page: &mut Page<'_>) -> fmt::Result {
        let responders = self.0.metrics.ocsp.responders();
        let each = || {
            responders
                .iter()
                .map(|(name, responder)| (name.as_str(), responder))
        };
        page.counter(
            "ocsp_questions",
            "Questions that were put to a responder",
            None,
            each().map(|(name, responder)| ([("responder", name)], responder.asked)),
        )?;
        page.counter(
            "ocsp_answers",
            "What came of questions to a responder",
            None,
            each().flat_map(|(name, responder)| {
                responder.answers.iter().map(move |(outcome, count)| {
                    ([("responder", name), ("outcome", outcome)], count)
                })
            }),
        )?;
        page.histogram(
            "ocsp_answer_duration",
            "How long questions to a responder took",
            each().map(|(name, responder)| ([("responder", name)], &responder.took)),
        )?;
        let now = UnixTime::now();
        page.gauge(
            "ocsp_responder_suspended",
            "Whether a responder is left alone because it failed again and again",
            None,
            each().map(|(name, responder)| {
                let suspended = responder.suspended_until.is_some_and(|until| now < until);
                ([("responder", name)], u32::from(suspended))
            }),
        )
    }
}
