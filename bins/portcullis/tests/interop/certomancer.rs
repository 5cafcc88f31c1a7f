//! certomancer: a CA and its responders in Python, none of whose code is OpenSSL's or ours.
//!
//! `cargo xtask test --install` puts it into an environment of its own below `target`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Mark, Program, run};
use crate::scratch::Scratch;

/// The interpreter of its environment.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../target/tools/certomancer/bin/python"
);

/// An authority with responders that sign with several kinds of keys. Of its clients, bob is revoked
/// for a reason and carol without.
const ARCHITECTURE: &str = r#"
keysets:
  contoso:
    keys:
      root: { path: root.key }
      issuing: { path: issuing.key }
      ocsp: { path: ocsp.key }
      rsa: { path: rsa.key }
      ed25519: { path: ed25519.key }
      client: { path: client.key }
pki-architectures:
  contoso:
    keyset: contoso
    entity-defaults: { organization-name: Contoso }
    entities:
      root: { common-name: Root }
      issuing: { common-name: Issuing }
      ocsp: { common-name: Responder }
      rsa: { common-name: RSA Responder }
      ed25519: { common-name: Ed25519 Responder }
      alice: { common-name: alice }
      bob: { common-name: bob }
      carol: { common-name: carol }
    certs:
      root:
        issuer: root
        validity: &always { valid-from: "2024-01-01T00:00:00Z", valid-to: "2044-01-01T00:00:00Z" }
        profiles: [{ id: simple-ca }]
      issuing:
        issuer: root
        validity: *always
        profiles: [{ id: simple-ca, params: { max-path-len: 0 } }]
      ocsp: &delegate
        issuer: issuing
        validity: *always
        profiles: [ocsp-responder]
      rsa: *delegate
      ed25519: *delegate
      alice: &client
        issuer: issuing
        subject-key: client
        validity: *always
      bob:
        <<: *client
        revocation: { revoked-since: "2025-06-01T12:00:00Z", reason: key_compromise }
      carol:
        <<: *client
        revocation: { revoked-since: "2025-06-02T12:00:00Z" }
    services:
      ocsp:
        issuer: { for-issuer: issuing, responder-cert: issuing }
        delegate: { for-issuer: issuing, responder-cert: ocsp }
        lasting: { for-issuer: issuing, responder-cert: ocsp, validity-period: {} }
        ed25519: { for-issuer: issuing, responder-cert: ed25519 }
        rsa: { for-issuer: issuing, responder-cert: rsa, digest-algo: sha512 }
        root: { for-issuer: root, responder-cert: root }
"#;

/// Its animator as `certomancer animate` runs it, on a port that the system chose, and at the second
/// when it started: by itself it writes fractions of a second, which RFC 6960 does not allow.
const ANIMATOR: &str = "
import sys
from datetime import datetime, timezone
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import CertomancerConfig
from werkzeug.serving import make_server
architectures = CertomancerConfig.from_file('certomancer.yml').pki_archs
now = datetime.now(timezone.utc).replace(microsecond=int(sys.argv[1]))
animator = Animator(AnimatorArchStore(architectures), at_time=now, with_web_ui=False)
server = make_server('127.0.0.1', 0, animator)
print('listening on', server.port, flush=True)
server.serve_forever()
";

/// The times that a responder writes.
#[derive(Clone, Copy)]
pub(crate) enum Times {
    /// As RFC 6960 has them.
    WholeSeconds,
    /// As certomancer has them unless it is told the time.
    Fractions,
}

/// A running animator: an authority with responders.
pub(crate) struct Certomancer {
    port: u16,
    folder: PathBuf,
    _program: Program,
}

impl Certomancer {
    /// Makes keys and certificates in a folder, and starts the responders.
    pub(crate) fn start(scratch: &Scratch, times: Times) -> Self {
        let file = scratch.write("certomancer.yml", ARCHITECTURE);
        let folder = file.parent().unwrap();
        for name in ["root", "issuing", "ocsp", "client"] {
            generate(folder, name, "EC -pkeyopt ec_paramgen_curve:P-256");
        }
        generate(folder, "rsa", "RSA -pkeyopt rsa_keygen_bits:2048");
        generate(folder, "ed25519", "ED25519");
        let mut summon = python(folder);
        summon.args([
            "-I",
            "-m",
            "certomancer",
            "mass-summon",
            "--flat",
            "--no-pfx",
        ]);
        run(summon.args(["contoso", "certificates"])).succeeded();

        let microseconds = match times {
            Times::WholeSeconds => "0",
            Times::Fractions => "123456",
        };
        let program = Program::start(python(folder).args(["-I", "-c", ANIMATOR, microseconds]));
        let line = program.wait_for(Mark::START, &["listening on "]);
        Self {
            port: line.rsplit(' ').next().unwrap().trim().parse().unwrap(),
            folder: folder.join("certificates"),
            _program: program,
        }
    }

    /// The URL of one of its responders. It is too long for a GET, which they do not answer; they do not
    /// look at the query.
    pub(crate) fn url(&self, responder: &str) -> String {
        let query = "x".repeat(255);
        format!(
            "http://127.0.0.1:{}/contoso/ocsp/{responder}?{query}",
            self.port
        )
    }

    /// A certificate of its own.
    pub(crate) fn certificate(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.cert.pem"))
    }
}

fn generate(folder: &Path, name: &str, algorithm: &str) {
    let line = format!("genpkey -algorithm {algorithm} -out {name}.key");
    let mut command = Command::new("openssl");
    let words = line.split_whitespace();
    run(command.args(words).current_dir(folder)).succeeded();
}

fn python(folder: &Path) -> Command {
    let mut command = Command::new(PYTHON);
    command.current_dir(folder);
    command
}
