//! What holds for the whole gateway.

use super::Mapping;
use super::tls::policy;
use crate::finding::Reason;
use crate::place::Place;
use crate::toml_text::Table;

impl Mapping<'_> {
    pub(super) fn gateway_wide(&mut self) {
        let mut http = Table::named(&["http"], self.place_of("enableHttp2"));
        // Off unless it is said, there; on unless it is said, here.
        let http2 = self.gateway.switch("enableHttp2").unwrap_or(false);
        http.set("http2", http2);
        self.document.push(http);
        let mut tls = Table::named(&["tls"], self.place_of("sslPolicy"));
        tls.set_some("default_policy", policy(&self.gateway));
        self.push_filled(tls);
        self.global_configuration();
    }

    fn place_of(&self, name: &str) -> &Place {
        let node = self.gateway.find(name);
        node.map_or(self.gateway.place(), |node| &node.place)
    }

    /// What "false" asks for is what happens: bodies are streamed, and a header says who answers.
    fn global_configuration(&self) {
        let Some(global) = self.gateway.table("globalConfiguration") else {
            return;
        };
        for (name, reason) in [
            ("enableRequestBuffering", Reason::Buffering),
            ("enableResponseBuffering", Reason::Buffering),
            ("disableDefaultServerHeaderInResponse", Reason::ServerHeader),
        ] {
            if global.switch(name) == Some(true)
                && let Some(node) = global.find(name)
            {
                self.not_carried(&node.place, reason);
            }
        }
    }
}
