//! Rewrite sets of the model as the rules that [`portcullis_rewrite`] compiles, and its errors back
//! at their places in the configuration.

use std::sync::Arc;

use portcullis_model::{self as model, Diagnostic, Problem};
use portcullis_rewrite::{Case, ConditionSpec, Expectation, HeaderSpec, Part, RuleError, RuleSpec};

/// The rules of a set, in the order in which they run.
pub(crate) fn specs(set: &model::RewriteSet) -> Vec<RuleSpec> {
    set.rules
        .iter()
        .map(|rule| RuleSpec {
            name: rule.name.value.clone(),
            sequence: rule.sequence.into(),
            conditions: rule.conditions.iter().map(condition).collect(),
            request_headers: rule.request_headers.iter().map(header).collect(),
            response_headers: rule.response_headers.iter().map(header).collect(),
        })
        .collect()
}

fn condition(condition: &model::Condition) -> ConditionSpec {
    ConditionSpec {
        variable: condition.variable.value.clone(),
        pattern: condition.pattern.value.clone(),
        case: match condition.case {
            model::Case::Sensitive => Case::Sensitive,
            model::Case::Insensitive => Case::Ignore,
        },
        expectation: match condition.holds {
            model::Holds::OnMatch => Expectation::Match,
            model::Holds::WithoutMatch => Expectation::NoMatch,
        },
    }
}

fn header(action: &model::HeaderAction) -> HeaderSpec {
    HeaderSpec {
        name: action.name.value.clone(),
        value: action.value.value.clone(),
    }
}

/// An error of the compiler at the place of the configuration that it is about.
pub(crate) fn diagnose(set: &model::RewriteSet, error: RuleError) -> Diagnostic {
    let rule = set.rules.get(error.rule);
    let place = match error.part {
        Part::Condition(index) => rule
            .and_then(|rule| rule.conditions.get(index))
            .map(|condition| &condition.place),
        Part::RequestHeader(index) => rule
            .and_then(|rule| rule.request_headers.get(index))
            .map(|action| &action.value.place),
        Part::ResponseHeader(index) => rule
            .and_then(|rule| rule.response_headers.get(index))
            .map(|action| &action.value.place),
    };
    let source = Arc::new(error.problem);
    Diagnostic::new(
        place.unwrap_or(&set.place).clone(),
        Problem::Rewrite { source },
    )
}
