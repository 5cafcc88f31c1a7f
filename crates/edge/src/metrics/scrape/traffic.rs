//! What clients and the gateway said to each other.

use std::fmt;

use prometheus_client::registry::Unit;

use super::Scrape;
use super::page::Page;
use crate::metrics::addresses::AddressSum;
use crate::metrics::listener::Counts;
use crate::metrics::shards::lock;

/// The listeners by name, each with what it counted.
type Listeners = [(String, Counts)];

impl Scrape {
    pub(super) fn listeners(&self, page: &mut Page<'_>) -> fmt::Result {
        let listeners: Vec<(String, Counts)> = lock(&self.0.metrics.listeners)
            .iter()
            .map(|(name, counts)| (name.clone(), counts.sum()))
            .collect();
        requests(page, &listeners)?;
        octets(page, &listeners)?;
        clients(page, &listeners)
    }

    pub(super) fn addresses(&self, page: &mut Page<'_>) -> fmt::Result {
        let addresses: Vec<(String, AddressSum)> = lock(&self.0.metrics.addresses)
            .values()
            .map(|one| (one.address.to_string(), one.sum()))
            .collect();
        let each = || {
            addresses
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
}

fn each(listeners: &Listeners) -> impl Iterator<Item = (&str, &Counts)> {
    let each = listeners.iter();
    each.map(|(name, counts)| (name.as_str(), counts))
}

fn requests(page: &mut Page<'_>, listeners: &Listeners) -> fmt::Result {
    page.counter(
        "requests",
        "Requests that were answered, by class of status and by reason",
        None,
        each(listeners).flat_map(|(name, counts)| {
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
        each(listeners).map(|(name, counts)| ([("listener", name)], &counts.requests_took)),
    )?;
    page.histogram(
        "backend_first_byte_duration",
        "From the begin of forwarding a request to the head of the response",
        each(listeners).map(|(name, counts)| ([("listener", name)], &counts.first_bytes_took)),
    )
}

fn octets(page: &mut Page<'_>, listeners: &Listeners) -> fmt::Result {
    page.counter(
        "received",
        "Octets of HTTP from clients, without TLS",
        Some(Unit::Bytes),
        each(listeners).map(|(name, counts)| ([("listener", name)], counts.received)),
    )?;
    page.counter(
        "sent",
        "Octets of HTTP to clients, without TLS",
        Some(Unit::Bytes),
        each(listeners).map(|(name, counts)| ([("listener", name)], counts.sent)),
    )
}

fn clients(page: &mut Page<'_>, listeners: &Listeners) -> fmt::Result {
    page.counter(
        "handshakes",
        "TLS handshakes that were finished",
        None,
        each(listeners).flat_map(|(name, counts)| {
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
        each(listeners).flat_map(|(name, counts)| {
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
