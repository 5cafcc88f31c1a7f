//! Listeners and the rules that serve them.

use std::net::SocketAddr;

use super::{Fields, Report, excerpt};
use crate::diagnostic::{Located, Place, Problem};
use crate::host::HostPattern;

/// A listener whose profile and rule are not looked up yet.
pub(crate) struct ListenerDraft {
    pub(crate) name: Option<Located<String>>,
    pub(crate) bind: Option<Located<SocketAddr>>,
    /// Empty for every host.
    pub(crate) hosts: Option<Vec<Located<HostPattern>>>,
    pub(crate) tls_profile: Option<Located<String>>,
    pub(crate) place: Place,
}

/// A rule whose references are not looked up yet.
pub(crate) struct RuleDraft {
    pub(crate) name: Option<Located<String>>,
    pub(crate) priority: Option<Located<u16>>,
    pub(crate) listener: Option<Located<String>>,
    pub(crate) pool: Option<Located<String>>,
    pub(crate) backend_settings: Option<Located<String>>,
    pub(crate) rewrite_set: Option<Located<String>>,
    pub(crate) place: Place,
}

pub(crate) fn listener(fields: &Fields<'_>, report: &mut Report) -> ListenerDraft {
    ListenerDraft {
        name: fields.name(report),
        bind: fields.text("bind").and_then(|text| bind(text, report)),
        hosts: hosts(fields, report),
        tls_profile: fields.text("tls_profile"),
        place: fields.place().clone(),
    }
}

pub(crate) fn rule(fields: &Fields<'_>, report: &mut Report) -> RuleDraft {
    RuleDraft {
        name: fields.name(report),
        priority: fields.short("priority"),
        listener: fields.text("listener"),
        pool: fields.text("pool"),
        backend_settings: fields.text("backend_settings"),
        rewrite_set: fields.text("rewrite_set"),
        place: fields.place().clone(),
    }
}

fn bind(text: Located<String>, report: &mut Report) -> Option<Located<SocketAddr>> {
    match text.parse() {
        Ok(address) => Some(Located::new(address, text.place)),
        Err(source) => {
            let found = excerpt(&text);
            report.push(text.place, Problem::InvalidBind { found, source });
            None
        }
    }
}

/// The patterns; none when the key is absent, `None` when it was reported: a mistake must not turn
/// a listener for one host into one for every host.
fn hosts(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<Located<HostPattern>>> {
    if !fields.has("hosts") {
        return Some(Vec::new());
    }
    let texts = fields.texts("hosts", report)?.into_iter();
    let patterns: Vec<Option<_>> = texts.map(|text| host(text, report)).collect();
    patterns.into_iter().collect()
}

fn host(text: Located<String>, report: &mut Report) -> Option<Located<HostPattern>> {
    match text.parse() {
        Ok(pattern) => Some(Located::new(pattern, text.place)),
        Err(source) => {
            let found = excerpt(&text);
            report.push(text.place, Problem::InvalidPattern { found, source });
            None
        }
    }
}
