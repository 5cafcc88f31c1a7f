//! Why an expression cannot be evaluated.

use crate::expression::SyntaxError;
use crate::stand_in;

/// An expression that gives nothing here, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expression} cannot be evaluated: {cause}")]
pub struct EvaluationError {
    /// The innermost expression that failed, shortened.
    pub expression: String,
    /// Why.
    pub cause: Cause,
}

/// Letters of an expression that messages show.
const SHOWN: usize = 120;

impl EvaluationError {
    pub(crate) fn new(text: &str, cause: Cause) -> Self {
        let mut expression: String = text.chars().take(SHOWN).collect();
        if expression.len() < text.len() {
            expression.push('…');
        }
        if expression.is_empty() {
            expression.push_str("the document");
        }
        Self { expression, cause }
    }
}

/// Why an expression gives nothing here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// It is no expression.
    #[error("{0}")]
    Syntax(#[from] SyntaxError),
    /// A function that is not known here.
    #[error("{function}() is not a function that an import knows")]
    UnknownFunction {
        /// As written.
        function: String,
    },
    /// A function whose result only a deployment knows.
    #[error("what {function}() gives is known only to a deployment")]
    NotEvaluated {
        /// As written.
        function: String,
    },
    /// The value is made of what only a deployment knows.
    #[error("it depends on {what}, which only a deployment knows")]
    Deployment {
        /// The value with what is not known in brackets.
        what: String,
    },
    /// A function was given something else than it takes.
    #[error("{function}() takes {takes}")]
    Arguments {
        /// As written.
        function: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A declared parameter without a value.
    #[error(
        "parameter \"{name}\" ({kind}) has no value; give one with a parameter file (--parameters)"
    )]
    MissingParameter {
        /// Its name.
        name: String,
        /// Its declared type, lower case.
        kind: String,
    },
    /// A parameter whose value lies in a key vault.
    #[error("parameter \"{name}\" is a reference to a key vault, which an import does not open")]
    KeyVaultParameter {
        /// Its name.
        name: String,
    },
    /// No such parameter is declared.
    #[error("there is no parameter \"{name}\"")]
    UnknownParameter {
        /// Its name.
        name: String,
    },
    /// No such variable.
    #[error("there is no variable \"{name}\"")]
    UnknownVariable {
        /// Its name.
        name: String,
    },
    /// The value has no such property.
    #[error("there is no property \"{name}\"")]
    NoMember {
        /// Its name.
        name: String,
    },
    /// The value has no such element.
    #[error("there is no element {at}")]
    NoElement {
        /// The index or name.
        at: String,
    },
    /// A `copy` that says no name, count or input.
    #[error(
        "a copy takes a name, a count of at most {} and an input",
        super::loops::TURNS
    )]
    Copy,
    /// Evaluations within each other.
    #[error("it uses others more than 64 levels deep, or itself")]
    TooDeep,
    /// All evaluations together.
    #[error("the document takes more work or memory to evaluate than an import spends")]
    TooMuch,
}

impl Cause {
    pub(crate) fn arguments(function: &str, takes: &'static str) -> Self {
        let function = function.to_owned();
        Self::Arguments { function, takes }
    }

    pub(crate) fn deployment(text: &str) -> Self {
        let what: String = stand_in::shown(text).chars().take(SHOWN).collect();
        Self::Deployment { what }
    }
}
