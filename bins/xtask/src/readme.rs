//! What README.md promises a newcomer is what the other checks run.

use std::fs;

use crate::root;
use crate::task::{Failure, Outcome, no_arguments};

/// The two commands a fresh machine needs.
const COMMANDS: [&str; 2] = ["cargo run --release -- demo", "cargo xtask test"];

/// They stand within this many lines: what a reader sees without scrolling twice.
const TOP: usize = 60;

/// Both commands stand in a code block near the top of README.md.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let readme = fs::read_to_string(root().join("README.md"))
        .map_err(|error| Failure::Failed(format!("README.md: {error}")))?;
    let absent: Vec<&str> = absent(&readme);
    if absent.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "no code block in the first {TOP} lines of README.md has: {}",
        absent.join("; ")
    )))
}

fn absent(readme: &str) -> Vec<&'static str> {
    let code = code_lines(readme);
    COMMANDS
        .into_iter()
        .filter(|command| !code.iter().any(|line| line.starts_with(command)))
        .collect()
}

fn code_lines(text: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines().take(TOP).map(str::trim) {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_commands_in_a_code_block_are_enough() {
        let readme =
            "# X\n```sh\ncargo run --release -- demo   # the gateway\ncargo xtask test\n```\n";
        assert!(absent(readme).is_empty());
    }

    #[test]
    fn a_command_in_running_text_does_not_count() {
        assert_eq!(
            absent("cargo run --release -- demo\n```\ncargo xtask test\n```\n"),
            [COMMANDS[0]]
        );
    }
}
