//! `portcullis ocsp`: does this certificate still stand, asked live or judged from a saved response.

mod answer;
mod ask;
mod verify;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use portcullis_x509::{Certificate, Malformed};
use rustls_pki_types::CertificateDer;

use crate::files::{self, FileError};
use crate::terminal::Paint;

use answer::Answer;

/// Does this certificate still stand?
#[derive(Debug, Args)]
pub(crate) struct Ocsp {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ask(ask::Ask),
    Verify(verify::Verify),
}

/// Asks or judges.
pub(crate) fn run(arguments: Ocsp) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match arguments.command {
        Command::Ask(ask) => ask::run(&ask),
        Command::Verify(verify) => verify::run(&verify),
    }
}

/// What both commands say about their exit status.
const EXIT_STATUS: &str =
    "Exit status: 0 good, 1 anything else, 2 wrong usage or unreadable certificate files.";

/// Why nothing was asked or judged.
#[derive(Debug, thiserror::Error)]
enum OcspError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{file} is malformed")]
    Certificate { file: String, source: Malformed },
}

/// The first certificate of a file.
fn first_certificate(path: &Path) -> Result<CertificateDer<'static>, OcspError> {
    let first = files::certificates(path)?.into_iter().next();
    Ok(first.ok_or_else(|| FileError::NoCertificate {
        path: path.to_owned(),
    })?)
}

fn parse<'a>(path: &Path, der: &'a CertificateDer<'_>) -> Result<Certificate<'a>, OcspError> {
    let file = path.display().to_string();
    Certificate::parse(der).map_err(|source| OcspError::Certificate { file, source })
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Text,
}

impl Format {
    fn from_flag(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

fn say(answer: &Answer, format: Format) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut stdout = io::stdout().lock();
    match format {
        Format::Json => writeln!(stdout, "{}", serde_json::to_string(answer)?)?,
        Format::Text => answer.print(&mut stdout, Paint::of_stdout())?,
    }
    Ok(if answer.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
