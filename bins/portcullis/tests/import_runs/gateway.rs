//! The built binary, running a document.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::command::Folder;

/// How often other ports are tried, as somebody else may take one before the gateway does.
const TRIES: usize = 5;

/// A running gateway, ended when its test is.
pub(crate) struct Gateway {
    child: Child,
    _folder: Folder,
}

impl Gateway {
    /// Imports a document, checks what became of it, and runs it on as many ports as are needed.
    ///
    /// `adapt` puts the ports into the document.
    pub(crate) fn start<const PORTS: usize>(
        document: &Value,
        parameters: Option<&Value>,
        adapt: impl Fn(&mut Value, [u16; PORTS]),
    ) -> (Self, [u16; PORTS]) {
        let folder = Folder::new();
        let mut with = Vec::new();
        if let Some(parameters) = parameters {
            folder.write("gw.parameters.json", parameters.to_string());
            with.extend(["--parameters", "gw.parameters.json"]);
        }
        let adapted = |ports| {
            let mut document = document.clone();
            adapt(&mut document, ports);
            folder.write("gw.json", document.to_string());
        };
        adapted(free_ports());
        check(&folder, &with);
        let mut seen = String::new();
        for _ in 0..TRIES {
            let ports = free_ports();
            adapted(ports);
            match serve(&folder, &with, &ports) {
                Ok(child) => {
                    let gateway = Self {
                        child,
                        _folder: folder,
                    };
                    return (gateway, ports);
                }
                Err(log) => seen.push_str(&log),
            }
        }
        panic!("{seen}");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The configuration that an import writes has no problems.
fn check(folder: &Folder, with: &[&str]) {
    let arguments = [&["import", "arm", "gw.json"], with].concat();
    let imported = folder.portcullis(&arguments).expect(0);
    folder.write("gw.toml", &imported.stdout);
    folder.portcullis(&["check", "-c", "gw.toml"]).expect(0);
}

/// The gateway once it listens on these ports, or what it said instead.
fn serve(folder: &Folder, with: &[&str], ports: &[u16]) -> Result<Child, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(["run", "--arm", "gw.json", "--bind", "127.0.0.1"]);
    command.args(["--cores", "1"]).args(with);
    command.current_dir(folder.path()).env_remove("RUST_LOG");
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut seen = String::new();
    let mut awaited: HashSet<String> = ports
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    while !awaited.is_empty() {
        let Some(line) = log.next() else {
            let _ = child.wait();
            return Err(seen);
        };
        let line = line.unwrap();
        if let Some((_, address)) = line.split_once("listening on ") {
            let (_, address) = address.split_once("://").unwrap();
            awaited.remove(address.trim());
        }
        seen.push_str(&format!("{line}\n"));
    }
    thread::spawn(move || log.count());
    Ok(child)
}

/// Ports that nobody has.
fn free_ports<const PORTS: usize>() -> [u16; PORTS] {
    let taken = [(); PORTS].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    taken.map(|listener| listener.local_addr().unwrap().port())
}
