//! Where in a document the gateways are: a resource, what `az` shows, a list of these, or a
//! template and the templates nested in it.

use std::collections::HashSet;

use crate::evaluate::{Budget, Evaluator, Given, Scope};
use crate::finding::{Fate, Problem, Reason, Report};
use crate::json::Json;
use crate::node::{Node, Value};
use crate::place::Place;
use crate::stand_in;

/// A gateway with its expressions evaluated.
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) node: Node,
}

/// Looks for gateways.
pub(crate) struct Search<'r> {
    pub(crate) found: Vec<Candidate>,
    report: &'r Report,
    budget: Budget,
}

const GATEWAY: &str = "Microsoft.Network/applicationGateways";
const DEPLOYMENT: &str = "Microsoft.Resources/deployments";

/// Templates within each other. Modules of Bicep nest two or three deep.
const DEPTH: usize = 8;

/// What a template has beside its resources.
const OUTPUTS: &str = "outputs";

impl<'r> Search<'r> {
    pub(crate) fn new(report: &'r Report) -> Self {
        Self {
            found: Vec::new(),
            report,
            budget: Budget::new(),
        }
    }

    /// Looks through a document. `given` are the values of parameter files.
    pub(crate) fn document(&mut self, document: &Json, given: Vec<(String, Given)>) {
        let root = Place::root();
        let exported = document
            .member("properties")
            .and_then(|of| of.member("template"));
        if document.member("resources").is_some() && !is_gateway(document) {
            self.template(document, &root, given, DEPTH);
        } else if let Some(template) = exported {
            let place = root.member("properties").member("template");
            self.template(template, &place, given, DEPTH);
        } else {
            let scope = Scope::resource();
            let evaluator = Evaluator::new(&scope, &self.budget);
            let mut found = Vec::new();
            resources_of(document, &root, &mut |resource, place| {
                if is_gateway(resource) {
                    found.push(Node::new(resource, place, &evaluator));
                }
            });
            for node in found {
                self.push(node);
            }
        }
    }

    fn push(&mut self, node: Node) {
        let name = node
            .members()
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("name"));
        let name = match name.map(|(_, node)| &node.value) {
            Some(Value::Text(name)) => stand_in::shown(name),
            Some(Value::Failed(error)) => error.expression.clone(),
            _ => String::new(),
        };
        self.found.push(Candidate { name, node });
    }

    fn template(
        &mut self,
        template: &Json,
        place: &Place,
        given: Vec<(String, Given)>,
        depth: usize,
    ) {
        twice(template, place, self.report);
        let scope = Scope::template(template, given);
        for name in scope.all_given() {
            if scope.declared(name).is_none() {
                let place = place.member("parameters").member(name);
                self.not_carried(&place, Reason::NoSuchParameter);
            }
        }
        if template
            .member(OUTPUTS)
            .and_then(Json::members)
            .is_some_and(|outputs| !outputs.is_empty())
        {
            self.not_carried(&place.member(OUTPUTS), Reason::Output);
        }
        self.resources(template, place, &scope, depth);
    }

    fn resources(&mut self, of: &Json, place: &Place, scope: &Scope<'_>, depth: usize) {
        let Some(resources) = of.member("resources") else {
            return;
        };
        let place = place.member("resources");
        let mut all: Vec<(&Json, Place)> = Vec::new();
        match resources {
            Json::List(elements) => {
                let elements = elements.iter().enumerate();
                all.extend(elements.map(|(at, one)| (one, place.element(at))));
            }
            // Since language version 2.0 resources have symbolic names.
            Json::Table(members) => {
                let members = members.iter();
                all.extend(members.map(|(name, one)| (one, place.member(name))));
            }
            _ => {}
        }
        for (resource, place) in all {
            self.resource(resource, &place, scope, depth);
        }
    }

    fn resource(&mut self, resource: &Json, place: &Place, scope: &Scope<'_>, depth: usize) {
        let kind = resource
            .member("type")
            .and_then(Json::text)
            .unwrap_or_default();
        let is_here = {
            let evaluator = Evaluator::new(scope, &self.budget);
            let condition = resource.member("condition");
            condition.is_none_or(|condition| {
                // What cannot be told is looked at: it is refused where it is needed.
                evaluator.value(condition) != Ok(Json::Switch(false))
            })
        };
        if !is_here {
            self.not_carried(place, Reason::Condition);
        } else if kind.eq_ignore_ascii_case(GATEWAY) && !is_existing(resource) {
            let evaluator = Evaluator::new(scope, &self.budget);
            let node = Node::new(resource, place.clone(), &evaluator);
            self.push(node);
        } else if kind.eq_ignore_ascii_case(DEPLOYMENT) {
            self.deployment(resource, place, scope, depth);
        } else {
            self.not_carried(place, Reason::OtherResource);
            self.children(resource, place, scope, depth);
        }
    }

    fn children(&mut self, resource: &Json, place: &Place, scope: &Scope<'_>, depth: usize) {
        if let Some(depth) = depth.checked_sub(1) {
            self.resources(resource, place, scope, depth);
        }
    }

    /// A template within a template: with its own parameters where its scope is `inner`, as that of
    /// every module of Bicep.
    fn deployment(&mut self, resource: &Json, place: &Place, scope: &Scope<'_>, depth: usize) {
        let properties = resource.member("properties");
        let template = properties.and_then(|properties| properties.member("template"));
        let (Some(depth), Some(properties), Some(template)) =
            (depth.checked_sub(1), properties, template)
        else {
            return self.not_carried(place, Reason::OtherResource);
        };
        let at = place.member("properties").member("template");
        let options = properties.member("expressionEvaluationOptions");
        let inner = options
            .and_then(|options| options.member("scope"))
            .and_then(Json::text);
        if !inner.is_some_and(|inner| inner.eq_ignore_ascii_case("inner")) {
            return self.resources(template, &at, scope, depth);
        }
        let parameters = properties.member("parameters").unwrap_or(&Json::Null);
        let evaluator = Evaluator::new(scope, &self.budget);
        let given = given(parameters, Some(&evaluator));
        self.template(template, &at, given, depth);
    }

    fn not_carried(&self, place: &Place, reason: Reason) {
        self.report.push(place, Fate::NotCarried(reason));
    }
}

/// Names of a template that differ in nothing but upper and lower case: which of two would count
/// nobody can tell.
fn twice(template: &Json, place: &Place, report: &Report) {
    let mut seen = HashSet::new();
    let sections = ["parameters", "variables", "resources"];
    let inner = sections
        .iter()
        .filter_map(|name| Some((place.member(name), template.member(name)?)));
    for (place, table) in std::iter::once((place.clone(), template)).chain(inner) {
        seen.clear();
        for (name, _) in table.members().unwrap_or_default() {
            if !seen.insert(name.to_ascii_lowercase()) {
                let name = name.clone();
                report.problem(&place.member(&name), Problem::Twice { name });
            }
        }
    }
}

/// The values of `{ "NAME": { "value": … } }`.
pub(crate) fn given(parameters: &Json, evaluator: Option<&Evaluator<'_>>) -> Vec<(String, Given)> {
    let members = parameters.members().unwrap_or_default().iter();
    let given = members.filter_map(|(name, given)| {
        if given.member("reference").is_some() {
            return Some((name.clone(), Given::KeyVault));
        }
        let value = given.member("value")?;
        let value = match evaluator {
            None => Ok(value.clone()),
            Some(evaluator) => evaluator.value(value),
        };
        Some((name.clone(), value.map_or_else(Given::Failed, Given::Value)))
    });
    given.collect()
}

/// Calls `look` with each resource of a list of them, or of a page of them, or with the document.
fn resources_of(document: &Json, place: &Place, look: &mut dyn FnMut(&Json, Place)) {
    let (list, place) = match document.member("value") {
        Some(list @ Json::List(_)) => (list, place.member("value")),
        _ => (document, place.clone()),
    };
    match list {
        Json::List(elements) => {
            for (at, element) in elements.iter().enumerate() {
                look(element, place.element(at));
            }
        }
        _ => look(document, place),
    }
}

/// By its type; without one, by what only a gateway has.
fn is_gateway(resource: &Json) -> bool {
    if let Some(kind) = resource.member("type") {
        return kind
            .text()
            .is_some_and(|kind| kind.eq_ignore_ascii_case(GATEWAY));
    }
    let properties = resource.member("properties").unwrap_or(resource);
    ["httpListeners", "requestRoutingRules"]
        .iter()
        .all(|name| properties.member(name).is_some())
}

/// Whether a resource is only referred to, as `existing` in Bicep.
fn is_existing(resource: &Json) -> bool {
    resource.member("existing") == Some(&Json::Switch(true))
}
