//! `demo --check`: runs the printed lines, and the same requests without any tool.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::client;
use super::scene::{HOST, IDENTITY_HEADER, Line, Scene};
use crate::terminal::Paint;

/// What a client would send to be taken for another.
const FORGED: &str = "forged-by-the-client";

/// Whether everything answered as promised.
pub(crate) async fn run(scene: &Scene, paint: Paint) -> io::Result<bool> {
    let mut results = Vec::new();
    for line in scene.lines() {
        results.push(Outcome::new(line.title, built_in(scene, &line).await));
    }
    results.push(Outcome::new(
        "a forged identity header",
        forged(scene).await,
    ));
    for line in scene.lines() {
        let title = format!("{} ({})", line.title, line.tool);
        results.push(match is_installed(line.tool) {
            true => Outcome::new(title, with_tool(line, scene.folder.clone()).await),
            false => Outcome::Skipped(format!("{title}: {} is not installed", line.tool)),
        });
    }
    report(&results, paint)
}

enum Outcome {
    Passed(String),
    Failed(String),
    Skipped(String),
}

impl Outcome {
    fn new(title: impl Into<String>, result: Result<(), String>) -> Self {
        let title = title.into();
        match result {
            Ok(()) => Self::Passed(title),
            Err(why) => Self::Failed(format!("{title}: {why}")),
        }
    }
}

fn report(results: &[Outcome], paint: Paint) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let (mut passed, mut failed, mut skipped) = (0_u32, 0_u32, 0_u32);
    for result in results {
        let (word, text, count) = match result {
            Outcome::Passed(text) => (paint.good("ok     "), text, &mut passed),
            Outcome::Failed(text) => (paint.bad("FAILED "), text, &mut failed),
            Outcome::Skipped(text) => ("skipped".to_owned(), text, &mut skipped),
        };
        *count = count.saturating_add(1);
        writeln!(out, "{word} {text}")?;
    }
    writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped")?;
    Ok(failed == 0)
}

/// The request of a line by the client that is built in.
async fn built_in(scene: &Scene, line: &Line) -> Result<(), String> {
    let answer = client::get(
        scene.gateway(),
        HOST,
        &scene.pki.root,
        line.credentials.as_ref(),
        None,
    )
    .await
    .map_err(|error| error.to_string())?;
    if answer.status != line.status {
        return Err(format!(
            "status {} instead of {}",
            answer.status, line.status
        ));
    }
    match line.reason {
        Some(reason) if answer.body.get("reason") != Some(&reason.into()) => {
            Err(format!("reason {reason} expected in {}", answer.body))
        }
        None if identity(&answer.body).is_none() => {
            Err("the backend was not told who the client is".to_owned())
        }
        _ => Ok(()),
    }
}

/// A client with a good certificate may still not say itself who it is.
async fn forged(scene: &Scene) -> Result<(), String> {
    let credentials = scene.lines().into_iter().find_map(|line| line.credentials);
    let header = Some((IDENTITY_HEADER, FORGED));
    let answer = client::get(
        scene.gateway(),
        HOST,
        &scene.pki.root,
        credentials.as_ref(),
        header,
    )
    .await
    .map_err(|error| error.to_string())?;
    match identity(&answer.body) {
        Some(value) if value.starts_with("-----BEGIN%20CERTIFICATE-----%0A") => {}
        other => return Err(format!("the backend saw {other:?}")),
    }
    if answer.body.to_string().contains(FORGED) {
        return Err("what the client forged reached the backend".to_owned());
    }
    Ok(())
}

/// The client certificate as the backend saw it.
fn identity(body: &Value) -> Option<&str> {
    body.get("headers")?
        .get(IDENTITY_HEADER.to_ascii_lowercase())?
        .as_str()
}

fn is_installed(tool: &str) -> bool {
    Command::new(tool).arg("version").output().is_ok()
}

/// The line itself, as a shell runs it; the servers go on meanwhile.
async fn with_tool(line: Line, folder: PathBuf) -> Result<(), String> {
    let command = line.command.clone();
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(folder);
    let output = tokio::task::spawn_blocking(move || shell.output())
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let promised = match line.reason {
        Some(reason) => format!("reason: {reason}"),
        None => format!(
            "\"{}\": \"-----BEGIN%20CERTIFICATE",
            IDENTITY_HEADER.to_ascii_lowercase()
        ),
    };
    if printed.contains(&promised) && printed.contains(&format!(" {} ", line.status)) {
        Ok(())
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{promised:?} expected, got {printed:?} {complaint:?}"
        ))
    }
}
