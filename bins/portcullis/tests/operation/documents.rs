//! What `docs/operating` says is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every `portcullis_…` in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices("portcullis_")
        .map(|(at, _)| text[at..].chars().take_while(|c| is_of_name(*c)).collect())
        .collect()
}

/// A metric without what its kind and its unit add.
fn bare(metric: &str) -> &str {
    let mut name = metric.strip_prefix("portcullis_").unwrap();
    for suffix in [
        "_bucket", "_sum", "_count", "_total", "_seconds", "_bytes", "_info",
    ] {
        name = name.strip_suffix(suffix).unwrap_or(name);
    }
    name
}

/// The sources that name metrics.
fn sources(path: &Path, text: &mut String) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), text);
        }
    } else if path.is_file() {
        text.push_str(&fs::read_to_string(path).unwrap());
    }
}

#[test]
fn the_dashboard_and_the_document_name_metrics_that_there_are() {
    let dashboard = read("docs/operating/grafana.json");
    let parsed: Value = serde_json::from_str(&dashboard).unwrap();
    assert!(parsed["panels"].as_array().unwrap().len() > 10);
    let mut named = metrics(&dashboard);
    named.extend(metrics(&read("docs/operating.md")));
    assert!(named.len() > 10);
    let mut text = String::new();
    let source = root().join("crates/edge/src");
    sources(&source.join("metrics.rs"), &mut text);
    sources(&source.join("metrics"), &mut text);
    for metric in named {
        let quoted = format!("\"{}\"", bare(&metric));
        assert!(text.contains(&quoted), "{metric}: no {quoted}");
    }
}

#[test]
fn the_unit_starts_what_there_is() {
    let unit = read("docs/operating/portcullis.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let arguments: Vec<&str> = start.unwrap().split_whitespace().skip(1).collect();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"));
    let output = command.args(&arguments).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("cannot read /etc/portcullis/portcullis.toml"),
        "{told}"
    );
    for word in [
        "NoNewPrivileges=yes",
        "DynamicUser=yes",
        "ProtectSystem=strict",
    ] {
        assert!(unit.lines().any(|line| line == word), "{word}");
    }
}
