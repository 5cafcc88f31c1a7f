//! What is counted of OCSP.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use portcullis_revocation::{Event, Observer};
use rustls_pki_types::UnixTime;

use super::shards::{Shards, lock};
use super::tally::{Durations, Tally};

/// Responders that are counted by themselves. Certificates name them: all further ones together are [`OTHER`].
const RESPONDERS: usize = 64;

/// What stands for every responder beyond the first so many. No host has such a name.
const OTHER: &str = "(other)";

/// Characters of a host and port that are shown: the longest name and the longest port.
const LONGEST: usize = 260;

/// The counters of OCSP, which outlive configurations.
#[derive(Debug)]
pub(crate) struct OcspCounts {
    checks: Shards<Mutex<Tally<Check>>>,
    events: Shards<Mutex<Tally<&'static str>>>,
    /// By host and port. Locked once a question that went over the network.
    responders: Mutex<BTreeMap<String, Responder>>,
}

/// Code, whether it passed, and where the answer came from.
pub(crate) type Check = (&'static str, &'static str, &'static str);

/// What is known of one responder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Responder {
    /// Questions put.
    pub(crate) asked: u64,
    /// What came of them.
    pub(crate) answers: Tally<&'static str>,
    pub(crate) took: Durations,
    /// Until when it is left alone, where it was: that may be past.
    pub(crate) suspended_until: Option<UnixTime>,
}

impl OcspCounts {
    pub(super) fn new(cores: NonZeroUsize) -> Self {
        Self {
            checks: Shards::new(cores),
            events: Shards::new(cores),
            responders: Mutex::default(),
        }
    }

    /// Certificates that were checked.
    pub(crate) fn checks(&self) -> Tally<Check> {
        sum(&self.checks)
    }

    /// What else happened, by name.
    pub(crate) fn events(&self) -> Tally<&'static str> {
        sum(&self.events)
    }

    pub(crate) fn responders(&self) -> BTreeMap<String, Responder> {
        lock(&self.responders).clone()
    }

    fn event(&self, name: &'static str) {
        lock(self.events.own()).count(name);
    }

    fn responder(&self, url: &str, what: impl FnOnce(&mut Responder)) {
        let mut responders = lock(&self.responders);
        let place = place(url);
        let known = responders.contains_key(&place) || responders.len() < RESPONDERS;
        let place = if known { place } else { OTHER.to_owned() };
        what(responders.entry(place).or_default());
    }
}

impl Observer for OcspCounts {
    fn observe(&self, event: &Event<'_>) {
        match *event {
            Event::Checked {
                code,
                passed,
                source,
            } => {
                let outcome = if passed { "passed" } else { "refused" };
                lock(self.checks.own()).count((code, outcome, source.name()));
            }
            Event::Joined => self.event("joined"),
            Event::Refreshing => self.event("refreshing"),
            Event::Restored => self.event("restored"),
            Event::StoreFailed { error } => {
                tracing::warn!(%error, "OCSP answers cannot be kept or found");
                self.event("store_failed");
            }
            Event::Asked { responder } => self.responder(responder, |responder| {
                responder.asked = responder.asked.saturating_add(1);
            }),
            Event::Answered {
                responder,
                code,
                latency,
            } => self.responder(responder, |responder| answered(responder, code, latency)),
            Event::Suspended { responder, until } => {
                self.event("suspended");
                self.responder(responder, |responder| {
                    responder.suspended_until = Some(until);
                });
            }
            _ => {}
        }
    }
}

fn answered(responder: &mut Responder, code: &'static str, latency: Duration) {
    responder.answers.count(code);
    responder.took.observe(latency);
}

fn sum<K: Ord + Copy>(shards: &Shards<Mutex<Tally<K>>>) -> Tally<K> {
    let mut sum = Tally::default();
    for shard in shards.iter() {
        sum.add(&lock(shard));
    }
    sum
}

/// The host and port of a URL, in lower case.
fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    place
        .chars()
        .take(LONGEST)
        .collect::<String>()
        .to_ascii_lowercase()
}

/// What a checker tells of, passed on to the counters that it is given when its configuration comes into force.
#[derive(Debug, Default)]
pub(crate) struct Observing(OnceLock<Arc<OcspCounts>>);

impl Observing {
    pub(super) fn tell(&self, counts: &Arc<OcspCounts>) {
        // An error says that they have been given.
        drop(self.0.set(Arc::clone(counts)));
    }
}

impl Observer for Observing {
    fn observe(&self, event: &Event<'_>) {
        if let Some(counts) = self.0.get() {
            counts.observe(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_responder_is_known_by_its_host_and_port() {
        for (url, expected) in [
            ("http://OCSP.contoso.com/a/b", "ocsp.contoso.com"),
            ("https://u@[::1]:8080?x", "[::1]:8080"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(place(url), expected);
        }
    }

    #[test]
    fn certificates_cannot_name_more_responders_than_are_counted() {
        let counts = OcspCounts::new(NonZeroUsize::MIN);
        for number in 0..1_000 {
            let responder = &format!("http://r{number}.example/");
            counts.observe(&Event::Asked { responder });
        }
        let responders = counts.responders();
        assert_eq!(responders.len(), RESPONDERS + 1);
        let asked: u64 = responders.values().map(|one| one.asked).sum();
        assert_eq!((asked, responders[OTHER].asked), (1_000, 1_000 - 64));
    }
}
