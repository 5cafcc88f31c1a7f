//! What becomes of requests: pools, redirects and path maps.

use super::{Drafted, Fields, Report, excerpt};
use crate::diagnostic::{Item, Located, Place, Problem};
use crate::gateway::{Include, RedirectType};
use crate::path::PathPattern;

use super::ocsp::is_http;

/// What becomes of requests, its references not looked up yet.
pub(crate) enum RouteDraft {
    Forward(ForwardDraft),
    Redirect(Located<String>),
    /// Only rules of listeners name one.
    Paths(Located<String>),
}

pub(crate) struct ForwardDraft {
    pub(crate) pool: Located<String>,
    pub(crate) backend_settings: Drafted<Located<String>>,
    pub(crate) rewrite_set: Drafted<Located<String>>,
}

/// A redirect whose listener is not looked up yet.
pub(crate) struct RedirectDraft {
    pub(crate) name: Located<String>,
    pub(crate) kind: Option<RedirectType>,
    pub(crate) target: Option<TargetDraft>,
    pub(crate) path: Include,
    pub(crate) query: Include,
    pub(crate) place: Place,
}

pub(crate) enum TargetDraft {
    Url(Located<String>),
    Listener(Located<String>),
}

pub(crate) struct PathMapDraft {
    pub(crate) name: Located<String>,
    pub(crate) default: Option<RouteDraft>,
    pub(crate) rules: Vec<PathRuleDraft>,
    pub(crate) place: Place,
}

pub(crate) struct PathRuleDraft {
    pub(crate) name: Option<Located<String>>,
    pub(crate) paths: Option<Vec<Located<PathPattern>>>,
    pub(crate) authorization: Drafted<Located<String>>,
    pub(crate) route: Option<RouteDraft>,
    pub(crate) place: Place,
}

/// The keys of one table that say what becomes of requests.
struct Keys {
    pool: &'static str,
    backend_settings: &'static str,
    redirect: &'static str,
    rewrite_set: &'static str,
    each: &'static [&'static str],
}

const RULE: Keys = Keys {
    pool: "pool",
    backend_settings: "backend_settings",
    redirect: "redirect",
    rewrite_set: "rewrite_set",
    each: &["pool", "redirect", "path_map"],
};
const PATH_RULE: Keys = Keys {
    each: &["pool", "redirect"],
    ..RULE
};
const DEFAULT: Keys = Keys {
    pool: "default_pool",
    backend_settings: "default_backend_settings",
    redirect: "default_redirect",
    rewrite_set: "default_rewrite_set",
    each: &["default_pool", "default_redirect"],
};

pub(super) fn rule_route(fields: &Fields<'_>, report: &mut Report) -> Option<RouteDraft> {
    route(&RULE, fields, report)
}

/// Exactly one of pool, redirect and, for rules, path map; the others of its table only with a pool.
fn route(keys: &Keys, fields: &Fields<'_>, report: &mut Report) -> Option<RouteDraft> {
    let mut said = keys.each.iter().copied().filter(|key| fields.has(key));
    let Some(first) = said.next() else {
        let keys = keys.each;
        report.push(fields.place().clone(), Problem::MissingOneOf { keys });
        return None;
    };
    let mut fine = true;
    for other in said {
        fields.refuse(other, Problem::Conflict { with: first }, report);
        fine = false;
    }
    if first == keys.pool {
        let forward = ForwardDraft {
            pool: fields.text(first)?,
            backend_settings: fields.reference(keys.backend_settings),
            rewrite_set: fields.reference(keys.rewrite_set),
        };
        return fine.then_some(RouteDraft::Forward(forward));
    }
    for key in [keys.backend_settings, keys.rewrite_set] {
        fields.refuse(key, Problem::Conflict { with: first }, report);
    }
    let name = fields.text(first)?;
    fine.then(|| match first == keys.redirect {
        true => RouteDraft::Redirect(name),
        false => RouteDraft::Paths(name),
    })
}

pub(super) fn redirect(
    name: Located<String>,
    fields: &Fields<'_>,
    report: &mut Report,
) -> RedirectDraft {
    let include = |name| match fields.switch(name) {
        Some(true) => Include::Yes,
        Some(false) | None => Include::No,
    };
    RedirectDraft {
        name,
        kind: fields.choice("type").map(|word| match word {
            "permanent" => RedirectType::Permanent,
            "found" => RedirectType::Found,
            "see_other" => RedirectType::SeeOther,
            _ => RedirectType::Temporary,
        }),
        target: target(fields, report),
        path: include("include_path"),
        query: include("include_query"),
        place: fields.place().clone(),
    }
}

fn target(fields: &Fields<'_>, report: &mut Report) -> Option<TargetDraft> {
    match (fields.has("target_url"), fields.has("target_listener")) {
        (true, false) => url(fields.text("target_url")?, report).map(TargetDraft::Url),
        (false, true) => fields.text("target_listener").map(TargetDraft::Listener),
        (true, true) => {
            let with = "target_url";
            fields.refuse("target_listener", Problem::Conflict { with }, report);
            None
        }
        (false, false) => {
            let keys = &["target_url", "target_listener"];
            report.push(fields.place().clone(), Problem::MissingOneOf { keys });
            None
        }
    }
}

/// It goes into a header, so only what a URL can have (RFC 3986 section 2) is one.
fn url(text: Located<String>, report: &mut Report) -> Option<Located<String>> {
    let legal = |letter: char| letter.is_ascii_graphic() && !"\"<>\\^`{|}".contains(letter);
    let host = text.split_once("://").is_some_and(|(_, rest)| {
        let host = rest.split(['/', '?', '#']).next();
        host.is_some_and(|host| !host.is_empty())
    });
    if host && is_http(&text) && text.chars().all(legal) {
        return Some(text);
    }
    let found = excerpt(&text);
    report.push(text.place, Problem::InvalidUrl { found });
    None
}

pub(super) fn path_map(
    name: Located<String>,
    fields: &Fields<'_>,
    report: &mut Report,
) -> PathMapDraft {
    let default = route(&DEFAULT, fields, report);
    let rules = fields.tables("rule", report, path_rule);
    report.duplicates(
        Item::PathRule,
        rules.iter().filter_map(|rule| rule.name.as_ref()),
    );
    PathMapDraft {
        name,
        default,
        rules,
        place: fields.place().clone(),
    }
}

fn path_rule(fields: &Fields<'_>, report: &mut Report) -> PathRuleDraft {
    PathRuleDraft {
        name: fields.name(report),
        paths: paths(fields, report),
        authorization: fields.reference("authorization"),
        route: route(&PATH_RULE, fields, report),
        place: fields.place().clone(),
    }
}

fn paths(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<Located<PathPattern>>> {
    let texts = fields.texts("paths", report)?.into_iter();
    let paths: Vec<Option<_>> = texts
        .map(|text| match text.parse() {
            Ok(pattern) => Some(Located::new(pattern, text.place)),
            Err(source) => {
                let found = excerpt(&text);
                report.push(text.place, Problem::InvalidPath { found, source });
                None
            }
        })
        .collect();
    paths.into_iter().collect()
}
