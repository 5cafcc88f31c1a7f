//! Functions of arrays and objects.

use super::Function;
use crate::evaluate::Cause;
use crate::json::Json;

/// By its name in lower case.
pub(super) fn function(lower: &str) -> Option<Function> {
    Some(match lower {
        "length" => (length, "a text, an array or an object"),
        "empty" => (empty, "a text, an array or an object"),
        "first" => (first, "an array or a text"),
        "last" => (last, "an array or a text"),
        "contains" => (
            contains,
            "an array, object or text, and what it may contain",
        ),
        "array" => (array, "one value"),
        "range" => (range, "a start and a count of at most 10000"),
        "tryget" => (try_get, "an array or object, and an index or name"),
        "take" => (take, "an array or a text, and a number"),
        "skip" => (skip, "an array or a text, and a number"),
        "union" => (union, "arrays, or objects"),
        _ => return None,
    })
}

pub(super) fn create_object(function: &str, arguments: Vec<Json>) -> Result<Json, Cause> {
    let refused = || Cause::arguments(function, "pairs of a name and a value");
    let mut table = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(name) = arguments.next() {
        match (name, arguments.next()) {
            (Json::Text(name), Some(value)) => table.push((name, value)),
            _ => return Err(refused()),
        }
    }
    Ok(Json::Table(table))
}

/// The first that is not null.
pub(super) fn coalesce(arguments: Vec<Json>) -> Json {
    let mut arguments = arguments.into_iter();
    let found = arguments.find(|argument| *argument != Json::Null);
    found.unwrap_or(Json::Null)
}

fn length(arguments: &[Json]) -> Option<Json> {
    let length = match arguments {
        [Json::Text(text)] => text.chars().count(),
        [Json::List(elements)] => elements.len(),
        [Json::Table(members)] => members.len(),
        _ => return None,
    };
    i64::try_from(length).ok().map(Json::Integer)
}

fn empty(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::Null] => Some(Json::Switch(true)),
        _ => length(arguments).map(|length| Json::Switch(length == Json::Integer(0))),
    }
}

fn first(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::List(elements)] => Some(elements.first().cloned().unwrap_or(Json::Null)),
        [Json::Text(text)] => Some(Json::Text(text.chars().take(1).collect())),
        _ => None,
    }
}

fn last(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::List(elements)] => Some(elements.last().cloned().unwrap_or(Json::Null)),
        [Json::Text(text)] => Some(Json::Text(text.chars().next_back().into_iter().collect())),
        _ => None,
    }
}

fn contains(arguments: &[Json]) -> Option<Json> {
    let contains = match arguments {
        [Json::List(elements), value] => elements.contains(value),
        [table @ Json::Table(_), Json::Text(name)] => table.member(name).is_some(),
        [Json::Text(text), Json::Text(part)] => text.contains(part.as_str()),
        _ => return None,
    };
    Some(Json::Switch(contains))
}

fn array(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [list @ Json::List(_)] => Some(list.clone()),
        [value] => Some(Json::List(vec![value.clone()])),
        _ => None,
    }
}

fn range(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::Integer(start), Json::Integer(count)] if (0..=10_000).contains(count) => {
            let end = start.checked_add(*count)?;
            Some(Json::List((*start..end).map(Json::Integer).collect()))
        }
        _ => None,
    }
}

/// `.?` of Bicep: null where there is nothing.
fn try_get(arguments: &[Json]) -> Option<Json> {
    let found = match arguments {
        [Json::Null, _] => None,
        [table @ Json::Table(_), Json::Text(name)] => table.member(name),
        [Json::List(elements), Json::Integer(at)] => {
            usize::try_from(*at).ok().and_then(|at| elements.get(at))
        }
        _ => return None,
    };
    Some(found.cloned().unwrap_or(Json::Null))
}

fn take(arguments: &[Json]) -> Option<Json> {
    let (whole, number) = counted(arguments)?;
    Some(match whole {
        Json::List(elements) => Json::List(elements.iter().take(number).cloned().collect()),
        Json::Text(text) => Json::Text(text.chars().take(number).collect()),
        _ => return None,
    })
}

fn skip(arguments: &[Json]) -> Option<Json> {
    let (whole, number) = counted(arguments)?;
    Some(match whole {
        Json::List(elements) => Json::List(elements.iter().skip(number).cloned().collect()),
        Json::Text(text) => Json::Text(text.chars().skip(number).collect()),
        _ => return None,
    })
}

/// Less than none is none.
fn counted(arguments: &[Json]) -> Option<(&Json, usize)> {
    match arguments {
        [whole, Json::Integer(number)] => Some((whole, usize::try_from(*number).unwrap_or(0))),
        _ => None,
    }
}

fn union(arguments: &[Json]) -> Option<Json> {
    match arguments.first()? {
        Json::List(_) => {
            let mut all: Vec<Json> = Vec::new();
            for list in arguments {
                for element in list.elements()? {
                    if !all.contains(element) {
                        all.push(element.clone());
                    }
                }
            }
            Some(Json::List(all))
        }
        Json::Table(_) => {
            let mut all: Vec<(String, Json)> = Vec::new();
            for table in arguments {
                for (name, value) in table.members()? {
                    all.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
                    all.push((name.clone(), value.clone()));
                }
            }
            Some(Json::Table(all))
        }
        _ => None,
    }
}
