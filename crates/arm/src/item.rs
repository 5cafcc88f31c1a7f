//! A table of the document as the mapping reads it: by names whose case does not count, whether its
//! properties are flattened into it or not, and every reading remembered.

use crate::evaluate::Cause;
use crate::finding::{Problem, Report};
use crate::node::{Node, Value};
use crate::place::Place;
use crate::stand_in;

/// An object, with the members of its `properties` as its own.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    node: &'a Node,
    properties: Option<&'a Node>,
    pub(crate) report: &'a Report,
}

impl<'a> Item<'a> {
    /// Opens an object; anything else is a problem.
    pub(crate) fn open(node: &'a Node, report: &'a Report) -> Option<Self> {
        match &node.value {
            Value::Table(_) => {}
            _ => {
                mistyped(node, "an object", report);
                return None;
            }
        }
        node.used();
        check_twice(node, report);
        let properties = find(node, "properties").map(Node::used);
        if let Some(properties) = properties {
            check_twice(properties, report);
        }
        Some(Self {
            node,
            properties,
            report,
        })
    }

    pub(crate) fn place(&self) -> &'a Place {
        &self.node.place
    }

    /// Says that all of it was used.
    pub(crate) fn used_up(&self) {
        self.node.used_up();
    }

    pub(crate) fn problem(&self, problem: Problem) {
        self.report.problem(self.place(), problem);
    }

    /// A problem of a member, or of the object where the member is absent.
    pub(crate) fn problem_at(&self, name: &str, problem: Problem) {
        let place = self.find(name).map_or(self.place(), |node| &node.place);
        self.report.problem(place, problem);
    }

    /// A member that is there and not null. Finding it does not use it.
    pub(crate) fn find(&self, name: &str) -> Option<&'a Node> {
        let in_properties = self
            .properties
            .and_then(|properties| find(properties, name));
        let found = in_properties.or_else(|| find(self.node, name))?;
        (!matches!(found.value, Value::Null)).then_some(found)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Any text, also an empty one.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        text(self.find(name)?, self.report)
    }

    /// A text; an empty one counts as absent.
    pub(crate) fn word(&self, name: &str) -> Option<&'a str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// One of some words, upper and lower case alike, spelt as in `accepted`.
    pub(crate) fn choice(
        &self,
        name: &str,
        accepted: &'static [&'static str],
        expected: &'static str,
    ) -> Option<&'static str> {
        let word = self.word(name)?;
        let found = accepted.iter().find(|one| one.eq_ignore_ascii_case(word));
        if found.is_none() {
            self.unexpected(name, expected);
        }
        found.copied()
    }

    /// Says that what stands under a name is not what is expected.
    pub(crate) fn unexpected(&self, name: &str, expected: &'static str) {
        if let Some(node) = self.find(name) {
            let found = node.shown().to_string().chars().take(80).collect();
            self.report
                .problem(&node.place, Problem::Value { expected, found });
        }
    }

    /// A number, also one written as a text, as parameters often are.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        let node = self.find(name)?.used();
        let number = match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            mistyped(node, "a whole number", self.report);
        }
        number
    }

    pub(crate) fn switch(&self, name: &str) -> Option<bool> {
        let node = self.find(name)?.used();
        match &node.value {
            Value::Switch(switch) => Some(*switch),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                mistyped(node, "true or false", self.report);
                None
            }
        }
    }

    /// The elements of a list; none where it is absent.
    pub(crate) fn list(&self, name: &str) -> &'a [Node] {
        let Some(node) = self.find(name) else {
            return &[];
        };
        match &node.used().value {
            Value::List(elements) => elements,
            _ => {
                mistyped(node, "a list", self.report);
                &[]
            }
        }
    }

    /// The objects of a list.
    pub(crate) fn items(&self, name: &str) -> Vec<Self> {
        let nodes = self.list(name).iter();
        nodes
            .filter_map(|node| Self::open(node, self.report))
            .collect()
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, name: &str) -> Vec<&'a str> {
        let nodes = self.list(name).iter();
        nodes.filter_map(|node| text(node, self.report)).collect()
    }

    /// An object.
    pub(crate) fn table(&self, name: &str) -> Option<Self> {
        Self::open(self.find(name)?, self.report)
    }

    /// Its name, or the last segment of its id.
    pub(crate) fn name(&self) -> Option<&'a str> {
        if let Some(name) = find(self.node, "name") {
            return text(name, self.report).filter(|name| !name.is_empty());
        }
        let id = find(self.node, "id").and_then(|id| text(id, self.report));
        let name = id
            .and_then(|id| id.rsplit('/').next())
            .filter(|name| !name.is_empty());
        if name.is_none() {
            self.problem(Problem::Missing { name: "name" });
        }
        name
    }
}

/// The text that a value is.
pub(crate) fn text<'a>(node: &'a Node, report: &Report) -> Option<&'a str> {
    match &node.used().value {
        Value::Text(text) if stand_in::is_marked(text) => {
            let error =
                crate::EvaluationError::new(&stand_in::shown(text), Cause::deployment(text));
            report.problem(&node.place, error.into());
            None
        }
        Value::Text(text) => Some(text),
        _ => {
            mistyped(node, "text", report);
            None
        }
    }
}

/// The id that a value is. Only its end counts, so its beginning may be what a deployment knows.
pub(crate) fn id<'a>(node: &'a Node, report: &Report) -> Option<&'a str> {
    match &node.used().value {
        Value::Text(text) => Some(text),
        _ => {
            mistyped(node, "the id of a resource", report);
            None
        }
    }
}

fn mistyped(node: &Node, expected: &'static str, report: &Report) {
    let problem = match &node.used().value {
        Value::Failed(error) => error.clone().into(),
        _ => Problem::Type {
            expected,
            found: node.shown().kind(),
        },
    };
    report.problem(&node.place, problem);
}

fn find<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let mut members = node.members().iter();
    let found = members.find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, node)| node)
}

/// Which of two would count nobody can tell.
fn check_twice(node: &Node, report: &Report) {
    let mut seen = std::collections::HashSet::new();
    for (name, member) in node.members() {
        if !seen.insert(name.to_ascii_lowercase()) {
            let name = name.chars().take(80).collect();
            report.problem(&member.place, Problem::Twice { name });
        }
    }
}
