//! The service behind the demo's gateway: it answers with what it was sent, and shows it.

use std::convert::Infallible;
use std::io::{self, Write as _};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::terminal::Paint;

/// Characters of a header's value that the terminal is shown.
const SHOWN: usize = 60;

/// Whether requests are shown as they pass, and how.
#[derive(Clone, Copy)]
pub(crate) enum Show {
    Requests(Paint),
    Nothing,
}

/// Serves until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, show: Show) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        tokio::spawn(async move {
            let service = service_fn(move |request| async move { answer(&request, show) });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the demo's backend lost a connection");
            }
        });
    }
}

fn answer(request: &Request<Incoming>, show: Show) -> Result<Response<Full<Bytes>>, Infallible> {
    if let Show::Requests(paint) = show {
        // A closed standard output is no reason to stop answering.
        let _ = print(request, paint);
    }
    let headers: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), text(value).into()))
        .collect();
    let seen = json!({
        "method": request.method().as_str(),
        "path": request.uri().path(),
        "headers": headers,
    });
    let mut response = Response::new(Full::from(format!("{seen:#}\n")));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn print(request: &Request<Incoming>, paint: Paint) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let line = format!("{} {}", request.method(), request.uri());
    writeln!(out, "\nbackend got {}", paint.strong(&line))?;
    for (name, value) in request.headers() {
        let value = text(value);
        let shown: String = value.chars().take(SHOWN).collect();
        let more = if shown.len() < value.len() { "…" } else { "" };
        writeln!(out, "  {name}: {shown}{more}")?;
    }
    out.flush()
}

/// A value as text that no terminal takes for a command.
fn text(value: &HeaderValue) -> String {
    value.as_bytes().escape_ascii().to_string()
}
