#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod backend;
mod check;
mod client;
mod cpus;
mod failure;
mod gateway;
mod growth;
mod load;
mod measure;
mod peers;
mod pki;
mod results;
mod run;
mod scenario;
mod statistics;
mod table;
mod window;

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum as _};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use cpus::Cpus;
use failure::{Failure, Outcome};
use growth::{Dimension, grow};
use peers::Peer;
use run::{Plan, compare};
use scenario::Scenario;
use window::Span;

/// Portcullis beside other gateways that do the same work on this machine: what each does with a second of CPU time.
#[derive(Parser)]
#[command(name = "cargo xtask compare")]
struct Arguments {
    /// Who is compared with Portcullis; who is not installed is left out
    #[arg(long, value_delimiter = ',', default_value = "nginx,haproxy")]
    peers: Vec<Peer>,
    /// What clients do [default: all of it]
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<Scenario>,
    /// How often each gateway meets each scenario [default: 5, or 2 with --quick]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Fewer and shorter windows: whether it works, rather than how well
    #[arg(long)]
    quick: bool,
    /// Where every window is written to, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Instead of that, how the cost of Portcullis alone grows: in all dimensions, or in those after `=`
    #[arg(
        long,
        value_name = "DIMENSION",
        num_args = 0..,
        require_equals = true,
        value_delimiter = ',',
        conflicts_with_all = ["peers", "scenarios"]
    )]
    growth: Option<Vec<Dimension>>,
}

/// 0 compared, 1 a gateway was left out because it does something else, a size could not be measured, or nothing was
/// compared.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let cpus = Cpus::divide();
    match run(&arguments, cpus) {
        Ok(code) => code,
        Err(failure) => {
            // Nothing is left to do when standard error is gone too.
            let _ = writeln!(io::stderr(), "compare: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, cpus: Cpus) -> Outcome<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let sound = runtime.block_on(async {
        tokio::select! {
            sound = measure(arguments, cpus) => sound,
            ended = signalled() => Err(ended.map_or_else(Failure::from, Failure::new)),
        }
    })?;
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether all went well.
async fn measure(arguments: &Arguments, cpus: Cpus) -> Outcome<bool> {
    if let Some(dimensions) = &arguments.growth {
        let grown = Box::pin(grow(&arguments.growth_plan(dimensions), cpus)).await?;
        report(&grown.table(), &grown.json(), arguments)?;
        return Ok(grown.is_sound());
    }
    let results = Box::pin(compare(&arguments.plan(), cpus)).await?;
    report(&results.table(), &results.json(), arguments)?;
    Ok(results.left_out == 0)
}

/// Until somebody wants this program to end.
async fn signalled() -> io::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok("ended by a signal")
}

fn report(table: &str, json: &Value, arguments: &Arguments) -> Outcome<()> {
    if let Some(file) = &arguments.json {
        let text = format!("{json:#}\n");
        fs::write(file, text).map_err(Failure::at(file.display()))?;
    }
    Ok(write!(io::stdout().lock(), "{table}")?)
}

impl Arguments {
    fn plan(&self) -> Plan {
        let scenarios = if self.scenarios.is_empty() {
            Scenario::value_variants().to_vec()
        } else {
            self.scenarios.clone()
        };
        Plan {
            peers: self.peers.clone(),
            scenarios,
            rounds: self.rounds(),
            span: self.span(),
        }
    }

    fn growth_plan(&self, dimensions: &[Dimension]) -> growth::Plan {
        let dimensions = if dimensions.is_empty() {
            Dimension::value_variants()
        } else {
            dimensions
        };
        growth::Plan {
            dimensions: dimensions.to_vec(),
            rounds: self.rounds(),
            span: self.span(),
            quick: self.quick,
        }
    }

    fn rounds(&self) -> usize {
        let default = if self.quick { 2 } else { 5 };
        self.rounds.unwrap_or(default).into()
    }

    fn span(&self) -> Span {
        let (warm, counted) = if self.quick {
            (300, 1000)
        } else {
            (1000, 3000)
        };
        Span {
            warm: Duration::from_millis(warm),
            counted: Duration::from_millis(counted),
        }
    }
}
