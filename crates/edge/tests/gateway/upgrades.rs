//! What looks like an upgrade and is none: the connection stays one of HTTP, and every request on it is judged.

use http::Request;
use http_body_util::Empty;

use crate::rig::{
    Answer, Backend, Client, End, Frames, Pki, Profile, Recorded, Rig, Setup, extended_connect,
    switching, whole,
};

const HOST: &str = "www.contoso.com";
/// The fields of a good handshake.
const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// A request that would be somebody else's if the backend read it as it is.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: www.contoso.com\r\nX-Client-Certificate-Verification: FORGED\r\n\r\n";

fn gateway(pki: &Pki, backend: &Backend) -> Rig {
    let profile = Profile::required(pki);
    Setup::new(pki, backend).site(HOST, profile).start()
}

fn proven(pki: &Pki) -> Client {
    Client::new(pki).showing(&pki.alice(), &[])
}

/// A handshake with these fields, beginning with this.
fn request(begin: &str, fields: &str) -> String {
    format!("{begin} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n{fields}\r\n")
}

/// A backend that refuses every upgrade in these words.
async fn refusing(response: &'static str) -> Backend {
    Backend::answering(move |_| response.as_bytes().to_vec()).await
}

#[tokio::test]
async fn what_the_backend_does_not_grant_stays_http() {
    let pki = Pki::new();
    for (response, status) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200),
        (
            "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
            200,
        ),
        (
            "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\nContent-Length: 0\r\n\r\n",
            426,
        ),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            204,
        ),
    ] {
        let backend = refusing(response).await;
        let gateway = gateway(&pki, &backend);
        let mut raw = proven(&pki).raw(gateway.address(), HOST).await;
        // The smuggled request is there before the answer to the first.
        raw.send(request("GET /", HANDSHAKE) + SMUGGLED).await;
        for _ in 0..2 {
            let answer = raw.answer().await;
            assert_eq!(answer.status, status, "{response}");
            assert!(answer.header("upgrade").is_empty(), "{response}");
        }
        let requests = backend.requests();
        let [handshake, smuggled] = &requests[..] else {
            panic!("{requests:?}");
        };
        assert_eq!(handshake.only("upgrade"), "websocket");
        // It is a request like any other: judged, and told of who has sent it.
        assert_eq!(smuggled.line, "GET /smuggled HTTP/1.1");
        assert_eq!(smuggled.verification(), "SUCCESS");
        assert!(smuggled.header("upgrade").is_empty());
    }
}

#[tokio::test]
async fn a_switch_to_something_else_is_no_answer() {
    let pki = Pki::new();
    for change in [
        |good: String| good.replace("Connection: Upgrade\r\n", ""),
        |good: String| good.replace("Connection: Upgrade", "Connection: close"),
        |good: String| good.replace("Upgrade: WebSocket\r\n", ""),
        |good: String| good.replace("Upgrade: WebSocket", "Upgrade: h2c"),
        |good: String| good.replace("Upgrade: WebSocket", "Upgrade: websocket, h2c"),
        |good: String| good.replace("Accept: ", "Accept: A"),
        |good: String| good.replace("Sec-WebSocket-Accept", "X-Accept"),
        |good: String| good.replace("\r\n\r\n", "\r\nSec-WebSocket-Accept: x\r\n\r\n"),
        |good: String| good.replace("\r\n\r\n", "\r\nTransfer-Encoding: gzip\r\n\r\n"),
    ] {
        let answer = move |request: &Recorded| change(switching(request)).into_bytes();
        let backend = Backend::answering(answer).await;
        let gateway = gateway(&pki, &backend);
        let mut raw = proven(&pki).raw(gateway.address(), HOST).await;
        raw.send(request("GET /", HANDSHAKE)).await;
        assert_backend_failed(&raw.answer().await);
        let client = proven(&pki).http2();
        let mut http = client.connect(gateway.address(), HOST).await;
        let answer = whole(extended_connect(&mut http, HOST, "websocket").await).await;
        assert_backend_failed(&answer);
        // None of these connections is used again.
        assert!(backend.residues().await.is_empty());
    }
}

#[track_caller]
fn assert_backend_failed(answer: &Answer) {
    let expected = (502, "backend_failed");
    assert_eq!((answer.status, &*answer.reason()), expected);
}

#[tokio::test]
async fn what_no_backend_could_be_asked_for_is_asked_of_none() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    let mut raw = proven(&pki).raw(gateway.address(), HOST).await;
    let plain = |fields: &str| request("GET /", fields);
    let websocket = |from: &str, to: &str| {
        assert!(HANDSHAKE.contains(from));
        plain(&HANDSHAKE.replace(from, to))
    };
    let mut all = vec![
        websocket("Connection: Upgrade\r\n", ""),
        websocket("Connection: Upgrade", "Connection: keep-alive"),
        websocket("Upgrade: websocket", "Upgrade: websocket, h2c"),
        websocket("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: h2c"),
        websocket("Upgrade: websocket", "Upgrade:"),
        websocket("Upgrade: websocket", "Upgrade: web socket"),
        websocket("Key: ", "Key: A"),
        websocket("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: c2hvcnQ="),
        websocket("Sec-WebSocket-Key", "X-Key"),
        websocket("Sec-WebSocket-Version", "Sec-WebSocket-Key"),
        request("POST /", HANDSHAKE),
        request("GET /", &format!("{HANDSHAKE}Content-Length: 1\r\n")) + "x",
        request(
            "GET /",
            &format!("{HANDSHAKE}Transfer-Encoding: chunked\r\n"),
        ) + "0\r\n\r\n",
    ];
    for protocol in ["h2c", "H2C", "h2", "HTTP/2.0", "TLS/1.2", "h2c/1"] {
        all.push(plain(&format!(
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABk\r\n"
        )));
    }
    for bytes in all {
        raw.send(&bytes).await;
        let answer = raw.answer().await;
        assert_eq!((answer.status, answer.text()), (200, "ok"), "{bytes}");
        let request = backend.last();
        for name in ["upgrade", "connection", "http2-settings"] {
            assert!(request.header(name).is_empty(), "{bytes}");
        }
        assert_eq!(request.verification(), "SUCCESS");
    }
    let before = backend.requests().len();
    let mut raw = proven(&pki).raw(gateway.address(), HOST).await;
    raw.send(request("GET /", HANDSHAKE).replace("HTTP/1.1", "HTTP/1.0"))
        .await;
    raw.rest().await;
    assert_eq!(backend.requests().len(), before + 1);
    assert!(backend.last().header("upgrade").is_empty());
}

/// The class of CVE-2026-2833: bytes behind a handshake that nobody has granted.
#[tokio::test]
async fn bytes_behind_a_handshake_wait_for_the_backend_s_word() {
    let pki = Pki::new();
    let mut backend = Backend::by_hand().await;
    let gateway = gateway(&pki, &backend);
    let mut raw = proven(&pki).raw(gateway.address(), HOST).await;
    raw.send(request("GET /", HANDSHAKE) + SMUGGLED).await;
    let mut connection = backend.accept().await;
    let request = connection.request().await.unwrap();
    // Granted, they are bytes of the other protocol, on a connection that never carries requests again.
    connection.send(switching(&request)).await;
    connection.until(SMUGGLED.as_bytes()).await;
    assert_eq!(raw.answer().await.status, 101);
    drop(raw);
    connection.closed().await;
    assert_eq!(backend.requests().len(), 1);
}

#[tokio::test]
async fn connect_is_for_websockets_alone() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    let client = proven(&pki).http2();
    let mut http = client.connect(gateway.address(), HOST).await;
    for protocol in ["connect-udp", "h2c", "websockets", "webtransport"] {
        let answer = whole(extended_connect(&mut http, HOST, protocol).await).await;
        let expected = (501, "protocol_not_supported");
        assert_eq!((answer.status, &*answer.reason()), expected, "{protocol}");
    }
    let tls = client.tls(gateway.address(), HOST).await.unwrap();
    let mut frames = Frames::over(tls).await;
    let fields = [
        (":method", "CONNECT"),
        (":authority", HOST),
        ("accept", "application/json"),
    ];
    frames.headers(1, &fields, End::Open).await;
    assert_eq!(frames.outcome(1).await.status, Some(405));
    assert!(backend.requests().is_empty());
}

/// A 2xx would be a tunnel to the client and none to the backend.
#[tokio::test]
async fn a_connect_that_the_backend_answers_in_http_is_no_tunnel() {
    let pki = Pki::new();
    for (response, status) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 502),
        ("HTTP/1.1 204 No Content\r\n\r\n", 502),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403),
        (
            "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
            302,
        ),
    ] {
        let backend = refusing(response).await;
        let gateway = gateway(&pki, &backend);
        let client = proven(&pki).http2();
        let mut http = client.connect(gateway.address(), HOST).await;
        let answer = whole(extended_connect(&mut http, HOST, "websocket").await).await;
        assert_eq!(answer.status, status, "{response}");
        if status == 403 {
            assert_eq!(answer.text(), "no");
        }
        let request = backend.last();
        assert_eq!(request.line, "GET /chat?room=1 HTTP/1.1");
        assert_eq!(request.verification(), "SUCCESS");
        // The connection goes on.
        let request = Request::get("/").body(Empty::new()).unwrap();
        let response = http.begin(HOST, request).await.unwrap();
        assert!(response.status().as_u16() < 500, "{response:?}");
    }
}

/// A client of HTTP/2 has no say in the handshake that is made for it.
#[tokio::test]
async fn the_key_of_a_connect_is_the_gateway_s() {
    let pki = Pki::new();
    let backend = refusing("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    let gateway = gateway(&pki, &backend);
    let client = proven(&pki).http2();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let tls = client.tls(gateway.address(), HOST).await.unwrap();
        let mut frames = Frames::over(tls).await;
        let fields = [
            (":method", "CONNECT"),
            (":protocol", "WebSocket"),
            (":scheme", "https"),
            (":path", "/"),
            (":authority", HOST),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("x-client-certificate-verification", "FORGED"),
        ];
        frames.headers(1, &fields, End::Open).await;
        assert_eq!(frames.outcome(1).await.status, Some(403));
        let request = backend.last();
        assert_eq!(request.verification(), "SUCCESS");
        keys.push(request.only("sec-websocket-key").to_owned());
    }
    assert_ne!(keys[0], keys[1]);
    assert!(keys.iter().all(|key| key.len() == 24));
}
