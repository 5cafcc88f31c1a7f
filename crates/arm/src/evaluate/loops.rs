//! `copy`: an array by repeating an input. It is what a `for` of Bicep compiles to.

use super::scope::Language;
use super::{Cause, EvaluationError, Evaluator};
use crate::json::Json;

/// A repetition that is going on.
pub(super) struct Loop {
    name: String,
    index: i64,
}

/// Turns that a repetition may take: Resource Manager's limit.
pub(super) const TURNS: i64 = 800;

impl Evaluator<'_> {
    /// Whether a member says what to repeat, rather than being one.
    pub(crate) fn is_copy(&self, name: &str, value: &Json) -> bool {
        self.scope.language == Language::Template
            && name.eq_ignore_ascii_case("copy")
            && value.elements().is_some()
    }

    /// The name of the member that a `copy` makes.
    pub(crate) fn copy_name<'c>(&self, copy: &'c Json) -> Result<&'c str, EvaluationError> {
        let name = copy.member("name").and_then(Json::text);
        name.ok_or_else(|| malformed(copy))
    }

    /// The array that a `copy` makes.
    pub(crate) fn repeated(&self, copy: &Json, depth: usize) -> Result<Json, EvaluationError> {
        let name = self.copy_name(copy)?;
        let deeper = depth
            .checked_sub(1)
            .ok_or_else(|| EvaluationError::new(name, Cause::TooDeep))?;
        let count = copy.member("count").ok_or_else(|| malformed(copy))?;
        let input = copy.member("input").ok_or_else(|| malformed(copy))?;
        let count = match self.evaluate(count, deeper)? {
            Json::Integer(count) if (0..=TURNS).contains(&count) => count,
            _ => return Err(malformed(copy)),
        };
        let turns = (0..count).map(|index| self.turn(name, index, input, deeper));
        turns.collect::<Result<_, _>>().map(Json::List)
    }

    fn turn(
        &self,
        name: &str,
        index: i64,
        input: &Json,
        depth: usize,
    ) -> Result<Json, EvaluationError> {
        let name = name.to_owned();
        self.loops.borrow_mut().push(Loop { name, index });
        let value = self.evaluate(input, depth);
        self.loops.borrow_mut().pop();
        value
    }

    /// `copyIndex()`, of the innermost repetition or of a named one, and counted from an offset.
    pub(super) fn copy_index(&self, arguments: &[Json]) -> Result<Json, Cause> {
        let takes = "the name of a copy that it stands in, and an offset";
        let refused = || Cause::arguments("copyIndex", takes);
        let (name, offset) = match arguments {
            [] => (None, 0),
            [Json::Integer(offset)] => (None, *offset),
            [Json::Text(name)] => (Some(name), 0),
            [Json::Text(name), Json::Integer(offset)] => (Some(name), *offset),
            _ => return Err(refused()),
        };
        let loops = self.loops.borrow();
        let mut inner = loops.iter().rev();
        let found = inner.find(|one| name.is_none_or(|name| one.name.eq_ignore_ascii_case(name)));
        let index = found.and_then(|one| one.index.checked_add(offset));
        index.map(Json::Integer).ok_or_else(refused)
    }
}

fn malformed(copy: &Json) -> EvaluationError {
    EvaluationError::new(&copy.to_string(), Cause::Copy)
}
