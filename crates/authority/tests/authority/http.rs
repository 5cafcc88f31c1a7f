use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use portcullis_authority::Responder;
use portcullis_ocsp::{Query, get_url, request};
use portcullis_test_pki::{NOW, ocsp};
use portcullis_x509::Certificate;
use tokio::sync::oneshot;

use crate::folder::{Folder, client};

/// A responder on a thread of its own, stopped when dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub(crate) fn start(responder: Responder) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stopped = async { stopped.await.unwrap_or_default() };
                Arc::new(responder).serve(listener, stopped).await;
            });
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Sends `bytes` and reads until the responder closes.
    fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop();
    }
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").into_bytes()
}

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /ocsp HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/ocsp-request\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn split(answer: &[u8]) -> (String, &[u8]) {
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    (
        String::from_utf8(answer[..end].to_vec())
            .unwrap()
            .to_lowercase(),
        &answer[end + 4..],
    )
}

fn served() -> (Folder, Served, Vec<u8>) {
    let folder = Folder::new();
    let authority = folder.authority();
    let alice = client(&authority, "alice");
    let leaf = Certificate::parse(&alice.chain()[0]).unwrap();
    let issuer = Certificate::parse(authority.issuing()).unwrap();
    let request = request(&Query::new(&leaf, &issuer));
    let served = Served::start(Responder::open(folder.path(), NOW).unwrap());
    (folder, served, request)
}

#[test]
fn get_and_post_are_answered() {
    let (_folder, served, request) = served();
    let url = get_url("http://127.0.0.1:8888/ocsp", &request).unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8888").unwrap();
    let unescaped = path
        .replace("%2F", "/")
        .replace("%2B", "+")
        .replace("%3D", "=");
    for question in [
        post(&request),
        get(path),
        get(&unescaped),
        get(path.strip_prefix("/ocsp").unwrap()),
    ] {
        let answer = served.exchange(&question);
        let (head, body) = split(&answer);
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(
            head.contains("content-type: application/ocsp-response"),
            "{head}"
        );
        assert!(head.contains("cache-control: no-store"), "{head}");
        // Status successful, and a CertID that says what was asked.
        assert_eq!(body[4..7], [0x0A, 1, 0]);
    }
}

/// As a reverse proxy passes it on, or a client asks that was told another URL than the certificates name.
#[test]
fn a_get_is_answered_at_whatever_path() {
    let (_folder, served, request) = served();
    for path in ["", "/ocsp", "/ca/issuing/ocsp", "/MA==", "/a//b/"] {
        let url = get_url(&format!("http://a{path}"), &request).unwrap();
        let escaped = url.strip_prefix("http://a").unwrap();
        let unescaped = escaped.replace("%2F", "/").replace("%2B", "+");
        for path in [escaped, &unescaped] {
            let answer = served.exchange(&get(path));
            assert_eq!(split(&answer).1[4..7], [0x0A, 1, 0], "{path}");
        }
    }
    let far = format!(
        "{}{}",
        "/M".repeat(9),
        &get_url("http://a", &request).unwrap()[8..]
    );
    assert_eq!(split(&served.exchange(&get(&far))).1, ocsp::error(1));
}

#[test]
fn garbage_is_answered_as_malformed_and_other_methods_not_at_all() {
    let (_folder, served, _) = served();
    for question in [
        get("/"),
        get("/ocsp/AAAA"),
        get("/%zz"),
        get("/favicon.ico"),
        post(b"garbage"),
        post(b""),
    ] {
        let answer = served.exchange(&question);
        let (head, body) = split(&answer);
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert_eq!(body, ocsp::error(1));
    }
    let answer = served
        .exchange(b"PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    let (head, _) = split(&answer);
    assert!(head.starts_with("http/1.1 405"), "{head}");
    assert!(head.contains("allow: get, post"), "{head}");
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let (_folder, served, request) = served();
    let answer = served.exchange(&post(&vec![0; 8 * 1024 + 1]));
    assert!(split(&answer).0.starts_with("http/1.1 413"));
    let answer = served.exchange(&post(&request));
    assert!(
        split(&answer).0.starts_with("http/1.1 200"),
        "and the next is served"
    );
}

#[test]
fn an_idle_connection_does_not_hold_up_the_shutdown() {
    let (_folder, mut served, request) = served();
    let mut idle = TcpStream::connect(served.address).unwrap();
    idle.write_all(b"POST / HTTP/1.1\r\n").unwrap();
    let answer = served.exchange(&post(&request));
    assert!(split(&answer).0.starts_with("http/1.1 200"));
    served.stop();
    assert!(TcpStream::connect(served.address).is_err());
}
