//! Many questions, one a line: answered on all cores, in the order they came.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::files::FileError;

/// Lines in flight for each core: enough that no core waits for another, few enough that memory stays small.
const LINES_PER_CORE: usize = 64;

/// What one line came to, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Yes,
    No,
    Unreadable,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Yes => Self::SUCCESS,
            Outcome::No => Self::FAILURE,
            Outcome::Unreadable => Self::from(2),
        }
    }
}

/// The answer to one line.
pub(crate) struct Answered {
    json: String,
    outcome: Outcome,
}

/// A line that is no question: the answer in its place says why.
#[derive(Debug, Serialize)]
struct Unreadable {
    id: Value,
    line: usize,
    error: String,
}

/// Reads questions from `path` (`-` is stdin), writes an answer for each to stdout. The worst outcome is the result.
pub(crate) fn run<Q, A>(
    path: &Path,
    answer: impl Fn(Q) -> Result<(A, Outcome), String> + Sync,
) -> Result<Outcome, Box<dyn std::error::Error>>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let unreadable = |source| FileError::Unreadable {
            path: path.to_owned(),
            source,
        };
        Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
    };
    let one = |number: usize, line: &str| answer_line(number, line, &answer);
    let outcome = answer_all(&mut input, &mut io::stdout().lock(), &one)?;
    Ok(outcome)
}

fn answer_line<Q, A>(
    number: usize,
    line: &str,
    answer: &impl Fn(Q) -> Result<(A, Outcome), String>,
) -> Answered
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let question = serde_json::from_str(line).map_err(|error| error.to_string());
    let answered = question.and_then(answer).and_then(|(answer, outcome)| {
        let json = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
        Ok(Answered { json, outcome })
    });
    answered.unwrap_or_else(|error| unreadable(number, line, error))
}

/// Keeps the question's id where the line has one, so that the answer can be told apart.
fn unreadable(number: usize, line: &str, error: String) -> Answered {
    let question: Value = serde_json::from_str(line).unwrap_or_default();
    let id = question.get("id").cloned().unwrap_or_default();
    let unreadable = Unreadable {
        id,
        line: number,
        error,
    };
    let json = serde_json::to_string(&unreadable).unwrap_or_default();
    Answered {
        json,
        outcome: Outcome::Unreadable,
    }
}

fn answer_all(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    answer: &(impl Fn(usize, &str) -> Answered + Sync),
) -> io::Result<Outcome> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut worst = Outcome::Yes;
    let mut lines = input.lines().enumerate();
    loop {
        let window: Vec<(usize, String)> = lines
            .by_ref()
            .map(|(index, line)| line.map(|line| (index.saturating_add(1), line)))
            .filter(|line| !line.as_ref().is_ok_and(|(_, text)| text.trim().is_empty()))
            .take(cores.saturating_mul(LINES_PER_CORE))
            .collect::<io::Result<_>>()?;
        if window.is_empty() {
            output.flush()?;
            return Ok(worst);
        }
        for answered in on_all_cores(&window, cores, answer) {
            writeln!(output, "{}", answered.json)?;
            worst = worst.max(answered.outcome);
        }
    }
}

/// Each core takes the next line that nobody has taken.
fn on_all_cores(
    window: &[(usize, String)],
    cores: usize,
    answer: &(impl Fn(usize, &str) -> Answered + Sync),
) -> Vec<Answered> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut mine = Vec::new();
        while let Some((number, line)) = window.get(next.fetch_add(1, Ordering::Relaxed)) {
            mine.push((*number, answer(*number, line)));
        }
        mine
    };
    let mut all: Vec<(usize, Answered)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(take)).collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, answered)| answered).collect()
}
