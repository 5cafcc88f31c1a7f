//! Looks up what items refer to, and judges what only several of them together can get wrong.

mod authorizations;
mod catalog;
mod catalogs;
mod limits;
mod listeners;
mod redirects;
mod routes;

use std::collections::HashMap;

use crate::diagnostic::{Item, Located, Problem};
use crate::gateway::{ErrorPages, Gateway, Listener, Protocol, Rule, TlsPolicy};
use crate::host::HostPatterns;
use crate::read::{Document, Drafted, ListenerDraft, ProtocolDraft, Report, RuleDraft};
use catalog::Catalog;
use catalogs::Catalogs;

/// Makes a gateway of everything that has no problem.
pub(crate) fn gateway(document: Document, report: &mut Report) -> Gateway {
    let mut catalogs = Catalogs::new(&document, report);
    let rules = rules_by_listener(&document, &mut catalogs, report);
    listeners::check(&document, report);
    listeners::check_priorities(&document, &rules, report);
    limits::check(&document, report);
    check_policies(&document, report);
    let global = document.error_pages;
    let mut listeners = Vec::new();
    for draft in document.listeners {
        let rule = draft.name.as_ref().and_then(|name| rules.get(&name.value));
        let rule = rule.and_then(|rule| rule.resolved.clone());
        listeners.extend(listener(draft, rule, &global, &mut catalogs, report));
    }
    for listener in &listeners {
        authorizations::check(listener, report);
    }
    listeners.sort_by_key(|listener| listener.rule.priority.value);
    let mut warnings = catalogs.unreferenced();
    warnings.extend(listeners::shadowed(&listeners));
    warnings.extend(listeners::redirected_to_themselves(&listeners));
    warnings.extend(report.take_warnings());
    warnings.sort_by_key(|warning| warning.place.location);
    Gateway {
        listeners,
        tls_profiles: catalogs.tls_profiles.into_items(),
        pools: catalogs.pools.into_items(),
        backend_settings: catalogs.backend_settings.into_items(),
        probes: catalogs.probes.into_items(),
        rewrite_sets: catalogs.rewrite_sets.into_items(),
        redirects: catalogs.redirects.into_items(),
        path_maps: catalogs.path_maps.into_items(),
        authorizations: catalogs.authorizations.into_items(),
        http: document.http,
        limits: document.limits,
        error_pages: global,
        ocsp: document.ocsp,
        dns_servers: document.dns_servers,
        access_log: document.access_log,
        traces: document.traces,
        admin: document.admin,
        shown: document.shown,
        warnings,
    }
}

/// The one rule of a listener.
struct Served {
    name: Option<String>,
    priority: Option<Located<u16>>,
    /// Absent when it had a problem.
    resolved: Option<Rule>,
}

/// The rules by the listener that they name. Every rule is looked at, also a second one.
fn rules_by_listener(
    document: &Document,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> HashMap<String, Served> {
    let names = document.rules.iter().filter_map(|rule| rule.name.as_ref());
    report.duplicates(Item::Rule, names);
    let listeners = document.listeners.iter();
    let mut known = Catalog::<()>::new(Item::Listener);
    for name in listeners.filter_map(|listener| listener.name.as_ref()) {
        known.push(name, Some(()));
    }
    let mut served: HashMap<String, Served> = HashMap::new();
    for draft in &document.rules {
        let resolved = rule(draft, catalogs, report);
        let Some(listener) = &draft.listener else {
            continue;
        };
        known.find(listener, report);
        let name = draft.name.as_ref().map(|name| name.value.clone());
        if let Some(first) = served.get(&listener.value) {
            let problem = Problem::SecondRule {
                listener: listener.value.clone(),
                rule: first.name.clone().unwrap_or_default(),
            };
            report.push(listener.place.clone(), problem);
            continue;
        }
        let priority = draft.priority.clone();
        let rule = Served {
            name,
            priority,
            resolved,
        };
        served.insert(listener.value.clone(), rule);
    }
    served
}

fn rule(draft: &RuleDraft, catalogs: &mut Catalogs, report: &mut Report) -> Option<Rule> {
    let name = draft.name.as_ref();
    let shown = name.map_or("", |name| &name.value);
    let action = draft.route.as_ref();
    let action = action.and_then(|route| routes::action(route, shown, catalogs, report));
    let authorization = &draft.authorization;
    let authorization = Catalogs::optional(&mut catalogs.authorizations, authorization, report);
    Some(Rule {
        name: name?.clone(),
        priority: draft.priority.clone()?,
        authorization: authorization?,
        identity_headers: draft.identity_headers.clone().known()?,
        action: action?,
        place: draft.place.clone(),
    })
}

fn listener(
    draft: ListenerDraft,
    rule: Option<Rule>,
    global: &ErrorPages,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> Option<Listener> {
    let protocol = draft.protocol.and_then(|protocol| match protocol {
        ProtocolDraft::Http => Some(Protocol::Http),
        ProtocolDraft::Https(name) => {
            let profile = catalogs.tls_profiles.find(&name?, report);
            profile.map(Protocol::Https)
        }
    });
    let hosts = draft.hosts?.into_iter().map(|host| host.value);
    let identity_headers = draft.identity_headers.known()?;
    let mut rule = rule?;
    rule.identity_headers = rule.identity_headers.or(identity_headers);
    Some(Listener {
        name: draft.name?,
        bind: draft.bind?,
        hosts: HostPatterns::new(hosts.collect()),
        protocol: protocol?,
        error_pages: draft.error_pages.unwrap_or_else(|| global.clone()),
        rule,
        place: draft.place,
    })
}

/// Old and new policies do not coexist in one gateway (section 3.3). The first says which it is.
fn check_policies(document: &Document, report: &mut Report) {
    let own = document.tls_profiles.iter().map(|draft| &draft.policy);
    let policies = std::iter::once(&document.default_policy).chain(own);
    let mut first: Option<&Located<TlsPolicy>> = None;
    for policy in policies {
        let Drafted::Present(policy) = policy else {
            continue;
        };
        let first = *first.get_or_insert(policy);
        if first.generation() != policy.generation() {
            let first = first.place.location;
            report.push(policy.place.clone(), Problem::MixedPolicies { first });
        }
    }
}
