//! Backends, each on a loopback address of its own and all on one port, as one gateway's are.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

/// How often another port is tried, as somebody else may have it on one of the addresses.
const TRIES: usize = 20;

/// Running backends. They end with the process.
pub(crate) struct Backends {
    /// The port of all.
    pub(crate) port: u16,
}

impl Backends {
    /// Runs one at 127.0.0.2, one at 127.0.0.3 and so on. Each answers with 200, these headers, and
    /// the head of the request.
    pub(crate) fn start(count: u8, headers: &'static str) -> Self {
        let (port, listeners) = (0..TRIES).find_map(|_| listeners(count)).unwrap();
        for listener in listeners {
            thread::spawn(move || {
                for stream in listener.incoming() {
                    thread::spawn(move || answer(stream.unwrap(), headers));
                }
            });
        }
        Self { port }
    }
}

/// The address of a backend, the first of which is 0.
pub(crate) fn address(number: u8) -> String {
    Ipv4Addr::new(127, 0, 0, number.checked_add(2).unwrap()).to_string()
}

fn listeners(count: u8) -> Option<(u16, Vec<TcpListener>)> {
    let first = TcpListener::bind((address(0), 0)).unwrap();
    let port = first.local_addr().unwrap().port();
    let others = (1..count).map(|number| TcpListener::bind((address(number), port)).ok());
    let all: Option<Vec<TcpListener>> = std::iter::once(Some(first)).chain(others).collect();
    Some((port, all?))
}

/// Answers the requests of one connection. `ok` is what the probe of a sample waits for.
fn answer(stream: TcpStream, headers: &str) {
    let own = stream.local_addr().unwrap().ip();
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match reader.read_line(&mut head) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let body = format!("ok {head}");
        let length = body.len();
        let fields = format!("X-Backend: {own}\r\nContent-Length: {length}\r\n{headers}");
        let response = format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}");
        if reader.get_mut().write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}
