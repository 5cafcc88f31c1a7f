//! Listeners and the rules that serve them.

use std::net::SocketAddr;

use super::http::{error_pages, identity_headers};
use super::route::{RouteDraft, rule_route};
use super::{Drafted, Fields, Report, excerpt};
use crate::diagnostic::{Located, Place, Problem};
use crate::gateway::{ErrorPages, IdentityHeaders};
use crate::host::HostPattern;

/// A listener whose profile and rule are not looked up yet.
pub(crate) struct ListenerDraft {
    pub(crate) name: Option<Located<String>>,
    pub(crate) bind: Option<Located<SocketAddr>>,
    /// Empty for every host.
    pub(crate) hosts: Option<Vec<Located<HostPattern>>>,
    pub(crate) protocol: Option<ProtocolDraft>,
    /// Absent for those of the gateway.
    pub(crate) error_pages: Option<ErrorPages>,
    pub(crate) identity_headers: Drafted<IdentityHeaders>,
    pub(crate) place: Place,
}

/// What a listener speaks.
pub(crate) enum ProtocolDraft {
    Http,
    /// With a TLS profile, unless that was reported.
    Https(Option<Located<String>>),
}

/// A rule whose references are not looked up yet.
pub(crate) struct RuleDraft {
    pub(crate) name: Option<Located<String>>,
    pub(crate) priority: Option<Located<u16>>,
    pub(crate) listener: Option<Located<String>>,
    pub(crate) route: Option<RouteDraft>,
    pub(crate) authorization: Drafted<Located<String>>,
    pub(crate) identity_headers: Drafted<IdentityHeaders>,
    pub(crate) place: Place,
}

pub(crate) fn listener(fields: &Fields<'_>, report: &mut Report) -> ListenerDraft {
    ListenerDraft {
        name: fields.name(report),
        bind: fields.text("bind").and_then(|text| bind(text, report)),
        hosts: hosts(fields, report),
        protocol: protocol(fields, report),
        error_pages: error_pages(fields, report),
        identity_headers: identity_headers(fields, report),
        place: fields.place().clone(),
    }
}

pub(crate) fn rule(fields: &Fields<'_>, report: &mut Report) -> RuleDraft {
    RuleDraft {
        name: fields.name(report),
        priority: fields.short("priority"),
        listener: fields.text("listener"),
        route: rule_route(fields, report),
        authorization: fields.reference("authorization"),
        identity_headers: identity_headers(fields, report),
        place: fields.place().clone(),
    }
}

/// Over plain HTTP there are no certificates, and saying what to ask for would only look like it.
fn protocol(fields: &Fields<'_>, report: &mut Report) -> Option<ProtocolDraft> {
    match fields.choice_or("protocol", "https")? {
        "https" => {
            fields.require("tls_profile", report);
            Some(ProtocolDraft::Https(fields.text("tls_profile")))
        }
        "http" => {
            let (key, value) = ("protocol", "http");
            fields.refuse("tls_profile", Problem::Meaningless { key, value }, report);
            Some(ProtocolDraft::Http)
        }
        _ => None,
    }
}

pub(super) fn bind(text: Located<String>, report: &mut Report) -> Option<Located<SocketAddr>> {
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
