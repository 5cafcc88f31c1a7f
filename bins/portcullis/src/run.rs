//! `portcullis run`: the gateway, until a signal ends it.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use portcullis_edge::{Files, Gateway, Running};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_appender::non_blocking::{ErrorCounter, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::source::{Source, Unusable};
use crate::systemd::{self, State};
use crate::watching;
use crate::{chain, import};

/// Runs the gateway.
///
/// When a file of the configuration changes, and at SIGHUP, it is read again with all its files and replaced without
/// dropping a connection; a configuration with problems changes nothing. SIGTERM and Ctrl-C stop accepting and
/// let requests in flight finish.
///
/// Listening sockets of systemd are used for the addresses that they are bound to, and systemd is told of the start, of reloads
/// and of the end.
///
/// The access log, one JSON object a request, goes to standard output unless the table access_log says
/// otherwise; SIGHUP opens its file anew. What happens beside requests goes to standard error, where
/// RUST_LOG filters it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  portcullis run -c portcullis.toml\n  portcullis run --arm gateway.json --bind 127.0.0.1"
)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["config", "arm"]))]
pub(crate) struct Run {
    /// The configuration, as `portcullis check` checks it.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// An Application Gateway ARM document, as `portcullis import arm` reads it, instead of a
    /// configuration.
    #[arg(long, value_name = "FILE.json")]
    arm: Option<PathBuf>,
    #[command(flatten)]
    document: import::Document,
    /// Threads, each with its own runtime and sockets [default: one a core].
    #[arg(long, value_name = "N")]
    cores: Option<NonZeroUsize>,
    /// Seconds that requests in flight may take to finish once a signal ends the gateway.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
    /// Seconds that a signal which ends the gateway waits before nothing is accepted any more, for load
    /// balancers to notice; clients are asked at once to go elsewhere.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    drain_delay: u64,
}

/// Runs until SIGTERM or SIGINT.
pub(crate) fn run(run: Run) -> Result<ExitCode, Box<dyn Error>> {
    let sockets = systemd::sockets()?; // before there is another thread
    let (_written, lost) = log_to_stderr();
    let source = run.source()?;
    let mut files = Files::new();
    let gateway = match source.load(&mut files) {
        Ok(gateway) => gateway,
        Err(Unusable::Problems(report)) => {
            write!(io::stderr(), "{report}")?;
            return Ok(ExitCode::from(1));
        }
        Err(Unusable::Unreadable(error)) => return Err(error.into()),
        Err(Unusable::NoDocument(error)) => return Err(error.into()),
    };
    let running = Running::start_with(gateway, cores(run.cores), sockets)?;
    running.dropped_log_lines(move || u64::try_from(lost.dropped_lines()).unwrap_or(u64::MAX));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(until_ended(running, source, files, &run))?;
    runtime.shutdown_background();
    Ok(code)
}

/// How many cores to use: as many as asked for, or as there are.
pub(crate) fn cores(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// Log lines for people on standard error about what happens beside requests.
///
/// A thread of its own writes them: a reader that does not keep up loses lines, and delays nobody.
/// The first of what is returned writes the rest when it is dropped, the other counts the lines that were lost.
pub(crate) fn log_to_stderr() -> (WorkerGuard, ErrorCounter) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let (writer, written) = tracing_appender::non_blocking(io::stderr());
    let lost = writer.error_counter();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .init();
    (written, lost)
}

impl Run {
    fn source(&self) -> Result<Source, &'static str> {
        match (&self.config, &self.arm) {
            (Some(_), _) if self.document.is_given() => {
                Err("--parameters, --name and --bind belong to --arm")
            }
            (Some(config), _) => Ok(Source::Configuration(config.clone())),
            (None, Some(arm)) => Ok(Source::Arm(arm.clone(), self.document.clone())),
            (None, None) => Err("neither --config nor --arm says what to run"),
        }
    }
}

/// Serves until a signal, then lets requests finish, until they have or a second signal.
async fn until_ended(
    mut running: Running,
    source: Source,
    files: Files,
    run: &Run,
) -> io::Result<ExitCode> {
    let mut end = End {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    let mut hang_up = signal(SignalKind::hangup())?;
    // Not before: a signal of somebody who was told would end the process as it stands.
    for address in running.addresses() {
        tracing::info!("listening on https://{address}");
    }
    if let Some(address) = running.admin_address() {
        tracing::info!("listening for operators on http://{address}");
    }
    systemd::tell(State::Serving("serving"));
    tokio::spawn(systemd::watchdog(running.heartbeat()));
    let mut changed = tokio::spawn(watching::until_changed(files));
    loop {
        let cause = tokio::select! {
            () = end.asked_for() => break,
            _ = hang_up.recv() => "SIGHUP",
            _ = &mut changed => "a file changed",
        };
        changed.abort();
        if cause == "SIGHUP" {
            running.reopen_access_log();
        }
        systemd::tell(State::Reloading);
        let source = source.clone();
        let loading = tokio::task::spawn_blocking(move || load(&source));
        let (loaded, files) = tokio::select! {
            () = end.asked_for() => break,
            loaded = loading => loaded.map_err(io::Error::other)?,
        };
        changed = tokio::spawn(watching::until_changed(files));
        replace(&mut running, loaded, cause);
    }
    changed.abort();
    systemd::tell(State::Draining);
    drain(running, &mut end, run).await
}

async fn drain(running: Running, end: &mut End, run: &Run) -> io::Result<ExitCode> {
    tracing::info!("draining");
    running.leave();
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(run.drain_delay)) => {}
        () = end.asked_for() => return Ok(cut_short()),
    }
    let deadline = Duration::from_secs(run.drain);
    let drained = tokio::task::spawn_blocking(move || running.drain(deadline));
    tokio::select! {
        result = drained => result.map(|()| ExitCode::SUCCESS).map_err(io::Error::other),
        () = end.asked_for() => Ok(cut_short()),
    }
}

fn cut_short() -> ExitCode {
    tracing::warn!("a second signal ends requests in flight");
    ExitCode::from(1)
}

/// The signals that end the gateway.
struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What a configuration is now, and the files that say so.
fn load(source: &Source) -> (Result<Gateway, String>, Files) {
    let mut files = Files::new();
    let loaded = source.load(&mut files);
    (loaded.map_err(|error| chain(&error)), files)
}

/// A configuration that cannot be used changes nothing: the last good one goes on.
fn replace(running: &mut Running, loaded: Result<Gateway, String>, cause: &str) {
    let before = running.addresses().to_vec();
    let replaced = match loaded {
        Ok(gateway) => running.reload(gateway).map_err(|error| chain(&error)),
        Err(error) => {
            running.reload_failed();
            Err(error)
        }
    };
    match replaced {
        Ok(()) => {
            tracing::info!(cause, "the configuration was replaced");
            let new = running.addresses().iter();
            for address in new.filter(|address| !before.contains(address)) {
                tracing::info!("listening on https://{address}");
            }
            systemd::tell(State::Serving("serving"));
        }
        Err(error) => {
            tracing::error!(cause, "the configuration stays as it was: {error}");
            systemd::tell(State::Serving(
                "serving the last good configuration: the latest has problems",
            ));
        }
    }
}
