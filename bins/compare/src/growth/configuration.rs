//! Configurations of Portcullis of any size.

use std::fmt::Write as _;

use crate::backend::RULE;
use crate::peers::Setting;

/// How much of everything a configuration has.
pub(super) struct Size {
    pub(super) listeners: usize,
    /// Files of trusted client CAs.
    pub(super) chains: usize,
    /// Verified chains to remember.
    pub(super) remembered: usize,
    /// Rewrite rules, beside the one that passes the certificate.
    pub(super) rules: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            listeners: 1,
            chains: 1,
            remembered: 16_384,
            rules: 0,
        }
    }
}

/// The name of the file of one CA that no client is of.
pub(super) fn chain(number: usize) -> String {
    format!("trust-{number}.pem")
}

impl Size {
    /// The last listener is that of `localhost`, the last CA that of the clients.
    pub(super) fn text(&self, setting: &Setting<'_>) -> String {
        let pki = setting.pki.to_string_lossy();
        let mut text = TEMPLATE
            .replace("@BACKEND@", &setting.backend.to_string())
            .replace("@CHAINS@", &self.trusted(&pki))
            .replace("@PKI@", &pki)
            .replace("@REMEMBERED@", &self.remembered.to_string());
        for number in 1..=self.rules {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", rewrite_rule(number));
        }
        for number in 1..=self.listeners {
            let host = if number == self.listeners {
                "localhost".to_owned()
            } else {
                format!("host-{number}.example")
            };
            let _ = writeln!(text, "{}", listener(number, &host, setting.port));
        }
        text
    }

    fn trusted(&self, pki: &str) -> String {
        let others = (1..self.chains).map(chain);
        let files = others.chain(["root.pem".to_owned()]);
        let files: Vec<String> = files.map(|file| format!("\"{pki}/{file}\"")).collect();
        files.join(", ")
    }
}

fn listener(number: usize, host: &str, port: u16) -> String {
    format!(
        r#"
[[listener]]
name = "l{number}"
bind = "127.0.0.1:{port}"
hosts = ["{host}"]
tls_profile = "site"

[[rule]]
name = "l{number}"
priority = {number}
listener = "l{number}"
pool = "backend"
backend_settings = "backend"
rewrite_set = "site""#
    )
}

fn rewrite_rule(number: usize) -> String {
    format!(
        r#"
[[rewrite_set.site.rule]]
name = "r{number}"
conditions = [{{ variable = "var_uri_path", pattern = "^/[a-z0-9]+$" }}]
request_headers = {{ "{RULE}{number}" = "{{var_host}}" }}"#
    )
}

const TEMPLATE: &str = r#"[limits]
trust_files = 1000
trust_files_per_profile = 1000
rewrite_changes = 1000
rewrite_conditions = 1000

[tls_profile.site]
certificate = { pem = "@PKI@/server.pem", key = "@PKI@/server.key" }
client_auth = "required"
trusted_client_certificates = [@CHAINS@]
remembered_chains = @REMEMBERED@
revocation = "off"

[access_log]
output = "off"

[pool.backend]
targets = ["127.0.0.1:@BACKEND@"]

[backend_settings.backend]
probe = "backend"

[probe.backend]
path = "/0"

[[rewrite_set.site.rule]]
name = "identity"
request_headers = { "X-SSL-Client-Cert" = "{var_client_certificate}" }
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn text(size: &Size) -> String {
        size.text(&Setting {
            port: 8443,
            backend: 8080,
            pki: Path::new("/pki"),
            run: Path::new("/run/it"),
        })
    }

    #[test]
    fn it_has_as_much_as_it_is_to_have() {
        let text = text(&Size {
            listeners: 30,
            chains: 20,
            remembered: 7,
            rules: 10,
        });
        assert_eq!(text.matches("[[listener]]").count(), 30);
        assert_eq!(text.matches("[[rule]]").count(), 30);
        assert_eq!(text.matches("/pki/trust-").count(), 19);
        assert_eq!(text.matches("[[rewrite_set.site.rule]]").count(), 11);
        assert!(text.contains("remembered_chains = 7\n"));
        assert!(!text.contains('@'), "{text}");
    }

    #[test]
    fn requests_go_to_the_last_listener_and_clients_are_of_the_last_ca() {
        let text = text(&Size {
            listeners: 3,
            chains: 3,
            ..Size::default()
        });
        let last = text.rsplit("[[listener]]").next().unwrap();
        assert!(last.contains("hosts = [\"localhost\"]") && last.contains("priority = 3\n"));
        assert!(text.contains("/pki/trust-2.pem\", \"/pki/root.pem\"]"));
    }
}
