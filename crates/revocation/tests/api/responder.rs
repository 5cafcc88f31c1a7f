//! A responder on loopback that sends any octets, and knows what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A responder. Answers until it is dropped.
pub(crate) struct Responder {
    url: String,
    listener: TcpListener,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    Closed,
}

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) head: String,
    /// The OCSP request, from the path or the content.
    pub(crate) request: Vec<u8>,
}

/// What is sent back.
pub(crate) enum Reply {
    /// These octets, after which the connection is closed.
    Octets(Vec<u8>),
    /// Nothing, ever; the connection stays.
    Silence,
    /// These octets, and then nothing, ever.
    OctetsAndSilence(Vec<u8>),
}

impl Responder {
    /// Listens on a free port. Questions queue up until [`serve`](Self::serve).
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/ocsp", listener.local_addr().unwrap());
        Self {
            url,
            listener,
            shared: Arc::default(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Answers every question so.
    pub(crate) fn serve(&self, reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
        let listener = self.listener.try_clone().unwrap();
        let shared = Arc::clone(&self.shared);
        let reply = Arc::new(reply);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (shared, reply) = (Arc::clone(&shared), Arc::clone(&reply));
                thread::spawn(move || shared.converse(&stream.unwrap(), &*reply));
            }
        });
    }

    /// Answers every question with this OCSP response.
    pub(crate) fn serve_response(&self, response: Vec<u8>) {
        self.serve(move |_| Reply::Octets(ok(&response)));
    }

    /// Answers nothing from now on, until [`open`](Self::open).
    pub(crate) fn close(&self) {
        self.shared.set(Gate::Closed);
    }

    pub(crate) fn open(&self) {
        self.shared.set(Gate::Open);
    }

    /// Every question so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// How many questions there were.
    pub(crate) fn hits(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }
}

impl Shared {
    fn set(&self, gate: Gate) {
        *self.gate.lock().unwrap() = gate;
        self.moved.notify_all();
    }

    fn converse(&self, mut stream: &TcpStream, reply: &dyn Fn(&Asked) -> Reply) {
        let Some(asked) = read(stream) else { return };
        self.asked.lock().unwrap().push(asked.clone());
        let mut gate = self.gate.lock().unwrap();
        while *gate == Gate::Closed {
            gate = self.moved.wait(gate).unwrap();
        }
        drop(gate);
        // A client that has gone away is none of the responder's business.
        match reply(&asked) {
            Reply::Octets(octets) => drop(stream.write_all(&octets)),
            Reply::Silence => drop(stream.read_to_end(&mut Vec::new())),
            Reply::OctetsAndSilence(octets) => {
                drop(stream.write_all(&octets));
                drop(stream.read_to_end(&mut Vec::new()));
            }
        }
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let length = head.to_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length: ")
            .map(|length| length.parse().unwrap())
    });
    let mut content = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut content).ok()?;
    let request = if method == "GET" {
        from_target(&target)
    } else {
        content
    };
    Some(Asked {
        method,
        target,
        head,
        request,
    })
}

fn from_target(target: &str) -> Vec<u8> {
    let encoded = target.rsplit('/').next().unwrap();
    let base64 = percent_encoding::percent_decode_str(encoded)
        .decode_utf8()
        .unwrap();
    STANDARD.decode(base64.as_bytes()).unwrap()
}

/// A right HTTP response with this OCSP response.
pub(crate) fn ok(response: &[u8]) -> Vec<u8> {
    http(
        "200 OK",
        "Content-Type: application/ocsp-response\r\n",
        response,
    )
}

/// An HTTP response whose length is announced.
pub(crate) fn http(status: &str, fields: &str, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), content].concat()
}
