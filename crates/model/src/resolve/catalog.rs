//! Items of one kind by their names.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Item, Located, Problem};
use crate::read::{Report, excerpt};

/// Items of one kind by their names, and which of them something refers to. An item with a problem
/// of its own is known by name, so that references to it are no further problems.
pub(super) struct Catalog<T> {
    item: Item,
    entries: Vec<Entry<T>>,
    by_name: HashMap<String, usize>,
    /// Made once for all messages, when the first needs it.
    known: Option<Arc<[String]>>,
}

struct Entry<T> {
    name: Located<String>,
    value: Option<Arc<T>>,
    referred: bool,
}

impl<T> Catalog<T> {
    pub(super) fn new(item: Item) -> Self {
        Self {
            item,
            entries: Vec::new(),
            by_name: HashMap::new(),
            known: None,
        }
    }

    /// Adds an item; the first of a name is the one that is found.
    pub(super) fn push(&mut self, name: &Located<String>, value: Option<T>) {
        let index = self.entries.len();
        self.by_name.entry(name.value.clone()).or_insert(index);
        self.entries.push(Entry {
            name: name.clone(),
            value: value.map(Arc::new),
            referred: false,
        });
    }

    /// Looks up what a reference means.
    pub(super) fn find(&mut self, name: &Located<String>, report: &mut Report) -> Option<Arc<T>> {
        let index = self.by_name.get(&name.value);
        let entry = index.and_then(|index| self.entries.get_mut(*index));
        if let Some(entry) = entry {
            entry.referred = true;
            return entry.value.clone();
        }
        let entries = &self.entries;
        let names = || entries.iter().map(|entry| entry.name.value.clone());
        let known = self.known.get_or_insert_with(|| names().collect());
        let problem = Problem::UnknownReference {
            item: self.item,
            name: excerpt(&name.value),
            known: Arc::clone(known),
        };
        report.push(name.place.clone(), problem);
        None
    }

    /// A warning for each item that nothing refers to.
    pub(super) fn unreferenced(&self) -> Vec<Diagnostic> {
        let idle = self.entries.iter().filter(|entry| !entry.referred);
        let warnings = idle.map(|entry| {
            let problem = Problem::Unreferenced {
                item: self.item,
                name: entry.name.value.clone(),
            };
            let place = entry.name.place.clone();
            Diagnostic::new(place, problem)
        });
        warnings.collect()
    }

    /// The items without problems, in the order of the file.
    pub(super) fn into_items(self) -> Vec<Arc<T>> {
        let values = self.entries.into_iter().map(|entry| entry.value);
        values.flatten().collect()
    }
}
