//! The programs of others that checks need, and how to get them.

mod debian;
mod python;

use std::fmt;
use std::process::{Command, Stdio};

use crate::command::say;
use crate::task::{Failure, Outcome};
use python::Environment;

/// One program or library.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) origin: Origin,
}

/// Where a tool comes from, and how it is found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A package of Debian, or its like elsewhere. `probe` ends well where it is, and says its version.
    Debian {
        package: &'static str,
        probe: &'static [&'static str],
    },
    /// Packages of PyPI. Not every machine gets them, and what needs them is left out where they are not: `--install`
    /// says why, and goes on.
    Python(Environment),
}

/// Everything an interop test may ask for.
pub(crate) const TOOLS: &[Tool] = &[
    Tool::debian("openssl", "openssl", &["openssl", "version"]),
    Tool::debian("curl", "curl", &["curl", "--version"]),
    Tool::debian("node", "nodejs", &["node", "--version"]),
    Tool::debian(
        "redis-server",
        "redis-server",
        &["redis-server", "--version"],
    ),
    // Debian has it where only root looks, and it says its version as an error.
    Tool::debian(
        "nginx",
        "nginx",
        &["sh", "-c", "PATH=$PATH:/usr/sbin nginx -v 2>&1"],
    ),
    Tool {
        name: "certomancer",
        origin: Origin::Python(Environment {
            name: "certomancer",
            requirements: include_str!("../certomancer.txt"),
        }),
    },
];

impl Tool {
    pub(crate) const fn debian(
        name: &'static str,
        package: &'static str,
        probe: &'static [&'static str],
    ) -> Self {
        let origin = Origin::Debian { package, probe };
        Self { name, origin }
    }

    /// The first line it says about itself, or nothing when it is not here.
    pub(crate) fn version(&self) -> Option<String> {
        match &self.origin {
            Origin::Debian { probe, .. } => {
                let (program, arguments) = probe.split_first()?;
                first_line(Command::new(program).args(arguments))
            }
            Origin::Python(environment) => environment.version(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debian { package, .. } => write!(f, "Debian package {package}"),
            Self::Python(environment) => write!(f, "{} of PyPI", environment.name),
        }
    }
}

/// The first line of what a program prints when it ends well.
fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().to_owned())
}

/// Those of `tools` that are not on this machine.
pub(crate) fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools
        .iter()
        .filter(|tool| tool.version().is_none())
        .collect()
}

/// A tool that `--install` could not get, which is no failure of the check.
pub(crate) struct Unavailable {
    tool: &'static str,
    reason: Failure,
}

/// Gets what is missing when the only argument is `--install`, nothing when there is none.
pub(crate) fn install_where_asked(
    arguments: &[String],
    tools: &'static [Tool],
    check: &str,
) -> Result<Vec<Unavailable>, Failure> {
    match arguments {
        [] => Ok(Vec::new()),
        [flag] if flag == "--install" => install(tools),
        _ => Err(Failure::Usage(format!(
            "`{check}` knows one flag: --install"
        ))),
    }
}

/// Gets those `tools` that are missing: packages of Debian must come, those of PyPI may.
fn install(tools: &'static [Tool]) -> Result<Vec<Unavailable>, Failure> {
    let (mut packages, mut unavailable) = (Vec::new(), Vec::new());
    let missing = missing(tools);
    packages.extend(missing.iter().filter_map(|tool| match &tool.origin {
        Origin::Debian { package, .. } => Some(*package),
        Origin::Python(_) => None,
    }));
    if !packages.is_empty() {
        debian::install(&packages)?;
        check_found(&missing)?;
    }
    for tool in missing {
        if let Origin::Python(environment) = &tool.origin
            && let Err(reason) = environment.install()
        {
            let tool = tool.name;
            unavailable.push(Unavailable { tool, reason });
        }
    }
    Ok(unavailable)
}

/// Refuses to go on without a tool whose package was installed.
fn check_found(installed: &[&Tool]) -> Outcome {
    let lost = installed
        .iter()
        .filter(|tool| matches!(tool.origin, Origin::Debian { .. }) && tool.version().is_none());
    let names: Vec<&str> = lost.map(|tool| tool.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "installed, yet not found: {}",
        names.join(", ")
    )))
}

/// Says which of [`TOOLS`] are here, and for each that is not, why, and what is skipped for it.
pub(crate) fn report(
    unavailable: &[Unavailable],
    skipped_for: impl Fn(&str) -> Vec<String>,
) -> Outcome {
    for tool in TOOLS {
        if let Some(version) = tool.version() {
            say(&format!("{}: {version}", tool.name))?;
            continue;
        }
        let tried = unavailable.iter().find(|tried| tried.tool == tool.name);
        let why = match tried {
            Some(Unavailable { reason, .. }) => format!("cannot be installed ({reason})"),
            None => format!(
                "missing ({}; `cargo xtask test --install` gets it)",
                tool.origin
            ),
        };
        say(&format!("{}: {why}; skipped for it:", tool.name))?;
        for test in skipped_for(tool.name) {
            say(&format!("    {test}"))?;
        }
    }
    Ok(())
}
