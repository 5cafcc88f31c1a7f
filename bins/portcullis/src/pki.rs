//! `portcullis pki`: a private certificate authority for people without one.

mod init;
mod issue;
mod responder;
mod revoke;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use portcullis_authority::{AuthorityError, Class};
use serde::Serialize;

/// A private certificate authority: issues, revokes, and answers OCSP.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Pki {
    #[command(subcommand)]
    command: Command,
    /// The authority's folder.
    #[arg(long, global = true, value_name = "DIR", default_value = "pki")]
    dir: PathBuf,
    /// Answer with one JSON object.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Init(init::Init),
    /// Issues a certificate, with a fresh key and a file for each.
    #[command(subcommand)]
    Issue(issue::Issue),
    Revoke(revoke::Revoke),
    Responder(responder::Serve),
}

const EXAMPLES: &str = "Example:
  portcullis pki init --name Contoso --ocsp-url http://127.0.0.1:8888
  portcullis pki issue server www.contoso.com
  portcullis pki issue client alice --pfx
  portcullis pki responder &
  portcullis pki revoke alice --reason keyCompromise

pki/chain.pem is what a gateway trusts: trusted_client_certificates = [\"pki/chain.pem\"]

Exit status: 0 done, 1 refused (issued already, not issued, ...), 2 wrong usage or unusable folder.";

/// Does what is asked in the authority's folder.
pub(crate) fn run(pki: Pki) -> Result<ExitCode, Box<dyn Error>> {
    let Pki { command, dir, json } = pki;
    let format = if json { Format::Json } else { Format::Text };
    let result = match command {
        Command::Init(init) => init::run(&init, &dir, format),
        Command::Issue(issue) => issue::run(&issue, &dir, format),
        Command::Revoke(revoke) => revoke::run(&revoke, &dir, format),
        Command::Responder(serve) => responder::run(&serve, &dir, format),
    };
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => refused(error, format),
    }
}

/// A refusal by the authority is an answer: no. Everything else goes to `main`.
fn refused(error: Box<dyn Error>, format: Format) -> Result<ExitCode, Box<dyn Error>> {
    let refusal = error.downcast_ref::<AuthorityError>();
    let Some(refusal) = refusal.filter(|refusal| refusal.class() == Class::Refused) else {
        return Err(error);
    };
    match format {
        Format::Json => print_json(&Refused {
            refused: refusal.code(),
            detail: refusal.to_string(),
        })?,
        Format::Text => writeln!(io::stderr(), "portcullis: {refusal}")?,
    }
    Ok(ExitCode::FAILURE)
}

#[derive(Serialize)]
struct Refused {
    refused: &'static str,
    detail: String,
}

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Text,
}

/// Writes an answer to stdout: `text` for people, `json` for programs.
fn say(format: Format, json: &impl Serialize, text: &str) -> Result<(), Box<dyn Error>> {
    match format {
        Format::Json => print_json(json),
        Format::Text => Ok(writeln!(io::stdout(), "{text}")?),
    }
}

fn print_json(json: &impl Serialize) -> Result<(), Box<dyn Error>> {
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(json)?)?)
}
