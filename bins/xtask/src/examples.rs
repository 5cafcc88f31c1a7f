//! Every example is a program that runs on its own and ends.

use std::time::Duration;

use crate::command::{cargo, output, run, run_within, say};
use crate::layers::Workspace;
use crate::task::{Failure, Outcome, no_arguments};

/// The package whose examples are run.
const PACKAGE: &str = "portcullis-examples";

/// An example that serves must end by itself: it talks to itself and leaves. A minute is a hundred times what one takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Builds all examples, then runs each.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let metadata = output(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let workspace = Workspace::parse(&metadata)?;
    let names = workspace.examples(PACKAGE);
    if names.is_empty() {
        return Err(Failure::Failed(format!("{PACKAGE} has no examples")));
    }
    run(&mut cargo(&["build", "--package", PACKAGE, "--examples"]))?;
    for name in &names {
        run_within(
            &mut cargo(&["run", "--quiet", "--package", PACKAGE, "--example", name]),
            LIMIT,
        )?;
    }
    Ok(say(&format!(
        "examples: {} ran: {}",
        names.len(),
        names.join(", ")
    ))?)
}
