//! The rules that cargo cannot see: what stands in the files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::task::Failure;

use super::table::LAYERS;
use super::workspace::{Package, Workspace};

/// The line that makes a README the documentation of its crate.
const README_IS_DOC: &str = "#![doc = include_str!(\"../README.md\")]";

/// The one constructor of a client identity.
const ASSERTION: &str = "ClientIdentity::assertion(";

pub(super) fn problems(root: &Path, workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for package in workspace.members().filter(|package| package.is_library()) {
        problems.extend(crate_problems(package)?);
    }
    problems.extend(assertion_problem(&assertions(root)?));
    Ok(problems)
}

fn crate_problems(package: &Package) -> Result<Vec<String>, Failure> {
    let lib = fs::read_to_string(package.folder.join("src/lib.rs"))?;
    let readme = fs::read_to_string(package.folder.join("README.md")).unwrap_or_default();
    let layer = LAYERS.iter().find(|layer| layer.name == package.name);
    let no_std = layer.is_some_and(|layer| layer.no_std);
    let said = file_problems(&lib, &readme, no_std);
    Ok(said
        .into_iter()
        .map(|problem| format!("{}: {problem}", package.name))
        .collect())
}

fn file_problems(lib: &str, readme: &str, no_std: bool) -> Vec<&'static str> {
    let has_line = |wanted: &str| lib.lines().any(|line| line.trim() == wanted);
    let rules = [
        (
            !no_std || has_line("#![no_std]"),
            "lib.rs does not say #![no_std]",
        ),
        (
            has_line(README_IS_DOC),
            "lib.rs does not include README.md as its documentation",
        ),
        (
            readme.matches("\n```").count() >= 2,
            "README.md has no code block",
        ),
    ];
    rules
        .into_iter()
        .filter(|(kept, _)| !kept)
        .map(|(_, problem)| problem)
        .collect()
}

/// Every place outside `crates/rewrite` and outside tests that makes a client identity, as `file:line`.
fn assertions(root: &Path) -> Result<Vec<String>, Failure> {
    let mut places = Vec::new();
    for room in ["crates", "bins"] {
        for file in rust_files(&root.join(room))? {
            let shown = file
                .strip_prefix(root)
                .unwrap_or(&file)
                .display()
                .to_string();
            if is_product_code(&shown) {
                let lines = calls(&fs::read_to_string(&file)?);
                places.extend(lines.into_iter().map(|line| format!("{shown}:{line}")));
            }
        }
    }
    Ok(places)
}

fn is_product_code(file: &str) -> bool {
    file.contains("/src/")
        && !file.starts_with("crates/rewrite/")
        && !file.starts_with("bins/xtask/")
        && !file.ends_with("/tests.rs")
        && !file.contains("/tests/")
}

/// The numbers of the lines that call the constructor, up to the file's unit tests.
fn calls(text: &str) -> Vec<usize> {
    let lines = text.lines().map(str::trim).enumerate();
    lines
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .filter(|(_, line)| line.contains(ASSERTION) && !line.starts_with("//"))
        .map(|(index, _)| index.saturating_add(1))
        .collect()
}

fn assertion_problem(places: &[String]) -> Option<String> {
    match places {
        [_] => None,
        [] => Some(format!(
            "nothing calls {ASSERTION}): no identity reaches a backend"
        )),
        many => Some(format!(
            "{ASSERTION}) must be called in one place, not in {}",
            many.join(", ")
        )),
    }
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "#![no_std]\n#![doc = include_str!(\"../README.md\")]\n";
    const README: &str = "Text.\n```\ncode\n```\n";

    #[test]
    fn a_crate_that_says_everything_has_no_problem() {
        assert!(file_problems(LIB, README, true).is_empty());
    }

    #[test]
    fn each_missing_line_is_its_own_problem() {
        assert_eq!(file_problems("", "", true).len(), 3);
        assert_eq!(file_problems("", "", false).len(), 2);
    }

    #[test]
    fn a_call_in_a_comment_or_in_unit_tests_is_not_a_call() {
        let text = "// ClientIdentity::assertion(x)\nClientIdentity::assertion(facts);\n#[cfg(test)]\nClientIdentity::assertion(x)\n";
        assert_eq!(calls(text), [2]);
    }

    #[test]
    fn one_place_makes_an_identity_neither_none_nor_two() {
        let place = "crates/edge/src/a.rs:1".to_owned();
        assert!(assertion_problem(&[]).is_some());
        assert!(assertion_problem(std::slice::from_ref(&place)).is_none());
        assert!(assertion_problem(&[place.clone(), place]).is_some());
    }

    #[test]
    fn tests_and_the_defining_crate_are_not_product_code() {
        assert!(is_product_code("crates/edge/src/identity.rs"));
        assert!(!is_product_code("crates/edge/src/identity/tests.rs"));
        assert!(!is_product_code("crates/edge/tests/identity.rs"));
        assert!(!is_product_code("crates/rewrite/src/identity.rs"));
    }
}
