//! Backends that fail, stall, or say too much, and clients that leave.

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full};
use sha1::{Digest as _, Sha1};
use tokio::net::TcpListener;

use crate::rig::{Backend, Client, Pki, Profile, Rig, Setup, patiently, streaming};

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
async fn a_response_that_ends_with_its_connection_is_whole() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let address = gateway.address();
        let task = tokio::spawn(async move { client.get(address, HOST).await });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        connection
            .send("HTTP/1.1 200 OK\r\n\r\nuntil the end")
            .await;
        drop(connection);
        let answer = task.await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, "until the end"));
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_never_looks_whole() {
    let pki = Pki::new();
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nnonsense\r\n",
    ] {
        for client in clients(&pki) {
            let mut backend = Backend::by_hand().await;
            let gateway = gateway(&pki, &backend);
            let mut http = client.connect(gateway.address(), HOST).await;
            let task = tokio::spawn(async move {
                let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
                let response = http.begin(HOST, request).await?;
                response.into_body().collect().await
            });
            let mut connection = backend.accept().await;
            connection.request().await.unwrap();
            connection.send(response).await;
            drop(connection);
            assert!(task.await.unwrap().is_err(), "{response}");
        }
    }
}

/// What a backend sends beyond its response must not become the answer to somebody's next request.
#[tokio::test]
async fn a_response_that_nobody_asked_for_answers_nobody() {
    let pki = Pki::new();
    let second = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned";
    for (method, first) in [
        ("GET", "200 OK\r\nContent-Length: 2\r\n\r\nok"),
        (
            "GET",
            "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        ),
        ("HEAD", "200 OK\r\nContent-Length: 2\r\n\r\n"),
        ("GET", "204 No Content\r\n\r\n"),
        ("GET", "304 Not Modified\r\nContent-Length: 2\r\n\r\n"),
    ] {
        let bytes = format!("HTTP/1.1 {first}{second}");
        let backend = Backend::answering(move |request| {
            if request.line.contains("/first") {
                return bytes.clone().into();
            }
            b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest".to_vec()
        })
        .await;
        let gateway = gateway(&pki, &backend);
        for client in clients(&pki) {
            for _ in 0..10 {
                let mut http = client.connect(gateway.address(), HOST).await;
                let request = Request::builder().method(method).uri("/first");
                let answer = http.send(HOST, request.body(Empty::new()).unwrap()).await;
                assert!(!answer.text().contains("poisoned"), "{first}");
                let next = client.get(gateway.address(), HOST).await;
                let case = format!("{first} {next:?}");
                assert!(next.status == 502 || next.text() == "honest", "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_backend_that_cannot_be_reached_is_502() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .to(address)
        .start();
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        for _ in 0..2 {
            let answer = http.get(HOST).await;
            assert_eq!(
                (answer.status, &*answer.reason()),
                (502, "backend_unreachable")
            );
            assert!(!answer.text().contains("127.0.0.1"));
        }
    }
}

#[tokio::test]
async fn a_backend_that_answers_nothing_or_nonsense_is_502() {
    let pki = Pki::new();
    for response in [
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let backend = Backend::answering(move |_| response.as_bytes().to_vec()).await;
        let gateway = gateway(&pki, &backend);
        for client in clients(&pki) {
            let answer = client.get(gateway.address(), HOST).await;
            let expected = (502, "backend_failed");
            assert_eq!((answer.status, &*answer.reason()), expected, "{response}");
        }
    }
}

#[tokio::test]
async fn a_backend_that_does_not_answer_in_time_is_504() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .request_timeout(1)
        .start();
    for client in clients(&pki) {
        let address = gateway.address();
        let task = tokio::spawn(async move { client.get(address, HOST).await });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        let answer = task.await.unwrap();
        assert_eq!(
            (answer.status, &*answer.reason()),
            (504, "backend_timed_out")
        );
        // A late answer must not become that of another request.
        connection.closed().await;
    }
}

#[tokio::test]
async fn a_client_that_stops_sending_is_408() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .request_timeout(1)
        .start();
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let (sender, body) = streaming();
        sender.send(Frame::data("half".into())).unwrap();
        let request = Request::post("/").header("accept", "application/json");
        let answer = http.send(HOST, request.body(body).unwrap());
        let (answer, connection) = tokio::join!(answer, async {
            let mut connection = backend.accept().await;
            connection.until(b"half").await;
            connection
        });
        assert_eq!(
            (answer.status, &*answer.reason()),
            (408, "request_timed_out")
        );
        connection.closed().await;
        drop(sender);
    }
}

#[tokio::test]
async fn a_backend_that_stops_reading_is_504() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .request_timeout(1)
        .start();
    let body = Bytes::from(noise(32 << 20));
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let request = Request::post("/").header("accept", "application/json");
        let request = request.body(Full::from(body.clone())).unwrap();
        let (answer, connection) = tokio::join!(http.send(HOST, request), backend.accept());
        assert_eq!(
            (answer.status, &*answer.reason()),
            (504, "backend_timed_out")
        );
        drop(connection);
    }
}

#[tokio::test]
async fn a_backend_that_stops_in_the_middle_of_its_response_is_given_up() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .request_timeout(1)
        .start();
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let task = tokio::spawn(async move {
            let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
            let response = http.begin(HOST, request).await.unwrap();
            response.into_body().collect().await
        });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            .await;
        assert!(patiently(task).await.unwrap().is_err());
        connection.closed().await;
    }
}

#[tokio::test]
async fn a_connection_that_the_backend_closed_is_replaced() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    let mut http = Client::new(&pki).connect(gateway.address(), HOST).await;
    for _ in 0..3 {
        let task = tokio::spawn(async move {
            let answer = http.get(HOST).await;
            (http, answer)
        });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
        drop(connection);
        let answer;
        (http, answer) = task.await.unwrap();
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn interim_responses_do_not_confuse_the_final_one() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| {
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
          HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal"
            .to_vec()
    })
    .await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        for _ in 0..2 {
            let answer = http.get(HOST).await;
            assert_eq!((answer.status, answer.text()), (200, "final"));
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_leaves_no_half_request_behind() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let (sender, body) = streaming();
        let task = tokio::spawn(async move {
            let request = Request::post("/").header("content-length", "100");
            drop(http.begin(HOST, request.body(body).unwrap()).await);
        });
        sender.send(Frame::data("half".into())).unwrap();
        let mut connection = backend.accept().await;
        connection.until(b"half").await;
        task.abort();
        drop(task.await);
        drop(sender);
        connection.closed().await;
    }
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_frees_the_backend() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let mut raw = client.connect(gateway.address(), HOST).await;
        let task = tokio::spawn(async move { raw.get(HOST).await });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        task.abort();
        drop(task.await);
        connection.closed().await;
    }
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_request_reaches_the_client() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let (sender, body) = streaming();
        sender.send(Frame::data("half".into())).unwrap();
        let task = tokio::spawn(async move {
            http.send(HOST, Request::post("/").body(body).unwrap())
                .await
        });
        let mut connection = backend.accept().await;
        connection.until(b"half").await;
        connection
            .send(
                "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            )
            .await;
        assert_eq!(task.await.unwrap().status, 413);
        drop(sender);
    }
}

#[tokio::test]
async fn connections_to_the_backend_are_used_again() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    for _ in 0..5 {
        assert_eq!(
            Client::new(&pki).get(gateway.address(), HOST).await.status,
            200
        );
    }
    let requests = backend.requests();
    assert!(requests.iter().all(|request| request.connection == 1));
}
