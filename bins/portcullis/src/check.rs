//! `portcullis check`: every problem of a configuration at once.

mod excerpt;

use std::collections::HashSet;
use std::error::Error;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use portcullis_edge::Files;
use portcullis_model::{Diagnostic, Problem, Severity};
use serde_json::{Value, json};

use crate::algorithms::provider;
use crate::terminal::Paint;

/// Says everything that is wrong with a configuration.
///
/// The files that it names (certificates, keys, chains, passwords) are read and its rewrites are
/// compiled, as `portcullis run` does; no address is listened on and nothing is asked of a network.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The configuration. Paths in it are relative to its folder.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object a line for each problem and warning: file, line, column, path, severity, code, problem, accepted.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "Example:
  portcullis check -c portcullis.toml

Exit status: 0 no problems (there may be warnings), 1 problems, 2 wrong usage or unreadable input.";

/// Checks a configuration and everything it names.
pub(crate) fn run(check: Check) -> Result<ExitCode, Box<dyn Error>> {
    let text = read(&check.config, &mut Files::new())?;
    let findings = Findings::of(&text, base(&check.config));
    let mut out = io::stdout().lock();
    if check.json {
        findings.write_json(&check.config, &mut out)?;
    } else {
        let for_people = io::stdout().is_terminal().then(Paint::of_stdout);
        findings.write_lines(&check.config, &text, for_people, &mut out)?;
    }
    out.flush()?;
    Ok(if findings.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// The folder that paths in a configuration are relative to.
pub(crate) fn base(config: &Path) -> &Path {
    config.parent().unwrap_or(Path::new(""))
}

/// Why there is no configuration to check.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("cannot read {}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} is not UTF-8 text", file.display())]
    NotText { file: PathBuf },
}

/// Reads no more than is needed to see that a file is too large.
pub(crate) fn read(file: &Path, files: &mut Files) -> Result<String, CheckError> {
    let limit = u64::try_from(portcullis_model::SIZE).unwrap_or(u64::MAX);
    let bytes = files
        .read(file, limit)
        .map_err(|source| CheckError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
    String::from_utf8(bytes).map_err(|_| CheckError::NotText {
        file: file.to_owned(),
    })
}

/// What was found, in the order of the text.
struct Findings {
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Findings {
    /// What is in order is loaded even when the rest is not, so that one run tells all. Where the
    /// text itself has a problem, what loading says about the same value would only repeat it.
    fn of(text: &str, base: &Path) -> Self {
        let diagnosis = portcullis_model::diagnose(text);
        let mut problems = diagnosis.problems;
        let loaded = portcullis_edge::Gateway::build(&diagnosis.gateway, base, provider());
        let mut warnings = diagnosis.gateway.warnings.clone();
        if let Ok(gateway) = &loaded {
            warnings.extend(gateway.not_honoured().iter().map(|(place, lost)| {
                let source = Arc::new(*lost);
                Diagnostic::new(place.clone(), Problem::NotHonoured { source })
            }));
        }
        if let Err(further) = loaded {
            let known: HashSet<String> = problems
                .iter()
                .map(|problem| problem.place.path.clone())
                .collect();
            problems.extend(
                further
                    .into_iter()
                    .filter(|one| !known.contains(&one.place.path)),
            );
        }
        problems.sort_by_key(|problem| problem.place.location);
        Self { problems, warnings }
    }

    fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.problems.iter().chain(&self.warnings)
    }

    fn write_json(&self, file: &Path, out: &mut impl Write) -> io::Result<()> {
        for diagnostic in self.iter() {
            writeln!(out, "{}", object(file, diagnostic))?;
        }
        Ok(())
    }

    /// A line each, or for people at a terminal the place in the text too.
    fn write_lines(
        &self,
        file: &Path,
        text: &str,
        for_people: Option<Paint>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        for diagnostic in self.iter() {
            match for_people {
                Some(paint) => write!(out, "{}", excerpt::render(diagnostic, file, text, paint))?,
                None => writeln!(out, "{}", diagnostic.display(file))?,
            }
        }
        let problems = count(self.problems.len(), "problem");
        match self.warnings.len() {
            0 => writeln!(out, "{}: {problems}", file.display()),
            warnings => {
                let warnings = count(warnings, "warning");
                writeln!(out, "{}: {problems}, {warnings}", file.display())
            }
        }
    }
}

fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

fn object(file: &Path, diagnostic: &Diagnostic) -> Value {
    let location = diagnostic.place.location;
    json!({
        "file": file.display().to_string(),
        "line": location.map(|location| location.line),
        "column": location.map(|location| location.column),
        "path": diagnostic.place.path,
        "severity": match diagnostic.problem.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": diagnostic.problem.code(),
        "problem": diagnostic.message(),
        "accepted": diagnostic.accepted(),
    })
}
