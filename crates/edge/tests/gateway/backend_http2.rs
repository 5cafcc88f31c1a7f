//! HTTP/2 to backends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use portcullis_test_pki::Ca;
use tokio::sync::Semaphore;

use crate::backend_tls::{demanding, showing};
use crate::rig::{
    Backend, Backend2, Client, Ending, Pki, Profile, Rig, Setup, now, patiently, streaming,
};

const HOST: &str = "www.contoso.com";
const HTTP2: &str = "http_version = \"2\"";

fn full(body: &'static str) -> Response<crate::rig::Body2> {
    Response::new(Full::from(body).boxed())
}

async fn gateway(
    pki: &Pki,
    backend: &Backend2,
    lines: &str,
    files: Vec<(&'static str, String)>,
) -> Rig {
    let unused = Backend::start().await;
    let setup = Setup::new(pki, &unused)
        .site(HOST, Profile::off())
        .to(backend.address())
        .reaching(lines);
    let setup = files
        .into_iter()
        .fold(setup, |setup, (name, content)| setup.file(name, content));
    setup.start()
}

fn secured(ca: &Ca, alpn: &[u8]) -> rustls::ServerConfig {
    let (mut config, _) = showing(&ca.server(&[HOST]).issue());
    config.alpn_protocols = vec![alpn.to_vec()];
    config
}

fn ca() -> Ca {
    Ca::root("Backend Root CA")
        .valid_around(now().as_secs())
        .issue()
}

#[tokio::test]
async fn requests_share_a_connection_and_have_no_fields_of_another_version() {
    let pki = Pki::new();
    let backend = Backend2::start(None, 100, |_| async { full("ok") }).await;
    let gateway = gateway(&pki, &backend, HTTP2, Vec::new()).await;
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        for _ in 0..2 {
            let (sender, body) = streaming();
            sender.send(Frame::data("upload".into())).unwrap();
            drop(sender);
            let request = Request::post("/a?b=c").body(body).unwrap();
            let answer = http.send(HOST, request).await;
            assert_eq!((answer.status, answer.text()), (200, "ok"));
        }
    }
    assert_eq!(backend.connections(), 1);
    let requests = backend.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        let parts = request.parts;
        assert_eq!(parts.uri.to_string(), format!("http://{HOST}/a?b=c"));
        assert_eq!(request.body, "upload");
        for name in ["host", "transfer-encoding", "connection", "te"] {
            assert!(!parts.headers.contains_key(name), "{name}");
        }
    }
}

/// What gRPC needs: `TE: trailers`, and trailers both ways.
#[tokio::test]
async fn trailers_pass_both_ways() {
    let (pki, ca) = (Pki::new(), ca());
    let backend = Backend2::start(Some(secured(&ca, b"h2")), 100, |_| async {
        let trailers = HeaderMap::from_iter([(
            "grpc-status".parse().unwrap(),
            HeaderValue::from_static("0"),
        )]);
        let frames = [
            Ok(Frame::data(Bytes::from("answer"))),
            Ok(Frame::trailers(trailers)),
        ];
        let body = StreamBody::new(stream::iter(frames));
        let mut response = Response::new(BodyExt::boxed(body));
        let grpc = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", grpc);
        response
    })
    .await;
    let lines = format!("{HTTP2}\nprotocol = \"https\"\ntrusted_roots = [\"backend-root.pem\"]");
    let gateway = gateway(&pki, &backend, &lines, vec![("backend-root.pem", ca.pem())]).await;
    let mut http = Client::new(&pki)
        .http2()
        .connect(gateway.address(), HOST)
        .await;
    let (sender, body) = streaming();
    sender.send(Frame::data("question".into())).unwrap();
    let trailers =
        HeaderMap::from_iter([("x-checksum".parse().unwrap(), HeaderValue::from_static("1"))]);
    sender.send(Frame::trailers(trailers)).unwrap();
    drop(sender);
    let request = Request::post("/pkg.Service/Method").header("te", "trailers");
    let request = request.header("content-type", "application/grpc");
    let response = http.begin(HOST, request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let answer = response.into_body().collect().await.unwrap();
    assert_eq!(answer.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(answer.to_bytes(), "answer");
    let request = backend.requests().pop().unwrap();
    assert_eq!(request.parts.uri.scheme_str(), Some("https"));
    assert_eq!(request.parts.headers["te"], "trailers");
    assert_eq!(request.trailers.unwrap()["x-checksum"], "1");
}

#[tokio::test]
async fn a_backend_that_does_not_choose_http2_is_502() {
    let (pki, ca) = (Pki::new(), ca());
    for alpn in [b"http/1.1".as_slice(), b""] {
        let (mut config, _) = showing(&ca.server(&[HOST]).issue());
        if !alpn.is_empty() {
            config.alpn_protocols = vec![alpn.to_vec()];
        }
        let backend = Backend::secured(config, |_| Vec::new()).await;
        let gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::off())
            .file("backend-root.pem", ca.pem())
            .reaching("protocol = \"https\"\ntrusted_roots = [\"backend-root.pem\"]")
            .reaching(HTTP2)
            .start();
        let answer = Client::new(&pki).get(gateway.address(), HOST).await;
        let reason = match alpn {
            b"" => "backend_http2_not_chosen",
            _ => "backend_tls_failed", // it ends the handshake itself
        };
        assert_eq!((answer.status, &*answer.reason()), (502, reason));
        assert!(backend.requests().is_empty());
    }
}

#[tokio::test]
async fn a_backend_that_knows_no_http2_is_502() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .reaching(HTTP2)
        .start();
    let answer = Client::new(&pki).get(gateway.address(), HOST).await;
    assert_eq!((answer.status, &*answer.reason()), (502, "backend_failed"));
}

#[tokio::test]
async fn a_backend_that_asks_for_a_certificate_gets_the_configured_one_or_none() {
    let (pki, ca) = (Pki::new(), ca());
    let mut config = demanding(&ca, HOST);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let backend = Backend2::start(Some(config), 100, |_| async { full("ok") }).await;
    let client = ca.client("gateway").issue();
    let without = format!("{HTTP2}\nprotocol = \"https\"\ntrusted_roots = [\"backend-root.pem\"]");
    let with =
        format!("{without}\nclient_certificate = {{ pem = \"client.pem\", key = \"client.key\" }}");
    for (lines, expected) in [(with, (200, "")), (without, (502, "backend_failed"))] {
        let files = vec![
            ("backend-root.pem", ca.pem()),
            ("client.pem", client.pem()),
            ("client.key", client.key_pem()),
        ];
        let gateway = gateway(&pki, &backend, &lines, files).await;
        let answer = Client::new(&pki).get(gateway.address(), HOST).await;
        assert_eq!((answer.status, &*answer.reason()), expected);
    }
    assert_eq!(backend.requests().len(), 1);
}

/// A request that gets no answer in time is over, and others on its connection are not.
#[tokio::test]
async fn a_backend_that_does_not_answer_in_time_is_504() {
    let pki = Pki::new();
    let backend = Backend2::start(None, 100, |request| async move {
        if request.parts.uri.path() == "/slow" {
            std::future::pending::<()>().await;
        }
        full("ok")
    });
    let backend = backend.await;
    let unused = Backend::start().await;
    let gateway = Setup::new(&pki, &unused)
        .site(HOST, Profile::off())
        .to(backend.address())
        .request_timeout(1)
        .reaching(HTTP2)
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        let slow = Request::get("/slow").header("accept", "application/json");
        let answer = http.send(HOST, slow.body(Empty::new()).unwrap()).await;
        let timed_out = (504, "backend_timed_out");
        assert_eq!((answer.status, &*answer.reason()), timed_out);
        assert_eq!(http.get(HOST).await.status, 200);
    }
    assert_eq!(backend.connections(), 1);
}

/// A backend may end a kept connection whenever it likes, and a request after that goes over another.
#[tokio::test]
async fn kept_connections_that_the_backend_ended_cost_no_request() {
    let pki = Pki::new();
    let backend = Backend2::start(None, 100, |_| async { full("ok") }).await;
    let gateway = gateway(&pki, &backend, HTTP2, Vec::new()).await;
    let endings = [Ending::Said, Ending::Abrupt, Ending::Abrupt, Ending::Said];
    for (number, ending) in endings.into_iter().enumerate() {
        for client in [Client::new(&pki), Client::new(&pki).http2()] {
            let answer = patiently(client.get(gateway.address(), HOST)).await;
            assert_eq!((answer.status, answer.text()), (200, "ok"));
            assert_eq!(backend.connections(), number + 1);
        }
        backend.end(ending).await;
    }
}

/// All at once, before anything of the backend is known: none has to wait for another to end.
#[tokio::test]
async fn more_requests_than_one_connection_takes_get_several() {
    let pki = Pki::new();
    let (all, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (release, arrived) = (Arc::clone(&all), Arc::clone(&waiting));
    let backend = Backend2::start(None, 2, move |_| {
        let (all, waiting) = (Arc::clone(&all), Arc::clone(&waiting));
        async move {
            if waiting.fetch_add(1, Ordering::Relaxed) + 1 == 5 {
                all.add_permits(5);
            }
            drop(all.acquire().await.unwrap());
            full("ok")
        }
    })
    .await;
    let gateway = gateway(&pki, &backend, HTTP2, Vec::new()).await;
    let mut tasks = Vec::new();
    for _ in 0..5 {
        let (client, address) = (Client::new(&pki), gateway.address());
        tasks.push(tokio::spawn(async move { client.get(address, HOST).await }));
    }
    for task in tasks {
        assert_eq!(patiently(task).await.unwrap().status, 200);
    }
    assert_eq!(arrived.load(Ordering::Relaxed), 5);
    assert_eq!(backend.connections(), 3);
    drop(release);
}
