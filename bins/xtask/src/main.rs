#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod benches;
mod ci;
mod command;
mod compare;
mod examples;
mod interop;
mod layers;
mod readme;
mod suites;
mod tally;
mod task;
mod test;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use command::{cargo, run, say};
use task::{Failure, Outcome, Task, no_arguments};

/// Every check of this repository, in the order in which `ci` runs them, then what only people call.
const TASKS: &[Task] = &[
    Task::new("fmt", "every file is formatted", fmt),
    Task::new(
        "clippy",
        "no lint fires in any target but the benches",
        clippy,
    ),
    Task::new(
        "readme",
        "README.md opens with the two commands",
        readme::check,
    ),
    Task::new(
        "test",
        "every test; --install gets missing tools with apt and pip",
        test::check,
    ),
    Task::new(
        "suites",
        "the conformance suites of others, where they are, are answered as they expect",
        suites::check,
    ),
    Task::new("docs", "the documentation builds without a warning", docs),
    Task::new(
        "layers",
        "every crate depends only on what lies below it",
        layers::check,
    ),
    Task::new(
        "examples",
        "every example builds, runs and exits 0",
        examples::check,
    ),
    Task::new(
        "benches",
        "the benches compile, each runs once, and the hot paths take no more instructions; --install gets libssl-dev and valgrind",
        benches::check,
    ),
    Task::new("demo", "the demonstration keeps its promises", demo),
    Task::new("ci", "all of the above in this order", ci::check),
    Task::new(
        "compare",
        "no check: Portcullis beside nginx and HAProxy on this machine; --help says more",
        compare::start,
    ),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        return finish(list());
    };
    let arguments: Vec<String> = arguments.collect();
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) => finish((task.run)(&arguments)),
        None => finish(Err(Failure::Usage(format!(
            "there is no check named `{name}`"
        )))),
    }
}

/// 0 done, 1 a check failed, 2 wrong usage.
fn finish(outcome: Outcome) -> ExitCode {
    let failure = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    let _ = command::complain(&format!("xtask: {failure}"));
    match failure {
        Failure::Usage(_) => {
            let _ = list();
            ExitCode::from(2)
        }
        Failure::Failed(_) => ExitCode::FAILURE,
    }
}

fn list() -> Outcome {
    say("cargo xtask <check>")?;
    for task in TASKS {
        say(&format!("    {:<10}{}", task.name, task.summary))?;
    }
    Ok(())
}

/// The folder of the workspace, two above this package's own.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

fn fmt(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn clippy(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--exclude",
        benches::PACKAGE,
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn docs(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn demo(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    run(&mut cargo(&["run", "--release", "--", "demo", "--check"]))
}
