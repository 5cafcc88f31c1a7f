//! `rewriteRuleSets`.

use super::listeners::require;
use super::{Mapping, cookies};
use crate::collection::Element;
use crate::finding::Problem;
use crate::item::Item;
use crate::place::Place;
use crate::toml_text::{Table, Value};

const RESPONSE: &str = "responseHeaderConfigurations";

impl<'a> Mapping<'a> {
    pub(super) fn rewrite_sets(&mut self) {
        let mut tables = Vec::new();
        for set in &self.of.rewrite_sets.elements {
            let rules = set.item.items("rewriteRules");
            if rules.is_empty() {
                set.item.problem(Problem::Missing {
                    name: "rewriteRules",
                });
            }
            for rule in rules {
                rewrite(set, &rule, &mut tables);
            }
        }
        for table in tables {
            self.document.push(table);
        }
    }
}

fn rewrite(set: &Element<'_>, rule: &Item<'_>, tables: &mut Vec<Table>) {
    let path = ["rewrite_set", set.name, "rule"];
    let mut table = Table::element(&path, rule.place());
    table.set_some("name", rule.name());
    table.set_some("sequence", rule.number("ruleSequence"));
    tables.push(table);
    let inner = |name: &'static str| [path[0], path[1], path[2], name];
    let conditions = rule.items("conditions");
    // What is asked of each field by itself is not asked of all as one.
    let is_for_cookies = is_all_about_cookies(rule);
    for condition in &conditions {
        require(condition, "variable");
        require(condition, "pattern");
        if is_for_cookies && cookies::is_asked_by(condition) {
            continue;
        }
        let mut table = Table::element(&inner("conditions"), condition.place());
        table.set_some("variable", condition.text("variable"));
        pattern(condition, &mut table);
        tables.push(table);
    }
    let Some(actions) = rule.table("actionSet") else {
        return require(rule, "actionSet");
    };
    let request = headers(&actions, "requestHeaderConfigurations");
    push(
        &inner("request_headers"),
        request.plain,
        actions.place(),
        tables,
    );
    let response = headers(&actions, RESPONSE);
    push(
        &inner("response_headers"),
        response.plain,
        actions.place(),
        tables,
    );
    for header in request.matched {
        // Only `Set-Cookie` of responses has several values to tell apart.
        header.unexpected("headerValueMatcher", "absent from a header of a request");
    }
    for header in response.matched {
        cookie(&header, &inner("response_cookies"), tables);
    }
    for header in response.cookies {
        cookies::change(&header, &conditions, &inner("response_cookies"), tables);
    }
    if let Some(url) = actions.table("urlConfiguration") {
        let mut table = Table::named(&inner("url"), url.place());
        table.set_some("path", url.text("modifiedPath"));
        table.set_some("query", url.text("modifiedQueryString"));
        if url.switch("reroute") == Some(true) {
            table.set("reroute", true);
        }
        tables.push(table);
    }
}

pub(super) fn pattern(item: &Item<'_>, table: &mut Table) {
    table.set_some("pattern", item.text("pattern"));
    for (key, name) in [("ignore_case", "ignoreCase"), ("negate", "negate")] {
        if item.switch(name) == Some(true) {
            table.set(key, true);
        }
    }
}

/// Whether a rule does nothing but set `Set-Cookie` for what a condition found in it.
fn is_all_about_cookies(rule: &Item<'_>) -> bool {
    let Some(actions) = rule.table("actionSet") else {
        return false;
    };
    let response = actions.items(RESPONSE);
    !response.is_empty()
        && response
            .iter()
            .all(|header| !header.has("headerValueMatcher") && cookies::is_set(header))
        && actions.items("requestHeaderConfigurations").is_empty()
        && !actions.has("urlConfiguration")
}

/// The header changes of one side.
struct Headers<'a> {
    plain: Vec<(&'a str, &'a str)>,
    /// Those that ask for the value.
    matched: Vec<Item<'a>>,
    /// Those that set `Set-Cookie` of a response without.
    cookies: Vec<Item<'a>>,
}

fn headers<'a>(actions: &Item<'a>, name: &'static str) -> Headers<'a> {
    let mut headers = Headers {
        plain: Vec::new(),
        matched: Vec::new(),
        cookies: Vec::new(),
    };
    for header in actions.items(name) {
        if header.has("headerValueMatcher") {
            headers.matched.push(header);
            continue;
        }
        let is_cookie = name == RESPONSE && cookies::is_set(&header);
        if is_cookie && headers.cookies.is_empty() {
            headers.cookies.push(header);
            continue;
        }
        require(&header, "headerName");
        let Some(own) = header.word("headerName") else {
            continue;
        };
        // An absent value deletes, as an empty one does.
        let value = match header.find("headerValue") {
            None => Some(""),
            Some(_) => header.text("headerValue"),
        };
        let same = |(other, _): &(&str, &str)| other.eq_ignore_ascii_case(own);
        if is_cookie || headers.plain.iter().any(same) {
            let collection = "headers of this rule";
            header.problem(Problem::SameName {
                collection,
                name: own.to_owned(),
            });
        } else if let Some(value) = value {
            headers.plain.push((own, value));
        }
    }
    headers
}

fn push(path: &[&str], headers: Vec<(&str, &str)>, origin: &Place, tables: &mut Vec<Table>) {
    let mut table = Table::named(path, origin);
    for (name, value) in headers {
        table.set(name, Value::from(value));
    }
    if !table.is_empty() {
        tables.push(table);
    }
}

fn cookie(header: &Item<'_>, path: &[&str], tables: &mut Vec<Table>) {
    let name = header.text("headerName");
    if !name.is_some_and(|name| name.eq_ignore_ascii_case("Set-Cookie")) {
        header.unexpected(
            "headerName",
            "Set-Cookie, the only header whose value can be asked for",
        );
    }
    let mut table = Table::element(path, header.place());
    if let Some(matcher) = header.table("headerValueMatcher") {
        require(&matcher, "pattern");
        pattern(&matcher, &mut table);
    }
    table.set("value", header.text("headerValue").unwrap_or_default());
    tables.push(table);
}
