//! Whether a value has the form that its key takes.

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::Report;
use super::file::file;
use super::place::{child, element, excerpt};
use crate::diagnostic::{Kind, Located, Place, Problem};
use crate::shape::{Form, Key, Presence};

/// Checks a value by the form that its key takes.
pub(super) fn check(
    key: &Key,
    value: &Spanned<DeValue<'_>>,
    place: &Place,
    report: &mut Report,
) -> bool {
    let accepted = key.takes;
    let problem = match (&key.form, value.get_ref()) {
        (Form::AnyText, DeValue::String(_))
        | (Form::Switch, DeValue::Boolean(_))
        | (Form::Table(_) | Form::TableByName(_), DeValue::Table(_)) => None,
        (Form::Text, DeValue::String(text)) => {
            text.is_empty().then_some(Problem::Empty { accepted })
        }
        (Form::File, DeValue::String(text)) => check_file(text, accepted),
        (Form::ChoiceOrTable { .. }, DeValue::Table(_)) => None,
        (Form::ChoiceOrTable { accepted, .. }, DeValue::String(text)) => {
            check_choice(text, accepted, &[])
        }
        (Form::Choice { accepted, later }, DeValue::String(text)) => {
            check_choice(text, accepted, later)
        }
        (Form::Number { least, most }, DeValue::Integer(number)) => {
            check_range(number, *least, *most)
        }
        (Form::Ratio, DeValue::Integer(_) | DeValue::Float(_)) => check_ratio(value.get_ref()),
        (Form::Tables(_), DeValue::Array(values)) => {
            let empty = values.is_empty() && key.presence == Presence::Required;
            empty.then_some(Problem::Empty { accepted })
        }
        (
            Form::Texts | Form::TextsOrTables(_) | Form::Files | Form::Numbers { .. },
            DeValue::Array(values),
        ) if values.is_empty() => Some(Problem::Empty { accepted }),
        (Form::TextsByName, DeValue::Table(table)) if table.is_empty() => {
            Some(Problem::Empty { accepted })
        }
        (Form::TextsByName, DeValue::Table(table)) => {
            return check_texts_by_name(table, accepted, place, report);
        }
        (
            Form::Texts | Form::TextsOrTables(_) | Form::Files | Form::Numbers { .. },
            DeValue::Array(values),
        ) => {
            let elements = values.iter().enumerate();
            return elements.fold(true, |fine, (index, value)| {
                let place = element(place, index, value, report);
                check_element(key, value, place, report) && fine
            });
        }
        (Form::TextByName, DeValue::Table(table)) => {
            return table.iter().fold(true, |fine, (name, value)| {
                let place = child(place, name.get_ref(), value, report);
                check_type(value, Kind::String, accepted, place, report) && fine
            });
        }
        (form, _) => Some(Problem::WrongType {
            found: kind(value.get_ref()),
            expected: form.kind(),
            takes: key.takes,
        }),
    };
    let fine = problem.is_none();
    if let Some(problem) = problem {
        report.push(place.clone(), problem);
    }
    fine
}

fn check_file(text: &str, accepted: &'static str) -> Option<Problem> {
    if text.is_empty() {
        return Some(Problem::Empty { accepted });
    }
    let why = file(text).err()?;
    Some(Problem::InvalidDataUrl { why })
}

/// Each is a text or a list of texts, none of them empty.
fn check_texts_by_name(
    table: &DeTable<'_>,
    accepted: &'static str,
    place: &Place,
    report: &mut Report,
) -> bool {
    table.iter().fold(true, |fine, (name, value)| {
        let place = child(place, name.get_ref(), value, report);
        let each = match value.get_ref() {
            DeValue::Array(values) if !values.is_empty() => {
                let elements = values.iter().enumerate();
                elements.fold(true, |fine, (index, value)| {
                    let place = element(&place, index, value, report);
                    check_text(value, accepted, place, report) && fine
                })
            }
            DeValue::Array(_) => {
                report.push(place, Problem::Empty { accepted });
                false
            }
            _ => check_text(value, accepted, place, report),
        };
        each && fine
    })
}

fn check_text(
    value: &Spanned<DeValue<'_>>,
    accepted: &'static str,
    place: Place,
    report: &mut Report,
) -> bool {
    if value.get_ref().as_str().is_some_and(str::is_empty) {
        report.push(place, Problem::Empty { accepted });
        return false;
    }
    check_type(value, Kind::String, accepted, place, report)
}

fn check_choice(text: &str, accepted: &'static [&'static str], later: &[&str]) -> Option<Problem> {
    let found = excerpt(text);
    if accepted.contains(&text) {
        None
    } else if later.contains(&text) {
        Some(Problem::NotSupported { found, accepted })
    } else {
        Some(Problem::UnknownValue { found, accepted })
    }
}

fn check_range(number: &DeInteger<'_>, least: u64, most: u64) -> Option<Problem> {
    let within = to_number(number).is_some_and(|number| (least..=most).contains(&number));
    let found = excerpt(&number.to_string());
    (!within).then_some(Problem::OutOfRange { found, least, most })
}

fn check_ratio(value: &DeValue<'_>) -> Option<Problem> {
    let found = match value {
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        _ => String::new(),
    };
    to_ratio(value).is_none().then(|| Problem::OutOfRange {
        found: excerpt(&found),
        least: 0,
        most: 1,
    })
}

/// `None` for what is not from 0 to 1.
pub(super) fn to_ratio(value: &DeValue<'_>) -> Option<f64> {
    let ratio: f64 = match value {
        DeValue::Integer(number) => number.as_str().parse().ok()?,
        DeValue::Float(number) => number.as_str().parse().ok()?,
        _ => return None,
    };
    (0.0..=1.0).contains(&ratio).then_some(ratio)
}

/// A number or text of a list.
fn check_element(
    key: &Key,
    value: &Spanned<DeValue<'_>>,
    place: Place,
    report: &mut Report,
) -> bool {
    let accepted = key.takes;
    let problem = match (&key.form, value.get_ref()) {
        (Form::Numbers { least, most }, DeValue::Integer(number)) => {
            check_range(number, *least, *most)
        }
        (Form::Numbers { .. }, _) => {
            return check_type(value, Kind::Integer, accepted, place, report);
        }
        (Form::Files, DeValue::String(text)) => check_file(text, accepted),
        // What is in it is for whoever opens it.
        (Form::TextsOrTables(_), DeValue::Table(_)) => None,
        (_, DeValue::String(text)) => text.is_empty().then_some(Problem::Empty { accepted }),
        _ => return check_type(value, Kind::String, accepted, place, report),
    };
    let fine = problem.is_none();
    if let Some(problem) = problem {
        report.push(place, problem);
    }
    fine
}

pub(super) fn check_type(
    value: &Spanned<DeValue<'_>>,
    expected: Kind,
    takes: &'static str,
    place: Place,
    report: &mut Report,
) -> bool {
    let found = kind(value.get_ref());
    if found != expected {
        let problem = Problem::WrongType {
            found,
            expected,
            takes,
        };
        report.push(place, problem);
    }
    found == expected
}

/// Names are printed, logged and part of paths: 1 to 80 characters, as Application Gateway has it.
pub(super) fn check_name(name: &Located<String>, report: &mut Report) {
    let first = name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    let others = name
        .bytes()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_'));
    if !first || !others || name.len() > 80 {
        let found = excerpt(name);
        report.push(name.place.clone(), Problem::InvalidName { found });
    }
}

/// `None` for what no shape accepts: negative numbers and those beyond 64 bits.
pub(super) fn to_number(number: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn kind(value: &DeValue<'_>) -> Kind {
    match value {
        DeValue::String(_) => Kind::String,
        DeValue::Integer(_) => Kind::Integer,
        DeValue::Float(_) => Kind::Float,
        DeValue::Boolean(_) => Kind::Boolean,
        DeValue::Datetime(_) => Kind::Datetime,
        DeValue::Array(_) => Kind::Array,
        DeValue::Table(_) => Kind::Table,
    }
}
