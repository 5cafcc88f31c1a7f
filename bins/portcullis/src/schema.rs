//! `portcullis schema`: the JSON Schema of a configuration.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Prints the JSON Schema of the configuration, for editors that complete and explain keys.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  portcullis schema > portcullis.schema.json")]
pub(crate) struct Schema;

/// Prints the schema.
pub(crate) fn run(_: Schema) -> Result<ExitCode, Box<dyn Error>> {
    writeln!(io::stdout().lock(), "{}", portcullis_model::schema())?;
    Ok(ExitCode::SUCCESS)
}
