//! Programs that tests run: to their end, or beside the test until it ends.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How long anything may take before its test fails: far longer than it does on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code, unless a signal ended the program.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The standard output of a program that succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    run_with_input(command, "")
}

/// Runs a program to its end. Its standard input stays open after `input`, as a terminal's does,
/// unless there is none.
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Ended {
    let stdin = if input.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    };
    let mut child = spawn(command.stdin(stdin));
    let terminal = child.stdin.take().map(|mut stdin| {
        // A program that has seen enough may be gone already; what it printed tells.
        let _ = stdin.write_all(input.as_bytes());
        stdin
    });
    let stdout = read(child.stdout.take().unwrap());
    let stderr = read(child.stderr.take().unwrap());
    let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(PATIENCE), stderr.recv_timeout(PATIENCE))
    else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{command:?} did not end");
    };
    drop(terminal);
    let code = child.wait().unwrap().code();
    Ended {
        code,
        stdout,
        stderr,
    }
}

fn spawn(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn read(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// A program that runs beside the test, and is ended with this value.
pub(crate) struct Program {
    child: Child,
    transcript: Arc<Transcript>,
}

/// The lines that a program printed so far, on both streams.
#[derive(Default)]
struct Transcript {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    closed_streams: usize,
}

/// A point in what a program printed.
#[derive(Clone, Copy)]
pub(crate) struct Mark(usize);

impl Mark {
    /// Before everything.
    pub(crate) const START: Self = Self(0);
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// The same with another standard input.
    pub(crate) fn start_with(command: &mut Command, stdin: Stdio) -> Self {
        let mut child = spawn(command.stdin(stdin));
        let transcript = Arc::new(Transcript::default());
        transcribe(child.stdout.take().unwrap(), &transcript);
        transcribe(child.stderr.take().unwrap(), &transcript);
        Self { child, transcript }
    }

    /// Where the program's output is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.transcript.state.lock().unwrap().lines.len())
    }

    /// The next line after `mark` that holds every one of `words`, once it is printed.
    #[track_caller]
    pub(crate) fn wait_for(&self, mark: Mark, words: &[&str]) -> String {
        self.wait_until(mark, words, |line| {
            words.iter().all(|word| line.contains(word))
        })
    }

    /// The next line after `mark` that holds one of `words`, once it is printed.
    #[track_caller]
    pub(crate) fn wait_for_any(&self, mark: Mark, words: &[&str]) -> String {
        self.wait_until(mark, words, |line| {
            words.iter().any(|word| line.contains(word))
        })
    }

    #[track_caller]
    fn wait_until(&self, mark: Mark, words: &[&str], wanted: impl Fn(&str) -> bool) -> String {
        let found = |state: &State| {
            let mut lines = state.lines.iter().skip(mark.0);
            lines.find(|line| wanted(line)).cloned()
        };
        let Transcript { state, changed } = &*self.transcript;
        let waiting = |state: &mut State| found(state).is_none() && state.closed_streams < 2;
        let waited = changed.wait_timeout_while(state.lock().unwrap(), PATIENCE, waiting);
        let state = waited.unwrap().0;
        if let Some(line) = found(&state) {
            return line;
        }
        // The threads that read, and the end of the program, still need what this locks.
        drop(state);
        let lines = self.printed(Mark::START);
        panic!("{words:?} not printed in {lines:#?}");
    }

    /// All lines after `mark` so far.
    pub(crate) fn printed(&self, mark: Mark) -> Vec<String> {
        let state = self.transcript.state.lock().unwrap();
        state.lines.iter().skip(mark.0).cloned().collect()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        // The shell's own `kill` is there where the program of that name is not.
        let line = format!("kill -{name} {}", self.pid());
        let _ = Command::new("sh").args(["-c", &line]).status();
    }

    /// Ends the program by SIGTERM, or by force when that does not help.
    pub(crate) fn end(&mut self) -> ExitStatus {
        if let Ok(Some(status)) = self.child.try_wait() {
            return status;
        }
        self.signal("TERM");
        self.wait()
    }

    /// Waits until the program ends, and ends it by force when it does not.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let Transcript { state, changed } = &*self.transcript;
        let open = |state: &mut State| state.closed_streams < 2;
        let waited = changed.wait_timeout_while(state.lock().unwrap(), PATIENCE, open);
        if waited.unwrap().1.timed_out() {
            let _ = self.child.kill();
        }
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

fn transcribe(stream: impl Read + Send + 'static, transcript: &Arc<Transcript>) {
    let transcript = Arc::clone(transcript);
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            transcript.state.lock().unwrap().lines.push(line);
            transcript.changed.notify_all();
        }
        transcript.state.lock().unwrap().closed_streams += 1;
        transcript.changed.notify_all();
    });
}
