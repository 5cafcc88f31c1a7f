//! `cargo xtask test`: everything that must pass.

use crate::command::{cargo, run_watched, say};
use crate::interop::{self, InteropTest};
use crate::root;
use crate::tally::Tally;
use crate::task::{Failure, Outcome};
use crate::tools::{self, TOOLS};

/// Every test of the workspace, then those that talk to curl, openssl and node.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    tools::install_where_asked(arguments, TOOLS, "test")?;
    let interop = interop::find(&root())?;
    tools::report(|tool| interop::that_need(&interop, tool))?;
    let own = workspace();
    let others = with_the_programs_of_others(&interop);
    summarise(&own, &others)
}

/// Unit, API, black-box and documentation tests, the replay of the fuzz corpus; the examples are compiled.
fn workspace() -> (Tally, Outcome) {
    watched(&["test", "--workspace", "--no-fail-fast"])
}

fn with_the_programs_of_others(tests: &[InteropTest]) -> (Tally, Outcome) {
    if tests.is_empty() {
        return (Tally::default(), Ok(()));
    }
    let skipped = skipped(tests);
    let mut words = vec!["test", "--workspace", "--no-fail-fast"];
    for target in interop::targets(tests) {
        words.extend(["--test", target]);
    }
    words.extend(["--", "--ignored"]);
    for name in &skipped {
        words.extend(["--skip", name]);
    }
    watched(&words)
}

/// The tests that need a tool which is not here.
fn skipped(tests: &[InteropTest]) -> Vec<String> {
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

fn summarise(own: &(Tally, Outcome), others: &(Tally, Outcome)) -> Outcome {
    say("")?;
    say("interop tests, with the real curl, openssl and node:")?;
    for (name, word) in &others.0.tests {
        say(&format!("    {name} ... {word}"))?;
    }
    let passed = own.0.passed.saturating_add(others.0.passed);
    let failed = own.0.failed.saturating_add(others.0.failed);
    say(&format!(
        "tests: {passed} passed ({} of them interop), {failed} failed",
        others.0.passed
    ))?;
    for (_, outcome) in [own, others] {
        if let Err(failure) = outcome {
            return Err(Failure::Failed(failure.to_string()));
        }
    }
    Ok(())
}
