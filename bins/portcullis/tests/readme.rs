//! The commands and the configuration of the README do what it says.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../../README.md");

/// The contents of the fenced blocks of one kind.
fn blocks(kind: &str) -> Vec<&'static str> {
    let fence = format!("```{kind}\n");
    README
        .split(fence.as_str())
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// The words of every command of this program that ends by itself.
fn commands() -> Vec<Vec<&'static str>> {
    blocks("console")
        .iter()
        .flat_map(|block| block.lines())
        .filter(|line| !line.ends_with('&'))
        .filter_map(|line| line.strip_prefix("portcullis "))
        .map(|line| line.split_whitespace().collect())
        .collect()
}

fn run(words: &[&str], folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
}

#[test]
fn the_commands_of_the_readme_work_with_its_configuration() {
    let folder = std::env::temp_dir().join(format!("portcullis-readme-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let configuration = blocks("toml");
    assert_eq!(configuration.len(), 1);
    fs::write(folder.join("portcullis.toml"), configuration[0]).unwrap();
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    for words in &commands {
        run(words, &folder);
    }
    fs::remove_dir_all(&folder).unwrap();
}
