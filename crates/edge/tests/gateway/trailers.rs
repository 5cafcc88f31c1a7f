//! What comes after a body, and what comes before it.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty};

use crate::rig::{Backend, Client, End, Frames, Pki, Profile, Rig, Setup, streaming};

const HOST: &str = "www.contoso.com";

fn gateway(pki: &Pki, backend: &Backend) -> Rig {
    Setup::new(pki, backend).site(HOST, Profile::off()).start()
}

fn clients(pki: &Pki) -> [Client; 2] {
    [Client::new(pki), Client::new(pki).http2()]
}

/// Over HTTP/1.1 those pass that `Trailer` announces, either way.
#[tokio::test]
async fn trailers_of_a_request_reach_the_backend() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let mut http = client.connect(gateway.address(), HOST).await;
        let (sender, body) = streaming();
        let mut trailers = HeaderMap::new();
        for name in [
            "x-sum",
            "x-client-certificate",
            "x_client_certificate",
            "host",
            "content-length",
            "authorization",
        ] {
            trailers.insert(name, "1".parse().unwrap());
        }
        sender.send(Frame::data("body".into())).unwrap();
        sender.send(Frame::trailers(trailers)).unwrap();
        drop(sender);
        let request = Request::post("/").header(
            "trailer",
            "x-sum, x-client-certificate, x_client_certificate, host, authorization",
        );
        let answer = http.send(HOST, request.body(body).unwrap()).await;
        assert_eq!(answer.status, 200, "http1: {}", client.speaks_http1());
        let request = backend.last();
        assert_eq!(request.body, b"body");
        assert_eq!(request.trailers, [("x-sum".to_owned(), "1".to_owned())]);
    }
}

#[tokio::test]
async fn trailers_of_a_response_reach_who_takes_them() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Connection\r\n\r\n\
          5\r\nhello\r\n0\r\nX-Sum: 1\r\nConnection: x-other\r\nKeep-Alive: 1\r\nContent-Length: 7\r\n\r\n"
            .to_vec()
    })
    .await;
    let gateway = gateway(&pki, &backend);
    for te in [&["trailers"][..], &["gzip;q=0.5", "Trailers"], &[]] {
        for client in clients(&pki) {
            let is_http2 = !client.speaks_http1();
            if is_http2 && te.len() == 2 {
                continue; // HTTP/2 has no other value (RFC 9113 section 8.2.2)
            }
            let mut http = client.connect(gateway.address(), HOST).await;
            let mut request = Request::get("/");
            for te in te {
                request = request.header("te", *te);
            }
            let request = request.body(Empty::<Bytes>::new()).unwrap();
            let response = http.begin(HOST, request).await.unwrap();
            let collected = response.into_body().collect().await.unwrap();
            let takes = is_http2 || !te.is_empty();
            match collected.trailers() {
                Some(trailers) if takes => {
                    assert_eq!(trailers.len(), 1, "{trailers:?}");
                    assert_eq!(trailers["x-sum"], "1");
                }
                found => assert!(!takes && found.is_none_or(HeaderMap::is_empty), "{found:?}"),
            }
            assert_eq!(collected.to_bytes(), "hello");
            let expected: &[&str] = if te.is_empty() { &[] } else { &["trailers"] };
            assert_eq!(backend.last().header("te"), expected);
        }
    }
}

#[tokio::test]
async fn crumbs_of_a_cookie_reach_the_backend_as_one() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    let client = Client::new(&pki).http2();
    let mut frames = Frames::over(client.tls(gateway.address(), HOST).await.unwrap()).await;
    let crumbs = [
        ("cookie", "a=1"),
        ("x-other", "x"),
        ("cookie", "b=2; c=3"),
        ("cookie", "d"),
    ];
    frames.request("GET", HOST, &crumbs, End::Stream).await;
    assert_eq!(frames.outcome(1).await.status, Some(200));
    assert_eq!(backend.last().only("cookie"), "a=1; b=2; c=3; d");
}

/// As curl does it: the body is sent after 100, and never after a final answer.
#[tokio::test]
async fn who_expects_100_continue_is_refused_before_the_body() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend);
    let too_long = "Content-Length: 99999999999999";
    for (host, length, status) in [
        (HOST, too_long, 413),
        ("www.fabrikam.com", "Content-Length: 4", 404),
        ("!", "Transfer-Encoding: chunked", 400),
        (HOST, "Transfer-Encoding: gzip, chunked", 501),
    ] {
        let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
        raw.send(format!(
            "PUT /x HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n{length}\r\n\r\n"
        ))
        .await;
        assert_eq!(raw.answer().await.status, status, "{length}");
        // Nobody waits for a body that will not come.
        assert!(raw.rest().await.is_empty());
    }
    assert!(backend.requests().is_empty());
}

/// The backend's own 100 and 103 are for the gateway: the server has no way to pass them on.
#[tokio::test]
async fn interim_responses_of_a_backend_end_here() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| {
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n\
          HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            .to_vec()
    })
    .await;
    let gateway = gateway(&pki, &backend);
    for client in clients(&pki) {
        let answer = client.get(gateway.address(), HOST).await;
        assert_eq!((answer.status, answer.text()), (200, "ok"));
        assert!(answer.header("link").is_empty());
    }
}
