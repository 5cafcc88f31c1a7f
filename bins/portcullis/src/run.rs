//! `portcullis run`: the gateway, until a signal ends it.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use portcullis_edge::Running;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_appender::non_blocking::{ErrorCounter, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::import;
use crate::source::{Source, Unusable};

/// Runs the gateway.
///
/// SIGHUP reads the configuration and its files again and replaces them without dropping a
/// connection; a configuration with problems changes nothing. SIGTERM and Ctrl-C stop accepting and
/// let requests in flight finish.
///
/// The access log, one JSON object a request, goes to standard output unless [access_log] says
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
}

/// Runs until SIGTERM or SIGINT.
pub(crate) fn run(run: Run) -> Result<ExitCode, Box<dyn Error>> {
    let (_written, lost) = log_to_stderr();
    let source = run.source()?;
    let gateway = match source.load() {
        Ok(gateway) => gateway,
        Err(Unusable::Problems(report)) => {
            write!(io::stderr(), "{report}")?;
            return Ok(ExitCode::from(1));
        }
        Err(Unusable::Unreadable(error)) => return Err(error.into()),
        Err(Unusable::NoDocument(error)) => return Err(error.into()),
    };
    let running = Running::start(gateway, cores(run.cores))?;
    running.dropped_log_lines(move || u64::try_from(lost.dropped_lines()).unwrap_or(u64::MAX));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(until_ended(running, &source, run.drain))?;
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
async fn until_ended(running: Running, source: &Source, drain: u64) -> io::Result<ExitCode> {
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
    loop {
        tokio::select! {
            () = end.asked_for() => break,
            _ = hang_up.recv() => {
                running.reopen_access_log();
                reload(&running, source);
            }
        }
    }
    tracing::info!("draining");
    let deadline = Duration::from_secs(drain);
    let drained = tokio::task::spawn_blocking(move || running.drain(deadline));
    tokio::select! {
        result = drained => result.map(|()| ExitCode::SUCCESS).map_err(io::Error::other),
        () = end.asked_for() => {
            tracing::warn!("a second signal ends requests in flight");
            Ok(ExitCode::from(1))
        }
    }
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

/// A configuration that cannot be used changes nothing: the last good one goes on.
fn reload(running: &Running, source: &Source) {
    let loaded = source.load().map_err(|error| {
        running.reload_failed();
        error.to_string()
    });
    let replaced =
        loaded.and_then(|gateway| running.reload(gateway).map_err(|error| with_cause(&error)));
    match replaced {
        Ok(()) => tracing::info!("the configuration was replaced"),
        Err(error) => tracing::error!("the configuration stays as it was: {error}"),
    }
}

/// An error and what the system said.
fn with_cause(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
