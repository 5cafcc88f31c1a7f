//! What becomes of requests: forwarding, redirects and path maps.

use std::sync::Arc;

use super::catalogs::Catalogs;
use crate::diagnostic::{Located, Place, Problem};
use crate::gateway::{
    Action, Backend, BackendSettings, Forward, PathMap, PathRule, Pool, Reroute, RewriteSet, Route,
    Target,
};
use crate::path::PathTable;
use crate::read::{Drafted, ForwardDraft, PathMapDraft, PathRuleDraft, Report, RouteDraft};

/// What becomes of the requests of a rule.
pub(super) fn action(
    draft: &RouteDraft,
    rule: &str,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> Option<Action> {
    if let RouteDraft::Paths(name) = draft {
        return catalogs.path_maps.find(name, report).map(Action::Paths);
    }
    let route = route(draft, rule, Rerouting::Nowhere, catalogs, report)?;
    Some(Action::Route(route))
}

/// Whether a rewrite set can ask a path map again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rerouting {
    OfMap,
    Nowhere,
}

fn route(
    draft: &RouteDraft,
    rule: &str,
    rerouting: Rerouting,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> Option<Route> {
    match draft {
        RouteDraft::Forward(draft) => {
            forward(draft, rule, rerouting, catalogs, report).map(Route::Forward)
        }
        RouteDraft::Redirect(name) => catalogs.redirects.find(name, report).map(Route::Redirect),
        RouteDraft::Paths(_) => None,
    }
}

fn forward(
    draft: &ForwardDraft,
    rule: &str,
    rerouting: Rerouting,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> Option<Forward> {
    let pool = catalogs.pools.find(&draft.pool, report);
    let settings = &draft.backend_settings;
    let settings = Catalogs::optional(&mut catalogs.backend_settings, settings, report);
    let rewrite_set = Catalogs::optional(&mut catalogs.rewrite_sets, &draft.rewrite_set, report);
    if let (Some(Some(set)), Drafted::Present(name)) = (&rewrite_set, &draft.rewrite_set) {
        check_reroute(set, &name.place, rerouting, report);
    }
    let (pool, settings) = pool.zip(settings)?;
    let backend_settings = settings.unwrap_or_default();
    Some(Forward {
        backends: backends(rule, &pool, &backend_settings, report).into(),
        pool,
        backend_settings,
        rewrite_set: rewrite_set?,
    })
}

/// Asking the path map again needs one (section 2.3), and something that ends it: a rule with a
/// condition, or one that does not ask again.
fn check_reroute(set: &RewriteSet, place: &Place, rerouting: Rerouting, report: &mut Report) {
    let again = |url: &crate::gateway::UrlRewrite| url.reroute == Reroute::Again;
    let mut rules = set.rules.iter();
    if !rules.any(|rule| rule.url.as_ref().is_some_and(again)) {
        return;
    }
    let set_name = set.name.clone();
    let endless = |rule: &crate::gateway::RewriteRule| {
        rule.conditions.is_empty() && rule.url.as_ref().is_some_and(again)
    };
    if rerouting == Rerouting::Nowhere {
        report.push(place.clone(), Problem::RerouteWithoutMap { set: set_name });
    } else if set.rules.iter().all(endless) {
        report.push(place.clone(), Problem::EndlessReroute { set: set_name });
    }
}

/// The targets with their ports.
fn backends(
    rule: &str,
    pool: &Pool,
    settings: &BackendSettings,
    report: &mut Report,
) -> Vec<Backend> {
    let mut backends = Vec::new();
    for target in &pool.targets {
        let Target { host, port, weight } = &target.value;
        match port.or(settings.port) {
            Some(port) => backends.push(Backend {
                host: host.clone(),
                port,
                weight: *weight,
            }),
            None => {
                let problem = Problem::NoPort {
                    rule: rule.to_owned(),
                    target: host.clone(),
                };
                report.push(target.place.clone(), problem);
            }
        }
    }
    backends
}

/// A path map; every rule is looked at, also after one with a problem.
pub(super) fn path_map(
    draft: &PathMapDraft,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> Option<PathMap> {
    let name = &draft.name.value;
    let default = draft.default.as_ref();
    let default = default.and_then(|draft| route(draft, name, Rerouting::OfMap, catalogs, report));
    let rules = draft.rules.iter();
    let rules: Vec<Option<PathRule>> = rules
        .map(|rule| path_rule(rule, catalogs, report))
        .collect();
    let rules: Option<Vec<PathRule>> = rules.into_iter().collect();
    let rules: Vec<Arc<PathRule>> = rules?.into_iter().map(Arc::new).collect();
    let mut table = PathTable::default();
    for rule in &rules {
        for pattern in &rule.paths {
            if table.covers(pattern) {
                let shown = pattern.to_string();
                let problem = Problem::ShadowedPath { pattern: shown };
                report.warn(pattern.place.clone(), problem);
            }
            table.push(&pattern.value, Arc::clone(rule));
        }
    }
    Some(PathMap {
        name: name.clone(),
        default: default?,
        rules,
        place: draft.place.clone(),
        table,
    })
}

fn path_rule(
    draft: &PathRuleDraft,
    catalogs: &mut Catalogs,
    report: &mut Report,
) -> Option<PathRule> {
    let name: Option<&Located<String>> = draft.name.as_ref();
    let shown = name.map_or("", |name| &name.value);
    let route = draft
        .route
        .as_ref()
        .and_then(|route| self::route(route, shown, Rerouting::OfMap, catalogs, report));
    let authorization = &draft.authorization;
    let authorization = Catalogs::optional(&mut catalogs.authorizations, authorization, report);
    Some(PathRule {
        name: name?.clone(),
        paths: draft.paths.clone()?,
        authorization: authorization?,
        route: route?,
        place: draft.place.clone(),
    })
}
