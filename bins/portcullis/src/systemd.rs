//! What systemd gives a service and wants to know of it: sd_listen_fds(3), sd_notify(3).

use std::env;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use listenfd::ListenFd;
use portcullis_edge::Heartbeat;
use sd_notify::NotifyState;
use socket2::SockRef;

/// Most sockets that are taken: more is no number of sockets.
const SOCKETS: usize = 4_096;

/// Why sockets cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    #[error("LISTEN_FDS is {0:?}, which is no number of sockets up to {SOCKETS}")]
    Count(String),
    #[error("socket {name} of LISTEN_FDS is no TCP socket")]
    NotTcp { name: String, source: io::Error },
    #[error("socket {name} of LISTEN_FDS does not listen")]
    NotListening { name: String },
}

/// The listening sockets that were passed to this process.
///
/// To be called before there is another thread, as it takes them out of the environment.
pub(crate) fn sockets() -> Result<Vec<TcpListener>, SocketError> {
    let count = env::var("LISTEN_FDS").unwrap_or_default();
    // Without LISTEN_PID they may be anybody's.
    let own = env::var("LISTEN_PID").is_ok_and(|pid| pid == std::process::id().to_string());
    if count.is_empty() || !own {
        return Ok(Vec::new());
    }
    if !count.parse().is_ok_and(|count: usize| count <= SOCKETS) {
        return Err(SocketError::Count(count));
    }
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut passed = ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..passed.len() {
        let name = match names.next() {
            None | Some("" | "unknown") => index.to_string(),
            Some(name) => format!("{index} ({name})"),
        };
        let taken = passed.take_tcp_listener(index);
        let Some(socket) = taken.map_err(|source| SocketError::NotTcp {
            name: name.clone(),
            source,
        })?
        else {
            continue;
        };
        if !SockRef::from(&socket).is_listener().unwrap_or_default() {
            return Err(SocketError::NotListening { name });
        }
        sockets.push(socket);
    }
    Ok(sockets)
}

/// What the gateway is doing.
#[derive(Clone, Copy)]
pub(crate) enum State<'a> {
    Serving(&'a str),
    Reloading,
    Draining,
}

/// Tells systemd, if it is there.
pub(crate) fn tell(state: State<'_>) {
    let told = match state {
        State::Serving(status) => {
            sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)])
        }
        State::Reloading => NotifyState::monotonic_usec_now().and_then(|now| {
            let status = NotifyState::Status("reading the configuration");
            sd_notify::notify(&[NotifyState::Reloading, now, status])
        }),
        State::Draining => {
            let status = NotifyState::Status("letting requests in flight finish");
            sd_notify::notify(&[NotifyState::Stopping, status])
        }
    };
    if let Err(error) = told {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// Tells the watchdog, where there is one, as long as all cores are at work. Never returns.
pub(crate) async fn watchdog(heartbeat: Heartbeat) {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let half = limit.checked_div(2).unwrap_or(limit);
    let mut interval = tokio::time::interval(half.max(Duration::from_millis(1)));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        heartbeat.felt().await;
        if let Err(error) = sd_notify::notify(&[NotifyState::Watchdog]) {
            tracing::warn!(%error, "the watchdog cannot be told");
        }
    }
}
