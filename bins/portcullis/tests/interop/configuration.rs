//! Configurations as a person writes them, around what a test is about.

use std::net::SocketAddr;
use std::path::Path;

use crate::credentials::Credentials;

/// A listener with its profile and rule.
pub(crate) struct Listener<'a> {
    pub(crate) host: &'a str,
    /// The server certificate as a profile has it.
    pub(crate) certificate: &'a str,
    /// The lines of the profile that say what is asked of clients.
    pub(crate) client_auth: &'a str,
    /// The line of the rule that names the rewrite set [`IDENTITY`], or nothing.
    pub(crate) rewrites: &'a str,
}

/// The line of a rule that tells its backend all about the client.
pub(crate) const IDENTITY: &str = "rewrite_set = \"identity\"";

/// All eight variables of mutual TLS, and a header that no list of well-known ones has.
const REWRITE_SET: &str = r#"
[[rewrite_set.identity.rule]]
name = "everything"
sequence = 100
[rewrite_set.identity.rule.request_headers]
X-Client-Certificate = "{var_client_certificate}"
X-Client-Certificate-Subject = "{var_client_certificate_subject}"
X-Client-Certificate-Issuer = "{var_client_certificate_issuer}"
X-Client-Certificate-Serial = "{var_client_certificate_serial}"
X-Client-Certificate-Fingerprint = "{var_client_certificate_fingerprint}"
X-Client-Certificate-Start-Date = "{var_client_certificate_start_date}"
X-Client-Certificate-End-Date = "{var_client_certificate_end_date}"
X-Client-Certificate-Verification = "{var_client_certificate_verification}"
Caller = "{var_client_certificate_subject}"
"#;

/// Listeners that share one address, before one backend.
pub(crate) fn configuration(listeners: &[Listener<'_>], backend: SocketAddr) -> String {
    let common = format!(
        "[ocsp]\nallow_loopback = true\n[pool.backend]\ntargets = [\"{backend}\"]\n{REWRITE_SET}"
    );
    let mut text = String::new();
    for (place, listener) in listeners.iter().enumerate() {
        let Listener {
            host,
            certificate,
            client_auth,
            rewrites,
        } = listener;
        text.push_str(&format!(
            r#"
[[listener]]
name = "l{place}"
bind = "127.0.0.1:0"
hosts = ["{host}"]
tls_profile = "p{place}"
[tls_profile.p{place}]
certificate = {certificate}
{client_auth}
[[rule]]
name = "r{place}"
priority = {}
listener = "l{place}"
pool = "backend"
{rewrites}
"#,
            place + 1
        ));
    }
    text + &common
}

/// The lines of a profile that judges certificates.
pub(crate) fn judged(mode: &str, trusted: &Path, revocation: &str) -> String {
    format!(
        "client_auth = \"{mode}\"\ntrusted_client_certificates = [\"{}\"]\n\
         revocation = \"{revocation}\"\n",
        trusted.display()
    )
}

/// A server certificate as a profile names it.
pub(crate) fn pem(credentials: &Credentials) -> String {
    let Credentials { chain, key, .. } = credentials;
    format!(
        "{{ pem = \"{}\", key = \"{}\" }}",
        chain.display(),
        key.display()
    )
}
