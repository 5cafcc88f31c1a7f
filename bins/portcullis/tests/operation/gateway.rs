//! The built binary with a configuration of one listener.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use portcullis_test_pki::{Ca, Certified};
use rustls_pki_types::UnixTime;

use crate::client::Client;
use crate::program::{Mark, Program};
use crate::scratch::Scratch;

pub(crate) const HOST: &str = "www.contoso.com";
const REPLACED: &str = "the configuration was replaced";
const STAYS: &str = "the configuration stays as it was";

/// A gateway that asks clients for certificates, its files, and who may come in.
pub(crate) struct Scene {
    pub(crate) scratch: Scratch,
    pub(crate) root: Ca,
    pub(crate) server: Certified,
    pub(crate) backend: SocketAddr,
}

impl Scene {
    pub(crate) fn new(backend: SocketAddr) -> Self {
        let root = Ca::root("Contoso Root CA")
            .valid_around(UnixTime::now().as_secs())
            .issue();
        let server = root.server(&[HOST]).issue();
        let scene = Self {
            scratch: Scratch::new(),
            root,
            server,
            backend,
        };
        scene.scratch.write("server.pem", scene.server.pem());
        scene.scratch.write("server.key", scene.server.key_pem());
        scene.scratch.write("chain.pem", scene.root.pem());
        scene
            .scratch
            .write("portcullis.toml", scene.text("127.0.0.1:0", "first"));
        scene
    }

    /// The configuration, which answers with `mark` in a header.
    pub(crate) fn text(&self, bind: &str, mark: &str) -> String {
        let backend = self.backend;
        format!(
            r#"
[[listener]]
name = "l"
bind = "{bind}"
tls_profile = "p"
[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "required"
trusted_client_certificates = ["chain.pem"]
revocation = "off"
[pool.b]
targets = ["{backend}"]
[backend_settings.b]
[[rule]]
name = "r"
priority = 1
listener = "l"
pool = "b"
backend_settings = "b"
rewrite_set = "s"
[[rewrite_set.s.rule]]
name = "mark"
response_headers = {{ X-Mark = "{mark}" }}
"#
        )
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.scratch.file(name)
    }

    /// Puts a file in the place of another, as certbot and careful editors do.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let new = self.scratch.write("new", content);
        fs::rename(new, self.file(name)).unwrap();
    }

    pub(crate) fn start(&self) -> Gateway {
        let mut command = self.command();
        Gateway {
            program: Program::start(&mut command),
        }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.env_remove("RUST_LOG");
        command.args(["run", "--cores", "2", "-c"]);
        command.arg(self.file("portcullis.toml"));
        command
    }

    /// A client with a good certificate.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.root, &self.root.client("alice").issue())
    }
}

/// The running process.
pub(crate) struct Gateway {
    pub(crate) program: Program,
}

impl Gateway {
    /// Where it listens, once it does.
    #[track_caller]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address_after(Mark::START)
    }

    #[track_caller]
    pub(crate) fn address_after(&self, mark: Mark) -> SocketAddr {
        let line = self.program.wait_for(mark, &["listening on https://"]);
        let (_, address) = line.split_once("https://").unwrap();
        address.trim().parse().unwrap()
    }

    /// Waits until the configuration was replaced after this.
    #[track_caller]
    pub(crate) fn replaced(&self, mark: Mark) -> String {
        self.program.wait_for(mark, &[REPLACED])
    }

    /// Waits until a configuration was not taken after this.
    #[track_caller]
    pub(crate) fn refused(&self, mark: Mark) -> String {
        self.program.wait_for(mark, &[STAYS])
    }

    /// How often since then a configuration was taken, and how often not.
    pub(crate) fn attempts(&self, mark: Mark) -> [usize; 2] {
        let lines = self.program.printed(mark);
        [REPLACED, STAYS].map(|words| lines.iter().filter(|line| line.contains(words)).count())
    }
}
