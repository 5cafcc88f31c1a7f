//! `cargo xtask compare`: Portcullis beside nginx and HAProxy, by hand.

use std::os::unix::process::CommandExt as _;

use crate::command::{cargo, run};
use crate::task::{Failure, Outcome};

/// The program that does it. It is built only here: its runtime and its TLS would slow every other task.
const PACKAGE: &str = "portcullis-compare";

/// Builds both and becomes the program, which so gets Ctrl-C itself and ends what it started.
///
/// Two builds, because in one the features that either needs would be in both.
pub(crate) fn start(arguments: &[String]) -> Outcome {
    run(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "portcullis",
    ]))?;
    let mut program = cargo(&["run", "--release", "--quiet", "--package", PACKAGE, "--"]);
    program.args(arguments);
    program.current_dir("."); // so that --json names a file where whoever calls is
    let error = program.exec();
    Err(Failure::Failed(format!("cannot start {PACKAGE}: {error}")))
}
