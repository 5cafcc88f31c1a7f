//! A CA of `portcullis pki`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::credentials::Credentials;
use crate::gateway::portcullis;
use crate::program::{Mark, Program, run};

/// A CA in a folder.
pub(crate) struct OwnCa {
    folder: PathBuf,
}

impl OwnCa {
    /// Makes a CA in a new folder. Its certificates name the responder at this URL.
    pub(crate) fn new(folder: PathBuf, responder: &str) -> Self {
        let ca = Self { folder };
        ca.pki("init", &["--name", "Portcullis Interop", "--ocsp-url", responder]);
        ca
    }

    /// Makes a CA whose certificates name no responder.
    pub(crate) fn without_responder(folder: PathBuf) -> Self {
        let ca = Self { folder };
        ca.pki("init", &["--name", "Portcullis Interop"]);
        ca
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// The certificates of the issuing CA and the root: what a gateway trusts.
    pub(crate) fn chain(&self) -> PathBuf {
        self.folder.join("chain.pem")
    }

    pub(crate) fn client(&self, name: &str) -> Credentials {
        self.pki("issue", &["client", name]);
        self.credentials(name)
    }

    /// A client's certificate and key as PFX, with its password.
    pub(crate) fn client_pfx(&self, name: &str) -> (PathBuf, String) {
        let printed = self.pki("issue", &["client", name, "--pfx", "--pfx-password", "s3cret"]);
        (self.folder.join(format!("{name}.pfx")), printed)
    }

    pub(crate) fn server(&self, name: &str) -> Credentials {
        self.pki("issue", &["server", name]);
        self.credentials(name)
    }

    pub(crate) fn revoke(&self, name: &str) {
        self.pki("revoke", &[name]);
    }

    /// `openssl` takes the first certificate of such a file, curl and Node.js take all.
    fn credentials(&self, name: &str) -> Credentials {
        let certificate = self.folder.join(format!("{name}.pem"));
        Credentials {
            chain: certificate.clone(),
            certificate,
            key: self.folder.join(format!("{name}.key")),
        }
    }

    fn pki(&self, action: &str, arguments: &[&str]) -> String {
        run(self.command(action).args(arguments)).succeeded()
    }

    fn command(&self, action: &str) -> Command {
        let mut command = portcullis();
        command.args(["pki", action, "--dir"]).arg(&self.folder);
        command
    }
}
