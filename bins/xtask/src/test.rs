//! `cargo xtask test`: everything that must pass.

use std::collections::BTreeSet;

use crate::command::{cargo, run_watched, say};
use crate::interop::{self, InteropTest};
use crate::root;
use crate::tally::Tally;
use crate::task::{Failure, Outcome};
use crate::tools::{self, TOOLS};

/// Every test of the workspace, then those that talk to the programs of others.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    let unavailable = tools::install_where_asked(arguments, TOOLS, "test")?;
    let interop = interop::find(&root())?;
    tools::report(&unavailable, |tool| interop::that_need(&interop, tool))?;
    let skipped = skipped(&interop);
    let own = workspace();
    let others = with_the_programs_of_others(&interop, &skipped);
    summarise(&own, &others, &skipped)
}

/// Unit, API, black-box and documentation tests, the replay of the fuzz corpus; the examples are compiled.
fn workspace() -> (Tally, Outcome) {
    watched(&["test", "--workspace", "--no-fail-fast"])
}

fn with_the_programs_of_others(
    tests: &[InteropTest],
    skipped: &BTreeSet<String>,
) -> (Tally, Outcome) {
    if tests.is_empty() {
        return (Tally::default(), Ok(()));
    }
    let mut words = vec!["test", "--workspace", "--no-fail-fast"];
    for target in interop::targets(tests) {
        words.extend(["--test", target]);
    }
    words.extend(["--", "--ignored"]);
    for name in skipped {
        words.extend(["--skip", name]);
    }
    watched(&words)
}

/// The tests that need a tool which is not here.
fn skipped(tests: &[InteropTest]) -> BTreeSet<String> {
    tools::missing(TOOLS)
        .iter()
        .flat_map(|tool| interop::that_need(tests, tool.name))
        .collect()
}

fn watched(words: &[&str]) -> (Tally, Outcome) {
    let mut tally = Tally::default();
    let outcome = run_watched(&mut cargo(words), |line| tally.see(line));
    (tally, outcome)
}

fn summarise(
    own: &(Tally, Outcome),
    others: &(Tally, Outcome),
    skipped: &BTreeSet<String>,
) -> Outcome {
    say("")?;
    say("interop tests, with the real programs of others:")?;
    for (name, word) in &others.0.tests {
        say(&format!("    {name} ... {word}"))?;
    }
    for name in skipped {
        say(&format!("    {name} ... skipped"))?;
    }
    let passed = own.0.passed.saturating_add(others.0.passed);
    let failed = own.0.failed.saturating_add(others.0.failed);
    say(&format!(
        "tests: {passed} passed ({} of them interop), {failed} failed, {} skipped for lack of a tool",
        others.0.passed,
        skipped.len()
    ))?;
    for (_, outcome) in [own, others] {
        if let Err(failure) = outcome {
            return Err(Failure::Failed(failure.to_string()));
        }
    }
    Ok(())
}
