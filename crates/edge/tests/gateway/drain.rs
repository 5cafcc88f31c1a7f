//! Stopping, and clients that dawdle.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use portcullis_edge::{Gateway, Running, StartError};
use rustls::crypto::aws_lc_rs;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

use crate::rig::{Backend, Client, Pki, Profile, Setup, whole};

const HOST: &str = "www.contoso.com";
/// Longer than any test: a drain that waits for it would be noticed.
const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn requests_in_flight_finish() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::off())
            .start();
        let address = gateway.address();
        let mut http = client.connect(address, HOST).await;
        let task = tokio::spawn(async move {
            let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
            let response = http.begin(HOST, request).await.unwrap();
            let answer = whole(response).await;
            http.closed().await;
            answer
        });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        let running = gateway.take();
        let drained = spawn_blocking(move || running.drain(LONG));
        // Nothing is accepted any more, while the request is still there.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!drained.is_finished());
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsorry")
            .await;
        let answer = task.await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, "sorry"));
        drained.await.unwrap();
    }
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_end() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .cores(2)
        .start();
    let mut idle = Vec::new();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        assert_eq!(http.get(HOST).await.status, 200);
        idle.push(http);
        idle.push(client.connect(gateway.address(), HOST).await);
    }
    let running = gateway.take();
    spawn_blocking(move || running.drain(LONG)).await.unwrap();
    for http in idle {
        http.closed().await;
    }
}

#[tokio::test]
async fn the_deadline_ends_what_does_not_end_by_itself() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let unfinished = TcpStream::connect(gateway.address()).await.unwrap();
    let mut http = Client::new(&pki).connect(gateway.address(), HOST).await;
    let task = tokio::spawn(async move {
        let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
        http.begin(HOST, request).await.is_err()
    });
    let mut connection = backend.accept().await;
    connection.request().await.unwrap();
    let running = gateway.take();
    spawn_blocking(move || running.drain(Duration::ZERO))
        .await
        .unwrap();
    assert!(task.await.unwrap());
    connection.closed().await;
    drop(unfinished);
}

#[tokio::test]
async fn clients_that_never_finish_a_handshake_delay_nobody() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let mut dawdlers = Vec::new();
    for sent in [
        &b""[..],
        b"\x16",
        b"\x16\x03\x01\x00\xff",
        b"\x16\x03\x01\x00\xff\x01\x00\x00\xfb\x03\x03",
    ] {
        for _ in 0..10 {
            let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
            stream.write_all(sent).await.unwrap();
            dawdlers.push(stream);
        }
    }
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    for _ in 0..5 {
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    }
    for mut dawdler in dawdlers {
        // Still open: nobody was thrown out for it.
        let read = dawdler.read_u8();
        assert!(tokio::time::timeout(Duration::ZERO, read).await.is_err());
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_nobody() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n";
        [&head[..], &vec![b'x'; 20_000_000]].concat()
    })
    .await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let mut stalled = Client::new(&pki).raw(gateway.address(), HOST).await;
    stalled
        .send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"))
        .await;
    let answer = Client::new(&pki).get(gateway.address(), HOST).await;
    assert_eq!((answer.status, answer.body.len()), (200, 20_000_000));
    drop(stalled);
}

#[tokio::test]
async fn two_gateways_do_not_share_an_address() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .cores(2)
        .start();
    let taken = gateway.address();
    let text = gateway.toml().replace("127.0.0.1:0", &taken.to_string());
    let model = portcullis_model::parse(&text).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let second = Gateway::build(&model, gateway.folder(), provider)
        .ok()
        .unwrap();
    match Running::start(second, NonZeroUsize::MIN) {
        Err(StartError::Bind(error)) => assert_eq!(error.address, taken),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("two gateways on {taken}"),
    }
}
