//! One HTTP/1.1 request is never two: requests that two readers could read in two ways are refused,
//! or reach the backend as exactly one request that can be read in one way only.

use crate::rig::{Answer, Backend, Client, Pki, Profile, Raw, Recorded, Rig, Setup, answers};

const HOST: &str = "www.contoso.com";

/// What became of bytes that a client sent, followed by an honest last request.
struct Seen {
    answers: Vec<Answer>,
    /// Requests that the backend got, without the honest last one.
    requests: Vec<Recorded>,
    /// What else came on connections to the backend.
    residues: Vec<Vec<u8>>,
}

struct Scene {
    backend: Backend,
    gateway: Rig,
    raw: Raw,
}

impl Scene {
    async fn new(pki: &Pki) -> Self {
        let backend = Backend::start().await;
        let gateway = Setup::new(pki, &backend)
            .site(HOST, Profile::required(pki))
            .start();
        let client = Client::new(pki).showing(&pki.alice(), &[]);
        let raw = client.raw(gateway.address(), HOST).await;
        Self {
            backend,
            gateway,
            raw,
        }
    }

    async fn send(mut self, bytes: &[u8]) -> Seen {
        self.raw.try_send(bytes).await;
        let last = format!("GET /last HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        self.raw.try_send(last).await;
        let answers = answers(&self.raw.rest().await);
        drop(self.gateway);
        let residues = self.backend.residues().await;
        let mut requests = self.backend.requests();
        requests.retain(|request| request.line != "GET /last HTTP/1.1");
        Seen {
            answers,
            requests,
            residues,
        }
    }
}

async fn send(pki: &Pki, bytes: &[u8]) -> Seen {
    let seen = Scene::new(pki).await.send(bytes).await;
    let shown = bytes.escape_ascii();
    for request in &seen.requests {
        assert!(!request.line.contains("smuggled"), "{shown}");
        assert!(request.header("x-smuggled").is_empty(), "{shown}");
        assert_eq!(request.header("host").len(), 1, "{shown}");
    }
    for residue in &seen.residues {
        let residue = String::from_utf8_lossy(residue);
        assert!(!residue.contains("GET /smuggled"), "{shown}: {residue}");
    }
    seen
}

/// These never reach the backend, and are answered with the status or by the end of the connection.
#[track_caller]
fn assert_refused(seen: &Seen, status: u16, bytes: &[u8]) {
    let shown = bytes.escape_ascii();
    assert!(seen.requests.is_empty(), "{shown}: {:?}", seen.requests);
    match &seen.answers[..] {
        [] => panic!("{shown}: no answer"),
        [first, ..] => assert_eq!(first.status, status, "{shown}"),
    }
}

fn with_headers(headers: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
    )
}

#[tokio::test]
async fn a_length_that_can_be_read_in_two_ways_is_refused() {
    let pki = Pki::new();
    for headers in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: five",
        "Content-Length: 99999999999999999999999",
        "Content-Length:",
        "Content-Length : 5",
        "Content-Length\t: 5",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding\r\n: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\0\r\nTransfer-Encoding: chunked",
        " Transfer-Encoding: chunked",
        "Transfer Encoding: chunked",
        "Transfer-Encoding",
        ": chunked",
    ] {
        let bytes = with_headers(headers);
        assert_refused(&send(&pki, bytes.as_bytes()).await, 400, bytes.as_bytes());
    }
}

#[tokio::test]
async fn a_length_that_no_body_has_is_refused() {
    let pki = Pki::new();
    for length in [u64::MAX, u64::MAX - 1] {
        let bytes = with_headers(&format!("Content-Length: {length}"));
        assert_refused(&send(&pki, bytes.as_bytes()).await, 431, bytes.as_bytes());
    }
}

#[tokio::test]
async fn http_1_0_has_no_chunks() {
    let pki = Pki::new();
    let bytes =
        with_headers("Transfer-Encoding: chunked").replace("HTTP/1.1\r\nHost", "HTTP/1.0\r\nHost");
    assert_refused(&send(&pki, bytes.as_bytes()).await, 400, bytes.as_bytes());
}

/// RFC 9112 section 6.1: the coding counts, the length is taken away, the connection ends.
#[tokio::test]
async fn of_length_and_coding_only_the_coding_counts_and_the_connection_ends() {
    let pki = Pki::new();
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 40\r\nTransfer-Encoding: chunked\r\nContent-Length: 40",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\nContent-Length: 3",
    ] {
        let bytes = with_headers(headers);
        let seen = send(&pki, bytes.as_bytes()).await;
        assert_eq!(seen.answers.len(), 1, "{headers}");
        assert!(seen.requests.len() <= 1, "{headers}");
        for request in seen.requests {
            assert!(request.body.is_empty(), "{headers}");
            assert!(request.header("content-length").is_empty(), "{headers}");
        }
    }
}

/// RFC 9112 section 6.1: what the gateway cannot decode it must not forward as if it had.
#[tokio::test]
async fn a_coding_that_is_not_understood_is_refused() {
    let pki = Pki::new();
    for headers in [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: , chunked",
    ] {
        let bytes = with_headers(headers);
        assert_refused(&send(&pki, bytes.as_bytes()).await, 501, bytes.as_bytes());
    }
}

#[tokio::test]
async fn one_request_with_a_body_is_one_request() {
    let pki = Pki::new();
    let inner = "GET /smuggled HTTP/1.1\r\nX-Smuggled: 1\r\n\r\n";
    let length = inner.len();
    for bytes in [
        format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n{inner}"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n{inner}"),
        format!("DELETE / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n{inner}"),
        format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\nContent-Length: {length}\r\n\r\n{inner}"
        ),
        format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{inner}\r\n0\r\n\r\n"
        ),
        format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\ntransfer-encoding:\tChunked\r\n\r\n{length:X};a=\"b\"\r\n{inner}\r\n000\r\n\r\n"
        ),
        format!("POST / HTTP/1.1\nHost: {HOST}\nContent-Length: {length}\n\n{inner}"),
        format!(
            "\r\n\r\nPOST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n{inner}"
        ),
        format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: {length}\r\n\r\n{inner}"
        ),
        format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
             HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nContent-Length: {length}\r\n\r\n{inner}"
        ),
    ] {
        let seen = send(&pki, bytes.as_bytes()).await;
        let [request] = &seen.requests[..] else {
            panic!("{bytes}: {:?}", seen.requests);
        };
        assert_eq!(request.body, inner.as_bytes(), "{bytes}");
        assert!(request.header("upgrade").is_empty(), "{bytes}");
        assert_eq!(request.verification(), "SUCCESS");
        assert!(seen.residues.is_empty(), "{bytes}");
        let statuses: Vec<_> = seen.answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 200], "{bytes}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_breaks_the_rules_never_looks_whole() {
    let pki = Pki::new();
    for body in [
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5;\nhello\r\n0\r\n\r\n",
        "0\r\nX-Smuggled\r\n\r\n",
        "0\r\nX Smuggled: 1\r\n\r\n",
    ] {
        let bytes = format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET /smuggled HTTP/1.1\r\n\r\n"
        );
        let seen = send(&pki, bytes.as_bytes()).await;
        assert!(seen.requests.is_empty(), "{body:?}: {:?}", seen.requests);
        assert!(
            seen.answers.iter().all(|answer| answer.status >= 400),
            "{body:?}"
        );
    }
}

#[tokio::test]
async fn a_request_line_that_is_none_is_refused() {
    let pki = Pki::new();
    for line in [
        "GET /",
        "GET",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.2",
        "GET / HTTP/2.0",
        "GET / HTTP/11",
        "GET / http/1.1",
        "GET  / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "G=T / HTTP/1.1@",
        "G(T / HTTP/1.1",
        "/ GET HTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        let bytes = format!("{line}\r\nHost: {HOST}\r\n\r\n");
        let seen = send(&pki, bytes.as_bytes()).await;
        assert!(seen.requests.is_empty(), "{line}: {:?}", seen.requests);
        assert!(
            seen.answers.iter().all(|answer| answer.status == 400),
            "{line}: {:?}",
            seen.answers
        );
    }
}

#[tokio::test]
async fn a_request_has_exactly_one_host() {
    let pki = Pki::new();
    for bytes in [
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: evil.example\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: evil.example\r\nHOST: {HOST}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}, evil.example\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST} evil.example\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}/smuggled\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}?x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}#x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: user@{HOST}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}:99999\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}:x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}:443:443\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: .{HOST}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {HOST}..\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost:\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: w\u{fc}w.contoso.com\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: *\r\n\r\n".to_owned(),
        format!("GET http://evil.example/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("GET https://{HOST}/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
        format!("GET https://{HOST}:443/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("GET https://user@{HOST}/ HTTP/1.1\r\nHost: user@{HOST}\r\n\r\n"),
        format!("GET evil.example HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
    ] {
        assert_refused(&send(&pki, bytes.as_bytes()).await, 400, bytes.as_bytes());
    }
}

#[tokio::test]
async fn an_absolute_target_is_forwarded_as_a_path() {
    let pki = Pki::new();
    for (bytes, line) in [
        (
            format!("GET https://{HOST}/a?b HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
            "GET /a?b HTTP/1.1",
        ),
        (
            format!("GET https://{HOST} HTTP/1.1\r\nHost: WWW.contoso.com\r\n\r\n"),
            "GET / HTTP/1.1",
        ),
        (
            format!("GET //evil.example/a HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
            "GET //evil.example/a HTTP/1.1",
        ),
        (
            format!("OPTIONS * HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
            "OPTIONS * HTTP/1.1",
        ),
        (
            format!("GET /a/../b%2F..%00?c#d HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
            "GET /a/../b%2F..%00?c HTTP/1.1",
        ),
    ] {
        let seen = send(&pki, bytes.as_bytes()).await;
        let lines: Vec<_> = seen.requests.iter().map(|request| &*request.line).collect();
        assert_eq!(lines, [line]);
        assert!(seen.requests[0].only("host").eq_ignore_ascii_case(HOST));
    }
}

#[tokio::test]
async fn connect_and_trace_are_not_forwarded() {
    let pki = Pki::new();
    for bytes in [
        format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n"),
        format!("CONNECT evil.example:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("TRACE / HTTP/1.1\r\nHost: {HOST}\r\nX-Client-Certificate: x\r\n\r\n"),
    ] {
        let seen = send(&pki, bytes.as_bytes()).await;
        assert_refused(&seen, 405, bytes.as_bytes());
    }
}

#[tokio::test]
async fn too_many_or_too_big_headers_are_refused() {
    let pki = Pki::new();
    let many: String = (0..200)
        .map(|number| format!("X-{number}: 1\r\n"))
        .collect();
    let big = format!("X: {}\r\n", "x".repeat(100_000));
    for headers in [many, big] {
        let bytes = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n");
        assert_refused(&send(&pki, bytes.as_bytes()).await, 431, bytes.as_bytes());
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (pki, backend) = (
        Pki::new(),
        Backend::answering(|request| {
            let line = request.line.clone();
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{line}",
                line.len()
            )
            .into()
        })
        .await,
    );
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let mut raw = client.raw(gateway.address(), HOST).await;
    let requests: String = (0..10)
        .map(|number| format!("GET /{number} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"))
        .collect();
    raw.send(requests).await;
    for number in 0..10 {
        let answer = raw.answer().await;
        assert_eq!(answer.text(), format!("GET /{number} HTTP/1.1"));
    }
    assert_eq!(backend.requests().len(), 10);
}

/// It is the client whose request is malformed, whatever the backend makes of half of it.
#[tokio::test]
async fn a_body_that_is_malformed_or_not_whole_is_the_client_s_fault() {
    let pki = Pki::new();
    for (body, whole) in [
        (
            &b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n"[..],
            true,
        ),
        (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", true),
        (b"Content-Length: 10\r\n\r\nhalf", false),
    ] {
        let mut scene = Scene::new(&pki).await;
        let head = format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n");
        scene.raw.send([head.as_bytes(), body].concat()).await;
        if !whole {
            scene.raw.finish().await;
        }
        let found = answers(&scene.raw.rest().await);
        let shown = body.escape_ascii();
        assert_eq!(found.len(), 1, "{shown}");
        assert_eq!(found[0].status, 400, "{shown}");
        assert_eq!(found[0].reason(), "request_malformed", "{shown}");
        assert!(scene.backend.requests().is_empty(), "{shown}");
    }
}
