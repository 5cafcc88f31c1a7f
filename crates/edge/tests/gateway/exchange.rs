//! Bodies and interim responses, there and back.

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full};
use rustls::version::{TLS12, TLS13};
use sha1::{Digest as _, Sha1};

use crate::rig::{Backend, Client, Pki, Profile, Rig, Setup, answers, streaming};

const HOST: &str = "www.contoso.com";

fn gateway(pki: &Pki, backend: &Backend) -> Rig {
    Setup::new(pki, backend).site(HOST, Profile::off()).start()
}

/// A client of each version of HTTP.
fn clients(pki: &Pki) -> [Client; 2] {
    [Client::new(pki), Client::new(pki).http2()]
}

/// Bytes that no two places have in common.
fn noise(length: usize) -> Vec<u8> {
    let blocks = (0..length.div_ceil(20)).flat_map(|block| Sha1::digest(block.to_be_bytes()));
    blocks.take(length).collect()
}

#[tokio::test]
async fn large_bodies_pass_unharmed_in_both_directions() {
    const LENGTH: usize = 8 << 20;
    let pki = Pki::new();
    let backend = Backend::answering(|request| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            request.body.len()
        );
        [head.as_bytes(), &request.body].concat()
    })
    .await;
    let gateway = gateway(&pki, &backend);
    let body = Bytes::from(noise(LENGTH));
    for version in [&TLS12, &TLS13] {
        let client = Client::speaking(&pki, version);
        for client in [client.clone(), client.http2()] {
            let mut http = client.connect(gateway.address(), HOST).await;
            let request = Request::post("/").body(Full::from(body.clone()));
            let answer = http.send(HOST, request.unwrap()).await;
            assert_eq!((answer.status, answer.body.len()), (200, LENGTH));
            assert_eq!(Sha1::digest(&answer.body), Sha1::digest(&body));
        }
    }
}

#[tokio::test]
async fn an_upload_reaches_the_backend_before_it_is_complete() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let (sender, body) = streaming();
        let task = tokio::spawn(async move {
            http.send(HOST, Request::post("/").body(body).unwrap())
                .await
        });
        sender.send(Frame::data("first".into())).unwrap();
        let mut connection = backend.accept().await;
        connection.until(b"first").await;
        sender.send(Frame::data("second".into())).unwrap();
        connection.until(b"second").await;
        drop(sender);
        let request = connection.request().await.unwrap();
        assert_eq!(request.body, b"firstsecond");
        connection
            .send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            .await;
        assert_eq!(task.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_download_reaches_the_client_before_it_is_complete() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let task = tokio::spawn(async move {
            let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
            let response = http.begin(HOST, request).await.unwrap();
            (http, response)
        });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        connection
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\nConnection: close\r\n\r\n")
            .await;
        let (_http, response) = task.await.unwrap();
        let mut body = response.into_body();
        for part in ["first", "second"] {
            connection
                .send(format!("{:x}\r\n{part}\r\n", part.len()))
                .await;
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), part);
        }
        connection.send("0\r\nX-Sum: 1\r\n\r\n").await;
        let mut trailers = Vec::new();
        while let Some(frame) = body.frame().await {
            trailers.extend(frame.unwrap().into_trailers());
        }
        // Over HTTP/1.1 trailers come to those who asked for them by TE.
        for trailers in trailers {
            assert_eq!(trailers["x-sum"], "1");
        }
    }
}

#[tokio::test]
async fn trailers_of_a_response_reach_an_http2_client() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n\
          5\r\nhello\r\n0\r\nGrpc-Status: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let gateway = gateway(&pki, &backend);
    let client = Client::new(&pki).http2();
    let mut http = client.connect(gateway.address(), HOST).await;
    let request = Request::post("/").header("te", "trailers");
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let response = http.begin(HOST, request).await.unwrap();
    let collected = response.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(collected.to_bytes(), "hello");
    assert_eq!(backend.last().only("te"), "trailers");
}

#[tokio::test]
async fn a_body_of_unknown_length_reaches_the_backend_whatever_the_method() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    for method in ["POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS", "SEARCH"] {
        for client in clients(&pki) {
            let mut http = client.connect(gateway.address(), HOST).await;
            let (sender, body) = streaming();
            sender.send(Frame::data("body".into())).unwrap();
            drop(sender);
            let mut request = Request::builder().method(method);
            if client.speaks_http1() {
                // hyper sends no such body by itself with GET.
                request = request.header("transfer-encoding", "chunked");
            }
            let answer = http.send(HOST, request.body(body).unwrap()).await;
            assert_eq!(answer.status, 200, "{method}");
            let request = backend.last();
            assert!(request.line.starts_with(method));
            assert_eq!(request.body, b"body", "{method}");
        }
    }
}

#[tokio::test]
async fn responses_without_a_body_have_none() {
    let pki = Pki::new();
    for (method, response, status, length) in [
        ("HEAD", "200 OK\r\nContent-Length: 1000", 200, &["1000"][..]),
        ("GET", "204 No Content", 204, &[]),
        ("GET", "304 Not Modified\r\nETag: \"x\"", 304, &[]),
        (
            "POST",
            "205 Reset Content\r\nContent-Length: 0",
            205,
            &["0"],
        ),
    ] {
        let bytes = format!("HTTP/1.1 {response}\r\n\r\n").into_bytes();
        let backend = Backend::answering(move |_| bytes.clone()).await;
        let gateway = gateway(&pki, &backend);
        for client in clients(&pki) {
            let mut http = client.connect(gateway.address(), HOST).await;
            for _ in 0..2 {
                let request = Request::builder().method(method).uri("/");
                let answer = http.send(HOST, request.body(Empty::new()).unwrap()).await;
                assert_eq!((answer.status, &*answer.body), (status, &b""[..]));
                assert_eq!(answer.header("content-length"), length, "{response}");
            }
        }
    }
}

#[tokio::test]
async fn an_http_1_0_client_gets_no_chunks() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_vec()
    })
    .await;
    let gateway = gateway(&pki, &backend);
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    raw.send(format!("GET / HTTP/1.0\r\nHost: {HOST}\r\n\r\n"))
        .await;
    let answers = answers(&raw.rest().await);
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].status, answers[0].text()), (200, "hello"));
    assert_eq!(backend.last().line, "GET / HTTP/1.1");
}

#[tokio::test]
async fn who_expects_100_continue_gets_it_before_the_body() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    );
    raw.send(&head).await;
    assert_eq!(raw.answer().await.status, 100);
    raw.send("body").await;
    assert_eq!(raw.answer().await.status, 200);
    let request = backend.last();
    assert_eq!(request.body, b"body");
    assert!(request.header("expect").is_empty());
}

#[tokio::test]
async fn who_is_refused_is_not_asked_for_a_body() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    raw.send(format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    ))
    .await;
    let answer = raw.answer().await;
    assert_eq!(answer.status, 400);
    assert!(raw.rest().await.is_empty());
}

/// The reason must arrive although the client is still sending.
#[tokio::test]
async fn who_is_refused_in_the_middle_of_an_upload_reads_why() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    for _ in 0..5 {
        let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
        let head = format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4000000\r\n\r\n");
        raw.try_send([head.as_bytes(), &noise(4_000_000)].concat())
            .await;
        let text = String::from_utf8(raw.rest().await).unwrap();
        assert!(text.starts_with("HTTP/1.1 400 "), "{text:?}");
        assert!(text.contains("No required SSL certificate was sent"));
    }
    assert!(backend.requests().is_empty());
}
