//! Bodies of any size take little of it: measured in a process that does nothing else.

use std::convert::Infallible;
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Empty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::rig::{Backend, Client, Pki, Profile, Setup};

const HOST: &str = "www.contoso.com";
/// Octets of each body, of which there are four: one each way over HTTP/1.1 and over HTTP/2.
const LENGTH: u64 = 1 << 30;
/// Octets by which the process may grow over all of them: client, gateway and backend.
const GROWTH: u64 = 32 << 20;
const CHUNK: usize = 64 << 10;

#[test]
fn bodies_of_any_size_take_little_memory() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::alone", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{output:?}");
    assert!(text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "the other test runs it in a process of its own"]
async fn alone() {
    let pki = Pki::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener));
    let unused = Backend::start().await;
    let gateway = Setup::new(&pki, &unused)
        .site(HOST, Profile::off())
        .to(address)
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), HOST).await;
        let small = http.begin(HOST, upload(CHUNK as u64)).await.unwrap();
        small.into_body().collect().await.unwrap();
        let before = peak();
        let response = http.begin(HOST, upload(LENGTH)).await.unwrap();
        assert_eq!(response.headers()["x-received"], LENGTH.to_string());
        response.into_body().collect().await.unwrap();
        let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
        let mut body = http.begin(HOST, request).await.unwrap().into_body();
        let mut received = 0;
        while let Some(frame) = body.frame().await {
            received += frame
                .unwrap()
                .data_ref()
                .map_or(0, |data| data.len() as u64);
        }
        assert_eq!(received, LENGTH);
        let growth = peak() - before;
        assert!(growth < GROWTH, "grown by {growth}");
    }
}

fn upload(length: u64) -> Request<Zeros> {
    let request = Request::put("/").header("content-length", length);
    request.body(Zeros(length)).unwrap()
}

/// As many zeros as this.
struct Zeros(u64);

impl Body for Zeros {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static ZEROS: [u8; CHUNK] = [0; CHUNK];
        let length = self.0.min(CHUNK as u64);
        self.0 -= length;
        let data = Bytes::from_static(&ZEROS[..length as usize]);
        Poll::Ready((length > 0).then(|| Ok(Frame::data(data))))
    }
}

/// A backend that keeps nothing: it counts what a PUT has brought, and answers a GET with zeros.
async fn serve(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut buffer = vec![0; CHUNK];
            loop {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await?);
                }
                let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
                let announced = head.split("content-length: ").nth(1);
                let mut left: u64 = announced
                    .map(|rest| rest.split("\r\n").next().unwrap().parse().unwrap())
                    .unwrap_or_default();
                if head.starts_with("get") {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
                    stream.write_all(head.as_bytes()).await?;
                    for _ in 0..LENGTH / CHUNK as u64 {
                        stream.write_all(&buffer).await?;
                    }
                    continue;
                }
                let received = left;
                while left > 0 {
                    let most = left.min(CHUNK as u64) as usize;
                    left -= stream.read_exact(&mut buffer[..most]).await? as u64;
                }
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nX-Received: {received}\r\nContent-Length: 0\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await?;
            }
            #[expect(unreachable_code, reason = "it says what fails")]
            std::io::Result::Ok(())
        });
    }
}

/// The most memory that this process has had, in octets.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() << 10
}
