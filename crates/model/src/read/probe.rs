//! How the health of backends is asked for.

use std::time::Duration;

use super::backend::{absolute_path, host};
use super::{Fields, Report, excerpt};
use crate::diagnostic::{Located, Problem};
use crate::gateway::{Probe, ProbeHost, StatusRange};

/// A probe; `None` when anything of it was reported.
pub(crate) struct ProbeDraft {
    pub(crate) name: Located<String>,
    pub(crate) probe: Option<Probe>,
}

pub(super) fn probe(name: Located<String>, fields: &Fields<'_>, report: &mut Report) -> ProbeDraft {
    let host = probe_host(fields, report);
    let path = absolute_path("path", "#", fields, report);
    let statuses = statuses(fields, report);
    let timeout = timeout(fields, report);
    let body = body(fields, report);
    let https = match fields.has("protocol") {
        true => fields
            .choice("protocol")
            .map(|protocol| Some(protocol == "https")),
        false => Some(None),
    };
    let probe = || {
        Some(Probe {
            name: name.clone(),
            https: https?,
            host: host?,
            path: path?,
            port: fields.short("port").map(|port| port.value),
            interval: fields.seconds("interval").unwrap_or(Probe::INTERVAL),
            timeout: timeout?,
            unhealthy_threshold: fields
                .short("unhealthy_threshold")
                .map_or(Probe::UNHEALTHY_THRESHOLD, |number| number.value),
            min_servers: fields.short("min_servers").map_or(0, |number| number.value),
            statuses: statuses?,
            body: body?,
            place: fields.place().clone(),
        })
    };
    let probe = probe();
    ProbeDraft { name, probe }
}

fn probe_host(fields: &Fields<'_>, report: &mut Report) -> Option<ProbeHost> {
    if fields.has("host") {
        if fields.switch("pick_host") == Some(true) {
            let with = "host";
            fields.refuse("pick_host", Problem::Conflict { with }, report);
        }
        return host(fields.text("host")?, report).map(ProbeHost::Named);
    }
    Some(match fields.switch_or("pick_host", false)? {
        true => ProbeHost::FromSettings,
        false => ProbeHost::Local,
    })
}

/// At most the interval; where only the interval is said, a longer default gives way to it.
fn timeout(fields: &Fields<'_>, report: &mut Report) -> Option<Duration> {
    let interval = fields.seconds("interval").unwrap_or(Probe::INTERVAL);
    if !fields.has("timeout") {
        return Some(Probe::TIMEOUT.min(interval));
    }
    let timeout = fields.number("timeout")?;
    let most = interval.as_secs();
    if timeout.value > most {
        let found = timeout.value.to_string();
        let least = 1;
        let problem = Problem::OutOfRange { found, least, most };
        report.push(timeout.place, problem);
        return None;
    }
    Some(Duration::from_secs(timeout.value))
}

fn statuses(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<StatusRange>> {
    if !fields.has("statuses") {
        return Some(vec![Probe::STATUSES]);
    }
    let texts = fields.texts("statuses", report)?.into_iter();
    let ranges: Vec<Option<_>> = texts
        .map(|text| {
            let range = range(&text);
            if range.is_none() {
                let problem = Problem::InvalidText {
                    found: excerpt(&text),
                    what: "a status or a range of them",
                    accepted: "100 to 599, such as \"401\" or \"200-399\"",
                };
                report.push(text.place, problem);
            }
            range
        })
        .collect();
    ranges.into_iter().collect()
}

fn range(text: &str) -> Option<StatusRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let status = |text: &str| {
        let digits = text.len() == 3 && text.bytes().all(|digit| digit.is_ascii_digit());
        let status: u16 = digits.then(|| text.parse().ok()).flatten()?;
        (100..=599).contains(&status).then_some(status)
    };
    let (first, last) = (status(first.trim())?, status(last.trim())?);
    (first <= last).then_some(StatusRange { first, last })
}

fn body(fields: &Fields<'_>, report: &mut Report) -> Option<Option<Located<String>>> {
    if !fields.has("body") {
        return Some(None);
    }
    let body = fields.text("body")?;
    let found = body.chars().count();
    if found > Probe::BODY {
        let problem = Problem::TooMany {
            what: "characters",
            found,
            most: Probe::BODY,
            key: None,
        };
        report.push(body.place, problem);
        return None;
    }
    Some(Some(body))
}
