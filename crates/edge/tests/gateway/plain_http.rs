//! HTTP where TLS is spoken: an answer that says so, and nothing that reaches a backend.

use std::process::Command;
use std::sync::OnceLock;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::rig::log::{connect, field, line_of};
use crate::rig::{Backend, Client, Http, Pki, Profile, Rig, Setup, patiently};

const HOST: &str = "www.contoso.com";
const TITLE: &str = "<title>400 The plain HTTP request was sent to HTTPS port</title>";

async fn scene() -> (Pki, Backend, Rig) {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    (pki, backend, gateway)
}

/// All that the gateway says until it closes.
async fn said(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    patiently(stream.read_to_end(&mut said)).await.unwrap();
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn a_plain_request_is_answered_with_the_page_of_nginx_and_closed() {
    let (pki, backend, gateway) = scene().await;
    for request in [
        "GET / HTTP/1.1\r\nHost: www.contoso.com\r\n\r\n",
        "POST /form HTTP/1.1\r\nHost: www.contoso.com\r\nContent-Length: 4\r\n\r\nfour",
        "\r\nGET / HTTP/1.0\r\n\r\n",
        "get / http/0.9",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
    ] {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = said(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.contains(TITLE), "{answer}");
        assert!(!answer.contains("contoso"), "{answer}");
    }
    let alice = Client::new(&pki).showing(&pki.alice(), &[]);
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    let mut http = Http::over(alice.tls_over(stream, HOST).await.unwrap()).await;
    assert_eq!(http.get(HOST).await.status, 200);
    assert_eq!(backend.requests().len(), 1);
}

#[tokio::test]
async fn head_is_answered_without_a_body() {
    let (_, _, gateway) = scene().await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    stream.write_all(b"HEAD / HTTP/1.1\r\n\r\n").await.unwrap();
    let answer = said(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

/// Nothing more is waited for, and the rest of a request is not needed.
#[tokio::test]
async fn the_first_byte_decides() {
    let (_, _, gateway) = scene().await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    stream.write_all(b"G").await.unwrap();
    assert!(said(&mut stream).await.contains(TITLE));
}

/// A connection that is closed with bytes unread is reset, and the answer lost with it.
#[tokio::test]
async fn a_client_that_is_still_sending_reads_the_answer() {
    let (_, _, gateway) = scene().await;
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let head = "POST / HTTP/1.1\r\nHost: www.contoso.com\r\nContent-Length: 50000\r\n\r\n";
    write.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    patiently(read.read_exact(&mut first)).await.unwrap();
    write.write_all(&[b'x'; 50_000]).await.unwrap();
    let mut rest = Vec::new();
    patiently(read.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 400");
    assert!(String::from_utf8(rest).unwrap().contains(TITLE));
}

#[tokio::test]
async fn a_client_that_sends_for_ever_is_cut_off() {
    let (_, _, gateway) = scene().await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let endless = async { while stream.write_all(&[b'G'; 4096]).await.is_ok() {} };
    patiently(endless).await;
}

#[tokio::test]
async fn it_is_logged_with_its_reason() {
    let (_, _, gateway) = scene().await;
    let (mut stream, local) = connect(gateway.address()).await;
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    said(&mut stream).await;
    let line = line_of(local).await;
    assert_eq!(field(&line, "reason"), "http_to_https_port");
    assert_eq!(field(&line, "error_info"), "ERRORINFO_HTTP_TO_HTTPS_PORT");
    assert_eq!(field(&line, "httpStatus"), "400");
}

#[tokio::test]
async fn what_is_neither_tls_nor_http_gets_no_page() {
    let (_, _, gateway) = scene().await;
    for bytes in [
        &b"\x00\x01\x02\x03\x04\x05"[..],
        b"\x80\x2e\x01\x03\x01\x00",
        b"\x16GET / ",
    ] {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut said = Vec::new();
        // A reset is as good an end.
        let _ = patiently(stream.read_to_end(&mut said)).await;
        assert!(!String::from_utf8_lossy(&said).contains("HTTP"), "{said:?}");
    }
}

/// Runs curl beside the gateway, whose threads are its own.
fn curl(words: &[&str]) -> (bool, String) {
    static VERSION: OnceLock<()> = OnceLock::new();
    VERSION.get_or_init(|| assert!(Command::new("curl").arg("-V").output().is_ok()));
    let output = Command::new("curl")
        .args(["-sS", "-i", "--max-time", "20", "--noproxy", "*"])
        .args(words)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), told)
}

#[tokio::test]
#[ignore = "needs curl"]
async fn curl_reads_the_answer() {
    let (_, backend, gateway) = scene().await;
    let url = format!("http://{}/", gateway.address());
    let body = "x".repeat(40_000);
    for words in [&[][..], &["-d", &body], &["--http1.0"], &["--http2"]] {
        let (success, told) = curl(&[words, &[&url]].concat());
        assert!(success && told.contains(TITLE), "{words:?}: {told}");
    }
    let (success, told) = curl(&["-I", &url]);
    assert!(success && told.starts_with("HTTP/1.1 400"), "{told}");
    let (success, _) = curl(&["--http2-prior-knowledge", &url]);
    assert!(!success, "there is no HTTP/2 without TLS");
    assert!(backend.requests().is_empty());
}
