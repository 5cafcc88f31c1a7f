//! `portcullis pki responder`

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use portcullis_authority::Responder;
use rustls_pki_types::UnixTime;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Format, say};
use crate::run::log_to_stderr;

/// Answers OCSP requests about what the authority issued, until Ctrl-C or SIGTERM.
#[derive(Args)]
#[command(after_help = "Example:\n  portcullis pki responder --bind 127.0.0.1:8888")]
pub(crate) struct Serve {
    /// Where to listen [default: host and port of the URL that certificates name].
    #[arg(long, value_name = "ADDR")]
    bind: Option<SocketAddr>,
    /// How long an answer may be believed. A revocation reaches who remembers answers within this time.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    lifetime: u32,
}

/// Why the responder does not run.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(
        "certificates of this authority name no OCSP responder: say where to listen with --bind"
    )]
    NoAddress,
    #[error("cannot listen on {address}")]
    Bind { address: String, source: io::Error },
}

#[derive(Serialize)]
struct Listening {
    listening: SocketAddr,
}

pub(super) fn run(serve: &Serve, dir: &Path, format: Format) -> Result<(), Box<dyn Error>> {
    let lifetime = Duration::from_secs(serve.lifetime.into());
    let responder = Responder::open(dir, UnixTime::now())?.lifetime(lifetime);
    let address = address(serve, &responder).ok_or(ServeError::NoAddress)?;
    let _written = log_to_stderr();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let bound = TcpListener::bind(&address).await;
        let listener = bound.map_err(|source| ServeError::Bind { address, source })?;
        // Before anybody is told that it listens, so that a signal sent then is not lost.
        let ended = ended()?;
        let listening = listener.local_addr()?;
        let text = format!("OCSP responder on http://{listening}");
        say(format, &Listening { listening }, &text)?;
        Arc::new(responder).serve(listener, ended).await;
        Ok(())
    })
}

/// The address to listen on: the one asked for, or that of the URL, whose port is 80 unless it says another.
fn address(serve: &Serve, responder: &Responder) -> Option<String> {
    if let Some(bind) = serve.bind {
        return Some(bind.to_string());
    }
    let url: http::Uri = responder.authority().responder_url()?.parse().ok()?;
    Some(format!("{}:{}", url.host()?, url.port_u16().unwrap_or(80)))
}

/// Ready once SIGTERM or SIGINT arrives.
fn ended() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
