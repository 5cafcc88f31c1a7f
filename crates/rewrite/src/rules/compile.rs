//! From rules as written to rules as run.

use std::collections::HashSet;

use http::header::{HOST, HeaderName, SET_COOKIE};

use super::condition::{self, Condition};
use super::cookie::CookieAction;
use super::{
    Action, CookieSpec, Expectation, HeaderSpec, Part, Rule, RuleError, RuleProblem, RuleSet,
    RuleSpec,
};
use crate::strip::{has_plain_name, is_clients_own};
use crate::template::{Scope, Template};
use crate::variable::{Phase, Variable};

/// Headers that no rule may touch, and why.
///
/// `connection`, `upgrade` and `x-original-host` are refused by Application Gateway too. The others
/// say where a message ends (RFC 9112 section 6) or speak to the next hop only (RFC 9110 section
/// 7.6.1): a rule that changed one would let one request be read as two.
const FORBIDDEN: [(&str, &str); 11] = [
    ("connection", HOP),
    ("content-length", FRAMING),
    ("http2-settings", HOP),
    ("keep-alive", HOP),
    ("proxy-connection", HOP),
    ("te", HOP),
    ("trailer", FRAMING),
    ("transfer-encoding", FRAMING),
    ("upgrade", HOP),
    (
        "x-original-host",
        "the gateway tells the original host in it",
    ),
    ("x-original-url", "the gateway tells the original URL in it"),
];
const HOP: &str = "it concerns one connection only";
const FRAMING: &str = "it says where the message ends";

/// What is gathered while compiling one rule.
struct Compiler {
    rule: usize,
    name: String,
    errors: Vec<RuleError>,
}

pub(super) fn rule_set(specs: Vec<RuleSpec>) -> Result<RuleSet, Vec<RuleError>> {
    let mut specs: Vec<_> = specs.into_iter().enumerate().collect();
    specs.sort_by_key(|(_, spec)| spec.sequence);
    let mut set = RuleSet::default();
    let mut errors = Vec::new();
    for (index, spec) in specs {
        let mut compiler = Compiler {
            rule: index,
            name: spec.name.clone(),
            errors: Vec::new(),
        };
        let rule = compiler.rule(&spec);
        errors.append(&mut compiler.errors);
        set.push(rule);
    }
    match errors.is_empty() {
        true => Ok(set),
        false => {
            errors.sort_by_key(|error| error.rule);
            Err(errors)
        }
    }
}

impl Compiler {
    fn rule(&mut self, spec: &RuleSpec) -> Rule {
        let mut conditions = self.conditions(spec);
        // Without all its conditions a rule's captures cannot be judged.
        let complete = conditions.len() == spec.conditions.len();
        let mut scope = Scope {
            phase: Phase::Request,
            conditions: &mut conditions,
            matcher: None,
        };
        let request = self.actions(&spec.request_headers, &mut scope, complete);
        let mut part = |part, text: &Option<String>| {
            let text = text.as_ref()?;
            self.template(part, text, &mut scope, complete)
        };
        let url = spec.url.as_ref();
        let path = url.and_then(|url| Some((part(Part::UrlPath, &url.path)?, url.reroute)));
        let query = url.and_then(|url| part(Part::UrlQuery, &url.query));
        scope.phase = Phase::Response;
        let response = self.actions(&spec.response_headers, &mut scope, complete);
        let cookies = spec.response_cookies.iter().enumerate();
        let cookies = cookies
            .filter_map(|(index, cookie)| self.cookie(index, cookie, &mut scope, complete))
            .collect();
        Rule {
            conditions,
            request,
            response,
            cookies,
            path,
            query,
        }
    }

    fn conditions(&mut self, spec: &RuleSpec) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (index, condition) in spec.conditions.iter().enumerate() {
            let part = Part::Condition(index);
            let (variable, pattern) = Condition::compile(condition);
            let variable = self.check(part, variable);
            let pattern = self.check(part, pattern);
            let (Some(variable), Some(pattern)) = (variable, pattern) else {
                continue;
            };
            let changes_request = !spec.request_headers.is_empty() || spec.url.is_some();
            if variable.phase() == Phase::Response && changes_request {
                let name = condition.variable.clone();
                self.report(part, RuleProblem::ResponseNotYetKnown { name });
            }
            conditions.push(Condition::new(variable, pattern, condition.expectation));
        }
        conditions
    }

    fn actions(
        &mut self,
        specs: &[HeaderSpec],
        scope: &mut Scope<'_>,
        complete: bool,
    ) -> Vec<Action> {
        let phase = scope.phase;
        let mut seen = HashSet::new();
        let mut actions = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let part = match phase {
                Phase::Request => Part::RequestHeader(index),
                Phase::Response => Part::ResponseHeader(index),
            };
            let header = self.check(part, header(spec, phase));
            if header
                .as_ref()
                .is_some_and(|name| !seen.insert(name.clone()))
            {
                let name = spec.name.clone();
                self.report(part, RuleProblem::DuplicateHeader { name });
            }
            let template = match spec.value.is_empty() {
                true => None,
                false => self.template(part, &spec.value, scope, complete),
            };
            actions.extend(header.map(|header| Action { header, template }));
        }
        actions
    }

    fn cookie(
        &mut self,
        index: usize,
        spec: &CookieSpec,
        scope: &mut Scope<'_>,
        complete: bool,
    ) -> Option<CookieAction> {
        let part = Part::ResponseCookie(index);
        let pattern = self.check(part, condition::pattern(&spec.pattern, spec.case));
        // A negated matcher means fields in which it found nothing.
        let groups = match (&pattern, spec.expectation) {
            (Some(pattern), Expectation::Match) => pattern.captures_len(),
            _ => 0,
        };
        scope.matcher = Some(groups);
        let complete = complete && pattern.is_some();
        let template = match spec.value.is_empty() {
            true => None,
            false => self.template(part, &spec.value, scope, complete),
        };
        scope.matcher = None;
        Some(CookieAction {
            pattern: pattern?,
            expectation: spec.expectation,
            template,
        })
    }

    fn template(
        &mut self,
        part: Part,
        text: &str,
        scope: &mut Scope<'_>,
        complete: bool,
    ) -> Option<Template> {
        match Template::compile(text, scope) {
            Ok(template) => Some(template),
            Err(problems) => {
                for problem in problems {
                    let unsure = matches!(problem, RuleProblem::UndefinedCapture { .. });
                    if complete || !unsure {
                        self.report(part, problem);
                    }
                }
                None
            }
        }
    }

    fn check<T>(&mut self, part: Part, result: Result<T, RuleProblem>) -> Option<T> {
        result.map_err(|problem| self.report(part, problem)).ok()
    }

    fn report(&mut self, part: Part, problem: RuleProblem) {
        self.errors.push(RuleError {
            rule: self.rule,
            name: self.name.clone(),
            part,
            problem,
        });
    }
}

/// The header of an action, if a rule may set it.
fn header(spec: &HeaderSpec, phase: Phase) -> Result<HeaderName, RuleProblem> {
    let invalid = || RuleProblem::InvalidHeaderName {
        name: spec.name.clone(),
    };
    let forbidden = |why| RuleProblem::ForbiddenHeader {
        name: spec.name.clone(),
        why,
    };
    let name = HeaderName::from_bytes(spec.name.as_bytes()).map_err(|_| invalid())?;
    if phase == Phase::Request && !has_plain_name(name.as_str()) {
        return Err(invalid());
    }
    if let Some((_, why)) = FORBIDDEN.iter().find(|(header, _)| *header == name) {
        return Err(forbidden(why));
    }
    match (phase, &name, spec.value.is_empty()) {
        (Phase::Request, &HOST, true) => Err(forbidden("a request cannot do without it")),
        (Phase::Response, &SET_COOKIE, false) => Err(RuleProblem::SetCookie),
        _ => Ok(name),
    }
}

impl RuleSet {
    fn push(&mut self, rule: Rule) {
        for name in rule.fields_of_the_request() {
            if !self.remembered.contains(&name) {
                self.remembered.push(name);
            }
        }
        for name in rule.identity_headers() {
            if !self.identity_headers.contains(name) {
                self.identity_headers.push(name.clone());
            }
        }
        for fact in rule.variables().filter_map(Variable::fact) {
            if !self.facts.contains(&fact) {
                self.facts.push(fact);
            }
        }
        self.asks_for_ciphers |= rule.variables().any(Variable::lists_ciphers);
        self.rules.push(rule);
    }
}

impl Rule {
    /// All that its conditions and values ask for.
    fn variables(&self) -> impl Iterator<Item = &Variable> {
        let asked = self.conditions.iter().map(Condition::variable);
        let headers = self.request.iter().chain(&self.response);
        let headers = headers.filter_map(|action| action.template.as_ref());
        let cookies = self.cookies.iter();
        let cookies = cookies.filter_map(|action| action.template.as_ref());
        let url = self.path.iter().map(|(template, _)| template);
        let url = url.chain(&self.query);
        asked.chain((headers.chain(cookies).chain(url)).flat_map(Template::variables))
    }

    /// Fields of the request that the response half reads.
    fn fields_of_the_request(&self) -> Vec<HeaderName> {
        if self.response.is_empty() && self.cookies.is_empty() {
            return Vec::new();
        }
        let headers = self.response.iter().map(|action| &action.template);
        let cookies = self.cookies.iter().map(|action| &action.template);
        let inserted = headers.chain(cookies).flatten();
        let inserted = inserted.flat_map(Template::variables);
        let asked = self.conditions.iter().map(Condition::variable);
        inserted
            .chain(asked)
            .filter_map(Variable::request_field)
            .collect()
    }

    /// Which headers these are is told at [`RuleSet::identity_headers`].
    fn identity_headers(&self) -> impl Iterator<Item = &HeaderName> {
        let conditional = self
            .conditions
            .iter()
            .any(|condition| condition.variable().tells_identity());
        self.request
            .iter()
            .filter(move |action| {
                let template = action.template.as_ref();
                template.is_some_and(|template| {
                    template.tells_identity(&self.conditions)
                        || (conditional && !is_clients_own(&action.header))
                })
            })
            .map(|action| &action.header)
            // Whatever a rule says, the gateway sets it in every request before rules apply.
            .filter(|header| **header != HOST)
    }
}
