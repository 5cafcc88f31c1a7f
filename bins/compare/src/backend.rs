//! The plain-HTTP backend behind every gateway.

use std::convert::Infallible;
use std::io;
use std::thread;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::failure::{Failure, Outcome};

/// The header by which gateways pass a client's certificate on.
pub(crate) const HEADER: &str = "x-ssl-client-cert";

/// Answers with what stood in [`HEADER`].
pub(crate) const ECHO: &str = "/header";

/// Answers with how many headers begin with [`RULE`], in digits.
pub(crate) const RULES: &str = "/rules";

/// What the headers begin with that only rewrite rules set.
pub(crate) const RULE: &str = "x-rule-";

/// Starts a thread that serves until this program ends; returns the port.
///
/// It answers GET `/0`, `/1k` and `/64k` with as many bytes, `/header` with the client's certificate as it came,
/// `/rules` with how many rewrite rules set a header, and POST `/sink` when it has read the body.
pub(crate) fn start() -> Outcome<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(Failure::at("backend"))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("backend".to_owned())
        .spawn(move || runtime.block_on(serve(listener)))?;
    Ok(port)
}

async fn serve(listener: std::net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, mut body) = request.into_parts();
    while let Some(Ok(_)) = body.frame().await {}
    let (status, body) = match (&head.method, head.uri.path()) {
        (&Method::GET, "/0") | (&Method::POST, "/sink") => (StatusCode::OK, Bytes::new()),
        (&Method::GET, "/1k") => (StatusCode::OK, zeros(1024)),
        (&Method::GET, "/64k") => (StatusCode::OK, zeros(65_536)),
        (&Method::GET, ECHO) => (StatusCode::OK, certificate(&head.headers)),
        (&Method::GET, RULES) => (StatusCode::OK, rules(&head.headers)),
        _ => (StatusCode::NOT_FOUND, Bytes::new()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    Ok(response)
}

fn zeros(length: usize) -> Bytes {
    const ZEROS: &[u8] = &[0; 65_536];
    Bytes::from_static(ZEROS).slice(..length.min(ZEROS.len()))
}

fn rules(headers: &HeaderMap) -> Bytes {
    let names = headers
        .keys()
        .filter(|name| name.as_str().starts_with(RULE));
    names.count().to_string().into()
}

/// Every value of the header, one a line.
fn certificate(headers: &HeaderMap) -> Bytes {
    let values: Vec<&[u8]> = headers
        .get_all(HEADER)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    values.join(&b'\n').into()
}
