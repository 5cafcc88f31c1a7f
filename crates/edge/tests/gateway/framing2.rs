//! What HTTP/2 frames can and cannot carry to a backend that speaks HTTP/1.1.

use crate::rig::{Backend, Client, End, Frames, Pki, Profile, Rig, Setup};

const HOST: &str = "www.contoso.com";

struct Scene {
    pki: Pki,
    backend: Backend,
    gateway: Rig,
}

impl Scene {
    async fn new() -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki))
            .start();
        Self {
            pki,
            backend,
            gateway,
        }
    }

    async fn frames(&self) -> Frames {
        let client = Client::new(&self.pki)
            .showing(&self.pki.alice(), &[])
            .http2();
        Frames::over(client.tls(self.gateway.address(), HOST).await.unwrap()).await
    }

    /// Sends only headers, which must be refused.
    async fn refuses(&self, fields: &[(&str, &str)]) {
        let mut frames = self.frames().await;
        frames.headers(1, fields, End::Stream).await;
        let outcome = frames.outcome(1).await;
        assert!(outcome.is_refused(), "{fields:?}: {outcome:?}");
        let requests = self.backend.requests();
        assert!(requests.is_empty(), "{fields:?}: {requests:?}");
    }

    /// Ends the gateway and gives what came to the backend in pieces.
    async fn residues(self) -> Vec<Vec<u8>> {
        drop(self.gateway);
        self.backend.residues().await
    }
}

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "https");
const PATH: (&str, &str) = (":path", "/");
const AUTHORITY: (&str, &str) = (":authority", HOST);

#[tokio::test]
async fn an_honest_request_passes() {
    let scene = Scene::new().await;
    let mut frames = scene.frames().await;
    frames
        .request("POST", HOST, &[("x-other", "1")], End::Open)
        .await;
    frames.data(1, b"bo", End::Open).await;
    frames.data(1, b"dy", End::Stream).await;
    let outcome = frames.outcome(1).await;
    assert_eq!((outcome.status, &*outcome.body), (Some(200), &b"ok"[..]));
    let request = scene.backend.last();
    assert_eq!(request.body, b"body");
    assert_eq!(request.only("transfer-encoding"), "chunked");
    assert!(scene.residues().await.is_empty());
}

#[tokio::test]
async fn fields_that_would_frame_an_http_1_request_are_refused() {
    let scene = Scene::new().await;
    for field in [
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("connection", "x-client-certificate"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "websocket"),
        ("te", "gzip"),
        ("content-length", "5"),
        ("content-length", "+0"),
        ("content-length", "x"),
        ("content-length", "0, 0"),
    ] {
        scene
            .refuses(&[METHOD, SCHEME, PATH, AUTHORITY, field])
            .await;
    }
    let lengths = [("content-length", "0"), ("content-length", "5")];
    scene
        .refuses(&[&[METHOD, SCHEME, PATH, AUTHORITY], &lengths[..]].concat())
        .await;
    assert!(scene.residues().await.is_empty());
}

#[tokio::test]
async fn equal_lengths_reach_the_backend_as_one() {
    let scene = Scene::new().await;
    let mut frames = scene.frames().await;
    let lengths = [("content-length", "4"), ("content-length", "4")];
    frames.request("POST", HOST, &lengths, End::Open).await;
    frames.data(1, b"body", End::Stream).await;
    assert_eq!(frames.outcome(1).await.status, Some(200));
    let request = scene.backend.last();
    assert_eq!(request.only("content-length"), "4");
    assert_eq!(request.body, b"body");
    assert!(scene.residues().await.is_empty());
}

#[tokio::test]
async fn names_and_values_that_would_end_a_line_are_refused() {
    let scene = Scene::new().await;
    for field in [
        ("x", "a\r\nx-smuggled: 1"),
        ("x", "a\nx-smuggled: 1"),
        ("x", "a\rb"),
        ("x", "a\0b"),
        ("x\r\nx-smuggled", "1"),
        ("x: 1\r\nx-smuggled", "1"),
        ("x y", "1"),
        ("x:", "1"),
        ("", "1"),
        ("X-Upper", "1"),
        ("x\0", "1"),
    ] {
        scene
            .refuses(&[METHOD, SCHEME, PATH, AUTHORITY, field])
            .await;
    }
    assert!(scene.residues().await.is_empty());
}

#[tokio::test]
async fn pseudo_headers_carry_nothing_else() {
    let scene = Scene::new().await;
    for changed in [
        (":method", "GET / HTTP/1.1\r\nx: "),
        (":method", "GET /smuggled"),
        (":method", ""),
        (":method", "TRACE"),
        (":scheme", "https\r\nx: y"),
        (":path", "/ HTTP/1.1\r\nx-smuggled: 1"),
        (":path", "/a b"),
        (":path", "/a\0"),
        (":path", ""),
        (":authority", "www.contoso.com\r\nx-smuggled: 1"),
        (":authority", "www.contoso.com/smuggled"),
        (":authority", "user@www.contoso.com"),
        (":authority", "www.contoso.com,evil.example"),
        (":authority", ""),
        (":status", "200"),
        (":host", HOST),
    ] {
        let mut fields = vec![METHOD, SCHEME, PATH, AUTHORITY];
        match fields.iter_mut().find(|field| field.0 == changed.0) {
            Some(field) => *field = changed,
            None => fields.push(changed),
        }
        scene.refuses(&fields).await;
    }
    assert!(scene.residues().await.is_empty());
}

#[tokio::test]
async fn each_pseudo_header_is_there_once_and_before_the_others() {
    let scene = Scene::new().await;
    let connect = (":method", "CONNECT");
    for fields in [
        &[METHOD, SCHEME, AUTHORITY][..],
        &[SCHEME, PATH, AUTHORITY],
        &[METHOD, SCHEME, PATH],
        &[METHOD, METHOD, SCHEME, PATH, AUTHORITY],
        &[METHOD, SCHEME, PATH, PATH, AUTHORITY],
        &[METHOD, SCHEME, PATH, AUTHORITY, AUTHORITY],
        &[METHOD, SCHEME, PATH, ("x", "y"), AUTHORITY],
        &[connect, AUTHORITY],
        &[connect, SCHEME, PATH, AUTHORITY],
        &[METHOD, (":protocol", "websocket"), SCHEME, PATH, AUTHORITY],
    ] {
        scene.refuses(fields).await;
    }
    assert!(scene.residues().await.is_empty());
}

#[tokio::test]
async fn host_and_authority_do_not_differ() {
    let scene = Scene::new().await;
    for hosts in [
        &[("host", "evil.example")][..],
        &[("host", HOST), ("host", HOST)],
        &[("host", "")],
        &[("host", "www.contoso.com:443")],
    ] {
        scene
            .refuses(&[&[METHOD, SCHEME, PATH, AUTHORITY], hosts].concat())
            .await;
    }
    for fields in [
        &[METHOD, SCHEME, PATH, AUTHORITY, ("host", "WWW.contoso.com")][..],
        &[METHOD, SCHEME, PATH, ("host", HOST)],
    ] {
        let mut frames = scene.frames().await;
        frames.headers(1, fields, End::Stream).await;
        assert_eq!(frames.outcome(1).await.status, Some(200), "{fields:?}");
        let host = scene.backend.last().only("host").to_owned();
        assert!(host.eq_ignore_ascii_case(HOST));
    }
}

#[tokio::test]
async fn a_body_of_another_length_than_announced_never_looks_whole() {
    for (length, data) in [("5", &b"abc"[..]), ("3", b"abcdef"), ("0", b"abc")] {
        let scene = Scene::new().await;
        let mut frames = scene.frames().await;
        let length = ("content-length", length);
        frames.request("POST", HOST, &[length], End::Open).await;
        frames.data(1, data, End::Stream).await;
        let outcome = frames.outcome(1).await;
        assert_ne!(outcome.status, Some(200), "{length:?}");
        let whole = scene.backend.requests();
        assert!(
            whole.iter().all(|request| request.body.is_empty()),
            "{whole:?}"
        );
        // A connection that saw half a request is not used again.
        let mut frames = scene.frames().await;
        frames.request("GET", HOST, &[], End::Stream).await;
        assert_eq!(frames.outcome(1).await.status, Some(200));
        assert_eq!(scene.backend.last().line, "GET / HTTP/1.1");
    }
}

#[tokio::test]
async fn pseudo_headers_in_trailers_reach_nobody() {
    let scene = Scene::new().await;
    let mut frames = scene.frames().await;
    let announced = ("trailer", "x-sum, :path, path");
    frames.request("POST", HOST, &[announced], End::Open).await;
    frames.data(1, b"body", End::Open).await;
    frames
        .headers(1, &[(":path", "/smuggled"), ("x-sum", "1")], End::Stream)
        .await;
    frames.outcome(1).await;
    for request in scene.backend.requests() {
        assert_eq!(request.line, "POST / HTTP/1.1");
        assert_eq!(request.trailers, [("x-sum".to_owned(), "1".to_owned())]);
    }
}

#[tokio::test]
async fn too_big_a_header_list_is_refused() {
    let scene = Scene::new().await;
    let value = "x".repeat(1000);
    let names: Vec<_> = (0..60).map(|number| format!("x-{number}")).collect();
    let big: Vec<_> = names.iter().map(|name| (&**name, &*value)).collect();
    let mut frames = scene.frames().await;
    // Within one frame of 16 KiB each is small; together they are not.
    frames
        .headers(
            1,
            &[&[METHOD, SCHEME, PATH, AUTHORITY], &big[..15]].concat(),
            End::Stream,
        )
        .await;
    assert_eq!(frames.outcome(1).await.status, Some(200));
    let before = scene.backend.requests().len();
    let many: Vec<(&str, &str)> = std::iter::repeat_n(("x", ""), 1500).collect();
    let mut frames = scene.frames().await;
    frames
        .headers(
            1,
            &[&[METHOD, SCHEME, PATH, AUTHORITY], &many[..]].concat(),
            End::Stream,
        )
        .await;
    let outcome = frames.outcome(1).await;
    assert!(outcome.is_refused(), "{outcome:?}");
    assert_eq!(scene.backend.requests().len(), before);
}
