//! Everything that was counted, as OpenMetrics.

mod ocsp;
mod page;
mod traffic;

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use rustls_pki_types::UnixTime;

use page::{NONE, Page};

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
        self.lost(&mut page)?;
        self.listeners(&mut page)?;
        self.addresses(&mut page)?;
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
        )
    }

    /// What could not be told in time.
    fn lost(&self, page: &mut Page<'_>) -> fmt::Result {
        if let Some(lines) = self.0.metrics.dropped_lines() {
            page.counter(
                "log_lines_dropped",
                "Log lines that nobody took in time",
                None,
                [(NONE, lines)],
            )?;
        }
        page.counter(
            "access_log_lines_dropped",
            "Lines of the access log that could not be written in time",
            None,
            [(NONE, self.0.log.dropped())],
        )?;
        page.counter(
            "spans_dropped",
            "Spans that the collector did not take in time",
            None,
            [(NONE, self.0.traces.lost())],
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
                .filter(|one| matches!(one.used, Use::Server | Use::ToBackends | Use::TrustedRoot))
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
        let took = self.0.metrics.connects.sum();
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
                            ("health", health.name()),
                        ],
                        number,
                    )
                })
            }),
        )?;
        page.gauge(
            "backend_requests",
            "Requests that are at a pool's servers now",
            None,
            pools.iter().map(|pool| {
                let labels = [
                    ("pool", &*pool.pool),
                    ("backend_settings", &*pool.backend_settings),
                ];
                (labels, pool.requests())
            }),
        )
    }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
