//! What holds for the whole gateway.

use super::Mapping;
use super::tls::policy;
use crate::finding::Reason;
use crate::toml_text::Table;

impl Mapping<'_> {
    pub(super) fn gateway_wide(&mut self) {
        let mut http = Table::named(&["http"], self.gateway.place());
        // Off unless it is said, there; on unless it is said, here.
        let http2 = self.gateway.switch("enableHttp2").unwrap_or(false);
        http.set("http2", http2);
        self.document.push(http);
        let mut tls = Table::named(&["tls"], self.gateway.place());
        tls.set_some("default_policy", policy(&self.gateway));
        self.push_filled(tls);
        self.global_configuration();
    }

    fn global_configuration(&self) {
        let Some(global) = self.gateway.table("globalConfiguration") else {
            return;
        };
        // Streaming is what "false" asks for.
        for name in ["enableRequestBuffering", "enableResponseBuffering"] {
            if global.switch(name) == Some(true)
                && let Some(node) = global.find(name)
            {
                self.not_carried(&node.place, Reason::Buffering);
            }
        }
        // No response says which server it is from.
        let _ = global.switch("disableDefaultServerHeaderInResponse");
    }
}
