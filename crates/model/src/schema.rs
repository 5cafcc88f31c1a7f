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
        Form::Switch => json!({ "type": "boolean" }),
        Form::Texts => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } })
        }
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
