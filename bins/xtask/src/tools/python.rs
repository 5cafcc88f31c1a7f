//! Python programs, each in a virtual environment of its own below `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{debian, first_line};
use crate::command::{complain, run};
use crate::root;
use crate::task::{Failure, Outcome};

/// A virtual environment with one program in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The name of its folder, of the program's package, and of its module.
    pub(crate) name: &'static str,
    /// What is installed, with every version pinned, as pip reads it.
    pub(crate) requirements: &'static str,
}

/// The interpreter that makes environments.
const PYTHON: &str = "python3";

/// What was installed, written down once all of it was. An environment without it, or with another, is made anew.
const INSTALLED: &str = "installed.txt";

/// How pip is called: it asks nobody, compiles nothing, and gives up soon where there is no network.
const PIP: &[&str] = &[
    "-m",
    "pip",
    "install",
    "--no-input",
    "--disable-pip-version-check",
    "--only-binary",
    ":all:",
    "--retries",
    "1",
    "--timeout",
    "20",
];

impl Environment {
    /// The version of the program's package, or nothing when it is not here as pinned, or does not load. What programs
    /// say themselves is not always the version that was released.
    pub(super) fn version(&self) -> Option<String> {
        let folder = self.folder();
        let installed = fs::read_to_string(folder.join(INSTALLED)).ok()?;
        if installed != self.requirements {
            return None;
        }
        let name = self.name;
        let script = format!(
            "import {name}; from importlib.metadata import version; print(version('{name}'))"
        );
        first_line(Command::new(folder.join("bin/python")).args(["-I", "-c", &script]))
    }

    /// Makes the environment and installs what is pinned.
    pub(super) fn install(&self) -> Outcome {
        see_to_python()?;
        let folder = self.folder();
        run(Command::new(PYTHON)
            .args(["-m", "venv", "--clear"])
            .arg(&folder))?;
        let requirements = folder.join("requirements.txt");
        fs::write(&requirements, self.requirements)?;
        pip(&folder, &requirements)?;
        fs::rename(requirements, folder.join(INSTALLED))?;
        if self.version().is_some() {
            return Ok(());
        }
        Err(Failure::Failed("installed, yet it does not run".to_owned()))
    }

    fn folder(&self) -> PathBuf {
        root().join("target/tools").join(self.name)
    }
}

/// Debian has the module that makes environments in a package of its own.
fn see_to_python() -> Outcome {
    let mut probe = Command::new(PYTHON);
    match first_line(probe.args(["-c", "import ensurepip, venv"])) {
        Some(_) => Ok(()),
        None => debian::install(&["python3-venv"]),
    }
}

/// Runs pip in an environment. Its complaints are passed through, and the gist of them is the failure.
fn pip(folder: &Path, requirements: &Path) -> Outcome {
    let mut command = Command::new(folder.join("bin/python"));
    command.args(PIP).arg("--requirement").arg(requirements);
    command.stdin(Stdio::null()).stdout(Stdio::inherit());
    let output = command.output()?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    if !complaints.is_empty() {
        complain(complaints.trim_end())?;
    }
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::Failed(gist(&complaints)))
}

/// What pip ended with, and whether that is for lack of a network.
fn gist(complaints: &str) -> String {
    let error = complaints
        .lines()
        .find_map(|line| line.strip_prefix("ERROR: "));
    let error = error.unwrap_or("pip failed without a word");
    match complaints.contains("connection broken by") {
        true => format!("the package index is not reached: {error}"),
        false => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFLINE: &str = "\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /simple/click/
ERROR: Could not find a version that satisfies the requirement click==8.5.1 (from versions: none)
ERROR: No matching distribution found for click==8.5.1
";

    #[test]
    fn the_gist_of_a_failure_without_network_says_so() {
        let said = gist(OFFLINE);
        assert!(
            said.starts_with("the package index is not reached: Could not find"),
            "{said}"
        );
    }

    #[test]
    fn the_gist_of_another_failure_is_its_first_error() {
        assert_eq!(gist("WARNING: a\nERROR: b\nERROR: c\n"), "b");
        assert_eq!(gist(""), "pip failed without a word");
    }
}
