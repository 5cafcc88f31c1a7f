//! Backends: one in process, and nginx where it is installed.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::process::Command;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::program::{Mark, Program};
use crate::scratch::Scratch;

/// Ports that are tried for nginx, since somebody else may take one before it does.
const ATTEMPTS: usize = 5;

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
    pub(crate) fn start(scratch: &Scratch) -> Option<Self> {
        let there = Command::new("nginx").arg("-v").output();
        if !there.is_ok_and(|output| output.status.success()) {
            return None;
        }
        for _ in 0..ATTEMPTS {
            let free = StdListener::bind("127.0.0.1:0").unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let file = scratch.write("nginx.conf", configuration(scratch, address));
            let mut command = Command::new("nginx");
            command.args(["-e", "stderr", "-c"]).arg(file);
            let program = Program::start(&mut command);
            // It says either once it listens, or has found its port taken.
            let said = program.wait_for_any(Mark::START, &["getrlimit", "still could not bind"]);
            if !said.contains("could not bind") {
                return Some(Self {
                    address,
                    _program: program,
                });
            }
        }
        panic!("no port was free");
    }
}

fn configuration(scratch: &Scratch, address: SocketAddr) -> String {
    let folder = scratch.file("");
    let folder = folder.display();
    format!(
        "daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr notice;
         events {{ worker_connections 512; }}
         http {{
           access_log off; keepalive_requests 1000000;
           client_body_temp_path {folder}/c; proxy_temp_path {folder}/p;
           fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
           server {{ listen {address}; location / {{ return 200 'ok'; }} }}
         }}"
    )
}
