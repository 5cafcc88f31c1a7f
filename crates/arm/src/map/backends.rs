//! `backendAddressPools`, `backendHttpSettingsCollection` and `probes`.

use super::Mapping;
use super::listeners::protocol;
use crate::collection::Element;
use crate::finding::{Problem, Reason};
use crate::item::Item;
use crate::toml_text::Table;

impl<'a> Mapping<'a> {
    pub(super) fn pools(&mut self) {
        let mut tables = Vec::new();
        for pool in &self.of.pools.elements {
            let mut targets = Vec::new();
            for address in pool.item.items("backendAddresses") {
                let ip = address.word("ipAddress");
                let name = address.word("fqdn");
                if ip.is_none() && name.is_none() {
                    let names = "ipAddress and fqdn";
                    address.problem(Problem::MissingOneOf { names });
                }
                targets.extend(ip.into_iter().chain(name));
            }
            if !targets.is_empty() {
                let mut table = Table::named(&["pool", pool.name], pool.place());
                table.set("targets", targets);
                tables.push(table);
            } else if pool.is_referred() {
                pool.item.problem(Problem::EmptyPool);
            } else {
                pool.item.used_up();
                self.not_carried(pool.place(), Reason::EmptyPool);
            }
        }
        for table in tables {
            self.document.push(table);
        }
    }

    pub(super) fn backend_settings(&mut self) {
        let mut tables = Vec::new();
        for settings in &self.of.settings.elements {
            tables.push(self.settings(settings));
        }
        for table in tables {
            self.document.push(table);
        }
    }

    fn settings(&self, settings: &Element<'a>) -> Table {
        let item = &settings.item;
        let mut table = Table::named(&["backend_settings", settings.name], settings.place());
        let protocol = protocol(item);
        table.set_some("protocol", protocol.map(str::to_ascii_lowercase));
        table.set_some("port", item.number("port"));
        table.set_some("host", item.word("hostName"));
        if item.switch("pickHostNameFromBackendAddress") == Some(true) {
            table.set("pick_host", true);
        }
        table.set_some("request_timeout", item.number("requestTimeout"));
        table.set_some("path", item.word("path"));
        affinity(item, &mut table);
        self.draining(item, &mut table);
        if item.switch("dedicatedBackendConnection") == Some(true) {
            table.set("dedicated_connections", true);
        }
        let probe = self
            .of
            .probes
            .referred(item, "probe")
            .map(|probe| probe.name);
        // Many documents leave it out beside a probe that is in use, so only the word itself turns it off.
        if item.switch("probeEnabled") != Some(false) {
            table.set_some("probe", probe);
        }
        self.backend_tls(item, protocol == Some("Https"), &mut table);
        table
    }

    fn draining(&self, item: &Item<'a>, table: &mut Table) {
        let Some(draining) = item.table("connectionDraining") else {
            return;
        };
        let seconds = draining.number("drainTimeoutInSec");
        if draining.switch("enabled") == Some(true) {
            table.set_some("draining", seconds);
        }
    }

    fn backend_tls(&self, item: &Item<'a>, is_https: bool, table: &mut Table) {
        let roots = self.of.roots.all_referred(item, "trustedRootCertificates");
        if !is_https {
            return self.without_backend_tls(item);
        }
        if !roots.is_empty() {
            let files = roots.into_iter().map(|root| self.root(root));
            let files: Option<Vec<String>> = files.collect();
            table.set_some("trusted_roots", files);
        }
        table.set_some("sni", item.word("sniName"));
        if item.switch("validateCertChainAndExpiry") == Some(false) {
            table.set("validate_certificate", false);
        }
        if item.switch("validateSNI") == Some(false) {
            table.set("validate_name", false);
        }
    }

    /// `az` shows the defaults also where there is no TLS; only what was set is worth a line.
    fn without_backend_tls(&self, item: &Item<'a>) {
        for name in ["trustedRootCertificates", "sniName"] {
            if let Some(node) = item.find(name).filter(|node| !node.is_empty()) {
                node.used_up();
                self.not_carried(&node.place, Reason::PlainHttp);
            }
        }
        let _ = item.switch("validateCertChainAndExpiry");
        let _ = item.switch("validateSNI");
    }

    fn root(&self, root: &Element<'a>) -> Option<String> {
        self.pem(root, "trusted-root-certificate")
    }

    pub(super) fn probes(&mut self) {
        let mut tables = Vec::new();
        for probe in &self.of.probes.elements {
            tables.push(table_of_probe(probe));
        }
        for table in tables {
            self.document.push(table);
        }
    }
}

/// Without affinity the name of its cookie is among what was not used.
fn affinity(item: &Item<'_>, table: &mut Table) {
    let words = &["Enabled", "Disabled"];
    let affinity = item.choice("cookieBasedAffinity", words, "Enabled or Disabled");
    if affinity == Some("Enabled") {
        table.set("cookie_affinity", true);
        table.set_some("affinity_cookie", item.word("affinityCookieName"));
    }
}

fn table_of_probe(probe: &Element<'_>) -> Table {
    let item = &probe.item;
    let mut table = Table::named(&["probe", probe.name], probe.place());
    table.set_some("protocol", protocol(item).map(str::to_ascii_lowercase));
    table.set_some("host", item.word("host"));
    let pick = item.switch("pickHostNameFromBackendHttpSettings");
    if pick == Some(true) {
        table.set("pick_host", true);
    }
    table.set_some("path", item.word("path"));
    for (key, name) in [
        ("port", "port"),
        ("interval", "interval"),
        ("timeout", "timeout"),
        ("unhealthy_threshold", "unhealthyThreshold"),
        ("min_servers", "minServers"),
    ] {
        table.set_some(key, item.number(name));
    }
    if let Some(answer) = item.table("match") {
        let statuses = answer.texts("statusCodes");
        table.set_some("statuses", (!statuses.is_empty()).then_some(statuses));
        table.set_some("body", answer.word("body"));
    }
    table
}
