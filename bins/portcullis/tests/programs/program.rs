//! Running a program of others to its end.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `name` in `folder`.
pub(crate) fn run(folder: &Path, name: &str, arguments: &[&str], input: &[u8]) -> Said {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(folder);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    // A program that ends without reading is no failure of the test.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Said {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
