//! `httpListeners`, and the pages for errors.

use super::Mapping;
use super::tls::Profiles;
use crate::collection::Element;
use crate::finding::{Problem, Reason};
use crate::item::Item;
use crate::toml_text::Table;

impl<'a> Mapping<'a> {
    pub(super) fn listeners(&mut self, profiles: &Profiles<'a>) {
        self.error_pages(&self.gateway);
        let mut tables = Vec::new();
        for listener in &self.of.listeners.elements {
            tables.push(self.listener(listener, profiles));
        }
        for table in tables {
            self.document.push(table);
        }
    }

    fn listener(&self, listener: &Element<'a>, profiles: &Profiles<'a>) -> Table {
        let item = &listener.item;
        let mut table = Table::element(&["listener"], listener.place());
        table.set("name", listener.name);
        if self
            .of
            .frontends
            .referred(item, "frontendIPConfiguration")
            .is_none()
        {
            require(item, "frontendIPConfiguration");
        }
        table.set_some("bind", self.bind_of(item));
        table.set_some("hosts", self.hosts(item));
        match protocol(item) {
            Some("Http") => {
                table.set("protocol", "http");
                self.without_tls(item);
            }
            Some(_) => {
                table.set("protocol", "https");
                table.set_some("tls_profile", profiles.name_of(listener));
            }
            None => {}
        }
        if item.switch("requireServerNameIndication") == Some(true)
            && let Some(node) = item.find("requireServerNameIndication")
        {
            self.not_carried(&node.place, Reason::Sni);
        }
        self.error_pages(item);
        table
    }

    fn bind_of(&self, item: &Item<'a>) -> Option<String> {
        let Some(port) = self.of.ports.referred(item, "frontendPort") else {
            require(item, "frontendPort");
            return None;
        };
        let number = port.item.number("port");
        if number.is_none() && !port.item.has("port") {
            port.item.problem(Problem::Missing { name: "port" });
        }
        let Ok(number) = u16::try_from(number?) else {
            port.item.unexpected("port", "a port, 1 to 65535");
            return None;
        };
        Some(std::net::SocketAddr::new(self.bind, number).to_string())
    }

    /// `None` for a basic listener.
    fn hosts(&self, item: &Item<'a>) -> Option<Vec<String>> {
        let one = item.word("hostName");
        let several = item.texts("hostNames");
        match (one, several.is_empty()) {
            (None, true) => None,
            (Some(one), true) => Some(vec![one.to_owned()]),
            (None, false) => Some(several.into_iter().map(str::to_owned).collect()),
            // `az` shows the only name in both.
            (Some(one), false) if several == [one] => Some(vec![one.to_owned()]),
            (Some(_), false) => {
                let (one, other) = ("hostName", "hostNames");
                item.problem(Problem::Both { one, other });
                None
            }
        }
    }

    fn without_tls(&self, item: &Item<'a>) {
        for name in ["sslCertificate", "sslProfile"] {
            if let Some(node) = item.find(name) {
                node.used_up();
                self.not_carried(&node.place, Reason::PlainHttp);
            }
        }
    }

    /// Pages are files here and URLs there; nothing is fetched on an import.
    fn error_pages(&self, item: &Item<'a>) {
        for page in item.list("customErrorConfigurations") {
            page.used_up();
            self.not_carried(&page.place, Reason::ErrorPage);
        }
    }
}

/// `Http` or `Https`.
pub(super) fn protocol(item: &Item<'_>) -> Option<&'static str> {
    require(item, "protocol");
    item.choice("protocol", &["Http", "Https"], "Http or Https")
}

/// Reports a property that is not there.
pub(super) fn require(item: &Item<'_>, name: &'static str) {
    if !item.has(name) {
        item.problem(Problem::Missing { name });
    }
}
