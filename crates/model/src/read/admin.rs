//! The listener for operators.

use super::listener::bind;
use super::{Fields, Report, excerpt};
use crate::diagnostic::{Located, Problem};
use crate::gateway::Admin;
use crate::host::HostName;

/// Nothing where a part of it was reported, so that nothing else than what was meant listens.
pub(super) fn admin(fields: &Fields<'_>, report: &mut Report) -> Option<Admin> {
    let bind = fields.text("bind").and_then(|text| bind(text, report));
    let allow_remote = fields.switch_or("allow_remote", false);
    let hosts = hosts(fields, report);
    let bind = bind?;
    if !allow_remote? && !bind.ip().to_canonical().is_loopback() {
        let found = bind.value;
        report.push(bind.place, Problem::RemoteAdmin { found });
        return None;
    }
    Some(Admin::new(bind, hosts?))
}

fn hosts(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<HostName>> {
    if !fields.has("hosts") {
        return Some(Vec::new());
    }
    let texts = fields.texts("hosts", report)?.into_iter();
    let names: Vec<Option<_>> = texts.map(|text| host(text, report)).collect();
    names.into_iter().collect()
}

fn host(text: Located<String>, report: &mut Report) -> Option<HostName> {
    match HostName::parse(text.as_str()) {
        Ok(name) => Some(name),
        Err(source) => {
            let found = excerpt(&text);
            report.push(text.place, Problem::InvalidHost { found, source });
            None
        }
    }
}
