//! What a check is and how it ends.

use std::fmt;

/// One check: the word that calls it, what it proves, and the function that does.
pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) run: fn(&[String]) -> Outcome,
}

impl Task {
    pub(crate) const fn new(
        name: &'static str,
        summary: &'static str,
        run: fn(&[String]) -> Outcome,
    ) -> Self {
        Self { name, summary, run }
    }
}

pub(crate) type Outcome = Result<(), Failure>;

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was called with words it does not know.
    Usage(String),
    /// It ran and found something.
    Failed(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => f.write_str(text),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Refuses arguments that a check would otherwise silently ignore.
pub(crate) fn no_arguments(arguments: &[String]) -> Outcome {
    match arguments.first() {
        None => Ok(()),
        Some(first) => Err(Failure::Usage(format!("unexpected argument `{first}`"))),
    }
}
