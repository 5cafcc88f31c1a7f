//! `portcullis inspect`: what a file says, without judging it.

mod certificate;
mod constraint;
mod extension;
mod message;
mod recognise;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::files;
use crate::terminal::Paint;

use certificate::CertificateReport;
use message::{RequestReport, ResponseReport};

/// What does this file say?
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// Certificates (PEM, DER, PFX), an OCSP request or an OCSP response.
    file: PathBuf,
    /// The password of a PFX file.
    #[arg(long, default_value = "")]
    password: String,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  portcullis inspect contoso-chain.pem
  portcullis inspect client.pfx --password secret
  portcullis inspect answer.der --json

Exit status: 0 shown, 1 something in the file is malformed, 2 wrong usage or unreadable input.";

/// One thing found in a file. The field names are a promise to scripts.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Finding {
    Certificate(CertificateReport),
    PrivateKey {
        format: &'static str,
    },
    OcspRequest(RequestReport),
    OcspResponse(ResponseReport),
    Malformed {
        expected: &'static str,
        detail: String,
    },
}

impl Finding {
    fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        match self {
            Self::Certificate(report) => report.print(out, paint),
            Self::PrivateKey { format } => {
                writeln!(out, "{} ({format}); not shown", paint.strong("private key"))
            }
            Self::OcspRequest(report) => report.print(out, paint),
            Self::OcspResponse(report) => report.print(out, paint),
            Self::Malformed { expected, detail } => {
                writeln!(out, "{} {expected}: {detail}", paint.bad("malformed"))
            }
        }
    }
}

/// Shows everything found in the file.
pub(crate) fn run(arguments: Inspect) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let bytes = files::bytes(&arguments.file)?;
    let findings = recognise::findings(&bytes, &arguments.password)
        .map_err(|problem| format!("{}: {problem}", arguments.file.display()))?;
    let mut stdout = io::stdout().lock();
    let paint = Paint::of_stdout();
    for finding in &findings {
        if arguments.json {
            writeln!(stdout, "{}", serde_json::to_string(finding)?)?;
        } else {
            finding.print(&mut stdout, paint)?;
        }
    }
    let malformed = findings
        .iter()
        .any(|finding| matches!(finding, Finding::Malformed { .. }));
    Ok(if malformed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// `label: value` lines below a heading, the values in one column.
fn print_fields(
    out: &mut dyn Write,
    heading: &str,
    fields: &[(&str, &str)],
    paint: Paint,
) -> io::Result<()> {
    writeln!(out, "{}", paint.strong(heading))?;
    let width = fields
        .iter()
        .map(|(label, _)| label.len())
        .max()
        .unwrap_or_default();
    for (label, value) in fields {
        writeln!(out, "  {label:<width$}  {value}")?;
    }
    Ok(())
}
