//! From rules as written to rules as run.

use std::collections::HashSet;

use http::header::{HOST, HeaderName, SET_COOKIE};

use super::condition::Condition;
use super::{Action, HeaderSpec, Part, Rule, RuleError, RuleProblem, RuleSet, RuleSpec};
use crate::strip::{has_plain_name, is_clients_own};
use crate::template::Template;
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
        let request = self.actions(
            &spec.request_headers,
            Phase::Request,
            &mut conditions,
            complete,
        );
        let response = self.actions(
            &spec.response_headers,
            Phase::Response,
            &mut conditions,
            complete,
        );
        Rule {
            conditions,
            request,
            response,
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
            if variable.phase() == Phase::Response && !spec.request_headers.is_empty() {
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
        phase: Phase,
        conditions: &mut [Condition],
        complete: bool,
    ) -> Vec<Action> {
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
            let template = self.template(part, spec, phase, conditions, complete);
            actions.extend(header.map(|header| Action { header, template }));
        }
        actions
    }

    fn template(
        &mut self,
        part: Part,
        spec: &HeaderSpec,
        phase: Phase,
        conditions: &mut [Condition],
        complete: bool,
    ) -> Option<Template> {
        if spec.value.is_empty() {
            return None;
        }
        match Template::compile(&spec.value, phase, conditions) {
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
        self.rules.push(rule);
    }
}

impl Rule {
    /// Fields of the request that the response half reads.
    fn fields_of_the_request(&self) -> Vec<HeaderName> {
        if self.response.is_empty() {
            return Vec::new();
        }
        let inserted = self.response.iter().flat_map(Action::variables);
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

impl Action {
    fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.template.iter().flat_map(Template::variables)
    }
}
