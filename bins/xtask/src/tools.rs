//! The programs of others that checks need, and how to get them.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{run, say};
use crate::task::{Failure, Outcome};

/// One program or library, and the Debian package it comes in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    /// Ends well where it is, and says its version.
    pub(crate) probe: &'static [&'static str],
}

/// Everything an interop test may ask for.
pub(crate) const TOOLS: &[Tool] = &[
    Tool {
        name: "openssl",
        package: "openssl",
        probe: &["openssl", "version"],
    },
    Tool {
        name: "curl",
        package: "curl",
        probe: &["curl", "--version"],
    },
    Tool {
        name: "node",
        package: "nodejs",
        probe: &["node", "--version"],
    },
];

impl Tool {
    /// The first line it says about itself, or nothing when it is not here.
    pub(crate) fn version(&self) -> Option<String> {
        let (program, arguments) = self.probe.split_first()?;
        let output = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        output
            .status
            .success()
            .then(|| text.lines().next().unwrap_or_default().to_owned())
    }
}

/// Those of `tools` that are not on this machine.
pub(crate) fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools
        .iter()
        .filter(|tool| tool.version().is_none())
        .collect()
}

/// Gets what is missing when the only argument is `--install`, nothing when there is none.
pub(crate) fn install_where_asked(
    arguments: &[String],
    tools: &'static [Tool],
    check: &str,
) -> Outcome {
    match arguments {
        [] => Ok(()),
        [flag] if flag == "--install" => install(tools),
        _ => Err(Failure::Usage(format!(
            "`{check}` knows one flag: --install"
        ))),
    }
}

/// Gets the packages of those `tools` that are missing from Debian.
fn install(tools: &[Tool]) -> Outcome {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(Failure::Failed(format!(
            "--install knows only Debian's apt-get, which is not here; install {} by hand",
            names(&missing).join(", ")
        )));
    }
    let privilege = privilege()?;
    run(&mut privileged(&privilege, &["apt-get", "update"]))?;
    let mut words = vec!["apt-get", "install", "-y", "--no-install-recommends"];
    words.extend(missing.iter().map(|tool| tool.package));
    run(&mut privileged(&privilege, &words))?;
    still_missing(tools)
}

fn still_missing(tools: &[Tool]) -> Outcome {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "installed, yet not found: {}",
        names(&missing).join(", ")
    )))
}

fn names<'a>(tools: &[&'a Tool]) -> Vec<&'a str> {
    tools.iter().map(|tool| tool.name).collect()
}

/// How this process may call apt-get.
enum Privilege {
    Root,
    Sudo,
}

fn privilege() -> Result<Privilege, Failure> {
    let id = Command::new("id").arg("-u").stdin(Stdio::null()).output()?;
    if id.stdout.trim_ascii() == b"0" {
        return Ok(Privilege::Root);
    }
    let sudo = Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .output();
    if sudo.is_ok_and(|output| output.status.success()) {
        return Ok(Privilege::Sudo);
    }
    Err(Failure::Failed(
        "--install needs root, or sudo that asks for no password, to call apt-get".to_owned(),
    ))
}

fn privileged(privilege: &Privilege, words: &[&str]) -> Command {
    let mut command = match privilege {
        Privilege::Root => Command::new("env"),
        Privilege::Sudo => Command::new("sudo"),
    };
    if matches!(privilege, Privilege::Sudo) {
        command.args(["-n", "env"]);
    }
    command.arg("DEBIAN_FRONTEND=noninteractive").args(words);
    command
}

/// Says which of [`TOOLS`] are here, and for each that is not, what is skipped for it.
pub(crate) fn report(skipped_for: impl Fn(&str) -> Vec<String>) -> Outcome {
    for tool in TOOLS {
        if let Some(version) = tool.version() {
            say(&format!("{}: {version}", tool.name))?;
            continue;
        }
        say(&format!(
            "{}: missing (Debian package {}; `cargo xtask test --install` gets it); skipped for it:",
            tool.name, tool.package
        ))?;
        for test in skipped_for(tool.name) {
            say(&format!("    {test}"))?;
        }
    }
    Ok(())
}
