//! Rewrite rules: what is configured, compiled once, applied to every request and response.

mod compile;
pub(crate) mod condition;
mod error;

use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::exchange::Exchange;
use crate::template::Template;
use crate::variable::{Phase, View};
use condition::{Captured, Condition};

pub use error::{Part, RuleError, RuleProblem};

/// One rule as it is written: if all conditions hold, set and delete these headers.
#[derive(Clone, Debug, Default)]
pub struct RuleSpec {
    /// What errors call it.
    pub name: String,
    /// Rules run in this order, lowest first. Equal numbers keep the order of the list.
    pub sequence: u32,
    /// All of them must hold. None means always.
    pub conditions: Vec<ConditionSpec>,
    /// What changes before the request goes to the backend.
    pub request_headers: Vec<HeaderSpec>,
    /// What changes before the response goes to the client.
    pub response_headers: Vec<HeaderSpec>,
}

/// One condition as it is written.
#[derive(Clone, Debug)]
pub struct ConditionSpec {
    /// `var_NAME`, `http_req_NAME` or `http_resp_NAME`.
    pub variable: String,
    /// A regular expression of the RE2 family, found anywhere in the value unless anchored.
    pub pattern: String,
    /// Whether capitals matter.
    pub case: Case,
    /// Which outcome fulfils the condition.
    pub expectation: Expectation,
}

/// Whether a pattern tells capitals from small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `a` is not `A`.
    Sensitive,
    /// `a` is `A`.
    Ignore,
}

/// Which outcome of a match fulfils a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The pattern is found.
    Match,
    /// The pattern is not found.
    NoMatch,
}

/// One header action as it is written.
#[derive(Clone, Debug)]
pub struct HeaderSpec {
    /// The header.
    pub name: String,
    /// Its new value: text and `{variable}`. An empty value deletes the header.
    pub value: String,
}

/// Compiled rules. The default has none and changes nothing.
///
/// Clones share the compiled patterns, not their scratch memory: threads with a clone each never
/// wait for one another.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// Request fields that rules ask for when the response is there.
    remembered: Vec<HeaderName>,
    identity_headers: Vec<HeaderName>,
}

#[derive(Clone, Debug)]
struct Rule {
    conditions: Vec<Condition>,
    request: Vec<Action>,
    response: Vec<Action>,
}

#[derive(Clone, Debug)]
struct Action {
    header: HeaderName,
    /// `None` deletes.
    template: Option<Template>,
}

/// What the response's rules need of the request's fields, as they were received.
///
/// Only [`RuleSet::rewrite_request`] makes one. It is empty unless a rule asks for such a field.
#[derive(Debug)]
pub struct Remembered {
    fields: HeaderMap,
}

/// A decided change: a new value, or none to delete.
pub(crate) struct Change<'r> {
    header: &'r HeaderName,
    value: Option<HeaderValue>,
}

impl RuleSet {
    /// Compiles rules, or lists everything that is wrong with all of them.
    ///
    /// # Errors
    ///
    /// One [`RuleError`] for each unknown or unavailable variable, bad pattern, capture that no
    /// condition of the rule defines, and header that cannot be set.
    pub fn compile(rules: Vec<RuleSpec>) -> Result<Self, Vec<RuleError>> {
        compile::rule_set(rules)
    }

    /// Headers that tell the backend who the client is: those filled from a `client_certificate`
    /// variable or a capture of one, and those set by a rule with a condition on one.
    ///
    /// Two kinds are not, because clients of every listener must be able to send them:
    ///
    /// - `Host`, which the gateway sets in every request itself;
    /// - standard request fields that are the client's own (`Accept`, `Content-Type`, `Cookie`,
    ///   `Authorization` and the like), unless they are filled from the certificate. Set to something
    ///   else under a condition, they reach a backend as the client sent them where the condition does
    ///   not hold: what a rule writes there is believed for its being secret or not at all.
    ///
    /// Give those of **every** listener's rules to [`StripList::new`](crate::StripList::new).
    pub fn identity_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.identity_headers.iter()
    }

    /// Applies the request half of the rules.
    ///
    /// All rules are judged on the headers as they come in, then all changes are made in sequence:
    /// no rule sees another's work, and the last one to name a header decides it.
    pub fn rewrite_request(&self, headers: &mut HeaderMap, exchange: &Exchange<'_>) -> Remembered {
        let (changes, remembered) = self.decide_request(headers, exchange);
        apply(changes, headers);
        remembered
    }

    /// Applies the response half of the rules, by the same order of judging and changing.
    ///
    /// Conditions on the request see it as it was received.
    pub fn rewrite_response(
        &self,
        status: StatusCode,
        headers: &mut HeaderMap,
        exchange: &Exchange<'_>,
        remembered: &Remembered,
    ) {
        let view = View {
            exchange,
            request: &remembered.fields,
            response: Some((status, headers)),
        };
        let changes = self.decide(Phase::Response, view);
        apply(changes, headers);
    }

    /// The request half, decided and not yet applied.
    pub(crate) fn decide_request(
        &self,
        headers: &HeaderMap,
        exchange: &Exchange<'_>,
    ) -> (Vec<Change<'_>>, Remembered) {
        let view = View {
            exchange,
            request: headers,
            response: None,
        };
        (self.decide(Phase::Request, view), self.remember(headers))
    }

    fn decide(&self, phase: Phase, view: View<'_>) -> Vec<Change<'_>> {
        let mut changes = Vec::new();
        for rule in &self.rules {
            rule.decide(phase, view, &mut changes);
        }
        changes
    }

    fn remember(&self, headers: &HeaderMap) -> Remembered {
        let mut fields = HeaderMap::new();
        for name in &self.remembered {
            for value in headers.get_all(name) {
                // Full is no case: these are fewer than `headers` holds.
                drop(fields.try_append(name.clone(), value.clone()));
            }
        }
        Remembered { fields }
    }
}

impl Rule {
    fn decide<'r>(&'r self, phase: Phase, view: View<'_>, changes: &mut Vec<Change<'r>>) {
        let actions = match phase {
            Phase::Request => &self.request,
            Phase::Response => &self.response,
        };
        if actions.is_empty() {
            return;
        }
        let Some(captured) = self.judge(view) else {
            return;
        };
        changes.extend(actions.iter().map(|action| Change {
            header: &action.header,
            value: (action.template.as_ref()).and_then(|template| template.render(view, &captured)),
        }));
    }

    /// What the conditions captured, `None` when one does not hold.
    fn judge<'v>(&self, view: View<'v>) -> Option<Vec<Captured<'v>>> {
        let mut captured = Vec::new();
        for (index, condition) in self.conditions.iter().enumerate() {
            captured.extend(condition.judge(index, view)?);
        }
        Some(captured)
    }
}

/// Makes the changes in their order.
pub(crate) fn apply(changes: Vec<Change<'_>>, headers: &mut HeaderMap) {
    for Change { header, value } in changes {
        headers.remove(header);
        if let Some(value) = value {
            // A header section of 32,768 fields takes no more: the header stays removed.
            drop(headers.try_insert(header.clone(), value));
        }
    }
}

#[cfg(test)]
mod tests;
