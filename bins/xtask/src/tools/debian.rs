//! Getting packages of Debian.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::run;
use crate::task::{Failure, Outcome};

/// Installs packages with apt-get.
pub(super) fn install(packages: &[&str]) -> Outcome {
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(Failure::Failed(format!(
            "--install knows only Debian's apt-get, which is not here; install {} by hand",
            packages.join(", ")
        )));
    }
    let privilege = privilege()?;
    run(&mut privileged(&privilege, &["apt-get", "update"]))?;
    let mut words = vec!["apt-get", "install", "-y", "--no-install-recommends"];
    words.extend(packages);
    run(&mut privileged(&privilege, &words))
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
