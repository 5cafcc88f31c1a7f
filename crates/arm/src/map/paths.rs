//! `urlPathMaps`.

use super::Mapping;
use super::rules::{BASIC, Names};
use crate::collection::Element;
use crate::finding::Problem;
use crate::toml_text::Table;

const DEFAULT: Names = Names {
    pool: "defaultBackendAddressPool",
    settings: "defaultBackendHttpSettings",
    rewrites: "defaultRewriteRuleSet",
    redirect: "defaultRedirectConfiguration",
    prefix: "default_",
};

impl<'a> Mapping<'a> {
    pub(super) fn path_maps(&mut self) {
        let mut tables = Vec::new();
        for map in &self.of.path_maps.elements {
            self.path_map(map, &mut tables);
        }
        for table in tables {
            self.document.push(table);
        }
    }

    fn path_map(&self, map: &Element<'a>, tables: &mut Vec<Table>) {
        let mut table = Table::named(&["path_map", map.name], map.place());
        self.action(&map.item, &DEFAULT, &mut table);
        tables.push(table);
        let rules = map.item.items("pathRules");
        if rules.is_empty() {
            map.item.problem(Problem::Missing { name: "pathRules" });
        }
        for rule in rules {
            let mut table = Table::element(&["path_map", map.name, "rule"], rule.place());
            table.set_some("name", rule.name());
            table.set("paths", rule.texts("paths"));
            self.action(&rule, &BASIC, &mut table);
            tables.push(table);
        }
    }
}
