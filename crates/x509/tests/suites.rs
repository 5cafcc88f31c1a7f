//! The tables of names that BoringSSL compares, where they are at hand.
//!
//! `PORTCULLIS_SUITES` names the folder; without it `shared/suites` beside the checkout is looked for.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says when it is skipped"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_x509::Name;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    names: BTreeMap<String, String>,
    #[serde(rename = "match")]
    matches: Vec<Pair>,
    in_subtree: Vec<Subtree>,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    expected: bool,
}

#[derive(Deserialize)]
struct Subtree {
    name: String,
    base: String,
    expected: bool,
}

impl Table {
    fn der(&self, name: &str) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.names[name]).unwrap()
    }

    /// What is no name matches none.
    fn both(&self, one: &str, other: &str, compare: fn(&Name<'_>, &Name<'_>) -> bool) -> bool {
        let (one, other) = (self.der(one), self.der(other));
        match (Name::parse(&one), Name::parse(&other)) {
            (Ok(one), Ok(other)) => compare(&one, &other),
            _ => false,
        }
    }
}

fn suite(file: &str) -> Option<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3);
    let folder = std::env::var_os("PORTCULLIS_SUITES")
        .map(PathBuf::from)
        .or_else(|| Some(beside?.join("shared/suites")))?;
    let path = folder.join(file);
    if !path.exists() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    Some(std::fs::read_to_string(path).unwrap())
}

#[test]
fn names_match_and_lie_in_subtrees_as_the_table_has_it() {
    let Some(json) = suite("verify_name_match.json") else {
        return;
    };
    let table: Table = serde_json::from_str(&json).unwrap();
    let mut wrong = Vec::new();
    for Pair { a, b, expected } in &table.matches {
        if table.both(a, b, |a, b| a.matches(b)) != *expected {
            wrong.push(format!("{a} = {b}: expected {expected}"));
        }
        let keys_agree = table.both(a, b, |a, b| {
            a.matches(b) == (a.normalised() == b.normalised())
        });
        assert!(keys_agree || !*expected, "{a}, {b}");
    }
    for Subtree {
        name,
        base,
        expected,
    } in &table.in_subtree
    {
        if table.both(name, base, |name, base| name.is_within(base)) != *expected {
            wrong.push(format!("{name} within {base}: expected {expected}"));
        }
    }
    let scored = table.matches.len() + table.in_subtree.len();
    println!("verify_name_match: {}/{scored}", scored - wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
