//! The JSON Schema of a configuration, for editors.

use serde_json::{Map, Value, json};

use crate::shape::{Form, Key, Presence, ROOT, Shape};

/// The JSON Schema (draft 2020-12) of a configuration, for editors that complete and explain keys.
///
/// It is made of the same description that [`crate::parse`] reads by. It says which keys there are
/// and what each takes by itself; what several keys mean together only [`crate::parse`] knows.
#[must_use]
pub fn schema() -> String {
    let mut schema = table(&ROOT);
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".to_owned(), json!("Portcullis configuration"));
    format!("{:#}", Value::Object(schema))
}

fn table(shape: &Shape) -> Map<String, Value> {
    let keys = shape.keys.iter();
    let properties: Map<String, Value> = keys.map(property).collect();
    let required = shape
        .keys
        .iter()
        .filter(|key| key.presence == Presence::Required);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("description".to_owned(), json!(shape.about));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(required));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn property(key: &Key) -> (String, Value) {
    let mut schema = match &key.form {
        Form::Text => json!({ "type": "string", "minLength": 1 }),
        Form::AnyText => json!({ "type": "string" }),
        Form::Choice { accepted, .. } => json!({ "enum": accepted }),
        Form::Number { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Form::Numbers { least, most } => {
            let number = json!({ "type": "integer", "minimum": least, "maximum": most });
            json!({ "type": "array", "minItems": 1, "items": number })
        }
        Form::Ratio => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Form::Switch => json!({ "type": "boolean" }),
        Form::Texts => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } })
        }
        Form::TextsOrTables(shape) => {
            let text = json!({ "type": "string", "minLength": 1 });
            let either = json!({ "anyOf": [text, table(shape)] });
            json!({ "type": "array", "minItems": 1, "items": either })
        }
        Form::File => json!({ "type": "string", "minLength": 1 }),
        Form::Files => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } })
        }
        Form::TextsByName => texts_by_name(),
        Form::ChoiceOrTable {
            accepted,
            table: shape,
        } => json!({ "anyOf": [{ "enum": accepted }, table(shape)] }),
        Form::TextByName => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        Form::Table(shape) => Value::Object(table(shape)),
        Form::Tables(shape) => json!({ "type": "array", "items": table(shape) }),
        Form::TableByName(shape) => {
            json!({ "type": "object", "additionalProperties": table(shape) })
        }
    };
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), json!(key.takes));
    }
    (key.name.to_owned(), schema)
}

fn texts_by_name() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let texts = json!({ "type": "array", "minItems": 1, "items": text.clone() });
    let either = json!({ "anyOf": [text, texts] });
    json!({ "type": "object", "minProperties": 1, "additionalProperties": either })
}

/// A key of a configuration, as [`keys`] lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyDescription {
    /// Its path: `rule[].pool`, `tls_profile.NAME.certificate.pem`.
    pub path: String,
    /// What it takes, for people.
    pub takes: &'static str,
    /// Whether its table must have it.
    pub required: bool,
}

/// Every key there is, with its path through the tables: what a writer of configurations can say.
#[must_use]
pub fn keys() -> Vec<KeyDescription> {
    let mut found = Vec::new();
    collect(&ROOT, "", &mut found);
    found
}

fn collect(shape: &Shape, parent: &str, found: &mut Vec<KeyDescription>) {
    for key in shape.keys {
        let path = format!("{parent}{}", key.name);
        let inner = match &key.form {
            Form::Table(shape) | Form::ChoiceOrTable { table: shape, .. } => Some((shape, "")),
            Form::Tables(shape) | Form::TextsOrTables(shape) => Some((shape, "[]")),
            Form::TableByName(shape) => Some((shape, ".NAME")),
            _ => None,
        };
        found.push(KeyDescription {
            path: path.clone(),
            takes: key.takes,
            required: key.presence == Presence::Required,
        });
        if let Some((shape, step)) = inner {
            collect(shape, &format!("{path}{step}."), found);
        }
    }
}
