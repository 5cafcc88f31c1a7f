//! Everything that was counted, as OpenMetrics.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use rustls_pki_types::UnixTime;

use super::doors::DoorCounts;
use super::listener::Counts;
use super::shards::lock;
use super::tally::Durations;
use crate::backend_health::pool_health;
use crate::inventory::{Listed, Use};
use crate::running::Shared;

/// The text of a scrape.
///
/// # Errors
/// None that writing to a text has.
pub(crate) fn scrape(shared: &Arc<Shared>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("portcullis");
    registry.register_collector(Box::new(Scrape(Arc::clone(shared))));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

struct Scrape(Arc<Shared>);

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.process(&mut page)?;
        self.listeners(&mut page)?;
        self.doors(&mut page)?;
        self.ocsp(&mut page)?;
        self.responders(&mut page)?;
        self.profiles(&mut page)?;
        self.certificates(&mut page)?;
        self.backends(&mut page)
    }
}

impl Scrape {
    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let metrics = &self.0.metrics;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut build = page.family("build", "The version that runs", None, MetricType::Info)?;
        build.encode_info(&version)?;
        let started = seconds(metrics.started);
        page.gauge(
            "start_time",
            "When the gateway started, since 1970",
            Some(Unit::Seconds),
            [(NONE, started)],
        )?;
        let generation = metrics.reloads.generation();
        page.gauge(
            "configuration_generation",
            "Which configuration is in force, 1 at the start",
            None,
            [(NONE, generation)],
        )?;
        let since = seconds(metrics.reloads.latest().unwrap_or(metrics.started));
        page.gauge(
            "configuration_time",
            "When the configuration came into force, since 1970",
            Some(Unit::Seconds),
            [(NONE, since)],
        )?;
        let (succeeded, failed) = metrics.reloads.counts();
        page.counter(
            "configuration_reloads",
            "Configurations that were to replace the one in force",
            None,
            [
                ([("outcome", "succeeded")], succeeded),
                ([("outcome", "failed")], failed),
            ],
        )?;
        let draining = self.0.is_draining();
        page.gauge(
            "draining",
            "Whether the gateway drains",
            None,
            [(NONE, u32::from(draining))],
        )?;
        if let Some(lines) = metrics.dropped_lines() {
            page.counter(
                "log_lines_dropped",
                "Log lines that nobody took in time",
                None,
                [(NONE, lines)],
            )?;
        }
        Ok(())
    }

    fn listeners(&self, page: &mut Page<'_>) -> fmt::Result {
        let listeners: Vec<(String, Counts)> = lock(&self.0.metrics.listeners)
            .iter()
            .map(|(name, counts)| (name.clone(), counts.sum()))
            .collect();
        let each = || {
            listeners
                .iter()
                .map(|(name, counts)| (name.as_str(), counts))
        };
        page.counter(
            "requests",
            "Requests that were answered, by class of status and by reason",
            None,
            each().flat_map(|(name, counts)| {
                counts
                    .requests
                    .iter()
                    .map(move |((status, reason), count)| {
                        (
                            [("listener", name), ("status", status), ("reason", reason)],
                            count,
                        )
                    })
            }),
        )?;
        page.histogram(
            "request_duration",
            "From the head of a request to the end of its response",
            each().map(|(name, counts)| ([("listener", name)], &counts.requests_took)),
        )?;
        page.histogram(
            "backend_first_byte_duration",
            "From the begin of forwarding a request to the head of the response",
            each().map(|(name, counts)| ([("listener", name)], &counts.first_bytes_took)),
        )?;
        page.counter(
            "received",
            "Octets of HTTP from clients, without TLS",
            Some(Unit::Bytes),
            each().map(|(name, counts)| ([("listener", name)], counts.received)),
        )?;
        page.counter(
            "sent",
            "Octets of HTTP to clients, without TLS",
            Some(Unit::Bytes),
            each().map(|(name, counts)| ([("listener", name)], counts.sent)),
        )?;
        page.counter(
            "handshakes",
            "TLS handshakes that were finished",
            None,
            each().flat_map(|(name, counts)| {
                counts
                    .handshakes
                    .iter()
                    .map(move |((protocol, kind), count)| {
                        (
                            [("listener", name), ("protocol", protocol), ("kind", kind)],
                            count,
                        )
                    })
            }),
        )?;
        page.counter(
            "client_verifications",
            "Judgements of clients, after handshakes and when a proof was spent",
            None,
            each().flat_map(|(name, counts)| {
                counts
                    .verifications
                    .iter()
                    .map(move |((outcome, class, reason), count)| {
                        (
                            [
                                ("listener", name),
                                ("outcome", outcome),
                                ("class", class),
                                ("reason", reason),
                            ],
                            count,
                        )
                    })
            }),
        )
    }

    fn doors(&self, page: &mut Page<'_>) -> fmt::Result {
        let door = |address: SocketAddr| address.to_string();
        let doors: Vec<(String, DoorCounts)> = self
            .0
            .metrics
            .doors
            .iter()
            .map(|one| (door(one.address), one.sum()))
            .collect();
        let each = || {
            doors
                .iter()
                .map(|(address, counts)| (address.as_str(), counts))
        };
        page.counter(
            "connections_accepted",
            "Connections that clients opened",
            None,
            each().map(|(address, counts)| ([("address", address)], counts.accepted)),
        )?;
        page.gauge(
            "connections_open",
            "Connections of clients that are open",
            None,
            each().map(|(address, counts)| ([("address", address)], counts.open)),
        )?;
        page.counter(
            "handshakes_failed",
            "TLS handshakes that were not finished, by reason",
            None,
            each().flat_map(|(address, counts)| {
                counts
                    .failures
                    .iter()
                    .map(move |(reason, count)| ([("address", address), ("reason", reason)], count))
            }),
        )
    }

    fn ocsp(&self, page: &mut Page<'_>) -> fmt::Result {
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

    fn responders(&self, page: &mut Page<'_>) -> fmt::Result {
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

    fn profiles(&self, page: &mut Page<'_>) -> fmt::Result {
        let gateway = self.0.gateway.load();
        let remembered: Vec<_> = gateway
            .trusts()
            .map(|(name, trust)| (name, trust.remembered()))
            .collect();
        page.counter(
            "verified_chain_lookups",
            "Chains of clients that were looked for among the verified ones, since the profile was loaded",
            None,
            remembered.iter().flat_map(|(profile, remembered)| {
                [("hit", remembered.hits), ("miss", remembered.misses)]
                    .map(|(result, count)| ([("profile", *profile), ("result", result)], count))
            }),
        )?;
        page.gauge(
            "verified_chains",
            "Verified chains that are remembered",
            None,
            remembered
                .iter()
                .map(|(profile, remembered)| ([("profile", *profile)], remembered.chains)),
        )
    }

    fn certificates(&self, page: &mut Page<'_>) -> fmt::Result {
        let gateway = self.0.gateway.load();
        let now = UnixTime::now();
        // Of intermediates a file may have any number.
        let certificates = gateway.inventory().certificates().iter();
        let certificates = || {
            certificates
                .clone()
                .filter(|one| matches!(one.used, Use::Server | Use::TrustedRoot))
        };
        let labels = |one: &Listed| {
            [
                ("profile", one.profile.clone()),
                ("use", one.used.name().to_owned()),
                ("subject", one.subject.clone()),
                ("fingerprint", one.fingerprint.clone()),
            ]
        };
        page.gauge(
            "certificate_days_left",
            "Whole days until a certificate ends, below 0 once it has",
            None,
            certificates().map(|one| (labels(one), one.days_left(now))),
        )?;
        page.gauge(
            "certificate_not_after",
            "When a certificate ends, since 1970",
            Some(Unit::Seconds),
            certificates().map(|one| (labels(one), one.not_after)),
        )
    }

    fn backends(&self, page: &mut Page<'_>) -> fmt::Result {
        let connects = &self.0.metrics.connects;
        let mut took = Durations::default();
        for shard in connects.iter() {
            took.add(&lock(shard));
        }
        page.histogram(
            "backend_connect_duration",
            "How long connecting to a backend took",
            [(NONE, &took)],
        )?;
        let gateway = self.0.gateway.load();
        let pools = pool_health(&gateway);
        page.gauge(
            "backend_servers",
            "Servers of a pool by their health, as far as it is known",
            None,
            pools.iter().flat_map(|pool| {
                pool.counts().into_iter().map(|(health, number)| {
                    (
                        [
                            ("pool", &*pool.pool),
                            ("backend_settings", &*pool.backend_settings),
                            ("health", health),
                        ],
                        number,
                    )
                })
            }),
        )
    }
}

/// The labels of what there is one of.
const NONE: [(&str, &str); 0] = [];

/// What is written to.
struct Page<'e>(DescriptorEncoder<'e>);

impl Page<'_> {
    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        unit: Option<&'s Unit>,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, unit, kind)
    }

    fn counter<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        values: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, unit.as_ref(), MetricType::Counter)?;
        for (labels, value) in values {
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    fn gauge<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, unit.as_ref(), MetricType::Gauge)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// In seconds.
    fn histogram<'d, L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, &'d Durations)>,
    ) -> fmt::Result {
        let unit = Unit::Seconds;
        let mut family = self.family(name, help, Some(&unit), MetricType::Histogram)?;
        for (labels, took) in values {
            family
                .encode_family(&labels)?
                .encode_histogram::<NoLabelSet>(took.sum(), took.count(), &took.buckets(), None)?;
        }
        Ok(())
    }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
