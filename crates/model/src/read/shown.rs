//! The document as operators may see it on a screen: what it says, and none of its secrets.

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::form::to_number;
use crate::shape::{Form, Key, LITERALS, ROOT, SECRETS, Shape};

/// What stands for a text that is kept back.
const HIDDEN: &str = "(not shown)";

pub(super) fn document(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref().as_table() {
        Some(found) => table(found, &ROOT),
        None => Value::Null,
    }
}

/// The keys that the shape has; another could not be judged.
fn table(table: &DeTable<'_>, shape: &Shape) -> Value {
    let known = table.iter().filter_map(|(name, value)| {
        let key = shape.key(name.get_ref())?;
        Some((key.name.to_owned(), of_key(key, value.get_ref())))
    });
    Value::Object(known.collect::<Map<_, _>>())
}

fn of_key(key: &Key, value: &DeValue<'_>) -> Value {
    if SECRETS.contains(&key.name) {
        return plain(value, &|_| HIDDEN.to_owned());
    }
    if LITERALS.contains(&key.name) {
        return plain(value, &variables);
    }
    match (&key.form, value) {
        (Form::Table(shape) | Form::ChoiceOrTable { table: shape, .. }, DeValue::Table(found)) => {
            table(found, shape)
        }
        (Form::Tables(shape), DeValue::Array(found)) => {
            let tables = found.iter().filter_map(|one| one.get_ref().as_table());
            tables.map(|one| table(one, shape)).collect()
        }
        (Form::TableByName(shape), DeValue::Table(found)) => {
            let tables = found.iter().filter_map(|(name, one)| {
                let one = one.get_ref().as_table()?;
                Some((name.get_ref().as_ref().to_owned(), table(one, shape)))
            });
            Value::Object(tables.collect::<Map<_, _>>())
        }
        (_, value) => plain(value, &text),
    }
}

/// A value as it is, its texts as `shown` has them.
fn plain(value: &DeValue<'_>, shown: &dyn Fn(&str) -> String) -> Value {
    match value {
        DeValue::String(text) => shown(text).into(),
        DeValue::Boolean(switch) => (*switch).into(),
        DeValue::Integer(number) => to_number(number).into(),
        DeValue::Array(values) => values
            .iter()
            .map(|one| plain(one.get_ref(), shown))
            .collect(),
        DeValue::Table(table) => {
            let entries = table.iter().map(|(name, one)| {
                let name = name.get_ref().as_ref().to_owned();
                (name, plain(one.get_ref(), shown))
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        // No key takes another type.
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Null,
    }
}

/// Nothing, or one variable; anything else may be a secret.
fn variables(text: &str) -> String {
    let name = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    match name {
        _ if text.is_empty() => String::new(),
        Some(name) if !name.contains(['{', '}']) => text.to_owned(),
        _ => HIDDEN.to_owned(),
    }
}

/// A text without what may be secret in any: the bytes of a file, the user of a URL, a query.
fn text(text: &str) -> String {
    if super::file::is_inline(text) {
        return format!("data:{HIDDEN}");
    }
    let is_path = text.starts_with('/');
    let Some((scheme, rest)) = text.split_once("://") else {
        return match is_path {
            true => without_query(text),
            false => text.to_owned(),
        };
    };
    let (authority, path) = match rest.find('/') {
        Some(end) => rest.split_at_checked(end).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    match authority.rsplit_once('@') {
        Some((_, host)) => without_query(&format!("{scheme}://{HIDDEN}@{host}{path}")),
        None => without_query(text),
    }
}

fn without_query(text: &str) -> String {
    match text.split_once('?') {
        Some((before, _)) => format!("{before}?{HIDDEN}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{text, variables};
    use crate::shape::SECRETS;

    #[test]
    fn no_text_shows_a_file_a_user_or_a_query() {
        for (found, shown) in [
            ("server.key", "server.key"),
            ("DATA:;base64,c2VjcmV0", "data:(not shown)"),
            ("https://u:p@a.example/x", "https://(not shown)@a.example/x"),
            ("redis://:p@a", "redis://(not shown)@a"),
            ("https://a.example?code=1", "https://a.example?(not shown)"),
            ("http://a.example/x@y", "http://a.example/x@y"),
            ("/health?token=1", "/health?(not shown)"),
            ("w?w.contoso.com", "w?w.contoso.com"),
        ] {
            assert_eq!(text(found), shown);
        }
    }

    #[test]
    fn of_a_literal_only_a_lone_variable_is_shown() {
        for shown in ["", "{var_client_certificate}"] {
            assert_eq!(variables(shown), shown);
        }
        for hidden in ["Basic abc", "{a}b{c}", "x{a}", "{a}x"] {
            assert_eq!(variables(hidden), "(not shown)");
        }
    }

    #[test]
    fn every_key_that_sounds_like_a_secret_is_one() {
        for key in crate::keys() {
            let name = key.path.rsplit('.').next().unwrap_or_default();
            let secret = ["password", "secret", "token"]
                .iter()
                .any(|word| name.contains(word));
            assert!(
                !secret || name.ends_with("_file") || SECRETS.contains(&name),
                "{name}"
            );
        }
    }
}
