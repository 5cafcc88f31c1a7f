//! Rewrite sets. Patterns and templates are not judged here, only which headers may change.

use super::{Fields, Report, excerpt};
use crate::diagnostic::{Item, Located, Place, Problem, Side};
use crate::gateway::{
    Case, Condition, CookieAction, HeaderAction, Holds, Reroute, RewriteRule, UrlRewrite,
};
use crate::shape::CHANGES;

/// A rewrite set. What was reported is missing from it.
pub(crate) struct RewriteSetDraft {
    pub(crate) name: Located<String>,
    pub(crate) rules: Vec<RewriteRule>,
    pub(crate) place: Place,
}

/// Where a rule without a sequence runs: the first number that portals suggest.
const SEQUENCE: u16 = 100;

/// Headers that no rewrite changes: those that Application Gateway documents, and those by which
/// one connection frames its messages (RFC 9110 section 7.6.1, RFC 9112 section 6). A rewrite of
/// the latter is a request-smuggling device.
const RESERVED: [&str; 9] = [
    "connection",
    "upgrade",
    "x-original-host",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
];

pub(crate) fn rewrite_set(
    name: Located<String>,
    fields: &Fields<'_>,
    report: &mut Report,
) -> RewriteSetDraft {
    let rules = fields.tables("rule", report, rule);
    let mut rules: Vec<RewriteRule> = rules.into_iter().flatten().collect();
    report.duplicates(Item::RewriteRule, rules.iter().map(|rule| &rule.name));
    rules.sort_by_key(|rule| rule.sequence);
    RewriteSetDraft {
        name,
        rules,
        place: fields.place().clone(),
    }
}

fn rule(fields: &Fields<'_>, report: &mut Report) -> Option<RewriteRule> {
    let name = fields.name(report);
    let conditions = fields.tables("conditions", report, condition);
    let request_headers = headers("request_headers", Side::Request, fields, report);
    let response_headers = headers("response_headers", Side::Response, fields, report);
    let cookies = fields.tables("response_cookies", report, cookie);
    let table = fields.table("url", report);
    let url = table.map(|fields| url(&fields, report));
    if !CHANGES.iter().any(|key| fields.has(key)) {
        let keys = &CHANGES;
        report.push(fields.place().clone(), Problem::MissingOneOf { keys });
    }
    Some(RewriteRule {
        name: name?,
        sequence: fields
            .short("sequence")
            .map_or(SEQUENCE, |sequence| sequence.value),
        conditions: conditions.into_iter().flatten().collect(),
        request_headers,
        response_headers,
        response_cookies: cookies.into_iter().flatten().collect(),
        url,
        place: fields.place().clone(),
    })
}

fn condition(fields: &Fields<'_>, _report: &mut Report) -> Option<Condition> {
    Some(Condition {
        variable: fields.text("variable")?,
        pattern: fields.text("pattern")?,
        case: case(fields),
        holds: holds(fields),
        place: fields.place().clone(),
    })
}

fn case(fields: &Fields<'_>) -> Case {
    match fields.switch("ignore_case") {
        Some(true) => Case::Insensitive,
        Some(false) | None => Case::default(),
    }
}

fn holds(fields: &Fields<'_>) -> Holds {
    match fields.switch("negate") {
        Some(true) => Holds::WithoutMatch,
        Some(false) | None => Holds::default(),
    }
}

fn cookie(fields: &Fields<'_>, _report: &mut Report) -> Option<CookieAction> {
    Some(CookieAction {
        pattern: fields.text("pattern")?,
        case: case(fields),
        holds: holds(fields),
        value: fields.text("value")?,
        place: fields.place().clone(),
    })
}

fn url(fields: &Fields<'_>, report: &mut Report) -> UrlRewrite {
    let keys = &["path", "query"];
    if !keys.iter().any(|key| fields.has(key)) {
        report.push(fields.place().clone(), Problem::MissingOneOf { keys });
    }
    UrlRewrite {
        path: fields.text("path"),
        query: fields.text("query"),
        reroute: match fields.switch("reroute") {
            Some(true) => Reroute::Again,
            Some(false) | None => Reroute::default(),
        },
        place: fields.place().clone(),
    }
}

fn headers(key: &str, side: Side, fields: &Fields<'_>, report: &mut Report) -> Vec<HeaderAction> {
    let actions: Vec<_> = fields
        .text_by_name(key, report)
        .into_iter()
        .map(|(name, value)| HeaderAction { name, value })
        .collect();
    for action in &actions {
        if let Some(problem) = check_header(action, side) {
            report.push(action.name.place.clone(), problem);
        }
    }
    let lower = actions.iter().map(|action| {
        let HeaderAction { name, .. } = action;
        Located::new(name.to_ascii_lowercase(), name.place.clone())
    });
    let lower: Vec<_> = lower.collect();
    report.duplicates(Item::Header, lower.iter());
    actions
}

fn check_header(action: &HeaderAction, side: Side) -> Option<Problem> {
    let HeaderAction { name, value } = action;
    let legal = |letter: char| match side {
        Side::Request => letter.is_ascii_alphanumeric() || letter == '-',
        Side::Response => letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter),
    };
    let found = excerpt(name);
    if name.is_empty() || !name.chars().all(legal) {
        return Some(Problem::InvalidHeaderName { found, side });
    }
    if RESERVED
        .iter()
        .any(|reserved| name.eq_ignore_ascii_case(reserved))
    {
        return Some(Problem::ReservedHeader { name: found });
    }
    let host = side == Side::Request && name.eq_ignore_ascii_case("host");
    (host && value.is_empty()).then_some(Problem::UndeletableHeader { name: found })
}
