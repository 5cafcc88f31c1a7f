//! The tables of a configuration: which keys each has, and what each key takes.
//!
//! One description serves three uses: the checks, what their messages say would be accepted, and
//! the JSON Schema. A key that is not described here cannot be read.

mod tables;

use crate::diagnostic::Kind;

pub(crate) use tables::{CHANGES, DEMANDS, LITERALS, RESPONDERS, ROOT, SECRETS};

/// A table and its keys.
#[derive(Debug)]
pub(crate) struct Shape {
    /// What the table is, for messages and readers of the schema.
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
    /// The names of `keys`, for messages.
    pub(crate) names: &'static [&'static str],
}

impl Shape {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) presence: Presence,
    pub(crate) form: Form,
    /// What it takes, for messages and readers of the schema.
    pub(crate) takes: &'static str,
}

/// Whether a table must have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// The form of a value, as far as it can be judged by itself.
#[derive(Debug)]
pub(crate) enum Form {
    /// Text, not empty.
    Text,
    /// Text, also empty.
    AnyText,
    /// One word of a closed set.
    Choice {
        accepted: &'static [&'static str],
        /// Words that are understood and not acted on yet.
        later: &'static [&'static str],
    },
    /// A whole number.
    Number { least: u64, most: u64 },
    /// A list of whole numbers, not empty.
    Numbers { least: u64, most: u64 },
    /// A number from 0 to 1.
    Ratio,
    /// `true` or `false`.
    Switch,
    /// A list of texts; neither the list nor a text is empty.
    Texts,
    /// A list of texts and tables, not empty, no text empty.
    TextsOrTables(&'static Shape),
    /// A path, or a `data:` URL with the file itself.
    File,
    /// A list of files, not empty.
    Files,
    /// Any keys, each with a text.
    TextByName,
    /// Any keys, at least one, each with a text or a list of texts that are not empty.
    TextsByName,
    /// One word of a closed set, or a table.
    ChoiceOrTable {
        accepted: &'static [&'static str],
        table: &'static Shape,
    },
    /// A table.
    Table(&'static Shape),
    /// A list of tables, not empty.
    Tables(&'static Shape),
    /// A table of tables by name.
    TableByName(&'static Shape),
}

impl Form {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Text
            | Self::AnyText
            | Self::File
            | Self::Choice { .. }
            | Self::ChoiceOrTable { .. } => Kind::String,
            Self::Number { .. } => Kind::Integer,
            Self::Ratio => Kind::Float,
            Self::Switch => Kind::Boolean,
            Self::Numbers { .. } | Self::Texts | Self::TextsOrTables(_) | Self::Files => {
                Kind::Array
            }
            Self::TextByName | Self::TextsByName | Self::Table(_) | Self::TableByName(_) => {
                Kind::Table
            }
            Self::Tables(_) => Kind::Tables,
        }
    }
}

#[cfg(test)]
mod tests;
