//! A TOML document for people to read: tables in an order that explains itself, each with the
//! property that it came from.

use std::fmt::Write as _;

use toml_writer::{ToTomlKey as _, ToTomlValue as _};

use crate::place::Place;

/// A document that grows by tables.
#[derive(Default)]
pub(crate) struct Document {
    comments: Vec<String>,
    tables: Vec<Table>,
}

/// A table: its header, where it came from, and its keys.
pub(crate) struct Table {
    header: Header,
    origin: Place,
    lines: Vec<(String, Value)>,
}

/// The header of a table.
enum Header {
    /// `[a.b]`
    Table(Vec<String>),
    /// `[[a.b]]`
    Element(Vec<String>),
}

/// A value of a key.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Switch(bool),
    List(Vec<Value>),
    Table(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(switch: bool) -> Self {
        Self::Switch(switch)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl Table {
    /// `[a.b]`, of the value at `origin`.
    pub(crate) fn named(path: &[&str], origin: &Place) -> Self {
        Self::new(Header::Table(owned(path)), origin)
    }

    /// `[[a.b]]`, of the value at `origin`.
    pub(crate) fn element(path: &[&str], origin: &Place) -> Self {
        Self::new(Header::Element(owned(path)), origin)
    }

    fn new(header: Header, origin: &Place) -> Self {
        let origin = origin.clone();
        let lines = Vec::new();
        Self {
            header,
            origin,
            lines,
        }
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.lines.push((key.to_owned(), value.into()));
    }

    pub(crate) fn set_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn write(&self, text: &mut String) {
        comment(&format!("From {}", self.origin), text);
        let (open, path, close) = match &self.header {
            Header::Table(path) => ("[", path, "]"),
            Header::Element(path) => ("[[", path, "]]"),
        };
        let keys: Vec<String> = path.iter().map(|key| key.to_toml_key()).collect();
        line(text, format_args!("{open}{}{close}", keys.join(".")));
        for (key, value) in &self.lines {
            let key = key.to_toml_key();
            line(text, format_args!("{key} = {}", value.shown()));
        }
    }
}

impl Document {
    /// A line before everything else.
    pub(crate) fn comment(&mut self, text: impl Into<String>) {
        self.comments.push(text.into());
    }

    pub(crate) fn push(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// The document as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for one in &self.comments {
            comment(one, &mut text);
        }
        for table in &self.tables {
            text.push('\n');
            table.write(&mut text);
        }
        text
    }

    /// Where the table came from that has a line of the text, counted from 1.
    pub(crate) fn origin(&self, line: usize) -> Option<&Place> {
        let mut at = self.comments.len();
        self.tables.iter().find_map(|table| {
            // The empty line, the comment, the header, and the keys, each on one line.
            at = at.saturating_add(3).saturating_add(table.lines.len());
            (line <= at).then_some(&table.origin)
        })
    }
}

impl Value {
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => one_line(text),
            Self::Number(number) => number.to_toml_value(),
            Self::Switch(switch) => switch.to_toml_value(),
            Self::List(values) => {
                let values: Vec<String> = values.iter().map(Self::shown).collect();
                format!("[{}]", values.join(", "))
            }
            Self::Table(members) => {
                let member = |(key, value): &(String, Self)| {
                    format!("{} = {}", key.to_toml_key(), value.shown())
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{ {} }}", members.join(", "))
            }
        }
    }
}

/// In quotes, or in apostrophes where that needs fewer escapes, and never over several lines.
fn one_line(text: &str) -> String {
    let builder = toml_writer::TomlStringBuilder::new(text);
    let literal = || builder.as_literal();
    let pretty = builder.as_basic_pretty().or_else(literal);
    pretty.unwrap_or_else(|| builder.as_basic()).to_toml_value()
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|key| (*key).to_owned()).collect()
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "{line}");
}

/// A comment on one line, whatever it says.
fn comment(one: &str, text: &mut String) {
    text.push_str("# ");
    for letter in one.chars() {
        if letter.is_control() {
            text.extend(letter.escape_default());
        } else {
            text.push(letter);
        }
    }
    text.push('\n');
}
