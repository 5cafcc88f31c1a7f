//! Counting what the test runner says.

/// How many tests ended how, over all test programs of one cargo call.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
    /// Every test that was run, with the runner's word for how it ended.
    pub(crate) tests: Vec<(String, String)>,
}

impl Tally {
    /// Takes in one line of the runner's output.
    pub(crate) fn see(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed = self.passed.saturating_add(count(counts, " passed"));
            self.failed = self.failed.saturating_add(count(counts, " failed"));
            self.ignored = self.ignored.saturating_add(count(counts, " ignored"));
        } else if let Some((name, word)) = line.strip_prefix("test ").and_then(ended) {
            self.tests.push((name.to_owned(), word.to_owned()));
        }
    }
}

fn ended(rest: &str) -> Option<(&str, &str)> {
    let (name, word) = rest.rsplit_once(" ... ")?;
    Some((name.trim_end_matches(" - should panic"), word))
}

/// The number before `unit` in `ok. 3 passed; 0 failed; …`.
fn count(counts: &str, unit: &str) -> usize {
    let before = counts.split(unit).next().unwrap_or_default();
    let number = before.rsplit([' ', ';']).next().unwrap_or_default();
    number.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_add_up() {
        let mut tally = Tally::default();
        tally.see("test a::b ... ok");
        tally.see("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        tally.see("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 9 filtered out");
        assert_eq!((tally.passed, tally.failed, tally.ignored), (7, 2, 1));
        assert_eq!(tally.tests, [("a::b".to_owned(), "ok".to_owned())]);
    }

    #[test]
    fn other_lines_count_nothing() {
        let mut tally = Tally::default();
        tally.see("running 3 tests");
        tally.see("");
        assert_eq!(tally, Tally::default());
    }
}
