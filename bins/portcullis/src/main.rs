//! The command: arguments in, exit codes out. What it does lives in the crates it composes.

mod algorithms;
mod batch;
mod check;
mod demo;
mod files;
mod hexadecimal;
mod import;
mod inspect;
mod instant;
mod ocsp;
mod pki;
mod run;
mod schema;
mod source;
mod systemd;
mod terminal;
mod tickets;
mod verify;
mod watching;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tikv_jemallocator::Jemalloc;

/// A gateway is many small connections that come and go: docs/decisions/0013-allocator.md has the figures.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A mutual-TLS gateway that proves every client certificate and says why when it does not.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
#[command(
    after_help = "Start with `portcullis demo`: it needs nothing set up.\n\
    Exit codes: 0 yes or done, 1 no (refused, revoked, problems found), 2 wrong usage or unreadable input."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Check(check::Check),
    Schema(schema::Schema),
    Import(import::Import),
    Verify(verify::Verify),
    Ocsp(ocsp::Ocsp),
    Inspect(inspect::Inspect),
    Pki(pki::Pki),
    Tickets(tickets::Tickets),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(demo) => demo::run(demo),
        Command::Run(run) => run::run(run),
        Command::Check(check) => check::run(check),
        Command::Schema(schema) => schema::run(schema),
        Command::Import(import) => import::run(import),
        Command::Verify(verify) => verify::run(verify),
        Command::Ocsp(ocsp) => ocsp::run(ocsp),
        Command::Inspect(inspect) => inspect::run(inspect),
        Command::Pki(pki) => pki::run(pki),
        Command::Tickets(tickets) => tickets::run(tickets),
    };
    result.unwrap_or_else(|error| {
        if is_broken_pipe(&*error) {
            return ExitCode::SUCCESS; // whoever reads the output has enough of it
        }
        // Nothing is left to do when standard error is gone too.
        let _ = writeln!(io::stderr(), "portcullis: {}", chain(&*error));
        ExitCode::from(2)
    })
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// An error with all its causes, on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
