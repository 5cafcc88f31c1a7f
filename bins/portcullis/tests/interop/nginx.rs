//! nginx as a backend, with a folder, a port and a configuration of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::credentials::Credentials;
use crate::own_ca::OwnCa;
use crate::program::{Mark, Program};

/// What it answers at `/`.
pub(crate) const GREETING: &str = "hello from nginx\n";
/// What it answers probes at.
pub(crate) const HEALTH: &str = "/health";

/// What a line of the access log says.
const LOG_FORMAT: &str = "answered $request_method $uri $status to $http_user_agent over $server_protocol, \
                          client certificate $ssl_client_verify";
/// Ports are found free before nginx takes them, and somebody may be faster.
const ATTEMPTS: usize = 5;

/// A running nginx. It is ended with this value.
pub(crate) struct Nginx {
    folder: PathBuf,
    address: SocketAddr,
    program: Program,
}

impl Nginx {
    /// Over plain HTTP/1.1, with more lines in its `server` block.
    pub(crate) fn plain(folder: PathBuf, more: &str) -> Self {
        Self::start(folder, "", more)
    }

    /// Over TLS, with this certificate and more lines in its `server` block.
    pub(crate) fn secured(folder: PathBuf, certificate: &Credentials, more: &str) -> Self {
        Self::start(folder, "ssl", &(serving(certificate) + more))
    }

    /// The same over HTTP/2.
    pub(crate) fn http2(folder: PathBuf, certificate: &Credentials) -> Self {
        Self::start(folder, "ssl http2", &serving(certificate))
    }

    fn start(folder: PathBuf, listening: &str, more: &str) -> Self {
        for name in ["files", "temporary"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        for _ in 0..ATTEMPTS {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let text = configuration(&folder, address, listening, more);
            fs::write(folder.join("nginx.conf"), text).unwrap();
            let program = run(&folder);
            if started(&program) {
                return Self {
                    folder,
                    address,
                    program,
                };
            }
        }
        panic!("no port was free");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A file that it serves, and that a PUT writes.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join("files").join(name)
    }

    /// Where the log is now.
    pub(crate) fn mark(&self) -> Mark {
        self.program.mark()
    }

    /// The line of the log after `mark` that holds all these words.
    #[track_caller]
    pub(crate) fn log(&self, mark: Mark, words: &[&str]) -> String {
        self.program.wait_for(mark, words)
    }

    /// Ends it, and starts it anew at the same address.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.program.end();
        self.program = run(&self.folder);
        assert!(started(&self.program), "{} was taken", self.address);
    }
}

/// The lines that take nobody without a certificate of this CA.
pub(crate) fn demanding(ca: &OwnCa) -> String {
    format!(
        "ssl_client_certificate {};\nssl_verify_client on;\nssl_verify_depth 2;\n",
        ca.chain().display()
    )
}

fn serving(certificate: &Credentials) -> String {
    format!(
        "ssl_certificate {};\nssl_certificate_key {};\n",
        certificate.chain.display(),
        certificate.key.display()
    )
}

/// In one process, so that it reads and writes as whoever runs the test.
fn configuration(folder: &Path, address: SocketAddr, listening: &str, more: &str) -> String {
    let folder = folder.display();
    format!(
        r#"
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
  log_format told "{LOG_FORMAT}";
  access_log /dev/stdout told;
  client_body_temp_path {folder}/temporary/body;
  proxy_temp_path {folder}/temporary/proxy;
  fastcgi_temp_path {folder}/temporary/fastcgi;
  uwsgi_temp_path {folder}/temporary/uwsgi;
  scgi_temp_path {folder}/temporary/scgi;
  server {{
    listen {address} {listening};
    client_max_body_size 0;
    {more}
    add_header X-Connection $connection always;
    add_header X-Protocol $server_protocol always;
    add_header X-Client $ssl_client_s_dn always;
    location = / {{ return 200 "{GREETING}"; }}
    location = {HEALTH} {{ return 204; }}
    location / {{
      root {folder}/files;
      dav_methods PUT;
    }}
  }}
}}
"#
    )
}

/// Debian has it where only root looks.
fn run(folder: &Path) -> Program {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let mut command = Command::new("nginx");
    command.env("PATH", path).args(["-e", "stderr", "-p"]);
    command.arg(folder).arg("-c").arg(folder.join("nginx.conf"));
    Program::start(&mut command)
}

/// Whether it listens, or has found its port taken.
#[track_caller]
fn started(program: &Program) -> bool {
    let line = program.wait_for_any(Mark::START, &["getrlimit", "still could not bind"]);
    !line.contains("could not bind")
}
