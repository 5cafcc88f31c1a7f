//! Rewrite rules: what is configured, compiled once, applied to every request and response.

mod compile;
pub(crate) mod condition;
mod cookie;
mod error;

use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};

use crate::exchange::Exchange;
use crate::facts::Fact;
use crate::template::Template;
use crate::url::{UrlChange, UrlPart};
use crate::variable::{Phase, View};
use condition::{Captured, Condition};
use cookie::{CookieAction, Cookies};

pub use error::{Part, RuleError, RuleProblem};

/// One rule as it is written: if all conditions hold, make these changes.
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
    /// Which `Set-Cookie` fields change, each by its own value, before the response goes to the client.
    pub response_cookies: Vec<CookieSpec>,
    /// What becomes of the request's URL.
    pub url: Option<UrlSpec>,
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

/// One change of `Set-Cookie` fields as it is written. Those that are not meant stay as they are.
#[derive(Clone, Debug)]
pub struct CookieSpec {
    /// A regular expression of the RE2 family, asked of the value of each field.
    pub pattern: String,
    /// Whether capitals matter.
    pub case: Case,
    /// Which outcome means a field.
    pub expectation: Expectation,
    /// The new value: text, `{variable}`, `{capt_header_value_matcher}` for the field's value as it was and
    /// `{capt_header_value_matcher_1}` for what a group matched. An empty value deletes the field.
    pub value: String,
}

/// A change of a request's URL as it is written.
///
/// Its values are text and `{variable}`. `None` leaves a part as it was received, an empty value clears it.
#[derive(Clone, Debug, Default)]
pub struct UrlSpec {
    /// The new path. A missing `/` at its beginning is added.
    pub path: Option<String>,
    /// The new query, without its `?`.
    pub query: Option<String>,
    /// Whether the path map is to be asked again, if this rule decides the path.
    pub reroute: Reroute,
}

/// Whether the path map is to be asked again, by the new path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reroute {
    /// It is.
    Again,
    /// It is not.
    #[default]
    Stay,
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
    asks_for_ciphers: bool,
    facts: Vec<Fact>,
}

#[derive(Clone, Debug)]
struct Rule {
    conditions: Vec<Condition>,
    request: Vec<Action>,
    response: Vec<Action>,
    cookies: Vec<CookieAction>,
    path: Option<(Template, Reroute)>,
    query: Option<Template>,
}

#[derive(Clone, Debug)]
struct Action {
    header: HeaderName,
    /// `None` deletes.
    template: Option<Template>,
}

/// What the response's rules need of the request's fields, as they were received.
///
/// [`RuleSet::rewrite_request`] and [`Passage`](crate::Passage) make one. It is empty unless a rule asks for such a field.
#[derive(Debug, Default)]
pub struct Remembered {
    pub(crate) fields: HeaderMap,
}

impl Remembered {
    /// Adds what another set needs of the same request.
    pub(crate) fn merge(&mut self, other: Self) {
        for name in other.fields.keys() {
            self.fields.remove(name);
        }
        self.fields.extend(other.fields);
    }
}

/// A decided change: a new value, or none to delete.
#[derive(Debug)]
pub(crate) enum Change<'r> {
    Header {
        header: &'r HeaderName,
        value: Option<HeaderValue>,
    },
    /// Of the `Set-Cookie` field at this position.
    Cookie {
        index: usize,
        value: Option<HeaderValue>,
    },
}

impl RuleSet {
    /// Compiles rules, or lists everything that is wrong with all of them.
    ///
    /// # Errors
    ///
    /// One [`RuleError`] for each unknown variable, bad pattern, capture that no
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

    /// Whether a rule asks for `ciphers_supported`. Where none does, nobody need make a
    /// [list of them](crate::TlsFacts::ciphers_offered).
    pub fn asks_for_ciphers(&self) -> bool {
        self.asks_for_ciphers
    }

    /// What the rules ask of the client's certificate. Nobody need write out
    /// [anything else](crate::CertificateFacts) for them.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Applies the request half of the rules.
    ///
    /// It is about headers; a URL is rewritten by [`Passage`](crate::Passage).
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
        let changes = self.decide_response(status, headers, exchange, remembered);
        apply(changes, headers);
    }

    /// The response half, decided and not yet applied.
    pub(crate) fn decide_response(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        exchange: &Exchange<'_>,
        remembered: &Remembered,
    ) -> Vec<Change<'_>> {
        let view = View {
            exchange,
            request: &remembered.fields,
            response: Some((status, headers)),
        };
        self.decide(Phase::Response, view)
    }

    /// What becomes of the URL of a request with these headers, as they came in.
    pub(crate) fn decide_url(&self, headers: &HeaderMap, exchange: &Exchange<'_>) -> UrlChange {
        let view = View {
            exchange,
            request: headers,
            response: None,
        };
        let mut change = UrlChange::default();
        for rule in &self.rules {
            rule.decide_url(view, &mut change);
        }
        change
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
        let (actions, cookies) = match phase {
            Phase::Request => (&self.request, [].as_slice()),
            Phase::Response => (&self.response, self.cookies.as_slice()),
        };
        if actions.is_empty() && cookies.is_empty() {
            return;
        }
        let Some(mut captured) = self.judge(view) else {
            return;
        };
        changes.extend(actions.iter().map(|action| Change::Header {
            header: &action.header,
            value: (action.template.as_ref()).and_then(|template| template.render(view, &captured)),
        }));
        for cookie in cookies {
            cookie.decide(view, &mut captured, changes);
        }
    }

    fn decide_url(&self, view: View<'_>, change: &mut UrlChange) {
        if self.path.is_none() && self.query.is_none() {
            return;
        }
        let Some(captured) = self.judge(view) else {
            return;
        };
        let render = |part, template: &Template| {
            template.render_url(part, &self.conditions, view, &captured)
        };
        if let Some((template, reroute)) = &self.path {
            change.set_path(render(UrlPart::Path, template), *reroute);
        }
        if let Some(template) = &self.query {
            change.set_query(render(UrlPart::Query, template));
        }
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
    let cookies_change = |change: &Change<'_>| matches!(change, Change::Cookie { .. });
    // More than it can hold is seen at each field.
    drop(headers.try_reserve(changes.len()));
    let mut cookies = (changes.iter().any(cookies_change)).then(|| Cookies::of(headers));
    for change in changes {
        match (change, &mut cookies) {
            (Change::Header { header, .. }, Some(cookies)) if *header == SET_COOKIE => {
                cookies.delete_all();
            }
            (Change::Header { header, value }, _) => {
                headers.remove(header);
                if let Some(value) = value {
                    // A header section of 32,768 fields takes no more: the header stays removed.
                    drop(headers.try_insert(header.clone(), value));
                }
            }
            (Change::Cookie { index, value }, Some(cookies)) => cookies.set(index, value),
            (Change::Cookie { .. }, None) => (),
        }
    }
    if let Some(cookies) = cookies {
        cookies.write(headers);
    }
}

#[cfg(test)]
mod tests;
