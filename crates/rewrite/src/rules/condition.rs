//! One condition of a rule: a pattern asked of a variable.

use std::borrow::Cow;

use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

use super::{Case, ConditionSpec, Expectation, RuleProblem};
use crate::variable::{Variable, View};

/// Memory that one compiled pattern may take: a tenth of the regex crate's own limit, which is
/// made for one pattern and not for the 16,000 of a large gateway (400 sets of 40 conditions).
const PATTERN_SIZE: usize = 1 << 20;

/// A compiled condition.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    variable: Variable,
    pattern: Regex,
    expectation: Expectation,
    /// Whether a template uses what the pattern captures.
    captures_are_used: bool,
}

/// A value and where the groups of one condition's pattern lie in it.
#[derive(Debug)]
pub(crate) struct Captured<'v> {
    pub(crate) condition: usize,
    value: Cow<'v, [u8]>,
    groups: CaptureLocations,
}

impl Condition {
    pub(super) fn compile(
        spec: &ConditionSpec,
    ) -> (Result<Variable, RuleProblem>, Result<Regex, RuleProblem>) {
        (Variable::parse(&spec.variable), pattern(spec))
    }

    pub(super) fn new(variable: Variable, pattern: Regex, expectation: Expectation) -> Self {
        Self {
            variable,
            pattern,
            expectation,
            captures_are_used: false,
        }
    }

    pub(crate) fn variable(&self) -> &Variable {
        &self.variable
    }

    /// Whether this condition gives `variable` a group of this number. A negated one never does:
    /// it holds when nothing was matched.
    pub(crate) fn captures(&self, variable: &Variable, group: usize) -> bool {
        self.expectation == Expectation::Match
            && self.variable == *variable
            && (1..self.pattern.captures_len()).contains(&group)
    }

    pub(crate) fn keep_captures(&mut self) {
        self.captures_are_used = true;
    }

    /// `None` when the condition does not hold, else what it captured if anybody wants it.
    pub(super) fn judge<'v>(&self, index: usize, view: View<'v>) -> Option<Option<Captured<'v>>> {
        let value = self.variable.value(view);
        if !self.captures_are_used {
            let found = self.pattern.is_match(&value);
            return (found == (self.expectation == Expectation::Match)).then_some(None);
        }
        let mut groups = self.pattern.capture_locations();
        self.pattern.captures_read(&mut groups, &value)?;
        Some(Some(Captured {
            condition: index,
            value,
            groups,
        }))
    }
}

impl Captured<'_> {
    /// What a group matched, empty when it took no part in the match.
    pub(crate) fn group(&self, group: usize) -> &[u8] {
        self.groups
            .get(group)
            .and_then(|(start, end)| self.value.get(start..end))
            .unwrap_or_default()
    }
}

fn pattern(spec: &ConditionSpec) -> Result<Regex, RuleProblem> {
    RegexBuilder::new(&spec.pattern)
        .case_insensitive(spec.case == Case::Ignore)
        .size_limit(PATTERN_SIZE)
        .build()
        .map_err(|source| RuleProblem::BadPattern {
            pattern: spec.pattern.clone(),
            source,
        })
}
