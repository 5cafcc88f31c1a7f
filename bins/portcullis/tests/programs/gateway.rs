//! `portcullis run` as a process, and a backend that answers with what it saw.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// A running gateway; it ends with the test.
pub(crate) struct Gateway {
    child: Child,
    lines: Receiver<String>,
    pub(crate) port: u16,
}

/// The longest that a test waits for a line of the log. It comes within milliseconds, or never.
const PATIENCE: Duration = Duration::from_secs(30);

impl Gateway {
    /// Runs `portcullis.toml` of a folder and waits until it listens.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["run", "-c", "portcullis.toml", "--cores", "1"])
            .current_dir(folder)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = follow(child.stderr.take().unwrap());
        let mut gateway = Self {
            child,
            lines,
            port: 0,
        };
        let line = gateway.wait_for("listening on https://");
        let address = line.split("https://").nth(1).unwrap().trim();
        gateway.port = address.parse::<SocketAddr>().unwrap().port();
        gateway
    }

    /// The next line of the log that contains `text`.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("the log never said {text:?}, but: {seen:#?}"),
            }
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the log all the time, so that the gateway never waits for its reader.
fn follow(log: ChildStderr) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(log).lines() {
            let Ok(line) = line else { break };
            // Nobody listens any more when the test is over.
            let _ = sender.send(line);
        }
    });
    lines
}

/// Starts a backend that answers every request with its head; hands back its address.
pub(crate) fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { break };
            thread::spawn(move || echo(stream));
        }
    });
    address
}

/// One request, whose head is the answer.
fn echo(mut stream: TcpStream) {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut octet) {
            Ok(1) => head.extend(octet),
            _ => return,
        }
    }
    let length = head.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    // The gateway may have gone with its test.
    let _ = stream.write_all(&[answer.as_bytes(), &head].concat());
}
