//! Clients and backends that do nothing hold nothing for ever.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use tokio::task::spawn_blocking;

use crate::rig::{Backend, Client, End, Frames, Pki, Profile, Setup};

const HOST: &str = "www.contoso.com";
/// Longer than any test: who waits for it would be noticed.
const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn an_http2_client_that_never_says_a_word_does_not_hold_up_the_end() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let client = Client::new(&pki).http2();
    let silent = client.tls(gateway.address(), HOST).await.unwrap();
    let answered = client.get(gateway.address(), HOST).await;
    assert_eq!(answered.status, 200);
    let running = gateway.take();
    spawn_blocking(move || running.drain(LONG)).await.unwrap();
    drop(silent);
}

#[tokio::test]
async fn a_refused_client_that_does_not_take_its_answer_is_closed_all_the_same() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let client = Client::new(&pki).http2();
    let tls = client.tls(gateway.address(), HOST).await.unwrap();
    let mut frames = Frames::taking_nothing(tls).await;
    frames.request("GET", HOST, &[], End::Stream).await;
    frames.closed().await;
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn a_backend_that_stops_in_the_middle_is_given_up() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .request_timeout(1)
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        let task = tokio::spawn(async move {
            let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
            let response = http.begin(HOST, request).await.unwrap();
            (
                response.status(),
                response.into_body().collect().await.is_err(),
            )
        });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .await;
        let (status, cut) = task.await.unwrap();
        assert_eq!((status.as_u16(), cut), (200, true));
        connection.closed().await;
    }
}

#[tokio::test]
async fn half_an_upload_that_a_client_resets_without_an_error_is_not_made_whole() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let client = Client::new(&pki).http2();
    let tls = client.tls(gateway.address(), HOST).await.unwrap();
    let mut frames = Frames::over(tls).await;
    frames.request("POST", HOST, &[], End::Open).await;
    frames.data(1, b"half", End::Open).await;
    let mut connection = backend.accept().await;
    connection.until(b"half").await;
    frames.reset(1, 0).await;
    let received = connection.closed().await;
    assert!(!received.ends_with(b"0\r\n\r\n"));
}
