//! The access log, line by line as JSON, through a pipe that every gateway of the process writes to.

use std::collections::HashMap;
use std::io::{self, BufReader};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

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

/// The lines of everybody, and the end of the pipe that they come from.
struct Log {
    lines: watch::Sender<Vec<Line>>,
    pipe: OwnedFd,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// The log of the whole process.
fn log() -> &'static Log {
    LOG.get_or_init(|| {
        let (reader, writer) = io::pipe().unwrap();
        let lines = watch::Sender::default();
        let sender = lines.clone();
        std::thread::spawn(move || read(BufReader::new(reader), &sender));
        Log {
            lines,
            pipe: writer.into(),
        }
    })
}

fn read(reader: impl io::BufRead, lines: &watch::Sender<Vec<Line>>) {
    for line in reader.lines() {
        let line = Line::read(&line.unwrap());
        lines.send_modify(|lines| lines.push(line));
    }
}

/// What a configuration says to write there.
pub(crate) fn table() -> String {
    let descriptor = log().pipe.as_raw_fd();
    format!("[access_log]\npath = \"/dev/fd/{descriptor}\"\n")
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
    let mut lines = log().lines.subscribe();
    let lines = patiently(lines.wait_for(|lines| found(lines).len() >= count))
        .await
        .unwrap();
    found(&lines)
}
