//! The PKI, the files and the configuration that every test starts from.

use std::path::Path;
use std::time::SystemTime;

use portcullis_test_pki::{Ca, Certified, ExtendedKeyUsage};

use crate::command::Folder;
use crate::gateway::{Gateway, backend};

/// The host that the gateway serves.
pub(crate) const HOST: &str = "www.contoso.com";

/// Two authorities and the clients of both, as files in a folder:
/// `chain.pem` (issuing authority and root), `root.pem`, `server-ca.pem`, and for every client `NAME.pem` with `NAME.key`.
pub(crate) struct World {
    pub(crate) folder: Folder,
    pub(crate) root: Ca,
    pub(crate) issuing: Ca,
}

impl World {
    /// Everything lives now: curl, openssl and node read the clock.
    pub(crate) fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let root = Ca::root("Client Root").valid_around(now).issue();
        let issuing = root.intermediate("Client Issuing").path_length(0).issue();
        let foreign = Ca::root("Foreign Root").valid_around(now).issue();
        let server_ca = Ca::root("Server Root").valid_around(now).issue();
        let world = Self {
            folder: Folder::new(),
            root,
            issuing,
        };
        world.write("root.pem", world.root.pem());
        world.write("chain.pem", world.issuing.pem_with(&[&world.root]));
        world.write("issuing.pem", world.issuing.pem());
        world.write("foreign.pem", foreign.pem());
        world.write("server-ca.pem", server_ca.pem());
        world.save("server", &server_ca.server(&[HOST, "127.0.0.1"]).issue());
        world.save("alice", &world.issuing.client("alice").issue());
        world.save(
            "expired",
            &world.issuing.client("expired").expired().issue(),
        );
        let for_servers = [ExtendedKeyUsage::ServerAuth];
        let purpose = world
            .issuing
            .client("purpose")
            .extended_key_usage(&for_servers);
        world.save("purpose", &purpose.issue());
        world.save("stranger", &foreign.client("stranger").issue());
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.folder.write(name, bytes);
    }

    /// Writes a certificate and its key.
    pub(crate) fn save(&self, name: &str, certified: &Certified) {
        self.write(&format!("{name}.pem"), certified.pem());
        self.write(&format!("{name}.key"), certified.key_pem());
    }

    /// Runs a gateway that requires certificates of `chain.pem`, without asking any responder.
    pub(crate) fn gateway(&self) -> Gateway {
        self.gateway_with("chain.pem", "revocation = \"off\"")
    }

    /// Runs a gateway that trusts a chain file, with further lines of the TLS profile.
    pub(crate) fn gateway_with(&self, trusted: &str, profile: &str) -> Gateway {
        self.write("portcullis.toml", configuration(trusted, profile));
        Gateway::start(self.path())
    }
}

fn configuration(trusted: &str, profile: &str) -> String {
    let backend = backend();
    format!(
        r#"
[[listener]]
name = "contoso"
bind = "127.0.0.1:0"
hosts = ["{HOST}"]
tls_profile = "mutual"

[tls_profile.mutual]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "required"
trusted_client_certificates = ["{trusted}"]
{profile}

[ocsp]
allow_loopback = true

[pool.web]
targets = ["{backend}"]

[backend_settings.web]
host = "backend.contoso.com"

[[rule]]
name = "contoso"
priority = 100
listener = "contoso"
pool = "web"
backend_settings = "web"
rewrite_set = "client"

[[rewrite_set.client.rule]]
name = "send"
sequence = 100

[rewrite_set.client.rule.request_headers]
X-Client-Certificate = "{{var_client_certificate}}"
X-Client-Subject = "{{var_client_certificate_subject}}"
X-Client-Verification = "{{var_client_certificate_verification}}"
"#
    )
}

/// The PEM of a certificate as the backend receives it: everything but letters, digits and `-` percent-encoded.
pub(crate) fn escaped(pem: &str) -> String {
    let escape = |octet: u8| match octet {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    pem.bytes().map(escape).collect()
}
