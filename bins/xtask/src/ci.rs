//! `cargo xtask ci`: every check in order, up to the first that fails.

use std::time::{Duration, Instant};

use crate::TASKS;
use crate::command::say;
use crate::task::{Failure, Outcome, Task, no_arguments};

/// The checks that are run with `--install`: a machine that lacks a tool gets it, so nothing is skipped here but what
/// PyPI does not give.
const INSTALLING: &[&str] = &["test", "benches"];

/// What no machine runs by itself: this check, and a measurement.
const BY_HAND: &[&str] = &["ci", "compare"];

/// Runs every other check.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let steps: Vec<&Task> = TASKS
        .iter()
        .filter(|task| !BY_HAND.contains(&task.name))
        .collect();
    let mut passed: Vec<(&str, Duration)> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        say(&format!(
            "\n=== {} ({} of {}): {}",
            step.name,
            index.saturating_add(1),
            steps.len(),
            step.summary
        ))?;
        let start = Instant::now();
        let outcome = (step.run)(&arguments_of(step));
        let took = start.elapsed();
        if let Err(failure) = outcome {
            say(&format!("=== {} FAILED after {}", step.name, seconds(took)))?;
            return stop(&passed, step, steps.len(), &failure);
        }
        say(&format!("=== {} passed in {}", step.name, seconds(took)))?;
        passed.push((step.name, took));
    }
    summary(&passed)?;
    Ok(say(&format!("ci: {} passed, 0 failed", passed.len()))?)
}

fn arguments_of(step: &Task) -> Vec<String> {
    if INSTALLING.contains(&step.name) {
        vec!["--install".to_owned()]
    } else {
        Vec::new()
    }
}

fn stop(passed: &[(&str, Duration)], step: &Task, steps: usize, failure: &Failure) -> Outcome {
    summary(passed)?;
    say(&format!("    {:<10}FAILED: {failure}", step.name))?;
    let left = steps.saturating_sub(passed.len()).saturating_sub(1);
    say(&format!(
        "ci: {} passed, 1 failed, {left} not run",
        passed.len()
    ))?;
    Err(Failure::Failed(format!("{} failed: {failure}", step.name)))
}

fn summary(passed: &[(&str, Duration)]) -> Outcome {
    say("")?;
    for (name, took) in passed {
        say(&format!("    {name:<10}{:>8}", seconds(*took)))?;
    }
    Ok(())
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
