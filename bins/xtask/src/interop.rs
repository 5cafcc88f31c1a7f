//! Which tests talk to programs of others, read from the tests themselves.
//!
//! Such a test says what it needs where the test runner sees it too: `#[ignore = "needs curl, openssl"]`. A plain
//! `cargo test` therefore reports it as ignored, with the reason, instead of passing without having run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::task::Failure;

/// One interop test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InteropTest {
    /// The test target it is in: `tests/<target>.rs` or a file in `tests/<target>/`.
    pub(crate) target: String,
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
}

/// Every interop test below `bins/` and `crates/`.
pub(crate) fn find(root: &Path) -> Result<Vec<InteropTest>, Failure> {
    let mut tests = Vec::new();
    for room in ["bins", "crates"] {
        for package in folder(&root.join(room))? {
            for (target, file) in sources(&package.join("tests"))? {
                tests.extend(parse(&target, &fs::read_to_string(file)?));
            }
        }
    }
    Ok(tests)
}

/// The files of every test target, as cargo finds targets: `tests/<target>.rs`, or a folder with a `main.rs`.
fn sources(tests: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut sources = Vec::new();
    for path in folder(tests)? {
        let target = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let files = match (path.is_dir(), path.join("main.rs").is_file()) {
            (true, true) => folder(&path)?,
            (true, false) => Vec::new(),
            (false, _) => vec![path],
        };
        let rust = files
            .into_iter()
            .filter(|file| file.extension().is_some_and(|e| e == "rs"));
        sources.extend(rust.map(|file| (target.clone(), file)));
    }
    Ok(sources)
}

/// What is in a folder, in order of name; nothing when there is no such folder.
fn folder(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(path)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn parse(target: &str, text: &str) -> Vec<InteropTest> {
    let mut tests = Vec::new();
    let mut needs: Option<Vec<String>> = None;
    for line in text.lines().map(str::trim) {
        if let Some(reason) = line.strip_prefix("#[ignore = \"needs ") {
            let list = reason.trim_end_matches("\"]");
            needs = Some(list.split(", ").map(str::to_owned).collect());
        }
        let signature = line
            .strip_prefix("async fn ")
            .or_else(|| line.strip_prefix("fn "));
        let name = signature.and_then(|rest| rest.split('(').next());
        if let (Some(name), Some(needs)) = (name, needs.take_if(|_| name.is_some())) {
            tests.push(InteropTest {
                target: target.to_owned(),
                name: name.to_owned(),
                needs,
            });
        }
    }
    tests
}

/// The test targets that hold interop tests, each once.
pub(crate) fn targets(tests: &[InteropTest]) -> BTreeSet<&str> {
    tests.iter().map(|test| test.target.as_str()).collect()
}

/// The names of the tests that need `tool`.
pub(crate) fn that_need(tests: &[InteropTest], tool: &str) -> Vec<String> {
    let needing = tests
        .iter()
        .filter(|test| test.needs.iter().any(|need| need == tool));
    needing.map(|test| test.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::TOOLS;

    const SOURCE: &str = r#"
        #[test]
        #[ignore = "needs curl, openssl"]
        fn curl_gets_200() {}

        fn not_a_test() {}

        #[tokio::test]
        #[ignore = "needs node"]
        async fn node_gets_200() {}
    "#;

    #[test]
    fn tests_are_found_with_what_they_need() {
        let tests = parse("interop", SOURCE);
        let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["curl_gets_200", "node_gets_200"]);
        assert_eq!(tests[0].needs, ["curl", "openssl"]);
    }

    #[test]
    fn every_tool_that_a_test_needs_is_known() {
        let tests = find(&crate::root()).unwrap();
        assert!(!tests.is_empty());
        for test in tests {
            for need in &test.needs {
                let known = TOOLS.iter().any(|tool| tool.name == need);
                assert!(known, "{} needs {need}", test.name);
            }
        }
    }

    /// As the runner leaves out every test in whose name one that is skipped occurs.
    #[test]
    fn no_test_is_skipped_for_the_tool_of_another() {
        let tests = find(&crate::root()).unwrap();
        for test in &tests {
            for other in tests.iter().filter(|other| other.name != test.name) {
                assert!(!other.name.contains(&test.name), "{}", other.name);
            }
        }
    }

    #[test]
    fn a_missing_tool_names_the_tests_it_takes_away() {
        let tests = parse("interop", SOURCE);
        assert_eq!(that_need(&tests, "openssl"), ["curl_gets_200"]);
        assert!(that_need(&tests, "python").is_empty());
    }
}
