//! `portcullis demo`, and what the command says before it does anything.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/command.rs"]
mod command;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use command::Folder;

/// Both demos would like to have the same port.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// `portcullis demo`, whose folder is made in `folder`.
fn demo(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("demo").env("TMPDIR", folder.path());
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

#[test]
fn the_demo_checks_itself_and_leaves_nothing_behind() {
    let _alone = ONE_AT_A_TIME.lock();
    let folder = Folder::new();
    let output = demo(&folder).arg("--check").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    for line in [
        "ok      a good client",
        "ok      no certificate",
        "ok      a certificate of another CA",
        "ok      an expired certificate",
        "ok      a revoked certificate",
        "ok      a forged identity header",
    ] {
        let mut lines = printed.lines();
        assert!(lines.any(|printed| printed == line), "{line} in {printed}");
    }
    assert!(printed.contains(" 0 failed"), "{printed}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_demo_says_what_to_try_and_ends_by_a_signal() {
    let _alone = ONE_AT_A_TIME.lock();
    let folder = Folder::new();
    let mut child = demo(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The last of the lines to try, after which the demo waits.
    let shown = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("s_client")));
    let kill = format!("kill -TERM {}", child.id());
    let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let status = child.wait().unwrap();
    assert!(shown.is_some() && killed.success());
    assert_eq!(status.code(), Some(0), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("stays")), "{rest:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn no_argument_prints_the_help() {
    let folder = Folder::new();
    let finished = folder.portcullis(&[]);
    let printed = finished.stdout + &finished.stderr;
    for word in [
        "Usage: portcullis",
        "demo",
        "run",
        "check",
        "verify",
        "ocsp",
        "inspect",
        "pki",
    ] {
        assert!(printed.contains(word), "{word} in {printed}");
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = Folder::new();
    for arguments in [
        &["nonsense"][..],
        &["--nonsense"],
        &["demo", "--nonsense"],
        &["run"],
        &["run", "-c", "portcullis.toml", "--cores", "0"],
        &["check"],
        &["verify"],
        &["ocsp"],
        &["inspect"],
        &["pki"],
        &["pki", "issue", "client"],
    ] {
        let finished = folder.portcullis(arguments).expect(2);
        assert_eq!(finished.stdout, "", "{arguments:?}");
        assert_ne!(finished.stderr, "", "{arguments:?}");
    }
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    let folder = Folder::new();
    for command in [
        &["demo"][..],
        &["run"],
        &["check"],
        &["schema"],
        &["verify"],
        &["ocsp", "ask"],
        &["ocsp", "verify"],
        &["inspect"],
        &["pki", "init"],
        &["pki", "issue", "client"],
        &["pki", "issue", "server"],
        &["pki", "revoke"],
        &["pki", "responder"],
    ] {
        let finished = folder
            .portcullis(&[command, &["--help"]].concat())
            .expect(0);
        let example = format!("  portcullis {}", command.join(" "));
        assert!(
            finished.stdout.contains("Example"),
            "{command:?}: {finished:?}"
        );
        assert!(
            finished.stdout.contains(&example),
            "{command:?}: {finished:?}"
        );
    }
}
