//! Functions of texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Function;
use crate::evaluate::Cause;
use crate::json::Json;
use crate::stand_in::has_mark;

/// By its name in lower case.
pub(super) fn function(lower: &str) -> Option<Function> {
    Some(match lower {
        "replace" => (replace, "a text, what to replace, and with what"),
        "split" => (split, "a text and one or more delimiters"),
        "join" => (join, "an array of texts and a delimiter"),
        "trim" => (trim, "a text"),
        "substring" => (
            substring,
            "a text, a start, and an optional length, within the text",
        ),
        "startswith" => (starts_with, "two texts"),
        "endswith" => (ends_with, "two texts"),
        "string" => (string, "one value"),
        "base64" => (base64, "a text"),
        "base64tostring" => (base64_to_string, "the base64 of a text"),
        "json" => (json, "JSON"),
        _ => return None,
    })
}

/// Of texts and numbers, or of arrays.
pub(super) fn concat(function: &str, arguments: &[Json]) -> Result<Json, Cause> {
    let refused = || Cause::arguments(function, "texts, or arrays");
    if let Some(Json::List(_)) = arguments.first() {
        let lists: Option<Vec<&[Json]>> = arguments.iter().map(Json::elements).collect();
        return Ok(Json::List(lists.ok_or_else(refused)?.concat()));
    }
    let texts: Option<String> = arguments.iter().map(plain).collect();
    texts.map(Json::Text).ok_or_else(refused)
}

/// `{0}` and so on; `{{` and `}}` are braces. What .NET does with `{0:N}` is not imitated.
pub(super) fn format(function: &str, arguments: &[Json]) -> Result<Json, Cause> {
    let takes = "a text with {0}, {1} and so on, and a value for each";
    let refused = || Cause::arguments(function, takes);
    let Some((Json::Text(format), values)) = arguments.split_first() else {
        return Err(refused());
    };
    let mut text = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                text.push(letter);
            }
            '{' => {
                let number: String = letters
                    .by_ref()
                    .take_while(|letter| *letter != '}')
                    .collect();
                let number: usize = number.parse().map_err(|_| refused())?;
                let value = values.get(number).and_then(plain).ok_or_else(refused)?;
                text.push_str(&value);
            }
            '}' => return Err(refused()),
            letter => text.push(letter),
        }
    }
    Ok(Json::Text(text))
}

pub(super) fn change_case(
    function: &str,
    arguments: &[Json],
    change: fn(&str) -> String,
) -> Result<Json, Cause> {
    match arguments {
        [Json::Text(text)] => Ok(Json::Text(change(text))),
        _ => Err(Cause::arguments(function, "one text")),
    }
}

/// As `concat` and `format` show it.
fn plain(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.clone()),
        Json::Integer(number) => Some(number.to_string()),
        Json::Switch(true) => Some("True".to_owned()),
        Json::Switch(false) => Some("False".to_owned()),
        Json::Null => Some(String::new()),
        Json::Number(_) => None,
        Json::List(_) | Json::Table(_) => (!has_mark(value)).then(|| value.to_string()),
    }
}

fn replace(arguments: &[Json]) -> Option<Json> {
    match arguments {
        // An empty pattern stands between all letters.
        [Json::Text(text), Json::Text(old), Json::Text(new)] if !old.is_empty() => {
            // Memory is spent before the budget sees it: bounded by the product of two texts.
            let grown = text.len().checked_mul(new.len().max(1))?;
            (grown <= REPLACED).then(|| Json::Text(text.replace(old.as_str(), new)))
        }
        _ => None,
    }
}

/// Bytes of a text after a replacement, at most.
const REPLACED: usize = 1 << 26;

fn split(arguments: &[Json]) -> Option<Json> {
    let [Json::Text(text), delimiters] = arguments else {
        return None;
    };
    let delimiters: Vec<&str> = match delimiters {
        Json::Text(delimiter) => vec![delimiter],
        Json::List(delimiters) => delimiters.iter().map(Json::text).collect::<Option<_>>()?,
        _ => return None,
    };
    if delimiters.iter().any(|delimiter| delimiter.is_empty()) {
        return None;
    }
    let mut parts = vec![text.as_str()];
    for delimiter in delimiters {
        parts = parts
            .iter()
            .flat_map(|part| part.split(delimiter))
            .collect();
    }
    let parts = parts.into_iter().map(|part| Json::Text(part.to_owned()));
    Some(Json::List(parts.collect()))
}

fn join(arguments: &[Json]) -> Option<Json> {
    let [Json::List(parts), Json::Text(delimiter)] = arguments else {
        return None;
    };
    let parts: Vec<String> = parts.iter().map(plain).collect::<Option<_>>()?;
    let delimiters = delimiter.len().checked_mul(parts.len())?;
    (delimiters <= REPLACED).then(|| Json::Text(parts.join(delimiter)))
}

fn trim(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::Text(text)] => Some(Json::Text(text.trim().to_owned())),
        _ => None,
    }
}

fn substring(arguments: &[Json]) -> Option<Json> {
    let (text, start, length) = match arguments {
        [Json::Text(text), Json::Integer(start)] => (text, start, None),
        [
            Json::Text(text),
            Json::Integer(start),
            Json::Integer(length),
        ] => (text, start, Some(usize::try_from(*length).ok()?)),
        _ => return None,
    };
    let start = usize::try_from(*start).ok()?;
    let rest = text.chars().count().checked_sub(start)?;
    let length = length.unwrap_or(rest);
    (length <= rest).then(|| Json::Text(text.chars().skip(start).take(length).collect()))
}

fn starts_with(arguments: &[Json]) -> Option<Json> {
    with_lower(arguments, |text, start| text.starts_with(start))
}

fn ends_with(arguments: &[Json]) -> Option<Json> {
    with_lower(arguments, |text, end| text.ends_with(end))
}

fn with_lower(arguments: &[Json], holds: fn(&str, &str) -> bool) -> Option<Json> {
    match arguments {
        [Json::Text(text), Json::Text(part)] => Some(Json::Switch(holds(
            &text.to_lowercase(),
            &part.to_lowercase(),
        ))),
        _ => None,
    }
}

fn string(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [value] => plain(value).map(Json::Text),
        _ => None,
    }
}

fn base64(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::Text(text)] => Some(Json::Text(STANDARD.encode(text))),
        _ => None,
    }
}

fn base64_to_string(arguments: &[Json]) -> Option<Json> {
    let [Json::Text(text)] = arguments else {
        return None;
    };
    let bytes = STANDARD.decode(text).ok()?;
    String::from_utf8(bytes).ok().map(Json::Text)
}

fn json(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::Text(text)] => Json::read(text).ok(),
        _ => None,
    }
}
