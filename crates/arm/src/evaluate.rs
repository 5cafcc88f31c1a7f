//! What the expressions of a template give, without a deployment.

mod error;
mod functions;
mod loops;
mod resource_id;
mod scope;

use std::cell::{Cell, RefCell};

use crate::expression::{Expression, Meaning};
use crate::json::Json;
use crate::stand_in;
use loops::Loop;

pub use error::{Cause, EvaluationError};
pub(crate) use scope::{Given, Language, Scope};

/// Evaluates expressions against one template's parameters and variables.
pub(crate) struct Evaluator<'a> {
    pub(crate) scope: &'a Scope<'a>,
    budget: &'a Budget,
    loops: RefCell<Vec<Loop>>,
}

/// What all evaluations of a document may cost together.
pub(crate) struct Budget {
    steps: Cell<usize>,
    bytes: Cell<usize>,
}

/// Calls and literals. A gateway of hundreds of listeners takes some ten thousand.
const STEPS: usize = 1_000_000;

/// Bytes of intermediate values: the hundred certificates of a gateway, some dozen times.
const BYTES: usize = 32 << 20;

/// Evaluations within each other, such as a variable that uses a variable.
const DEPTH: usize = 64;

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            steps: Cell::new(STEPS),
            bytes: Cell::new(BYTES),
        }
    }

    fn spend(purse: &Cell<usize>, cost: usize) -> Result<(), Cause> {
        let rest = purse.get().checked_sub(cost).ok_or(Cause::TooMuch)?;
        purse.set(rest);
        Ok(())
    }
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(scope: &'a Scope<'a>, budget: &'a Budget) -> Self {
        Self {
            scope,
            budget,
            loops: RefCell::default(),
        }
    }

    /// The array that a `copy` of an object makes.
    pub(crate) fn copied(&self, copy: &Json) -> Result<Json, EvaluationError> {
        self.repeated(copy, DEPTH)
    }

    /// What a text of the document stands for.
    pub(crate) fn text(&self, text: &str) -> Result<Json, EvaluationError> {
        self.evaluate_text(text, DEPTH)
    }

    /// What a value stands for, with everything in it.
    pub(crate) fn value(&self, value: &Json) -> Result<Json, EvaluationError> {
        self.evaluate(value, DEPTH)
    }

    fn evaluate(&self, value: &Json, depth: usize) -> Result<Json, EvaluationError> {
        self.spend(value)?;
        match value {
            Json::Text(text) => self.evaluate_text(text, depth),
            Json::List(elements) => {
                let elements = elements.iter();
                let elements: Result<_, _> =
                    elements.map(|one| self.evaluate(one, depth)).collect();
                elements.map(Json::List)
            }
            Json::Table(members) => self.evaluate_table(members, depth).map(Json::Table),
            other => Ok(other.clone()),
        }
    }

    fn evaluate_table(
        &self,
        members: &[(String, Json)],
        depth: usize,
    ) -> Result<Vec<(String, Json)>, EvaluationError> {
        let mut table = Vec::new();
        for (name, value) in members {
            if !self.is_copy(name, value) {
                table.push((name.clone(), self.evaluate(value, depth)?));
                continue;
            }
            for copy in value.elements().unwrap_or_default() {
                let name = self.copy_name(copy)?.to_owned();
                table.push((name, self.repeated(copy, depth)?));
            }
        }
        Ok(table)
    }

    fn spend(&self, value: &Json) -> Result<(), EvaluationError> {
        let length = value.text().map_or(0, str::len);
        Budget::spend(&self.budget.steps, 1)
            .and_then(|()| Budget::spend(&self.budget.bytes, length))
            .map_err(|cause| EvaluationError::new("", cause))
    }

    fn evaluate_text(&self, text: &str, depth: usize) -> Result<Json, EvaluationError> {
        let literal = |text: &str| Ok(Json::Text(text.to_owned()));
        let failed = |cause| EvaluationError::new(text, cause);
        let parsed = match (self.scope.language, Meaning::of(text)) {
            (Language::Template, Meaning::Literal(text)) => return literal(text),
            (Language::Template, Meaning::Expression(expression)) => {
                Expression::parse(expression).map_err(|error| failed(error.into()))?
            }
            (Language::Resource, Meaning::Literal(_)) => return literal(text),
            (Language::Resource, Meaning::Expression(expression)) => {
                match Expression::parse(expression) {
                    Ok(parsed) if parsed.calls() => parsed,
                    _ => return literal(text),
                }
            }
        };
        self.expression(&parsed, depth)
            .map_err(|error| match error {
                Failure::Here(cause) => failed(cause),
                Failure::Inside(error) => error,
            })
    }

    fn expression(&self, expression: &Expression, depth: usize) -> Result<Json, Failure> {
        let depth = depth.checked_sub(1).ok_or(Cause::TooDeep)?;
        Budget::spend(&self.budget.steps, 1)?;
        let value = match expression {
            Expression::Text(text) => Json::Text(text.clone()),
            Expression::Number(number) => Json::Integer(*number),
            Expression::Member { of, name } => {
                let of = self.expression(of, depth)?;
                of.member(name)
                    .cloned()
                    .ok_or_else(|| Cause::NoMember { name: name.clone() })?
            }
            Expression::Element { of, at } => {
                let of = self.expression(of, depth)?;
                let at = self.expression(at, depth)?;
                element(&of, &at)?
            }
            Expression::Call {
                function,
                arguments,
            } => self.call(function, arguments, depth)?,
        };
        Budget::spend(&self.budget.bytes, value.weight())?;
        Ok(value)
    }

    fn call(&self, name: &str, arguments: &[Expression], depth: usize) -> Result<Json, Failure> {
        let lower = name.to_ascii_lowercase();
        if let ("if", [condition, yes, no]) = (lower.as_str(), arguments) {
            return match self.expression(condition, depth)? {
                Json::Switch(true) => self.expression(yes, depth),
                Json::Switch(false) => self.expression(no, depth),
                _ => Err(Cause::arguments(name, "true or false, and two values").into()),
            };
        }
        let values: Result<Vec<_>, _> = arguments
            .iter()
            .map(|argument| self.expression(argument, depth))
            .collect();
        let values = values?;
        match lower.as_str() {
            "parameters" => self.parameter(text_of(name, &values)?, depth),
            "variables" => self.variable(text_of(name, &values)?, depth),
            "copyindex" => Ok(self.copy_index(&values)?),
            _ => Ok(functions::call(name, &lower, values)?),
        }
    }

    fn variable(&self, name: &str, depth: usize) -> Result<Json, Failure> {
        let Some((value, turns)) = self.scope.variable(name) else {
            return Err(Cause::UnknownVariable {
                name: name.to_owned(),
            }
            .into());
        };
        match turns {
            None => Ok(self.evaluate(value, depth)?),
            Some(copy) => Ok(self.repeated(copy, depth)?),
        }
    }

    fn parameter(&self, name: &str, depth: usize) -> Result<Json, Failure> {
        match self.scope.given(name) {
            Some(Given::Value(value)) => return Ok(value.clone()),
            Some(Given::KeyVault) => {
                return Err(Cause::KeyVaultParameter {
                    name: name.to_owned(),
                }
                .into());
            }
            Some(Given::Failed(error)) => return Err(Failure::Inside(error.clone())),
            None => {}
        }
        let Some(declared) = self.scope.declared(name) else {
            return Err(Cause::UnknownParameter {
                name: name.to_owned(),
            }
            .into());
        };
        match declared.member("defaultValue") {
            Some(value) => Ok(self.evaluate(value, depth)?),
            None if declared.member("nullable") == Some(&Json::Switch(true)) => Ok(Json::Null),
            None => {
                let kind = declared.member("type").and_then(Json::text);
                let kind = kind.unwrap_or("unknown type").to_ascii_lowercase();
                let name = name.to_owned();
                Err(Cause::MissingParameter { name, kind }.into())
            }
        }
    }
}

fn text_of<'v>(function: &str, values: &'v [Json]) -> Result<&'v str, Cause> {
    match values {
        [Json::Text(text)] if !stand_in::is_marked(text) => Ok(text),
        _ => Err(Cause::arguments(function, "one text")),
    }
}

fn element(of: &Json, at: &Json) -> Result<Json, Cause> {
    let found = match (of, at) {
        (Json::List(elements), Json::Integer(at)) => {
            usize::try_from(*at).ok().and_then(|at| elements.get(at))
        }
        (Json::Table(_), Json::Text(name)) => of.member(name),
        _ => None,
    };
    let shown = || stand_in::shown(&at.to_string());
    found
        .cloned()
        .ok_or_else(|| Cause::NoElement { at: shown() })
}

/// Why an expression gave nothing: because of itself, or of another one that it uses.
enum Failure {
    Here(Cause),
    Inside(EvaluationError),
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self::Here(cause)
    }
}

impl From<EvaluationError> for Failure {
    fn from(error: EvaluationError) -> Self {
        Self::Inside(error)
    }
}

#[cfg(test)]
mod tests;
