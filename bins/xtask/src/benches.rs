//! `cargo xtask benches`: they are measured by hand, but always work.
//!
//! They alone compare with the OpenSSL of the system, which a machine that only builds and tests Portcullis need not
//! have; so they are not among the targets of the other checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, run, say};
use crate::root;
use crate::task::Outcome;
use crate::tools::{self, Tool};

/// The package that nothing else of the workspace needs.
pub(crate) const PACKAGE: &str = "portcullis-benches";

/// What its `openssl-sys` builds with.
const TOOLS: &[Tool] = &[
    Tool::debian("pkg-config", "pkg-config", &["pkg-config", "--version"]),
    Tool::debian(
        "libssl",
        "libssl-dev",
        &["pkg-config", "--modversion", "openssl"],
    ),
    Tool::debian("valgrind", "valgrind", &["valgrind", "--version"]),
];

/// What runs the bench that counts instructions, of the version that benches/Cargo.toml has of its library.
const RUNNER: (&str, &str) = ("gungraun-runner", "0.20.0");

/// No lint fires in the benches, each measures once, and no hot path takes more instructions than it should.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    tools::install_where_asked(arguments, TOOLS, "benches")?;
    let missing = tools::missing(TOOLS);
    if missing.is_empty() {
        lint()?;
        let runner = runner()?;
        let benches = |words: &[&str]| run(cargo(words).env("GUNGRAUN_RUNNER", &runner));
        benches(&["bench", "--package", PACKAGE, "--", "--test"])?;
        return benches(&["bench", "--package", PACKAGE, "--bench", "instructions"]);
    }
    for tool in missing {
        say(&format!(
            "benches: skipped: {} is missing ({}; `cargo xtask benches --install` gets it)",
            tool.name, tool.origin
        ))?;
    }
    Ok(())
}

/// The runner, which is built where it is not there yet.
fn runner() -> Result<PathBuf, crate::task::Failure> {
    let (name, version) = RUNNER;
    let folder = root().join("target/tools");
    let program = folder.join("bin").join(name);
    if !is_of_version(&program, version) {
        let words = ["install", name, "--version", version, "--locked", "--root"];
        run(cargo(&words).arg(&folder))?;
    }
    Ok(program)
}

fn is_of_version(program: &Path, version: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version))
}

fn lint() -> Outcome {
    let words = ["clippy", "--package", PACKAGE, "--all-targets"];
    run(cargo(&words).args(["--", "-D", "warnings"]))
}
