//! The access log, line by line as fields.

use std::collections::HashMap;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use super::{Client, Http, patiently};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// One line: its fields by name.
pub(crate) type Line = HashMap<&'static str, String>;

static LINES: OnceLock<watch::Sender<Vec<Line>>> = OnceLock::new();

/// Begins to listen, for the whole process.
fn listen() {
    LINES.get_or_init(|| {
        tracing::subscriber::set_global_default(Listening).unwrap();
        watch::Sender::default()
    });
}

/// A connection from an address that no other client has, so that its lines can be told.
pub(crate) async fn connect(gateway: SocketAddr) -> (TcpStream, SocketAddr) {
    static NUMBER: AtomicU8 = AtomicU8::new(1);
    listen();
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
    line.get(name).map_or("", String::as_str)
}

/// Waits for the first line about this client.
pub(crate) async fn line_of(client: SocketAddr) -> Line {
    let client = client.to_string();
    let mut lines = LINES.get().expect("a log that is listened to").subscribe();
    let found = |lines: &Vec<Line>| {
        let mut lines = lines.iter();
        lines
            .find(|line| line.get("client") == Some(&client))
            .cloned()
    };
    let lines = patiently(lines.wait_for(|lines| found(lines).is_some()))
        .await
        .unwrap();
    found(&lines).unwrap()
}

struct Listening;

impl Subscriber for Listening {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "portcullis::access"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Line::new());
        event.record(&mut fields);
        if let Some(lines) = LINES.get() {
            lines.send_modify(|lines| lines.push(fields.0));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields(Line);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
