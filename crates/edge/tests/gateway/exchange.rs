//! Bodies, backends that fail, interim responses.

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, Full};
use rustls::version::{TLS12, TLS13};
use sha1::{Digest as _, Sha1};
use tokio::net::TcpListener;

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
