//! `cargo xtask suites`: what others published to test path validation and OCSP, put to the built command.
//!
//! The suites are not part of this repository. Each is a file of cases, one JSON object a line, in the format that
//! `portcullis verify --batch` or `portcullis ocsp verify --batch` reads, with the verdict that its authors expect.

mod case;
mod exceptions;
mod score;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::command::{cargo, output, run, say};
use crate::root;
use crate::task::{Failure, Outcome, no_arguments};

use case::{Answer, Case, Question};
use exceptions::Exception;
use score::Score;

/// Answers every suite that is here and scores the answers.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let suites = read_all(folder()?.as_deref())?;
    if suites.is_empty() {
        return Ok(say(&format!(
            "suites: skipped: no suite in `{BESIDE}` beside the checkout, and {VARIABLE} names no other folder"
        ))?);
    }
    let program = build()?;
    let exceptions = exceptions::listed()?;
    let mut results = Vec::new();
    for suite in &suites {
        results.push(Answered::by(&program, suite, &exceptions)?);
    }
    let listed = exceptions::problems(&exceptions, suites.iter().flat_map(|suite| &suite.cases));
    for problem in &listed {
        say(&format!("WRONG {problem}"))?;
    }
    summarise(&results, listed.len())?;
    tables()
}

/// The tables of names, signatures and messages, which no command asks: the tests of those who read them do.
fn tables() -> Outcome {
    for words in TABLES {
        run(&mut cargo(words))?;
    }
    Ok(())
}

const TABLES: [&[&str]; 3] = [
    &[
        "test",
        "--package",
        "portcullis-x509",
        "--test",
        "suites",
        "--",
        "--nocapture",
    ],
    &[
        "test",
        "--package",
        "portcullis-ocsp",
        "--test",
        "suites",
        "--",
        "--nocapture",
    ],
    &[
        "test",
        "--package",
        "portcullis",
        "--bin",
        "portcullis",
        "table",
        "--",
        "--nocapture",
    ],
];

/// One file of cases.
struct Suite {
    name: String,
    question: Question,
    /// The cases as they are put to the command, in the order of `cases`.
    lines: String,
    cases: Vec<Case>,
}

/// How the command did on one suite.
struct Answered<'a> {
    name: &'a str,
    score: Score,
    took: Duration,
}

/// Names the folder of the suites.
const VARIABLE: &str = "PORTCULLIS_SUITES";

/// Where the suites lie when [`VARIABLE`] is not set, from the parent of the checkout.
const BESIDE: &str = "shared/suites";

const ENDING: &str = ".jsonl.gz";

/// The folder of the suites, if there is one. A folder that was asked for by name must be there.
fn folder() -> Result<Option<PathBuf>, Failure> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        let named = PathBuf::from(named);
        if named.is_dir() {
            return Ok(Some(named));
        }
        return Err(Failure::Failed(format!(
            "{VARIABLE}: {} is not a folder",
            named.display()
        )));
    }
    let beside = root().parent().map(|parent| parent.join(BESIDE));
    Ok(beside.filter(|folder| folder.is_dir()))
}

fn read_all(folder: Option<&Path>) -> Result<Vec<Suite>, Failure> {
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let mut suites = Vec::new();
    for path in files(folder)? {
        match Suite::read(&path)? {
            Some(suite) => suites.push(suite),
            None => say(&format!("{}: no cases, left out", file_name(&path)))?,
        }
    }
    Ok(suites)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.retain(|path| file_name(path).ends_with(ENDING));
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(OsStr::new("?"));
    name.to_string_lossy().into_owned()
}

impl Suite {
    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let unreadable =
            |error| Failure::Failed(format!("cannot read {}: {error}", path.display()));
        let mut text = String::new();
        let file = File::open(path).map_err(unreadable)?;
        MultiGzDecoder::new(file)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        Self::parse(file_name(path).trim_end_matches(ENDING), &text)
    }

    /// Keeps the cases that the command answers, all of one kind; nothing when there is none.
    fn parse(name: &str, text: &str) -> Result<Option<Self>, Failure> {
        let wrong = |error| Failure::Failed(format!("{name}: {error}"));
        let mut suite: Option<Self> = None;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Some(case) = Case::parse(line).map_err(wrong)? else {
                continue;
            };
            let suite = suite.get_or_insert_with(|| Self::empty(name, case.question));
            if suite.question != case.question {
                return Err(wrong(format!("case {} is of another kind", case.id)));
            }
            suite.lines.push_str(line);
            suite.lines.push('\n');
            suite.cases.push(case);
        }
        Ok(suite)
    }

    fn empty(name: &str, question: Question) -> Self {
        Self {
            name: name.to_owned(),
            question,
            lines: String::new(),
            cases: Vec::new(),
        }
    }
}

/// Builds the command as it is shipped, and says where it is.
fn build() -> Result<PathBuf, Failure> {
    let words = ["build", "--release", "--package", "portcullis"];
    say(&format!("$ cargo {}", words.join(" ")))?;
    let mut command = cargo(&words);
    let messages = output(command.args(["--message-format", "json-render-diagnostics"]))?;
    executable(&String::from_utf8_lossy(&messages)).ok_or_else(|| {
        Failure::Failed("cargo built no program from the package portcullis".to_owned())
    })
}

fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut paths = messages.filter_map(|message| {
        let path = message.get("executable")?.as_str()?;
        Some(PathBuf::from(path))
    });
    paths.next()
}

impl<'a> Answered<'a> {
    fn by(program: &Path, suite: &'a Suite, exceptions: &[Exception]) -> Result<Self, Failure> {
        let start = Instant::now();
        let said = ask(program, suite)?;
        let took = start.elapsed();
        let answers: Vec<Answer> = said.lines().map(Answer::parse).collect();
        let score = score::score(&suite.cases, &answers, exceptions);
        for problem in &score.problems {
            say(&format!("WRONG {problem}"))?;
        }
        Ok(Self {
            name: &suite.name,
            score,
            took,
        })
    }
}

/// What the command says to the cases. How it exits does not matter: a case without an answer is a wrong one.
fn ask(program: &Path, suite: &Suite) -> Result<String, Failure> {
    let unanswered = |error| Failure::Failed(format!("cannot ask {}: {error}", program.display()));
    let mut child = Command::new(program)
        .args(suite.question.words())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(unanswered)?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(suite.lines.as_bytes())));
        child.wait_with_output()
    });
    let output = output.map_err(unanswered)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn summarise(results: &[Answered<'_>], problems_of_the_list: usize) -> Outcome {
    say(&format!(
        "\n{:<32}{:>14}{:>10}{:>9}",
        "suite", "passed/scored", "unscored", "seconds"
    ))?;
    for result in results {
        say(&row(result))?;
    }
    let total = |count: fn(&Score) -> usize| results.iter().map(|r| count(&r.score)).sum();
    let (passed, excepted): (usize, usize) = (total(|s| s.passed), total(|s| s.excepted));
    let wrong: usize = total(|s| s.problems.len());
    let failed = wrong.saturating_add(problems_of_the_list);
    let known = match excepted {
        0 => String::new(),
        known => format!(", {known} known gaps"),
    };
    say(&format!("suites: {passed} passed, {failed} failed{known}"))?;
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "{failed} answers are wrong, see above"
    )))
}

fn row(result: &Answered<'_>) -> String {
    let score = &result.score;
    let share = format!("{}/{}", score.passed, score.scored());
    let seconds = format!("{:.1}", result.took.as_secs_f64());
    let name = result.name;
    format!("{name:<32}{share:>14}{:>10}{seconds:>9}", score.unscored)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = r#"{"suite":"s","id":"1","target":"AA==","expect":"accept","score":true}"#;
    const OCSP: &str = r#"{"suite":"s","id":"2","response":"AA==","expect":"good","score":true}"#;
    const OTHER: &str = r#"{"suite":"s","id":"3","expect":"anything"}"#;

    #[test]
    fn only_cases_that_the_command_answers_are_put_to_it() {
        for (case, question) in [(PATH, Question::Path), (OCSP, Question::Ocsp)] {
            let suite = Suite::parse("s", &format!("{OTHER}\n{case}\n\n")).unwrap();
            let suite = suite.unwrap();
            assert_eq!(suite.question, question);
            assert_eq!(suite.cases.len(), 1);
            assert_eq!(suite.lines, format!("{case}\n"));
        }
        assert!(Suite::parse("s", OTHER).unwrap().is_none());
    }

    #[test]
    fn a_suite_asks_one_kind_of_question() {
        assert!(Suite::parse("s", &format!("{PATH}\n{OCSP}\n")).is_err());
    }

    #[test]
    fn the_program_is_found_among_the_messages_of_cargo() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":"/t/release/portcullis"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let path = executable(messages).unwrap();
        assert_eq!(path, Path::new("/t/release/portcullis"));
    }
}
