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

/// Whose pattern captured something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A condition of the rule, by its position.
    Condition(usize),
    /// The matcher of the `Set-Cookie` field at hand.
    Matcher,
}

/// A value and where the groups of one pattern lie in it.
#[derive(Debug)]
pub(crate) struct Captured<'v> {
    pub(crate) origin: Origin,
    value: Cow<'v, [u8]>,
    groups: CaptureLocations,
}

impl Condition {
    pub(super) fn compile(
        spec: &ConditionSpec,
    ) -> (Result<Variable, RuleProblem>, Result<Regex, RuleProblem>) {
        (
            Variable::parse(&spec.variable),
            pattern(&spec.pattern, spec.case),
        )
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
            origin: Origin::Condition(index),
            value,
            groups,
        }))
    }
}

impl<'v> Captured<'v> {
    pub(super) fn new(origin: Origin, value: &'v [u8], groups: CaptureLocations) -> Self {
        let value = Cow::Borrowed(value);
        Self {
            origin,
            value,
            groups,
        }
    }

    /// The whole value that the pattern was asked of.
    pub(crate) fn value(&self) -> &[u8] {
        &self.value
    }

    /// What a group matched, empty when it took no part in the match.
    pub(crate) fn group(&self, group: usize) -> &[u8] {
        self.groups
            .get(group)
            .and_then(|(start, end)| self.value.get(start..end))
            .unwrap_or_default()
    }
}

pub(super) fn pattern(pattern: &str, case: Case) -> Result<Regex, RuleProblem> {
    RegexBuilder::new(pattern)
        .case_insensitive(case == Case::Ignore)
        .size_limit(PATTERN_SIZE)
        .build()
        .map_err(|source| RuleProblem::BadPattern {
            pattern: pattern.into(),
            source,
        })
}
