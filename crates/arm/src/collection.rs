//! The collections of a gateway and references into them.

use std::cell::Cell;
use std::collections::HashMap;

use crate::finding::Problem;
use crate::item::{self, Item};
use crate::place::Place;

/// The elements of one collection, such as `httpListeners`.
pub(crate) struct Collection<'a> {
    pub(crate) name: &'static str,
    pub(crate) elements: Vec<Element<'a>>,
    by_name: HashMap<String, usize>,
}

/// An element with a name.
pub(crate) struct Element<'a> {
    pub(crate) name: &'a str,
    pub(crate) item: Item<'a>,
    referred: Cell<bool>,
}

impl Element<'_> {
    pub(crate) fn place(&self) -> &Place {
        self.item.place()
    }

    /// Whether a reference was followed to it.
    pub(crate) fn is_referred(&self) -> bool {
        self.referred.get()
    }
}

impl<'a> Collection<'a> {
    /// Opens `gateway.NAME`.
    pub(crate) fn open(gateway: &Item<'a>, name: &'static str) -> Self {
        let mut elements = Vec::new();
        let mut by_name = HashMap::new();
        for item in gateway.items(name) {
            let Some(own) = item.name() else {
                continue;
            };
            let collection = name;
            if by_name
                .insert(own.to_ascii_lowercase(), elements.len())
                .is_some()
            {
                let name = own.to_owned();
                item.problem(Problem::SameName { collection, name });
            }
            let referred = Cell::new(false);
            elements.push(Element {
                name: own,
                item,
                referred,
            });
        }
        Self {
            name,
            elements,
            by_name,
        }
    }

    /// The element that `item.property` refers to; `None` where nothing stands there, or a problem.
    pub(crate) fn referred(&self, item: &Item<'a>, property: &str) -> Option<&Element<'a>> {
        self.follow(&item.table(property)?)
    }

    /// The elements that the list `item.property` refers to.
    pub(crate) fn all_referred(&self, item: &Item<'a>, property: &str) -> Vec<&Element<'a>> {
        let references = item.items(property);
        references
            .iter()
            .filter_map(|reference| self.follow(reference))
            .collect()
    }

    /// Follows `{ "id": "…/COLLECTION/NAME" }` by its last two segments.
    fn follow(&self, reference: &Item<'a>) -> Option<&Element<'a>> {
        let Some(node) = reference.find("id") else {
            reference.problem(Problem::Missing { name: "id" });
            return None;
        };
        let id = item::id(node, reference.report)?;
        let report = |problem| reference.report.problem(&node.place, problem);
        let mut segments = id.rsplit('/');
        let name = segments.next().unwrap_or_default();
        let collection = self.name;
        if !segments
            .next()
            .is_some_and(|segment| segment.eq_ignore_ascii_case(collection))
        {
            let id = crate::stand_in::shown(id).chars().take(200).collect();
            report(Problem::Reference { collection, id });
            return None;
        }
        let at = self.by_name.get(&name.to_ascii_lowercase());
        let Some(element) = at.and_then(|at| self.elements.get(*at)) else {
            let name = crate::stand_in::shown(name).chars().take(200).collect();
            report(Problem::Dangling { collection, name });
            return None;
        };
        element.referred.set(true);
        Some(element)
    }
}
