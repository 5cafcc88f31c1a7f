//! The sections of the page.

use std::fmt::Write as _;
use std::sync::Arc;

use rustls_pki_types::UnixTime;

use super::{Cell, section};
use crate::admin::api::{date, moment};
use crate::admin::escape::Escaped;
use crate::backend_health::{Health, pool_health};
use crate::gateway::Gateway;
use crate::inventory::{Listed, Use};
use crate::running::Shared;

/// Rows of a table that a page shows; the JSON has all.
const ROWS: usize = 100;
/// Days left from which a certificate wants to be looked at, and is urgent.
const SOON: i64 = 30;
const URGENT: i64 = 7;

pub(super) fn all(shared: &Arc<Shared>) -> Vec<String> {
    let gateway = shared.gateway.load();
    vec![
        tiles(shared, &gateway),
        refusals(shared),
        certificates(&gateway),
        listeners(shared, &gateway),
        backends(&gateway),
        ocsp(shared, &gateway),
    ]
}

/// The few numbers that tell whether to look further.
fn tiles(shared: &Shared, gateway: &Gateway) -> String {
    let metrics = &shared.metrics;
    let open = metrics.open_connections();
    let (answered, refused) = metrics.requests_in_all();
    let (entries, _) = gateway.checker().remembered();
    let now = UnixTime::now();
    let own = gateway.inventory().certificates().iter();
    let own = own.filter(|one| one.used == Use::Server);
    let soonest = own.map(|one| one.days_left(now)).min();
    let tiles: [(&str, &str, String); 7] = [
        ("Open connections", "", open.to_string()),
        ("Requests", "", answered.to_string()),
        ("Refused by the gateway", "", refused.to_string()),
        (
            "First server certificate ends",
            soonest.map_or("", tone_of_days),
            soonest.map_or_else(|| "none".to_owned(), days),
        ),
        ("OCSP answers remembered", "", entries.to_string()),
        (
            "Configuration",
            "",
            format!("no. {}", metrics.reloads.generation()),
        ),
        (
            "Failed reloads",
            match metrics.reloads.counts().1 {
                0 => "",
                _ => "bad",
            },
            metrics.reloads.counts().1.to_string(),
        ),
    ];
    let mut html = "<ul class=\"tiles\">".to_owned();
    for (name, tone, text) in tiles {
        let text = Escaped(&text);
        let _ = write!(
            html,
            "<li><span>{name}</span><b class=\"{tone}\">{text}</b></li>"
        );
    }
    html.push_str("</ul>\n");
    html
}

fn days(left: i64) -> String {
    match left {
        ..0 => "has ended".to_owned(),
        0 => "within a day".to_owned(),
        1 => "1 day".to_owned(),
        left => format!("{left} days"),
    }
}

fn tone_of_days(left: i64) -> &'static str {
    match left {
        ..URGENT => "bad",
        URGENT..SOON => "warn",
        _ => "good",
    }
}

fn refusals(shared: &Shared) -> String {
    let rows = shared.metrics.refusals.latest().into_iter().take(ROWS);
    let rows = rows.map(|seen| {
        let status = seen.status.map(|status| status.to_string());
        [
            moment(seen.at).unwrap_or_default().into(),
            Cell::toned("bad", format!("{} ({})", seen.reason, seen.class)),
            seen.subject.unwrap_or_default().into(),
            seen.client.into(),
            seen.listener.unwrap_or_default().into(),
            status.unwrap_or_else(|| "TLS alert".to_owned()).into(),
            seen.detail.unwrap_or_default().into(),
        ]
    });
    section(
        "Recent refusals",
        [
            "Time", "Reason", "Subject", "Client", "Listener", "Status", "Detail",
        ],
        rows.collect(),
        "Nobody was refused since the start.",
    )
}

fn certificates(gateway: &Gateway) -> String {
    let now = UnixTime::now();
    let inventory = gateway.inventory();
    let mut certificates: Vec<&Listed> = inventory.certificates().iter().collect();
    certificates.sort_by_key(|one| one.not_after);
    let rows = certificates.into_iter().take(ROWS).map(|one| {
        let left = one.days_left(now);
        let users = inventory.users_of_certificate(one);
        [
            Cell::toned(tone_of_days(left), days(left)),
            one.subject.as_str().into(),
            one.used.name().replace('_', " ").into(),
            one.profile.as_str().into(),
            users.join(", ").into(),
            date(one.not_after).unwrap_or_default().into(),
            one.serial.as_str().into(),
        ]
    });
    section(
        "Certificates",
        [
            "Left",
            "Subject",
            "Use",
            "Of",
            "Listeners",
            "Ends",
            "Serial",
        ],
        rows.collect(),
        "There are none.",
    )
}

fn listeners(shared: &Shared, gateway: &Gateway) -> String {
    let rows = gateway.inventory().listeners().iter().take(ROWS);
    let rows = rows.map(|one| {
        let hosts = match one.hosts.is_empty() {
            true => "every host".to_owned(),
            false => one.hosts.join(", "),
        };
        [
            one.name.as_str().into(),
            shared
                .listens_on(&one.address)
                .unwrap_or_else(|| one.address.clone())
                .into(),
            one.protocol.into(),
            hosts.into(),
            one.profile.as_deref().unwrap_or_default().into(),
            one.rule.as_str().into(),
        ]
    });
    section(
        "Listeners",
        [
            "Name",
            "Address",
            "Protocol",
            "Hosts",
            "TLS profile",
            "Rule",
        ],
        rows.collect(),
        "There are none.",
    )
}

fn backends(gateway: &Gateway) -> String {
    let pools = pool_health(gateway);
    let servers = pools
        .iter()
        .flat_map(|pool| pool.servers.iter().map(move |server| (pool, server)));
    let rows = servers.take(ROWS).map(|(pool, server)| {
        let tone = match server.health {
            Health::Up => "good",
            Health::Down => "bad",
            Health::Partial | Health::Draining => "warn",
            Health::Unknown => "",
        };
        [
            Cell::toned(tone, server.health.name()),
            server.address.to_string().into(),
            pool.pool.as_str().into(),
            pool.backend_settings.as_str().into(),
            server.log.as_str().into(),
        ]
    });
    section(
        "Backends",
        [
            "Health",
            "Server",
            "Pool",
            "Backend settings",
            "Latest probe",
        ],
        rows.collect(),
        "No rule forwards anything.",
    )
}

fn ocsp(shared: &Shared, gateway: &Gateway) -> String {
    let now = UnixTime::now();
    let (entries, capacity) = gateway.checker().remembered();
    let rows = shared.metrics.ocsp.responders().into_iter();
    let rows = rows.map(|(name, responder)| {
        let answers = responder.answers.iter();
        let answers: Vec<String> = answers
            .map(|(outcome, count)| format!("{outcome}: {count}"))
            .collect();
        let state = match responder.suspended_until {
            Some(until) if now < until => Cell::toned("bad", "left alone"),
            _ => Cell::toned("good", "asked"),
        };
        let mean = responder.took.mean_of_millis();
        let mean = mean.map_or_else(String::new, |mean| format!("{mean} ms"));
        [
            name.into(),
            state,
            responder.asked.into(),
            answers.join(", ").into(),
            mean.into(),
        ]
    });
    section(
        &format!("OCSP: {entries} of {capacity} answers remembered"),
        ["Responder", "State", "Questions", "Answers", "Mean time"],
        rows.collect(),
        "No responder was asked since the start.",
    )
}
