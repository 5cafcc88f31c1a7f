//! The problems found so far, and where in the text things stand.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::excerpt;
use crate::diagnostic::{Diagnostic, Item, Located, Location, Place, Problem};

/// Problems are collected up to this many; nobody reads more, and a text of 1 MiB could hold half
/// a million.
pub(crate) const PROBLEMS: usize = 1_000;

/// The problems found so far.
pub(crate) struct Report {
    /// The byte at which each line begins.
    lines: Vec<usize>,
    /// The bytes that continue a character, so that a column costs no pass over its line.
    continuations: Vec<usize>,
    problems: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Lines that are not TOML. What is read from them is a guess of the parser.
    broken: BTreeSet<usize>,
}

impl Report {
    pub(crate) fn new(text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        let continuations = (0..text.len()).filter(|at| !text.is_char_boundary(*at));
        Self {
            lines: std::iter::once(0).chain(starts).collect(),
            continuations: continuations.collect(),
            problems: Vec::new(),
            warnings: Vec::new(),
            broken: BTreeSet::new(),
        }
    }

    pub(crate) fn push(&mut self, place: Place, problem: Problem) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(Diagnostic::new(place, problem));
        }
    }

    pub(crate) fn warn(&mut self, place: Place, problem: Problem) {
        if self.warnings.len() < PROBLEMS {
            self.warnings.push(Diagnostic::new(place, problem));
        }
    }

    /// The warnings so far, which are then no longer here.
    pub(crate) fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    /// Adds what the TOML parser says, one problem a line.
    pub(crate) fn syntax(&mut self, errors: &[toml::de::Error]) {
        for error in errors {
            if self.broken.len() >= PROBLEMS {
                break;
            }
            let location = error.span().map(|span| self.location(&span));
            if self
                .broken
                .insert(location.map_or(0, |location| location.line))
            {
                let path = String::new();
                let message = error.message().to_owned();
                self.push(Place { path, location }, Problem::Syntax { message });
            }
        }
    }

    /// Reports every name that an earlier item has already.
    pub(crate) fn duplicates<'a>(
        &mut self,
        item: Item,
        names: impl Iterator<Item = &'a Located<String>>,
    ) {
        let mut seen: HashMap<&str, Option<Location>> = HashMap::new();
        for Located { value, place } in names {
            match seen.get(value.as_str()) {
                Some(&first) => {
                    let name = excerpt(value);
                    self.push(place.clone(), Problem::Duplicate { item, name, first });
                }
                None => {
                    seen.insert(value, place.location);
                }
            }
        }
    }

    /// Whether the text is not TOML.
    pub(crate) fn is_broken(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Where a span of the text is.
    pub(crate) fn location(&self, span: &Range<usize>) -> Location {
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line));
        let before = |at: usize| self.continuations.partition_point(|byte| *byte < at);
        let characters = |at: usize| at.saturating_sub(before(at));
        let column = characters(span.start).saturating_sub(start.map_or(0, |at| characters(*at)));
        Location {
            line,
            column: column.saturating_add(1),
            offset: span.start,
            length: span.len(),
        }
    }

    /// The problems in the order of the text. After a syntax error, a guess of the parser must not
    /// look like a second mistake: what it read from a broken line, and what it did not find, is
    /// left out.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        if !self.broken.is_empty() {
            let broken = &self.broken;
            self.problems.retain(|diagnostic| {
                matches!(diagnostic.problem, Problem::Syntax { .. })
                    || !diagnostic.problem.is_about_absence()
                        && diagnostic
                            .place
                            .location
                            .is_none_or(|location| !broken.contains(&location.line))
            });
        }
        self.problems
            .sort_by_key(|diagnostic| diagnostic.place.location);
        self.problems
    }
}
