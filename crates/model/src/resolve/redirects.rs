//! Redirects, and the listeners they lead to.

use std::collections::HashMap;

use super::catalog::Catalog;
use crate::diagnostic::{Item, Located, Problem};
use crate::gateway::{Redirect, RedirectTarget};
use crate::host::HostName;
use crate::read::{Document, ListenerDraft, ProtocolDraft, RedirectDraft, Report, TargetDraft};

/// The redirects; those that lead to listeners say which URL that is.
pub(super) fn redirects(document: &Document, report: &mut Report) -> Catalog<Redirect> {
    let mut known = Catalog::<()>::new(Item::Listener);
    let mut listeners = HashMap::new();
    for listener in &document.listeners {
        if let Some(name) = &listener.name {
            known.push(name, Some(()));
            listeners.entry(name.value.as_str()).or_insert(listener);
        }
    }
    let mut redirects = Catalog::new(Item::Redirect);
    for draft in &document.redirects {
        let target = draft.target.as_ref().and_then(|target| match target {
            TargetDraft::Url(url) => Some(RedirectTarget::Url(url.clone())),
            TargetDraft::Listener(name) => {
                known.find(name, report)?;
                let listener = listeners.get(name.value.as_str())?;
                to_listener(name, listener, report)
            }
        });
        redirects.push(&draft.name, redirect(draft, target));
    }
    redirects
}

fn redirect(draft: &RedirectDraft, target: Option<RedirectTarget>) -> Option<Redirect> {
    Some(Redirect {
        name: draft.name.value.clone(),
        kind: draft.kind?,
        target: target?,
        path: draft.path,
        query: draft.query,
        place: draft.place.clone(),
    })
}

fn to_listener(
    name: &Located<String>,
    listener: &ListenerDraft,
    report: &mut Report,
) -> Option<RedirectTarget> {
    let Ok(host) = only_host(listener)? else {
        let listener = name.value.clone();
        report.push(name.place.clone(), Problem::ManyHosts { listener });
        return None;
    };
    Some(RedirectTarget::Listener {
        name: name.clone(),
        scheme: match listener.protocol.as_ref()? {
            ProtocolDraft::Http => "http",
            ProtocolDraft::Https(_) => "https",
        },
        host,
        port: listener.bind.as_ref()?.port(),
    })
}

/// More hosts than a redirect can name.
struct Many;

/// The host of a listener, none where it answers for every host; `None` for what was reported.
fn only_host(listener: &ListenerDraft) -> Option<Result<Option<HostName>, Many>> {
    let hosts = listener.hosts.as_ref()?;
    Some(match &hosts[..] {
        [] => Ok(None),
        [host] => host.exact().cloned().map(Some).ok_or(Many),
        _ => Err(Many),
    })
}
