//! The access log, line by line as JSON, through a pipe of each gateway: what several write at once to one may be mixed.

use std::collections::HashMap;
use std::io::{self, BufReader};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};

use super::{Client, Http, patiently};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) json: Value,
    /// As it was written.
    pub(crate) text: String,
    /// What it says under each name, as text.
    fields: HashMap<String, String>,
}

impl Line {
    fn read(line: &str) -> Self {
        let json: Value = serde_json::from_str(line).expect("every line is JSON");
        let members = |value: &Value| value.as_object().unwrap().clone().into_iter();
        let fields = members(&json).chain(members(&json["properties"]));
        let as_text = |(name, value): (String, Value)| {
            let text = value.as_str().map(ToOwned::to_owned);
            (name, text.unwrap_or_else(|| value.to_string()))
        };
        Self {
            fields: fields.map(as_text).collect(),
            json,
            text: line.to_owned(),
        }
    }
}

/// The lines of everybody.
static LINES: LazyLock<watch::Sender<Vec<Line>>> = LazyLock::new(watch::Sender::default);

/// What a configuration says about its log.
#[derive(Clone)]
pub(crate) struct Table {
    text: String,
    /// Open as long as a gateway may open it.
    _pipe: Arc<OwnedFd>,
}

impl Table {
    /// A log that is read.
    pub(crate) fn new() -> Self {
        let (reader, writer) = io::pipe().unwrap();
        std::thread::spawn(move || read(BufReader::new(reader)));
        let pipe = OwnedFd::from(writer);
        let descriptor = pipe.as_raw_fd();
        Self {
            text: format!("[access_log]\npath = \"/dev/fd/{descriptor}\"\n"),
            _pipe: Arc::new(pipe),
        }
    }

    /// The same with more lines.
    pub(crate) fn and(mut self, toml: &str) -> Self {
        self.text.push_str(toml);
        self
    }

    /// Other lines instead.
    pub(crate) fn instead(mut self, toml: &str) -> Self {
        toml.clone_into(&mut self.text);
        self
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

fn read(reader: impl io::BufRead) {
    for line in reader.lines() {
        let line = Line::read(&line.unwrap());
        LINES.send_modify(|lines| lines.push(line));
    }
}

/// A connection from an address that no other client has, so that its lines can be told.
pub(crate) async fn connect(gateway: SocketAddr) -> (TcpStream, SocketAddr) {
    static NUMBER: AtomicU8 = AtomicU8::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(SocketAddr::from(([127, 1, 1, number], 0)))
        .unwrap();
    let stream = socket.connect(gateway).await.unwrap();
    let local = stream.local_addr().unwrap();
    (stream, local)
}

/// The line about one request of this client.
pub(crate) async fn visit(client: &Client, gateway: SocketAddr, host: &str) -> Line {
    let (stream, local) = connect(gateway).await;
    let tls = client.tls_over(stream, host).await.unwrap();
    Http::over(tls).await.get(host).await;
    line_of(local).await
}

/// What a line says under this name; nothing where it does not say it.
pub(crate) fn field<'l>(line: &'l Line, name: &str) -> &'l str {
    line.fields.get(name).map_or("", String::as_str)
}

/// Waits for the first line about this client.
pub(crate) async fn line_of(client: SocketAddr) -> Line {
    lines_of(client, 1).await.remove(0)
}

/// Waits until there are so many lines about this client.
pub(crate) async fn lines_of(client: SocketAddr, count: usize) -> Vec<Line> {
    let (address, port) = (client.ip().to_string(), client.port().to_string());
    let found = |lines: &Vec<Line>| -> Vec<Line> {
        let of_client =
            |line: &&Line| field(line, "clientIP") == address && field(line, "clientPort") == port;
        lines.iter().filter(of_client).cloned().collect()
    };
    let mut lines = LINES.subscribe();
    let lines = patiently(lines.wait_for(|lines| found(lines).len() >= count))
        .await
        .unwrap();
    found(&lines)
}
