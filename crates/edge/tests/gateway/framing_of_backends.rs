//! Where a backend's response ends is said once, in the gateway's own words.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;

use crate::rig::{Answer, Backend, Client, Pki, Profile, Rig, Setup};

const HOST: &str = "www.contoso.com";

/// A gateway before a backend that answers everything so.
async fn answering(pki: &Pki, answer: &'static str) -> (Backend, Rig) {
    let backend = Backend::answering(move |_| answer.as_bytes().to_vec()).await;
    let gateway = Setup::new(pki, &backend).site(HOST, Profile::off()).start();
    (backend, gateway)
}

/// What clients of both versions of HTTP are answered.
async fn answers(pki: &Pki, answer: &'static str) -> Vec<Answer> {
    let (_backend, gateway) = answering(pki, answer).await;
    let mut answers = Vec::new();
    for client in [Client::new(pki), Client::new(pki).http2()] {
        answers.push(client.get(gateway.address(), HOST).await);
    }
    answers
}

#[tokio::test]
async fn the_version_of_a_backend_is_not_that_of_the_gateway() {
    let pki = Pki::new();
    let (_backend, gateway) = answering(
        &pki,
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    )
    .await;
    for (version, found) in [("1.1", "HTTP/1.1 200"), ("1.0", "HTTP/1.0 200")] {
        let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
        raw.send(format!(
            "GET / HTTP/{version}\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
        ))
        .await;
        let bytes = raw.rest().await;
        assert!(
            bytes.starts_with(found.as_bytes()),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[tokio::test]
async fn a_length_beside_chunks_is_dropped() {
    let pki = Pki::new();
    for answer in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        for answer in answers(&pki, answer).await {
            assert_eq!((answer.status, answer.text()), (200, "hello"));
            assert!(answer.header("content-length").is_empty());
        }
    }
}

#[tokio::test]
async fn any_other_coding_is_no_answer() {
    let pki = Pki::new();
    for answer in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;x=1\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        for found in answers(&pki, answer).await {
            assert_eq!(
                (found.status, &*found.reason()),
                (502, "backend_failed"),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn equal_lengths_are_said_once() {
    let pki = Pki::new();
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
    ] {
        for answer in answers(&pki, answer).await {
            assert_eq!((answer.status, answer.text()), (200, "hello"));
            assert_eq!(answer.header("content-length"), ["5"]);
        }
    }
}

#[tokio::test]
async fn lengths_that_differ_are_no_answer_even_where_there_is_no_body() {
    let pki = Pki::new();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n";
    let (_backend, gateway) = answering(&pki, answer).await;
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        let request = Request::head("/").body(Empty::<Bytes>::new()).unwrap();
        assert_eq!(http.send(HOST, request).await.status, 502);
    }
}
