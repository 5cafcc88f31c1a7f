//! What a gateway runs on: a configuration, or a document that becomes one.

use std::path::{Path, PathBuf};

use portcullis_arm::Certificates;
use portcullis_edge::{Files, Gateway};
use portcullis_model::Diagnostic;

use crate::algorithms::provider;
use crate::{check, import};

/// Why a configuration cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error(transparent)]
    Unreadable(#[from] check::CheckError),
    #[error(transparent)]
    NoDocument(#[from] import::ImportError),
    #[error("the configuration has problems:\n{0}")]
    Problems(String),
}

/// What to run: where a gateway is described.
#[derive(Clone)]
pub(crate) enum Source {
    Configuration(PathBuf),
    Arm(PathBuf, import::Document),
}

impl Source {
    /// Adds to `files` everything that was read or could not be.
    pub(crate) fn load(&self, files: &mut Files) -> Result<Gateway, Unusable> {
        match self {
            Self::Configuration(file) => built(&check::read(file, files)?, file, Text::Own, files),
            Self::Arm(file, document) => load_arm(file, document, files),
        }
    }
}

/// Imports a document and builds what it says.
fn load_arm(
    file: &Path,
    document: &import::Document,
    files: &mut Files,
) -> Result<Gateway, Unusable> {
    let imported = import::read(file, document, Certificates::Inline, files)?;
    let toml = match &imported.toml {
        Some(toml) if !imported.has_problems() => toml,
        _ => return Err(Unusable::Problems(import::report(file, &imported.findings))),
    };
    for line in import::report(file, &imported.findings).lines() {
        tracing::warn!("{line}");
    }
    built(toml, file, Text::Imported, files)
}

/// Reads a configuration and everything it names.
pub(crate) fn load(file: &Path) -> Result<Gateway, Unusable> {
    Source::Configuration(file.to_owned()).load(&mut Files::new())
}

/// Whose text a configuration is: lines of an imported one nobody sees.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Own,
    Imported,
}

fn built(text: &str, file: &Path, whose: Text, files: &mut Files) -> Result<Gateway, Unusable> {
    let problems = |mut problems: Vec<Diagnostic>| {
        for problem in &mut problems {
            problem.place.location = problem.place.location.filter(|_| whose == Text::Own);
        }
        Unusable::Problems(report(file, &problems))
    };
    let model = portcullis_model::parse(text).map_err(problems)?;
    // The report of an import has them already.
    let warnings = model.warnings.iter().filter(|_| whose == Text::Own);
    for warning in warnings {
        tracing::warn!("{}", warning.display(file));
    }
    Gateway::load(&model, check::base(file), provider(), files).map_err(problems)
}

fn report(file: &Path, problems: &[Diagnostic]) -> String {
    problems
        .iter()
        .map(|problem| format!("{}\n", problem.display(file)))
        .collect()
}
