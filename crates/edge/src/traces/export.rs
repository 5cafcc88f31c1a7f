//! Spans on their way to a collector: OTLP over HTTP in JSON, in the background.
//!
//! By hand, and not by `opentelemetry-otlp`: what there is of a request when it has ended is written
//! once, where that library would build, copy and translate a span of its own for it, and bring some
//! twenty crates along.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Spans that wait to be sent at most, and the octets of them.
const QUEUE: usize = 4_096;
const QUEUE_OCTETS: u64 = 16 * 1024 * 1024;
/// Spans that are sent at once, and how long the first of them waits for others (the defaults of
/// OpenTelemetry's batch processor are 512 and 5 s).
const BATCH: usize = 512;
const GATHER: Duration = Duration::from_secs(1);
/// How long a collector may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a batch is sent, and the first pause between, which doubles.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// How long the last spans may take when the gateway ends.
const FLUSH: Duration = Duration::from_secs(2);

/// The way to a collector.
pub(super) struct Exporter {
    pub(super) collector: Uri,
    sender: mpsc::Sender<String>,
    queued: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
    /// Sent when the time to flush is over.
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Exporter {
    pub(super) fn start(collector: Uri, lost: Arc<AtomicU64>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (sender, spans) = mpsc::channel(QUEUE);
        let (end, ended) = oneshot::channel();
        let queued = Arc::new(AtomicU64::new(0));
        let sending = Sending {
            collector: collector.clone(),
            client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
            spans,
            queued: Arc::clone(&queued),
            lost: Arc::clone(&lost),
            failing: false,
        };
        let thread = thread::Builder::new()
            .name("portcullis-spans".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = sending.run() => {}
                        Ok(()) = ended => {}
                    }
                });
                runtime.shutdown_background();
            })?;
        Ok(Self {
            collector,
            sender,
            queued,
            lost,
            end,
            thread,
        })
    }

    pub(super) fn submit(&self, span: String) {
        let octets = octets(&span);
        let before = self.queued.fetch_add(octets, Ordering::Relaxed);
        let fits = before.saturating_add(octets) <= QUEUE_OCTETS;
        if !fits || self.sender.try_send(span).is_err() {
            self.queued.fetch_sub(octets, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits, not for ever, until everything is sent.
    pub(super) fn close(self) {
        let Self {
            sender,
            end,
            thread,
            ..
        } = self;
        drop(sender);
        let begun = std::time::Instant::now();
        while !thread.is_finished() && begun.elapsed() < FLUSH {
            thread::sleep(Duration::from_millis(10));
        }
        let _ = end.send(());
    }
}

fn octets(span: &str) -> u64 {
    u64::try_from(span.len()).unwrap_or(u64::MAX)
}

struct Sending {
    collector: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
    spans: mpsc::Receiver<String>,
    queued: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
    failing: bool,
}

impl Sending {
    async fn run(mut self) {
        while let Some(first) = self.spans.recv().await {
            let batch = self.gather(first).await;
            self.send(batch).await;
        }
    }

    /// The first span and those that come soon.
    async fn gather(&mut self, first: String) -> Vec<String> {
        let until = Instant::now().checked_add(GATHER);
        let until = until.unwrap_or_else(Instant::now);
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match timeout_at(until, self.spans.recv()).await {
                Ok(Some(span)) => batch.push(span),
                Ok(None) | Err(_) => break,
            }
        }
        let taken = batch.iter().map(|span| octets(span)).sum();
        self.queued.fetch_sub(taken, Ordering::Relaxed);
        batch
    }

    async fn send(&mut self, batch: Vec<String>) {
        let body = Bytes::from(document(&batch));
        let mut pause = PAUSE;
        let mut attempt: u32 = 1;
        let failure = loop {
            match self.post(body.clone()).await {
                Ok(()) => {
                    self.failing = false;
                    return;
                }
                Err(Failure::Passing(why)) if attempt >= ATTEMPTS => break why,
                Err(Failure::Passing(_)) => {
                    sleep(pause).await;
                    pause = pause.saturating_mul(2);
                    attempt = attempt.saturating_add(1);
                }
                Err(Failure::Lasting(why)) => break why,
            }
        };
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        self.lost.fetch_add(spans, Ordering::Relaxed);
        if !self.failing {
            tracing::warn!(collector = %self.collector, spans, "spans cannot be sent: {failure}");
            self.failing = true;
        }
    }

    async fn post(&self, body: Bytes) -> Result<(), Failure> {
        let request = Request::post(self.collector.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(|error| Failure::Lasting(error.to_string()))?;
        let answered = timeout(TIMEOUT, self.client.request(request)).await;
        let response = answered
            .map_err(|_| Failure::Passing("no answer in time".to_owned()))?
            .map_err(|error| Failure::Passing(crate::log::with_causes(&error)))?;
        // The body is not read: the connection goes with it, once a batch.
        match response.status() {
            status if status.is_success() => Ok(()),
            status if is_passing(status) => Err(Failure::Passing(status.to_string())),
            status => Err(Failure::Lasting(status.to_string())),
        }
    }
}

/// Why a batch was not taken.
enum Failure {
    /// It may be taken later.
    Passing(String),
    Lasting(String),
}

/// What may be tried again (OTLP, "Failures", HTTP).
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// An ExportTraceServiceRequest.
fn document(spans: &[String]) -> String {
    let mut out = String::from(concat!(
        r#"{"resourceSpans":[{"resource":{"attributes":["#,
        r#"{"key":"service.name","value":{"stringValue":"portcullis"}}]},"#,
        r#""scopeSpans":[{"scope":{"name":"portcullis","version":""#,
        env!("CARGO_PKG_VERSION"),
        r#""},"spans":["#,
    ));
    for span in spans {
        out.push_str(span);
        out.push(',');
    }
    out.pop(); // the last comma
    out.push_str("]}]}]}");
    out
}
