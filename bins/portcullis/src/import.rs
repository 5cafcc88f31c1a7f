//! `portcullis import`: configurations of other gateways as one of this.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use portcullis_arm::{Certificates, Fate, Finding, Import as Imported, Options, Reason};
use portcullis_edge::Files;
use serde_json::json;

/// Writes the configuration of another gateway as one of this.
#[derive(Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Arm(Arm),
}

/// Reads an Application Gateway ARM document: a resource, a template (also one that Bicep compiled),
/// or what `az network application-gateway show` prints.
///
/// The configuration goes to standard output; without --files it holds keys and passwords. Standard error has what became of everything that is
/// not simply configured: problems, what is not carried over and why, and what is carried as metadata.
/// With problems there is no configuration; unless only keys are missing, whose files it then names.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
struct Arm {
    #[command(flatten)]
    document: Document,
    /// Write certificates and keys as files into this folder, keys readable by their owner only,
    /// instead of into the configuration.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// One JSON object a line on standard error: path, fate, message.
    #[arg(long)]
    json: bool,
    /// The document.
    #[arg(value_name = "FILE.json")]
    file: PathBuf,
}

/// What is read beside the document, and how.
#[derive(Args, Clone)]
pub(crate) struct Document {
    /// A parameter file of the template; where several give a parameter, the last counts.
    #[arg(long, value_name = "FILE")]
    parameters: Vec<PathBuf>,
    /// Which gateway, where the document has several.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The address that listeners accept on; their ports are those of the document [default: all].
    #[arg(long, value_name = "ADDR")]
    bind: Option<IpAddr>,
}

impl Document {
    /// Whether anything was said.
    pub(crate) fn is_given(&self) -> bool {
        !self.parameters.is_empty() || self.name.is_some() || self.bind.is_some()
    }
}

const EXAMPLES: &str = "Examples:
  portcullis import arm gateway.json > portcullis.toml
  portcullis import arm main.json --parameters main.parameters.json --files certificates > portcullis.toml
  portcullis run --arm gateway.json --bind 127.0.0.1

Exit status: 0 imported (there may be things that were not carried over), 1 problems, 2 wrong usage or unreadable input.";

/// Imports, and says what became of everything.
pub(crate) fn run(import: Import) -> Result<ExitCode, Box<dyn Error>> {
    let Command::Arm(arm) = import.command;
    let certificates = match &arm.files {
        None => Certificates::Inline,
        Some(folder) => Certificates::Files {
            folder: folder.display().to_string(),
        },
    };
    let imported = read(&arm.file, &arm.document, certificates, &mut Files::new())?;
    let mut out = io::stderr().lock();
    if arm.json {
        for finding in &imported.findings {
            writeln!(out, "{}", object(finding))?;
        }
    } else {
        write!(out, "{}", report(&arm.file, &imported.findings))?;
    }
    if let Some(toml) = &imported.toml {
        if let Some(folder) = &arm.files {
            write_files(folder, &imported)?;
        }
        let mut out = io::stdout().lock();
        write!(out, "{toml}")?;
        out.flush()?;
    }
    Ok(if imported.has_problems() {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Why there is nothing to import.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error("cannot read {}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} is not UTF-8 text", file.display())]
    NotText { file: PathBuf },
    #[error("{} cannot be imported", file.display())]
    Document {
        file: PathBuf,
        source: portcullis_arm::Unreadable,
    },
}

/// Reads a document and imports its gateway.
pub(crate) fn read(
    file: &Path,
    document: &Document,
    certificates: Certificates,
    files: &mut Files,
) -> Result<Imported, ImportError> {
    let text = text(file, files)?;
    let parameters: Result<Vec<String>, ImportError> = document
        .parameters
        .iter()
        .map(|file| self::text(file, files))
        .collect();
    let options = Options {
        name: document.name.as_deref(),
        bind: document.bind.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        parameters: &parameters?,
        certificates,
    };
    portcullis_arm::import(&text, &options).map_err(|source| ImportError::Document {
        file: file.to_owned(),
        source,
    })
}

/// Reads no more than is needed to see that a file is too large.
fn text(file: &Path, files: &mut Files) -> Result<String, ImportError> {
    let limit = u64::try_from(portcullis_arm::SIZE).unwrap_or(u64::MAX);
    let bytes = files
        .read(file, limit)
        .map_err(|source| ImportError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
    String::from_utf8(bytes).map_err(|_| ImportError::NotText {
        file: file.to_owned(),
    })
}

/// A line for each finding; what Azure records of itself, which is much and says little, in one.
pub(crate) fn report(file: &Path, findings: &[Finding]) -> String {
    let file = file.display();
    let is_record = |finding: &&Finding| finding.fate == Fate::NotCarried(Reason::Record);
    let (records, others): (Vec<_>, Vec<_>) = findings.iter().partition(is_record);
    let mut report: String = others
        .iter()
        .map(|finding| {
            format!(
                "{file}: {}: {}\n",
                finding.path,
                printable(&finding.fate.message())
            )
        })
        .collect();
    if !records.is_empty() {
        let message = Fate::NotCarried(Reason::Record).message();
        report.push_str(&format!(
            "{file}: {} properties: {message}\n",
            records.len()
        ));
    }
    report
}

/// What a document says moves no cursor of a terminal.
fn printable(message: &str) -> String {
    let mut text = String::new();
    for letter in message.chars() {
        if letter.is_control() {
            text.extend(letter.escape_debug());
        } else {
            text.push(letter);
        }
    }
    text
}

fn object(finding: &Finding) -> serde_json::Value {
    json!({
        "path": finding.path,
        "fate": finding.fate.class(),
        "message": finding.fate.message(),
    })
}

fn write_files(folder: &Path, imported: &Imported) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for file in &imported.files {
        let mode = if file.is_secret { 0o600 } else { 0o644 };
        let path = folder.join(&file.name);
        // A file that is there keeps its mode, so it must not be there.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut open = options.write(true).create_new(true).mode(mode).open(path)?;
        open.write_all(&file.bytes)?;
    }
    Ok(())
}
