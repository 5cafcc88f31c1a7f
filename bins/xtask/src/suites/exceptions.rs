//! The cases that a suite itself has wrong, as data: `bins/xtask/suites/exceptions.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::task::Failure;

use super::case::Case;

/// One case that is answered otherwise than its suite expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exception {
    suite: String,
    id: String,
    pub(super) expected: String,
    pub(super) actual: String,
    /// The sentence of the RFC by which the suite is wrong.
    reason: String,
}

impl Exception {
    pub(super) fn is_about(&self, case: &Case) -> bool {
        self.suite == case.suite && self.id == case.id
    }
}

/// More disagreements than this with one suite are ours, not the suite's.
const MOST_IN_ONE_SUITE: usize = 3;

const LIST: &str = include_str!("../../suites/exceptions.json");

/// All exceptions.
pub(super) fn listed() -> Result<Vec<Exception>, Failure> {
    parse(LIST).map_err(|error| Failure::Failed(format!("exceptions.json: {error}")))
}

fn parse(json: &str) -> Result<Vec<Exception>, String> {
    let list: Vec<Value> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    list.iter().map(exception).collect()
}

fn exception(value: &Value) -> Result<Exception, String> {
    let field = |name: &str| match value.get(name).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("{value} has no `{name}`")),
    };
    Ok(Exception {
        suite: field("suite")?,
        id: field("id")?,
        expected: field("expected")?,
        actual: field("actual")?,
        reason: field("reason")?,
    })
}

/// What is wrong with the list itself: cases that a suite which is here does not have, and too many of one suite.
pub(super) fn problems<'a>(
    exceptions: &[Exception],
    cases: impl Iterator<Item = &'a Case>,
) -> Vec<String> {
    let mut here: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in cases.filter(|case| case.scored) {
        here.entry(&case.suite).or_default().insert(&case.id);
    }
    let stale = exceptions.iter().filter(|exception| {
        let ids = here.get(exception.suite.as_str());
        ids.is_some_and(|ids| !ids.contains(exception.id.as_str()))
    });
    let stale = stale.map(|e| format!("{} {}: an exception for no scored case", e.suite, e.id));
    stale.chain(too_many(exceptions)).collect()
}

fn too_many(exceptions: &[Exception]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for exception in exceptions {
        let count = counts.entry(&exception.suite).or_default();
        *count = count.saturating_add(1);
    }
    counts.retain(|_, count| *count > MOST_IN_ONE_SUITE);
    let counts = counts.into_iter();
    counts
        .map(|(suite, count)| format!("{suite}: {count} exceptions, {MOST_IN_ONE_SUITE} at most"))
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An exception from `accept` to `reject`.
    pub(in super::super) fn listed(suite: &str, id: &str) -> Exception {
        let json = format!(
            r#"[{{"suite":"{suite}","id":"{id}","expected":"accept","actual":"reject","reason":"RFC"}}]"#
        );
        parse(&json).unwrap().remove(0)
    }

    fn case(suite: &str, id: &str) -> Case {
        let line = format!(r#"{{"suite":"{suite}","id":"{id}","target":"","expect":"accept"}}"#);
        Case::parse(&line).unwrap().unwrap()
    }

    #[test]
    fn the_list_of_the_repository_can_be_read() {
        let exceptions = super::listed().unwrap();
        assert_eq!(too_many(&exceptions), [""; 0]);
    }

    #[test]
    fn an_exception_without_a_reason_is_an_error() {
        let json = r#"[{"suite":"s","id":"1","expected":"accept","actual":"reject"}]"#;
        assert!(parse(json).unwrap_err().ends_with("has no `reason`"));
    }

    #[test]
    fn an_exception_for_a_case_that_is_not_there_is_stale() {
        let cases = [case("s", "1")];
        let exceptions = [listed("s", "1"), listed("s", "2")];
        assert_eq!(
            problems(&exceptions, cases.iter()),
            ["s 2: an exception for no scored case"]
        );
    }

    #[test]
    fn an_exception_of_a_suite_that_is_not_here_is_left_alone() {
        let cases = [case("s", "1")];
        assert_eq!(problems(&[listed("t", "2")], cases.iter()), [""; 0]);
    }

    #[test]
    fn more_than_three_exceptions_in_one_suite_are_too_many() {
        let exceptions = ["1", "2", "3", "4"].map(|id| listed("s", id));
        assert_eq!(too_many(&exceptions), ["s: 4 exceptions, 3 at most"]);
        assert_eq!(too_many(&exceptions[1..]), [""; 0]);
    }
}
