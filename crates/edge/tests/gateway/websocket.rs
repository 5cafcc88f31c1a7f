//! WebSockets and other upgrades: over HTTP/1.1 and HTTP/2, to their end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use portcullis_edge::KEEP_ALIVE;
use portcullis_test_pki::after;
use tokio::task::spawn_blocking;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::rig::{
    Backend, BackendConnection, Client, Pki, Profile, Rig, Setup, WebSocket, is_close, now,
    patiently,
};

const HOST: &str = "www.contoso.com";
/// Longer than any test: a drain that waits for it would be noticed.
const LONG: Duration = Duration::from_secs(600);

/// How often who talks says something.
const TICK: Duration = Duration::from_millis(50);

fn gateway(pki: &Pki, backend: &Backend) -> Rig {
    let profile = Profile::required(pki);
    Setup::new(pki, backend).site(HOST, profile).start()
}

/// A proven client of each version of HTTP.
fn clients(pki: &Pki) -> [Client; 2] {
    let client = Client::new(pki).showing(&pki.alice(), &[]);
    [client.clone(), client.http2()]
}

/// A WebSocket between this client and this backend.
async fn open(
    client: &Client,
    gateway: &Rig,
    backend: &mut Backend,
) -> (WebSocket, BackendConnection) {
    let opening = WebSocket::open(client, gateway.address(), HOST);
    let granting = async {
        let mut connection = backend.accept().await;
        drop(connection.websocket().await);
        connection
    };
    tokio::join!(opening, granting)
}

/// Waits until both sides have found the WebSocket ended.
async fn ended(mut socket: WebSocket, connection: BackendConnection) {
    while socket.next().await.is_some() {}
    connection.closed().await;
}

#[tokio::test]
async fn messages_pass_both_ways() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let talk = tokio::spawn(talk(client, gateway.address()));
        let request = patiently(backend.accept().await.echo()).await;
        patiently(talk).await.unwrap();
        assert_eq!(request.line, "GET /chat?room=1 HTTP/1.1");
        assert_eq!(request.only("connection"), "upgrade");
        assert_eq!(request.only("upgrade"), "websocket");
        assert_eq!(request.only("sec-websocket-version"), "13");
        assert_eq!(request.only("host"), HOST);
        assert_eq!(request.verification(), "SUCCESS");
        assert!(request.header("content-length").is_empty());
        assert!(request.header("transfer-encoding").is_empty());
    }
}

/// Says all kinds of things to one who says them again.
async fn talk(client: Client, address: SocketAddr) {
    let mut socket = WebSocket::open(&client, address, HOST).await;
    for message in [
        Message::text("hello"),
        Message::text(""),
        Message::binary(vec![0xA5; 1_000_000]),
    ] {
        socket.send(message.clone()).await;
        assert_eq!(socket.next().await, Some(message));
    }
    socket.send(Message::Ping("there?".into())).await;
    assert_eq!(socket.next().await, Some(Message::Pong("there?".into())));
    socket.send(Message::Close(Some(farewell()))).await;
    assert!(is_close(&socket.next().await.unwrap()));
    assert_eq!(socket.next().await, None);
}

fn farewell() -> CloseFrame {
    CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    }
}

#[tokio::test]
async fn other_requests_pass_beside_a_websocket_of_http2() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    let [_, client] = clients(&pki);
    let (mut socket, mut connection) = open(&client, &gateway, &mut backend).await;
    let answering = async {
        let mut other = backend.accept().await;
        other.request().await.unwrap();
        other
            .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
    };
    let asking = socket.http().unwrap().get(HOST);
    let (answer, ()) = tokio::join!(asking, answering);
    assert_eq!(answer.status, 200);
    socket.send(Message::text("still there")).await;
    connection.until(b"\x81\x8b").await;
}

#[tokio::test]
async fn who_is_not_proven_gets_no_websocket() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    raw.send(format!(
        "GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ))
    .await;
    assert_eq!(raw.answer().await.status, 400);
    assert!(raw.rest().await.is_empty());
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn a_drain_ends_a_websocket_on_which_nothing_passes() {
    let pki = Pki::new();
    for client in clients(&pki) {
        let mut backend = Backend::by_hand().await;
        let mut gateway = gateway(&pki, &backend);
        let (mut socket, mut connection) = open(&client, &gateway, &mut backend).await;
        let running = gateway.take();
        let drained = spawn_blocking(move || running.drain(LONG));
        // It is not cut in the middle of something.
        socket.send(Message::text("not yet")).await;
        connection.until(b"\x81\x87").await;
        ended(socket, connection).await;
        patiently(drained).await.unwrap();
    }
}

#[tokio::test]
async fn a_drain_ends_a_busy_websocket_at_its_deadline() {
    let pki = Pki::new();
    for client in clients(&pki) {
        let mut backend = Backend::by_hand().await;
        let mut gateway = gateway(&pki, &backend);
        let (socket, mut connection) = open(&client, &gateway, &mut backend).await;
        let talking = tokio::spawn(async move {
            let mut socket = socket;
            while socket.try_send(Message::text("and another thing")).await {
                tokio::time::sleep(TICK).await;
            }
        });
        connection.until(b"\x81").await;
        let running = gateway.take();
        let begun = Instant::now();
        let drained = spawn_blocking(move || running.drain(Duration::from_secs(1)));
        patiently(drained).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(1));
        connection.closed().await;
        patiently(talking).await.unwrap();
    }
}

#[tokio::test]
async fn a_websocket_ends_with_its_client_s_certificate() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    let end = after(now(), 8);
    let alice = pki.client("alice").not_after(end).issue();
    let client = Client::new(&pki).showing(&alice, &[]);
    let mut sockets = Vec::new();
    for client in [client.clone(), client.http2()] {
        sockets.push(open(&client, &gateway, &mut backend).await);
    }
    for (socket, connection) in sockets {
        ended(socket, connection).await;
        assert!(end <= now());
    }
}

#[tokio::test]
async fn a_websocket_ends_when_a_reload_trusts_its_client_no_more() {
    let pki = Pki::new();
    for client in clients(&pki) {
        let mut backend = Backend::by_hand().await;
        let mut gateway = gateway(&pki, &backend);
        let (mut socket, mut connection) = open(&client, &gateway, &mut backend).await;
        gateway.reload(|setup| setup);
        for _ in 0..3 {
            // Longer than it takes to be judged again: the same client may stay.
            tokio::time::sleep(Duration::from_millis(600)).await;
            socket.send(Message::text("hello")).await;
            connection.until(b"\x81\x85").await;
        }
        let other = Pki::named("Fabrikam");
        gateway.reload(|setup| setup.with_profile(Profile::required(&other)));
        ended(socket, connection).await;
    }
}

#[tokio::test]
async fn a_backend_that_ends_is_heard_to_its_last_byte() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let (mut socket, mut connection) = open(&client, &gateway, &mut backend).await;
        connection.send(b"\x81\x02hi").await;
        drop(connection);
        assert_eq!(socket.next().await, Some(Message::text("hi")));
        assert_eq!(socket.next().await, None);
    }
}

#[tokio::test]
async fn a_client_is_not_read_faster_than_its_backend_reads() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let (mut socket, connection) = open(&client, &gateway, &mut backend).await;
        let mut sent: usize = 0;
        let message = Message::binary(vec![0; 1 << 20]);
        let stalled = Duration::from_secs(2);
        while tokio::time::timeout(stalled, socket.try_send(message.clone()))
            .await
            .is_ok()
        {
            sent += 1;
            assert!(sent < 64, "the gateway takes what nobody reads");
        }
        drop(connection);
    }
}

/// Any protocol, and each side may end before the other.
#[tokio::test]
async fn each_direction_ends_by_itself() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    let [client, _] = clients(&pki);
    for first in ["client", "backend"] {
        let mut raw = client.raw(gateway.address(), HOST).await;
        raw.send(format!(
            "POST /shell HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\
             Content-Length: 0\r\n\r\n"
        ))
        .await;
        let mut connection = backend.accept().await;
        let request = connection.request().await.unwrap();
        assert_eq!(request.only("upgrade"), "SPDY/3.1");
        connection
            .send("HTTP/1.1 101 Go\r\nConnection: keep-alive, Upgrade\r\nUpgrade: spdy/3.1\r\n\r\nready")
            .await;
        let answer = raw.answer().await;
        assert_eq!(answer.status, 101);
        assert_eq!(answer.header("connection"), ["upgrade"]);
        assert_eq!(answer.header("upgrade"), ["SPDY/3.1"]);
        assert!(answer.header("content-length").is_empty());
        raw.until(b"ready").await;
        if first == "client" {
            raw.send("last words").await;
            raw.finish().await;
            connection.until(b"last words").await;
            assert!(connection.ended().await);
            connection.send("reply").await;
            drop(connection);
            assert_eq!(raw.rest().await, b"reply");
        } else {
            connection.send("last words").await;
            connection.finish().await;
            raw.until(b"last words").await;
            raw.send("reply").await;
            connection.until(b"reply").await;
            raw.finish().await;
            assert!(raw.rest().await.is_empty());
            assert_eq!(connection.closed().await, b"reply");
        }
    }
}

#[tokio::test]
#[ignore = "it takes 75 seconds"]
async fn a_websocket_ends_on_which_nothing_passes() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    let begun = Instant::now();
    let mut sockets = Vec::new();
    for client in clients(&pki) {
        sockets.push(open(&client, &gateway, &mut backend).await);
    }
    tokio::time::sleep(KEEP_ALIVE - TICK).await;
    for (socket, connection) in sockets {
        ended(socket, connection).await;
        assert!(KEEP_ALIVE <= begun.elapsed());
    }
}
