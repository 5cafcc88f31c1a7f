//! A table whose keys are known and whose values have their form.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::file::located;
use super::form::{check, check_name, check_type, to_number, to_ratio};
use super::place::{child, element, excerpt};
use super::{Drafted, Report};
use crate::diagnostic::{Kind, Located, Place, Problem};
use crate::gateway::FileSource;
use crate::shape::{Form, Key, Presence, Shape};

/// A table, checked against its shape: every key is known, every required one is there, and what
/// the getters return has its form. A getter returns `None` for what is absent and for what was
/// reported; [`Fields::has`] tells them apart.
pub(crate) struct Fields<'a> {
    place: Place,
    shape: &'static Shape,
    entries: BTreeMap<&'static str, Entry<'a>>,
}

struct Entry<'a> {
    place: Place,
    /// Absent when it was reported.
    value: Option<&'a Spanned<DeValue<'a>>>,
}

impl<'a> Fields<'a> {
    /// Opens a table.
    pub(crate) fn open(
        value: &'a Spanned<DeValue<'a>>,
        shape: &'static Shape,
        place: Place,
        report: &mut Report,
    ) -> Option<Self> {
        check_type(value, Kind::Table, shape.about, place.clone(), report);
        let table = value.get_ref().as_table()?;
        let mut entries = BTreeMap::new();
        for (name, value) in table {
            let Some(key) = shape.key(name.get_ref()) else {
                let found = excerpt(name.get_ref());
                let place = child(&place, &found, name, report);
                let accepted = shape.names;
                report.push(place, Problem::UnknownKey { found, accepted });
                continue;
            };
            let place = child(&place, key.name, value, report);
            let value = check(key, value, &place, report).then_some(value);
            entries.insert(key.name, Entry { place, value });
        }
        for key in shape.keys {
            if key.presence == Presence::Required && !entries.contains_key(key.name) {
                report.push(place.clone(), missing(key));
            }
        }
        Some(Self {
            place,
            shape,
            entries,
        })
    }

    /// Where the table begins.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the table has a key, in order or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Where the value of a key stands, or the table when there is none.
    pub(crate) fn place_of(&self, name: &str) -> Place {
        self.entries
            .get(name)
            .map_or(&self.place, |entry| &entry.place)
            .clone()
    }

    /// Reports an optional key that is required here.
    pub(crate) fn require(&self, name: &str, report: &mut Report) {
        if let Some(key) = self.shape.key(name)
            && !self.has(name)
        {
            report.push(self.place.clone(), missing(key));
        }
    }

    /// Reports a key that must not be here.
    pub(crate) fn refuse(&self, name: &str, problem: Problem, report: &mut Report) {
        if self.has(name) {
            report.push(self.place_of(name), problem);
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<Located<String>> {
        let (place, value) = self.entry(name)?;
        Some(Located::new(value.as_str()?.to_owned(), place.clone()))
    }

    /// The name of another item.
    pub(crate) fn reference(&self, name: &str) -> Drafted<Located<String>> {
        match self.text(name) {
            Some(text) => Drafted::Present(text),
            None if self.has(name) => Drafted::Reported,
            None => Drafted::Absent,
        }
    }

    pub(crate) fn path(&self, name: &str) -> Option<Located<PathBuf>> {
        self.text(name).map(to_path)
    }

    pub(crate) fn file(&self, name: &str) -> Option<Located<FileSource>> {
        self.text(name).and_then(located)
    }

    /// One of the words that the shape accepts.
    pub(crate) fn choice(&self, name: &str) -> Option<&'a str> {
        self.entry(name)?.1.as_str()
    }

    /// One of the words that the shape accepts, `default` where the key is absent. `None` is only
    /// what was reported: a mistake must not turn into the default.
    pub(crate) fn choice_or(&self, name: &str, default: &'static str) -> Option<&'a str> {
        if self.has(name) {
            self.choice(name)
        } else {
            Some(default)
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<Located<u64>> {
        let (place, value) = self.entry(name)?;
        Some(Located::new(to_number(value.as_integer()?)?, place.clone()))
    }

    /// A number whose shape keeps it within 16 bits.
    pub(crate) fn short(&self, name: &str) -> Option<Located<u16>> {
        let Located { value, place } = self.number(name)?;
        Some(Located::new(u16::try_from(value).ok()?, place))
    }

    /// Numbers whose shape keeps them within 16 bits.
    pub(crate) fn shorts(&self, name: &str) -> Option<Vec<u16>> {
        let values = self.entry(name)?.1.as_array()?.iter();
        let numbers = values.map(|value| to_number(value.get_ref().as_integer()?));
        numbers.map(|number| u16::try_from(number?).ok()).collect()
    }

    /// A number whose shape keeps it within what memory can count.
    pub(crate) fn count(&self, name: &str) -> Option<usize> {
        usize::try_from(self.number(name)?.value).ok()
    }

    /// A number from 0 to 1.
    pub(crate) fn ratio(&self, name: &str) -> Option<f64> {
        to_ratio(self.entry(name)?.1)
    }

    pub(crate) fn seconds(&self, name: &str) -> Option<Duration> {
        Some(Duration::from_secs(self.number(name)?.value))
    }

    pub(crate) fn switch(&self, name: &str) -> Option<bool> {
        self.entry(name)?.1.as_bool()
    }

    /// A switch, `default` where the key is absent. `None` is only what was reported.
    pub(crate) fn switch_or(&self, name: &str, default: bool) -> Option<bool> {
        match self.has(name) {
            true => self.switch(name),
            false => Some(default),
        }
    }

    pub(crate) fn texts(&self, name: &str, report: &Report) -> Option<Vec<Located<String>>> {
        let (place, value) = self.entry(name)?;
        Some(texts(value.as_array()?, place, report))
    }

    pub(crate) fn files(&self, name: &str, report: &Report) -> Option<Vec<Located<FileSource>>> {
        let texts = self.texts(name, report)?;
        texts.into_iter().map(located).collect()
    }

    /// The names of a table, each with its one text or its list of texts, in the order of the file.
    pub(crate) fn texts_by_name(
        &self,
        name: &str,
        report: &Report,
    ) -> Option<Vec<(Located<String>, Texts)>> {
        let (place, value) = self.entry(name)?;
        let located = in_order(value.as_table()?).into_iter().map(|(key, value)| {
            let name = key.get_ref().as_ref().to_owned();
            let at_key = child(place, &name, key, report);
            let at_value = child(place, &name, value, report);
            let texts = match value.get_ref().as_array() {
                Some(values) => texts(values, &at_value, report),
                None => texts(std::slice::from_ref(value), &at_value, report),
            };
            (Located::new(name, at_key), texts)
        });
        Some(located.collect())
    }

    /// The names and texts of a table of texts, in the order of the file; none when it is absent.
    pub(crate) fn text_by_name(
        &self,
        name: &str,
        report: &Report,
    ) -> Vec<(Located<String>, Located<String>)> {
        let entry = self.entry(name);
        let Some((place, table)) =
            entry.and_then(|(place, value)| Some((place, value.as_table()?)))
        else {
            return Vec::new();
        };
        let located = in_order(table).into_iter().filter_map(|(key, value)| {
            let name = key.get_ref().as_ref().to_owned();
            let text = value.get_ref().as_str()?.to_owned();
            let at_key = child(place, &name, key, report);
            let at_value = child(place, &name, value, report);
            Some((Located::new(name, at_key), Located::new(text, at_value)))
        });
        located.collect()
    }

    /// Opens a table within this one.
    pub(crate) fn table(&self, name: &str, report: &mut Report) -> Option<Fields<'a>> {
        let shape = match self.form(name)? {
            Form::Table(shape) | Form::ChoiceOrTable { table: shape, .. } => shape,
            _ => return None,
        };
        let entry = self.entries.get(name)?;
        Fields::open(entry.value?, shape, entry.place.clone(), report)
    }

    /// Reads each table of a list.
    pub(crate) fn tables<T>(
        &self,
        name: &str,
        report: &mut Report,
        read: impl Fn(&Fields<'a>, &mut Report) -> T,
    ) -> Vec<T> {
        let Some((place, value)) = self.entry(name) else {
            return Vec::new();
        };
        let (Some(Form::Tables(shape)), Some(values)) = (self.form(name), value.as_array()) else {
            return Vec::new();
        };
        let mut items = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let place = element(place, index, value, report);
            if let Some(fields) = Fields::open(value, shape, place, report) {
                items.push(read(&fields, report));
            }
        }
        items
    }

    /// Reads each text and each table of a list.
    pub(crate) fn texts_or_tables<T>(
        &self,
        name: &str,
        report: &mut Report,
        read: impl Fn(TextOrTable<'a>, &mut Report) -> T,
    ) -> Option<Vec<T>> {
        let (place, value) = self.entry(name)?;
        let Some(Form::TextsOrTables(shape)) = self.form(name) else {
            return None;
        };
        let mut items = Vec::new();
        for (index, value) in value.as_array()?.iter().enumerate() {
            let place = element(place, index, value, report);
            let element = match value.get_ref().as_str() {
                Some(text) => TextOrTable::Text(Located::new(text.to_owned(), place)),
                None => TextOrTable::Table(Fields::open(value, shape, place, report)?),
            };
            items.push(read(element, report));
        }
        Some(items)
    }

    /// Reads each table of a table of tables, in the order of the file.
    pub(crate) fn tables_by_name<T>(
        &self,
        name: &str,
        report: &mut Report,
        read: impl Fn(Located<String>, &Fields<'a>, &mut Report) -> T,
    ) -> Vec<T> {
        let Some((place, value)) = self.entry(name) else {
            return Vec::new();
        };
        let (Some(Form::TableByName(shape)), Some(table)) = (self.form(name), value.as_table())
        else {
            return Vec::new();
        };
        let mut items = Vec::new();
        for (key, value) in in_order(table) {
            let name = key.get_ref().as_ref().to_owned();
            let place = child(place, &name, key, report);
            if let Some(fields) = Fields::open(value, shape, place.clone(), report) {
                let name = Located::new(name, place);
                check_name(&name, report);
                items.push(read(name, &fields, report));
            }
        }
        items
    }

    /// The name that a table of a list gives itself.
    pub(crate) fn name(&self, report: &mut Report) -> Option<Located<String>> {
        let name = self.text("name")?;
        check_name(&name, report);
        Some(name)
    }

    fn form(&self, name: &str) -> Option<&'static Form> {
        self.shape.key(name).map(|key| &key.form)
    }

    fn entry(&self, name: &str) -> Option<(&Place, &'a DeValue<'a>)> {
        let entry = self.entries.get(name)?;
        Some((&entry.place, entry.value?.get_ref()))
    }
}

/// An element of a list that takes both.
pub(crate) enum TextOrTable<'a> {
    Text(Located<String>),
    Table(Fields<'a>),
}

fn texts(values: &[Spanned<DeValue<'_>>], place: &Place, report: &Report) -> Vec<Located<String>> {
    let values = values.iter().enumerate();
    let located = values.filter_map(|(index, value)| {
        let text = value.get_ref().as_str()?.to_owned();
        Some(Located::new(text, element(place, index, value, report)))
    });
    located.collect()
}

fn missing(key: &Key) -> Problem {
    Problem::Missing {
        key: key.name,
        accepted: key.takes,
    }
}

fn to_path(text: Located<String>) -> Located<PathBuf> {
    Located::new(text.value.into(), text.place)
}

/// The values of one name.
type Texts = Vec<Located<String>>;

type Pair<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// The entries of a table as the file has them; the map sorts them by name.
fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<Pair<'a>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}
