//! Whoever asks the listener for operators, with bare bytes.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Answer, Patience, Samples, answers, patiently};

/// Asks one gateway, each time over a connection of its own.
#[derive(Clone, Copy)]
pub(crate) struct Operator {
    address: SocketAddr,
}

impl Operator {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(crate) fn address(self) -> SocketAddr {
        self.address
    }

    /// GET with the Host of an honest client.
    pub(crate) async fn get(self, path: &str) -> Answer {
        let address = self.address;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        self.ask(&head).await
    }

    /// What comes back for these bytes, to which `Connection: close` is added.
    pub(crate) async fn bytes(self, head: &str) -> Vec<u8> {
        let head = head.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        patiently(stream.read_to_end(&mut received)).await.unwrap();
        received
    }

    /// The one response to these bytes.
    pub(crate) async fn ask(self, head: &str) -> Answer {
        let received = self.bytes(head).await;
        let mut all = answers(&received);
        assert_eq!(all.len(), 1, "{}", received.escape_ascii());
        all.remove(0)
    }

    pub(crate) async fn json(self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), ["application/json"]);
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The metrics, which must be OpenMetrics.
    pub(crate) async fn metrics(self) -> Samples {
        let answer = self.get("/metrics").await;
        assert_eq!(
            answer.header("content-type"),
            ["application/openmetrics-text; version=1.0.0; charset=utf-8"]
        );
        Samples::parse(answer.text())
    }

    /// Waits until the samples of this name with these labels come to this.
    pub(crate) async fn until(self, name: &str, labels: &[(&str, &str)], expected: f64) -> Samples {
        let patience = Patience::new();
        loop {
            let samples = self.metrics().await;
            if (samples.sum(name, labels) - expected).abs() < 1e-9 {
                return samples;
            }
            patience.next_second().await;
        }
    }
}
