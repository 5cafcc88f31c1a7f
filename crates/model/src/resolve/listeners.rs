//! What only several listeners together can get wrong.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use super::Served;
use crate::diagnostic::{Diagnostic, Item, Located, Problem};
use crate::gateway::{Action, Listener, RedirectTarget, Route};
use crate::host::{HostPattern, HostTable};
use crate::read::{Document, ProtocolDraft, Report};

/// Names are unique, each listener has a rule, and each host of an address one listener.
pub(super) fn check(document: &Document, report: &mut Report) {
    let listeners = || document.listeners.iter();
    report.duplicates(
        Item::Listener,
        listeners().filter_map(|listener| listener.name.as_ref()),
    );
    let served: Option<HashSet<&str>> = document
        .rules
        .iter()
        .map(|rule| rule.listener.as_ref().map(|name| name.value.as_str()))
        .collect();
    // A rule whose listener could not be read may be the one that is missed.
    if let Some(served) = served {
        for name in listeners().filter_map(|listener| listener.name.as_ref()) {
            if !served.contains(name.value.as_str()) {
                let listener = name.value.clone();
                report.push(name.place.clone(), Problem::NoRule { listener });
            }
        }
    }
    check_protocols(document, report);
    let mut taken = HashMap::new();
    for listener in listeners() {
        if let (Some(bind), Some(hosts)) = (&listener.bind, &listener.hosts) {
            let name = listener.name.as_ref().map_or("", |name| &name.value);
            check_hosts(name, bind, hosts, &mut taken, report);
        }
    }
}

/// A socket speaks one protocol.
fn check_protocols(document: &Document, report: &mut Report) {
    let mut spoken: HashMap<SocketAddr, (bool, &str)> = HashMap::new();
    for listener in &document.listeners {
        let (Some(bind), Some(protocol)) = (&listener.bind, &listener.protocol) else {
            continue;
        };
        let https = matches!(protocol, ProtocolDraft::Https(_));
        let name = listener.name.as_ref().map_or("", |name| &name.value);
        let (first, other) = *spoken.entry(bind.value).or_insert((https, name));
        if first != https {
            let listener = other.to_owned();
            report.push(bind.place.clone(), Problem::MixedProtocols { listener });
        }
    }
}

type Taken<'a> = HashMap<(SocketAddr, Option<&'a str>), &'a str>;

fn check_hosts<'a>(
    listener: &'a str,
    bind: &'a Located<SocketAddr>,
    hosts: &'a [Located<HostPattern>],
    taken: &mut Taken<'a>,
    report: &mut Report,
) {
    let named = hosts.iter().map(|host| (Some(host.as_str()), &host.place));
    let any = hosts.is_empty().then_some((None, &bind.place));
    for (host, place) in named.chain(any) {
        if let Some(other) = taken.insert((bind.value, host), listener) {
            let problem = Problem::SameHost {
                host: host.map(str::to_owned),
                listener: other.to_owned(),
            };
            report.push(place.clone(), problem);
        }
    }
}

/// The order of the listeners of one address is never left to chance.
pub(super) fn check_priorities(
    document: &Document,
    rules: &HashMap<String, Served>,
    report: &mut Report,
) {
    let mut taken: HashMap<(SocketAddr, u16), &str> = HashMap::new();
    let mut seen = HashSet::new();
    for listener in &document.listeners {
        let (Some(name), Some(bind)) = (&listener.name, &listener.bind) else {
            continue;
        };
        if !seen.insert(&name.value) {
            continue;
        }
        let Some(Served {
            name: Some(rule),
            priority: Some(priority),
            ..
        }) = rules.get(&name.value)
        else {
            continue;
        };
        if let Some(other) = taken.insert((bind.value, priority.value), rule) {
            let problem = Problem::SamePriority {
                priority: priority.value,
                rule: other.to_owned(),
            };
            report.push(priority.place.clone(), problem);
        }
    }
}

/// Listeners of which every request is sent to where it came from.
pub(super) fn redirected_to_themselves(listeners: &[Listener]) -> Vec<Diagnostic> {
    let to_itself = |listener: &&Listener| match &listener.rule.action {
        Action::Route(Route::Redirect(redirect)) => matches!(
            &redirect.target,
            RedirectTarget::Listener { name, .. } if name.value == listener.name.value
        ),
        Action::Route(Route::Forward(_)) | Action::Paths(_) => false,
    };
    let found = listeners.iter().filter(to_itself);
    let warnings = found.map(|listener| {
        let problem = Problem::RedirectToItself {
            listener: listener.name.value.clone(),
        };
        Diagnostic::new(listener.rule.place.clone(), problem)
    });
    warnings.collect()
}

/// Listeners whose every host an earlier one of the address takes.
pub(super) fn shadowed(listeners: &[Listener]) -> Vec<Diagnostic> {
    let mut tables: HashMap<SocketAddr, HostTable<()>> = HashMap::new();
    let mut warnings = Vec::new();
    for listener in listeners {
        let earlier = tables.entry(listener.bind.value).or_default();
        let every = earlier.select(None).is_some();
        let mut hosts = listener.hosts.iter();
        let each = !listener.hosts.is_any()
            && hosts.all(|host| {
                host.exact()
                    .is_some_and(|name| earlier.select(Some(name)).is_some())
            });
        if every || each {
            let name = listener.name.value.clone();
            let place = listener.name.place.clone();
            warnings.push(Diagnostic::new(place, Problem::Shadowed { listener: name }));
        }
        earlier.push(&listener.hosts, ());
    }
    warnings
}
