//! Backends: one in process, and nginx where it is installed.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::program::{Mark, Program};
use crate::scratch::Scratch;

/// How long nginx may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers 200 on connections that stay open.
pub(crate) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let answer = service_fn(|_| async {
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
                });
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                drop(served.await);
            });
        }
    });
    address
}

/// nginx on a port of its own until the test ends.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    _program: Program,
}

impl Nginx {
    /// Nothing where it is not installed.
    pub(crate) async fn start(scratch: &Scratch) -> Option<Self> {
        let there = Command::new("nginx").arg("-v").output();
        if !there.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let address = StdListener::bind("127.0.0.1:0").unwrap();
        let address = address.local_addr().unwrap();
        let folder = scratch.file("");
        let folder = folder.display();
        let configuration = format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
             events {{ worker_connections 512; }}
             http {{
               access_log off; keepalive_requests 1000000;
               client_body_temp_path {folder}/c; proxy_temp_path {folder}/p;
               fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
               server {{ listen {address}; location / {{ return 200 'ok'; }} }}
             }}"
        );
        let file = scratch.write("nginx.conf", configuration);
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-c"]).arg(file);
        let program = Program::start(&mut command);
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            assert!(
                begun.elapsed() < PATIENCE,
                "{:?}",
                program.printed(Mark::START)
            );
            tokio::task::yield_now().await;
        }
        Some(Self {
            address,
            _program: program,
        })
    }
}
