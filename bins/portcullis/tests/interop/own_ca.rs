//! A CA of `portcullis pki`, as a script drives it.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

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
        ca.pki(&["init", "--name", "Interop", "--ocsp-url", responder]);
        ca
    }

    /// Makes a CA whose certificates name no responder.
    pub(crate) fn without_responder(folder: PathBuf) -> Self {
        let ca = Self { folder };
        ca.pki(&["init", "--name", "Interop"]);
        ca
    }

    /// The root's certificate: what a client of a server trusts.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// The issuing CA's certificate.
    pub(crate) fn issuing(&self) -> PathBuf {
        self.folder.join("issuing.pem")
    }

    /// The certificates of the issuing CA and the root: what a gateway trusts.
    pub(crate) fn chain(&self) -> PathBuf {
        self.folder.join("chain.pem")
    }

    pub(crate) fn client(&self, name: &str) -> Credentials {
        credentials(&self.pki(&["issue", "client", name]))
    }

    /// A client's certificate and key as PFX, and the password that was shown.
    pub(crate) fn client_pfx(&self, name: &str) -> (PathBuf, String) {
        let issued = self.pki(&["issue", "client", name, "--pfx"]);
        (
            file(&issued, "pfx"),
            issued["pfx_password"].as_str().unwrap().to_owned(),
        )
    }

    pub(crate) fn server(&self, names: &[&str]) -> Credentials {
        credentials(&self.pki(&[&["issue", "server"], names].concat()))
    }

    pub(crate) fn revoke(&self, name: &str) {
        self.pki(&["revoke", name, "--reason", "keyCompromise"]);
    }

    /// Starts `portcullis pki responder`, whose answers live for so many seconds.
    pub(crate) fn responder(&self, lifetime: u32) -> OwnResponder {
        let lifetime = lifetime.to_string();
        let arguments = [
            "responder",
            "--bind",
            "127.0.0.1:0",
            "--lifetime",
            &lifetime,
        ];
        let program = Program::start(&mut self.command(&arguments));
        let line = program.wait_for(Mark::START, &["\"listening\""]);
        let said: Value = serde_json::from_str(&line).unwrap();
        let port = said["listening"]
            .as_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap();
        OwnResponder {
            port: port.parse().unwrap(),
            _program: program,
        }
    }

    fn pki(&self, arguments: &[&str]) -> Value {
        let printed = run(&mut self.command(arguments)).succeeded();
        serde_json::from_str(&printed).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = portcullis();
        command
            .args(["pki", "--json", "--dir"])
            .arg(&self.folder)
            .args(arguments);
        command
    }
}

/// The issued file holds the certificate and its issuer: `openssl` takes the first of them, curl and
/// Node.js take both.
fn credentials(issued: &Value) -> Credentials {
    let certificate = file(issued, "certificate");
    Credentials {
        chain: certificate.clone(),
        certificate,
        key: file(issued, "key"),
    }
}

fn file(issued: &Value, kind: &str) -> PathBuf {
    issued[kind].as_str().unwrap().into()
}

/// A running `portcullis pki responder`.
pub(crate) struct OwnResponder {
    pub(crate) port: u16,
    _program: Program,
}
