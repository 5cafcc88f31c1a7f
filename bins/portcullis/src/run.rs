//! `portcullis run`: the gateway, until a signal ends it.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use portcullis_edge::{Gateway, Running};
use portcullis_model::Diagnostic;
use rustls::crypto::CryptoProvider;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::check;

/// Runs the gateway.
///
/// SIGHUP reads the configuration and its files again and replaces them without dropping a
/// connection; a configuration with problems changes nothing. SIGTERM and Ctrl-C stop accepting and
/// let requests in flight finish. One line a request goes to standard error; RUST_LOG filters it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  portcullis run -c portcullis.toml")]
pub(crate) struct Run {
    /// The configuration, as `portcullis check` checks it.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Threads, each with its own runtime and sockets [default: one a core].
    #[arg(long, value_name = "N")]
    cores: Option<NonZeroUsize>,
    /// Seconds that requests in flight may take to finish once a signal ends the gateway.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
}

/// Runs until SIGTERM or SIGINT.
pub(crate) fn run(run: Run) -> Result<ExitCode, Box<dyn Error>> {
    log_to_stderr();
    let gateway = match load(&run.config) {
        Ok(gateway) => gateway,
        Err(Unusable::Problems(report)) => {
            tracing::error!("the configuration has problems:\n{report}");
            return Ok(ExitCode::from(1));
        }
        Err(Unusable::Unreadable(error)) => return Err(error.into()),
    };
    let running = Running::start(gateway, cores(run.cores))?;
    let signals = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    signals.block_on(until_ended(&running, &run.config))?;
    tracing::info!("draining");
    running.drain(Duration::from_secs(run.drain));
    Ok(ExitCode::SUCCESS)
}

/// How many cores to use: as many as asked for, or as there are.
pub(crate) fn cores(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// The cryptography of this program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Log lines for people on standard error; requests and what leads to refusals by default.
pub(crate) fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// Why a configuration cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error(transparent)]
    Unreadable(#[from] check::CheckError),
    #[error("the configuration has problems:\n{0}")]
    Problems(String),
}

/// Reads a configuration and everything it names.
pub(crate) fn load(file: &Path) -> Result<Gateway, Unusable> {
    let text = check::read(file)?;
    let problems = |problems: Vec<Diagnostic>| Unusable::Problems(report(file, &problems));
    let model = portcullis_model::parse(&text).map_err(problems)?;
    for warning in &model.warnings {
        tracing::warn!("{}", warning.display(file));
    }
    Gateway::build(&model, check::base(file), provider()).map_err(problems)
}

fn report(file: &Path, problems: &[Diagnostic]) -> String {
    problems.iter().fold(String::new(), |mut report, problem| {
        let _ = writeln!(report, "{}", problem.display(file)); // a String takes every write
        report
    })
}

async fn until_ended(running: &Running, config: &Path) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    // Not before: a signal of somebody who was told would end the process as it stands.
    for address in running.addresses() {
        tracing::info!("listening on https://{address}");
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hang_up.recv() => reload(running, config),
        }
    }
}

/// A configuration that cannot be used changes nothing: the last good one goes on.
fn reload(running: &Running, config: &Path) {
    let replaced = load(config)
        .map_err(|error| error.to_string())
        .and_then(|gateway| running.reload(gateway).map_err(|error| error.to_string()));
    match replaced {
        Ok(()) => tracing::info!("the configuration was replaced"),
        Err(error) => tracing::error!("the configuration stays as it was: {error}"),
    }
}
