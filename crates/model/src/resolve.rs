//! Looks up what items refer to, and judges what only several of them together can get wrong.

mod catalog;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Item, Located, Problem};
use crate::gateway::{
    Backend, BackendSettings, Gateway, Listener, Pool, RewriteSet, Rule, Target, TlsProfile,
};
use crate::host::{HostPattern, HostPatterns, HostTable};
use crate::read::{Document, ListenerDraft, Report, RuleDraft};
use catalog::Catalog;

/// Makes a gateway of everything that has no problem.
pub(crate) fn gateway(document: Document, report: &mut Report) -> Gateway {
    let mut catalogs = Catalogs::new(&document);
    let rules = rules_by_listener(&document, &mut catalogs, report);
    check_listeners(&document, report);
    check_priorities(&document, &rules, report);
    let mut listeners = Vec::new();
    for draft in document.listeners {
        let rule = draft.name.as_ref().and_then(|name| rules.get(&name.value));
        let rule = rule.and_then(|rule| rule.resolved.clone());
        listeners.extend(listener(draft, rule, &mut catalogs, report));
    }
    listeners.sort_by_key(|listener| listener.rule.priority.value);
    let mut warnings = catalogs.unreferenced();
    warnings.extend(shadowed(&listeners));
    Gateway {
        listeners,
        tls_profiles: catalogs.tls_profiles.into_items(),
        pools: catalogs.pools.into_items(),
        rewrite_sets: catalogs.rewrite_sets.into_items(),
        ocsp: document.ocsp,
        warnings,
    }
}

/// What can be referred to.
struct Catalogs {
    tls_profiles: Catalog<TlsProfile>,
    pools: Catalog<Pool>,
    backend_settings: Catalog<Settings>,
    rewrite_sets: Catalog<RewriteSet>,
}

struct Settings {
    port: Option<u16>,
    settings: Arc<BackendSettings>,
}

impl Catalogs {
    fn new(document: &Document) -> Self {
        let mut catalogs = Self {
            tls_profiles: Catalog::new(Item::TlsProfile),
            pools: Catalog::new(Item::Pool),
            backend_settings: Catalog::new(Item::BackendSettings),
            rewrite_sets: Catalog::new(Item::RewriteSet),
        };
        for draft in &document.tls_profiles {
            let parts = draft.certificate.clone().zip(draft.client_auth.clone());
            let profile = parts.map(|(certificate, client_auth)| TlsProfile {
                name: draft.name.value.clone(),
                certificate,
                client_auth,
                ocsp_stapling: draft.ocsp_stapling,
                place: draft.place.clone(),
            });
            catalogs.tls_profiles.push(&draft.name, profile);
        }
        for draft in &document.pools {
            let pool = draft.targets.clone().map(|targets| Pool {
                name: draft.name.value.clone(),
                targets,
                place: draft.place.clone(),
            });
            catalogs.pools.push(&draft.name, pool);
        }
        for draft in &document.backend_settings {
            let settings = Settings {
                port: draft.port,
                settings: Arc::new(draft.settings.clone()),
            };
            catalogs.backend_settings.push(&draft.name, Some(settings));
        }
        for draft in &document.rewrite_sets {
            let set = RewriteSet {
                name: draft.name.value.clone(),
                rules: draft.rules.clone(),
                place: draft.place.clone(),
            };
            catalogs.rewrite_sets.push(&draft.name, Some(set));
        }
        catalogs
    }

    fn unreferenced(&self) -> Vec<Diagnostic> {
        let mut warnings = self.tls_profiles.unreferenced();
        warnings.extend(self.pools.unreferenced());
        warnings.extend(self.backend_settings.unreferenced());
        warnings.extend(self.rewrite_sets.unreferenced());
        warnings
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
    let pool = draft
        .pool
        .as_ref()
        .and_then(|name| catalogs.pools.find(name, report));
    let settings = match &draft.backend_settings {
        Some(name) => catalogs.backend_settings.find(name, report),
        None => Some(Arc::new(Settings {
            port: None,
            settings: Arc::default(),
        })),
    };
    let rewrite_set = match &draft.rewrite_set {
        Some(name) => catalogs.rewrite_sets.find(name, report).map(Some),
        None => Some(None),
    };
    let (pool, settings) = pool.zip(settings)?;
    let name = draft.name.clone()?;
    let backends = backends(&name, &pool, &settings, report);
    Some(Rule {
        name,
        priority: draft.priority.clone()?,
        pool,
        backends,
        backend_settings: Arc::clone(&settings.settings),
        rewrite_set: rewrite_set?,
        place: draft.place.clone(),
    })
}

/// The targets with their ports.
fn backends(
    rule: &Located<String>,
    pool: &Pool,
    settings: &Settings,
    report: &mut Report,
) -> Vec<Backend> {
    let mut backends = Vec::new();
    for target in &pool.targets {
        let Target { host, port } = &target.value;
        match port.or(settings.port) {
            Some(port) => backends.push(Backend {
                host: host.clone(),
                port,
            }),
            None => {
                let problem = Problem::NoPort {
                    rule: rule.value.clone(),
                    target: host.clone(),
                };
                report.push(target.place.clone(), problem);
            }
        }
    }
    backends
}

fn listener(
    draft: ListenerDraft,
    rule: Option<Rule>,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> Option<Listener> {
    let tls_profile = draft
        .tls_profile
        .as_ref()
        .and_then(|name| catalogs.tls_profiles.find(name, report));
    let hosts = draft.hosts?.into_iter().map(|host| host.value);
    Some(Listener {
        name: draft.name?,
        bind: draft.bind?,
        hosts: HostPatterns::new(hosts.collect()),
        tls_profile: tls_profile?,
        rule: rule?,
        place: draft.place,
    })
}

/// Names are unique, each listener has a rule, and each host of an address one listener.
fn check_listeners(document: &Document, report: &mut Report) {
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
    let mut taken = HashMap::new();
    for listener in listeners() {
        if let (Some(bind), Some(hosts)) = (&listener.bind, &listener.hosts) {
            let name = listener.name.as_ref().map_or("", |name| &name.value);
            check_hosts(name, bind, hosts, &mut taken, report);
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
fn check_priorities(document: &Document, rules: &HashMap<String, Served>, report: &mut Report) {
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

/// Listeners whose every host an earlier one of the address takes.
fn shadowed(listeners: &[Listener]) -> Vec<Diagnostic> {
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
