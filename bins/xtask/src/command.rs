//! Starting programs and saying so.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::root;
use crate::task::{Failure, Outcome};

/// Writes a line to stdout.
pub(crate) fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// Writes a line to stderr.
pub(crate) fn complain(line: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{line}")
}

/// The cargo that runs this program, in the workspace's folder.
///
/// `cargo run` lets go of the build directory's lock before it starts its program, so the cargo started here does not
/// wait for the one that started us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs to the end, output passed through.
pub(crate) fn run(command: &mut Command) -> Outcome {
    announce(command)?;
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|e| unstartable(command, &e))?;
    judge(command, status)
}

/// Runs to the end, stdout passed through and shown to `each` line by line.
pub(crate) fn run_watched(command: &mut Command, mut each: impl FnMut(&str)) -> Outcome {
    announce(command)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|e| unstartable(command, &e))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            say(&line)?;
            each(&line);
        }
    }
    judge(command, child.wait()?)
}

/// Runs to the end or until `limit` is over, output passed through.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    announce(command)?;
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|e| unstartable(command, &e))?;
    match wait_within(&mut child, limit)? {
        Some(status) => judge(command, status),
        None => Err(Failure::Failed(format!(
            "{} still ran after {limit:?}",
            shown(command, &Style::Line)
        ))),
    }
}

/// Runs to the end and hands back stdout.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, Failure> {
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|e| unstartable(command, &e))?;
    judge(command, output.status)?;
    Ok(output.stdout)
}

/// How often a running program is asked whether it has ended.
const POLL: Duration = Duration::from_millis(50);

/// Kills the child when the time is over.
fn wait_within(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

fn announce(command: &Command) -> io::Result<()> {
    say(&format!("$ {}", shown(command, &Style::Line)))
}

fn judge(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "`{}` ended with {status}",
        shown(command, &Style::Line)
    )))
}

fn unstartable(command: &Command, error: &io::Error) -> Failure {
    Failure::Failed(format!(
        "cannot start `{}`: {error}",
        shown(command, &Style::Program)
    ))
}

enum Style {
    Line,
    Program,
}

/// As one would type it: the program without its folder, then the arguments.
fn shown(command: &Command, style: &Style) -> String {
    let path = std::path::Path::new(command.get_program());
    let name = path.file_name().unwrap_or(OsStr::new("?"));
    let mut words = vec![name.to_string_lossy().into_owned()];
    if matches!(style, Style::Line) {
        words.extend(
            command
                .get_args()
                .map(|word| word.to_string_lossy().into_owned()),
        );
    }
    words.join(" ")
}
