//! Rewrite sets of the model as the rules that [`portcullis_rewrite`] compiles, and its errors back
//! at their places in the configuration.

use std::sync::Arc;

use portcullis_model::{self as model, Diagnostic, Problem};
use portcullis_rewrite::{
    Case, ConditionSpec, CookieSpec, Expectation, HeaderSpec, Part, Reroute, RuleError, RuleSpec,
    UrlSpec,
};

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
            response_cookies: rule.response_cookies.iter().map(cookie).collect(),
            url: rule.url.as_ref().map(url),
        })
        .collect()
}

fn condition(condition: &model::Condition) -> ConditionSpec {
    ConditionSpec {
        variable: condition.variable.value.clone(),
        pattern: condition.pattern.value.clone(),
        case: case(condition.case),
        expectation: expectation(condition.holds),
    }
}

fn case(case: model::Case) -> Case {
    match case {
        model::Case::Sensitive => Case::Sensitive,
        model::Case::Insensitive => Case::Ignore,
    }
}

fn expectation(holds: model::Holds) -> Expectation {
    match holds {
        model::Holds::OnMatch => Expectation::Match,
        model::Holds::WithoutMatch => Expectation::NoMatch,
    }
}

fn cookie(action: &model::CookieAction) -> CookieSpec {
    CookieSpec {
        pattern: action.pattern.value.clone(),
        case: case(action.case),
        expectation: expectation(action.holds),
        value: action.value.value.clone(),
    }
}

fn url(url: &model::UrlRewrite) -> UrlSpec {
    let template = |template: &Option<model::Located<String>>| {
        template.as_ref().map(|text| text.value.clone())
    };
    UrlSpec {
        path: template(&url.path),
        query: template(&url.query),
        reroute: match url.reroute {
            model::Reroute::Again => Reroute::Again,
            model::Reroute::Stay => Reroute::Stay,
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
        Part::ResponseCookie(index) => rule
            .and_then(|rule| rule.response_cookies.get(index))
            .map(|action| &action.place),
        Part::UrlPath => rule
            .and_then(|rule| rule.url.as_ref()?.path.as_ref())
            .map(|path| &path.place),
        Part::UrlQuery => rule
            .and_then(|rule| rule.url.as_ref()?.query.as_ref())
            .map(|query| &query.place),
    };
    let source = Arc::new(error.problem);
    Diagnostic::new(
        place.unwrap_or(&set.place).clone(),
        Problem::Rewrite { source },
    )
}
