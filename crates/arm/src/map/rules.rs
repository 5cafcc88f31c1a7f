//! `requestRoutingRules` and `redirectConfigurations`.

use std::collections::HashMap;

use super::Mapping;
use super::listeners::require;
use crate::collection::Element;
use crate::finding::{Adaptation, Fate, Problem, Reason};
use crate::item::Item;
use crate::toml_text::Table;

impl<'a> Mapping<'a> {
    pub(super) fn rules(&mut self) {
        let mut tables = Vec::new();
        let mut served: HashMap<&str, &str> = HashMap::new();
        for (at, rule) in self.of.rules.elements.iter().enumerate() {
            let listener = self.of.listeners.referred(&rule.item, "httpListener");
            if let Some(listener) = listener
                && let Some(other) = served.insert(listener.name, rule.name)
            {
                let rule_of = other.to_owned();
                rule.item.problem(Problem::SameListener { rule: rule_of });
            }
            tables.push(self.rule(rule, listener, at));
        }
        for listener in &self.of.listeners.elements {
            if !served.contains_key(listener.name) && !listener.is_referred() {
                listener.item.problem(Problem::NoRule);
            }
        }
        for table in tables {
            self.document.push(table);
        }
    }

    fn rule(&self, rule: &Element<'a>, listener: Option<&Element<'a>>, at: usize) -> Table {
        let item = &rule.item;
        let mut table = Table::element(&["rule"], rule.place());
        table.set("name", rule.name);
        table.set_some("priority", self.priority(rule, at));
        if listener.is_none() {
            require(item, "httpListener");
        }
        table.set_some("listener", listener.map(|listener| listener.name));
        let types = &["Basic", "PathBasedRouting"];
        let kind = item.choice("ruleType", types, "Basic or PathBasedRouting");
        if kind == Some("PathBasedRouting") {
            let map = self.of.path_maps.referred(item, "urlPathMap");
            if map.is_none() {
                require(item, "urlPathMap");
            }
            table.set_some("path_map", map.map(|map| map.name));
        } else {
            self.action(item, &BASIC, &mut table);
        }
        table
    }

    /// Old gateways have rules without one; their order in the document counts.
    fn priority(&self, rule: &Element<'a>, at: usize) -> Option<i64> {
        if rule.item.has("priority") {
            return rule.item.number("priority");
        }
        let place = at.saturating_add(1).saturating_mul(10);
        let priority = u16::try_from(place).unwrap_or(u16::MAX);
        let fate = Fate::Adapted(Adaptation::Priority { priority });
        self.report.push(rule.place(), fate);
        Some(i64::from(priority))
    }

    /// A pool with settings, or a redirect; and what is rewritten.
    pub(super) fn action(&self, item: &Item<'a>, names: &Names, table: &mut Table) {
        let redirect = self.of.redirects.referred(item, names.redirect);
        let pool = self.of.pools.referred(item, names.pool);
        if item.has(names.redirect) {
            if item.has(names.pool) {
                let (one, other) = (names.redirect, names.pool);
                item.problem(Problem::Both { one, other });
            }
            table.set_some(
                &format!("{}redirect", names.prefix),
                redirect.map(|one| one.name),
            );
            return self.beside_a_redirect(item, names);
        }
        require(item, names.pool);
        require(item, names.settings);
        let settings = self.of.settings.referred(item, names.settings);
        let rewrites = self.of.rewrite_sets.referred(item, names.rewrites);
        let prefix = names.prefix;
        let key = |key: &str| format!("{prefix}{key}");
        table.set_some(&key("pool"), pool.map(|pool| pool.name));
        table.set_some(
            &key("backend_settings"),
            settings.map(|settings| settings.name),
        );
        table.set_some(&key("rewrite_set"), rewrites.map(|rewrites| rewrites.name));
    }

    /// Redirects are not rewritten, and need no settings.
    fn beside_a_redirect(&self, item: &Item<'a>, names: &Names) {
        for name in [names.settings, names.rewrites] {
            if let Some(node) = item.find(name) {
                node.used_up();
                self.not_carried(&node.place, Reason::Overridden);
            }
        }
    }

    pub(super) fn redirects(&mut self) {
        let mut tables = Vec::new();
        for redirect in &self.of.redirects.elements {
            tables.push(self.redirect(redirect));
        }
        for table in tables {
            self.document.push(table);
        }
    }

    fn redirect(&self, redirect: &Element<'a>) -> Table {
        let item = &redirect.item;
        let mut table = Table::named(&["redirect", redirect.name], redirect.place());
        require(item, "redirectType");
        let types = &["Permanent", "Found", "SeeOther", "Temporary"];
        let expected = "Permanent, Found, SeeOther or Temporary";
        let kind = item
            .choice("redirectType", types, expected)
            .map(|kind| match kind {
                "Permanent" => "permanent",
                "Found" => "found",
                "SeeOther" => "see_other",
                _ => "temporary",
            });
        table.set_some("type", kind);
        table.set_some("target_url", item.word("targetUrl"));
        let listener = self.of.listeners.referred(item, "targetListener");
        table.set_some("target_listener", listener.map(|listener| listener.name));
        for (key, name) in [
            ("include_path", "includePath"),
            ("include_query", "includeQueryString"),
        ] {
            if item.switch(name) == Some(true) {
                table.set(key, true);
            }
        }
        table
    }
}

/// What the references of an action are called.
pub(super) struct Names {
    pub(super) pool: &'static str,
    pub(super) settings: &'static str,
    pub(super) rewrites: &'static str,
    pub(super) redirect: &'static str,
    /// Before the keys of the configuration.
    pub(super) prefix: &'static str,
}

/// Of rules and path rules.
pub(super) const BASIC: Names = Names {
    pool: "backendAddressPool",
    settings: "backendHttpSettings",
    rewrites: "rewriteRuleSet",
    redirect: "redirectConfiguration",
    prefix: "",
};
