//! Connections that are idle for a while, and what comes after.

use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio_tungstenite::tungstenite::Message;

use crate::rig::{Backend, Client, Pki, Profile, Setup, WebSocket, patiently};

const HOST: &str = "www.contoso.com";
/// Longer than a connection is idle before it rests.
const A_WHILE: Duration = Duration::from_millis(1_600);

#[tokio::test]
async fn a_connection_that_rested_serves_the_next_request() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let mut http = client.connect(gateway.address(), HOST).await;
    for _ in 0..3 {
        assert_eq!(http.get(HOST).await.status, 200);
        assert_eq!(backend.last().verification(), "SUCCESS");
        tokio::time::sleep(A_WHILE).await;
    }
    assert_eq!(backend.requests().len(), 3);
}

/// The first half of a head is there when the connection would rest, the second comes later; a third request shares its
/// segment with the end of the second.
#[tokio::test]
async fn nothing_of_a_request_in_pieces_is_lost() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    for piece in [
        "GET /1 HTTP/1.1\r\nHost: www.contoso.com\r\n\r\n",
        "GE",
        "T /2 HTTP/1.1\r\nHost: www.con",
        "toso.com\r\n\r\nGET /3 HTTP/1.1\r\nHost: www.contoso.com\r\n",
        "Connection: close\r\n\r\n",
    ] {
        raw.send(piece).await;
        tokio::time::sleep(A_WHILE).await;
    }
    let answers = String::from_utf8(raw.rest().await).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3, "{answers}");
    let lines: Vec<_> = backend.requests().into_iter().map(|r| r.line).collect();
    let lines: Vec<_> = lines.iter().map(|line| line.as_str()).collect();
    assert_eq!(
        lines,
        ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1", "GET /3 HTTP/1.1"]
    );
}

#[tokio::test]
async fn a_connection_that_was_never_asked_anything_rests_too() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let mut http = Client::new(&pki).connect(gateway.address(), HOST).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(http.get(HOST).await.status, 200);
}

#[tokio::test]
async fn a_drain_ends_what_rests() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    raw.send("GET / HTTP/1.1\r\nHost: www.contoso.com\r\n\r\n")
        .await;
    tokio::time::sleep(A_WHILE).await;
    let running = gateway.take();
    let drained = spawn_blocking(move || running.drain(Duration::from_secs(600)));
    patiently(drained).await.unwrap();
    let answer = String::from_utf8(raw.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_slow_response_and_a_slow_upload_are_no_rest() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    raw.send("POST / HTTP/1.1\r\nHost: www.contoso.com\r\nContent-Length: 4\r\n\r\n12")
        .await;
    let mut connection = backend.accept().await;
    connection.until(b"12").await;
    tokio::time::sleep(A_WHILE).await;
    raw.send("34").await;
    assert_eq!(connection.request().await.unwrap().body, b"1234");
    tokio::time::sleep(A_WHILE).await;
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n56")
        .await;
    tokio::time::sleep(A_WHILE).await;
    connection.send("78").await;
    tokio::time::sleep(A_WHILE).await;
    raw.send("GET / HTTP/1.1\r\nHost: www.contoso.com\r\nConnection: close\r\n\r\n")
        .await;
    connection.request().await.unwrap();
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend")
        .await;
    let answers = String::from_utf8(raw.rest().await).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
    assert!(
        answers.contains("5678HTTP") && answers.ends_with("end"),
        "{answers}"
    );
}

#[tokio::test]
async fn a_websocket_may_follow_a_rest() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let client = Client::new(&pki);
    let tls = client.tls(gateway.address(), HOST).await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    let opening = WebSocket::over(tls, HOST);
    let granting = async {
        let mut connection = backend.accept().await;
        drop(connection.websocket().await);
        connection
    };
    let (mut socket, _connection) = tokio::join!(opening, granting);
    tokio::time::sleep(A_WHILE).await;
    socket.send(Message::text("hello")).await;
}
