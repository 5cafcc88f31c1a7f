//! A document whose expressions are evaluated and whose every value remembers whether it was used.
//!
//! Nothing can vanish: what the mapping did not use is found by walking the tree once more.

use std::cell::Cell;

use crate::evaluate::{EvaluationError, Evaluator};
use crate::json::Json;
use crate::place::Place;

/// A value of the document.
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
    used: Cell<bool>,
}

/// What a value is.
pub(crate) enum Value {
    Null,
    Switch(bool),
    Integer(i64),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// It gives nothing; a problem only for whoever needs it.
    Failed(EvaluationError),
}

impl Node {
    /// A value with the expressions in it evaluated.
    pub(crate) fn new(json: &Json, place: Place, evaluator: &Evaluator<'_>) -> Self {
        let value = match json {
            Json::Text(text) => match evaluator.text(text) {
                Ok(value) => return Self::evaluated(&value, place),
                Err(error) => Value::Failed(error),
            },
            Json::List(elements) => {
                let elements = elements.iter().enumerate();
                let node = |(at, one)| Self::new(one, place.element(at), evaluator);
                Value::List(elements.map(node).collect())
            }
            Json::Table(members) => Value::Table(table(members, &place, evaluator)),
            other => return Self::evaluated(other, place),
        };
        Self::with(value, place)
    }

    /// A value in which nothing is an expression any more.
    pub(crate) fn evaluated(json: &Json, place: Place) -> Self {
        let value = match json {
            Json::Null => Value::Null,
            Json::Switch(switch) => Value::Switch(*switch),
            Json::Integer(number) => Value::Integer(*number),
            Json::Number(number) => Value::Number(number.clone()),
            Json::Text(text) => Value::Text(text.clone()),
            Json::List(elements) => {
                let elements = elements.iter().enumerate();
                let node = |(at, one)| Self::evaluated(one, place.element(at));
                Value::List(elements.map(node).collect())
            }
            Json::Table(members) => {
                let node = |(name, value): &(String, Json)| {
                    (name.clone(), Self::evaluated(value, place.member(name)))
                };
                Value::Table(members.iter().map(node).collect())
            }
        };
        Self::with(value, place)
    }

    fn with(value: Value, place: Place) -> Self {
        let used = Cell::new(false);
        Self { place, value, used }
    }

    /// Says that the mapping used this value. What is inside of it answers for itself.
    pub(crate) fn used(&self) -> &Self {
        self.used.set(true);
        self
    }

    /// Says that all of it was used.
    pub(crate) fn used_up(&self) {
        self.used.set(true);
        match &self.value {
            Value::List(elements) => elements.iter().for_each(Self::used_up),
            Value::Table(members) => members.iter().for_each(|(_, node)| node.used_up()),
            _ => {}
        }
    }

    pub(crate) fn is_used(&self) -> bool {
        self.used.get()
    }

    /// Whether it or anything in it was used.
    pub(crate) fn is_touched(&self) -> bool {
        self.is_used()
            || match &self.value {
                Value::List(elements) => elements.iter().any(Self::is_touched),
                Value::Table(members) => members.iter().any(|(_, node)| node.is_touched()),
                _ => false,
            }
    }

    /// Whether there is nothing that could be lost.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::List(elements) => elements.iter().all(Self::is_empty),
            Value::Table(members) => members.iter().all(|(_, node)| node.is_empty()),
            _ => false,
        }
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Table(members) => members,
            _ => &[],
        }
    }

    /// As JSON again, for people: what could not be evaluated as its expression.
    pub(crate) fn shown(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Switch(switch) => Json::Switch(*switch),
            Value::Integer(number) => Json::Integer(*number),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(text) => Json::Text(crate::stand_in::shown(text)),
            Value::List(elements) => Json::List(elements.iter().map(Self::shown).collect()),
            Value::Table(members) => {
                let shown = |(name, node): &(String, Self)| (name.clone(), node.shown());
                Json::Table(members.iter().map(shown).collect())
            }
            Value::Failed(error) => Json::Text(error.expression.clone()),
        }
    }
}

fn table(
    members: &[(String, Json)],
    place: &Place,
    evaluator: &Evaluator<'_>,
) -> Vec<(String, Node)> {
    let mut table = Vec::new();
    for (name, value) in members {
        if !evaluator.is_copy(name, value) {
            let node = Node::new(value, place.member(name), evaluator);
            table.push((name.clone(), node));
            continue;
        }
        let copies = value.elements().unwrap_or_default().iter().enumerate();
        let at = place.member(name);
        table.extend(copies.map(|(position, copy)| {
            let place = at.element(position);
            let name = evaluator.copy_name(copy).unwrap_or(name).to_owned();
            let node = match evaluator.copied(copy) {
                Ok(value) => Node::evaluated(&value, place),
                Err(error) => Node::with(Value::Failed(error), place),
            };
            (name, node)
        }));
    }
    table
}
