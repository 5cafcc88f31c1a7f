//! The documents, and the places in them that a machine decides.

use serde_json::{Value, json};

/// A document by its text.
pub(crate) fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The object at a pointer.
#[track_caller]
pub(crate) fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("there is no {pointer}"))
}

/// Replaces what is there, and nothing that is not.
#[track_caller]
pub(crate) fn replace(document: &mut Value, pointer: &str, value: Value) {
    *at(document, pointer) = value;
}

/// Has every element of a collection of the gateway use this port.
#[track_caller]
pub(crate) fn set_backend_port(gateway: &mut Value, collection: &str, port: u16) {
    let settings = at(gateway, collection).as_array_mut().unwrap();
    for one in settings {
        let properties = match one.get("properties").is_some() {
            true => "/properties",
            false => "/Properties",
        };
        let properties = at(one, properties).as_object_mut().unwrap();
        let name = properties
            .keys()
            .find(|name| name.eq_ignore_ascii_case("port"));
        let name = name.unwrap().clone();
        properties.insert(name, json!(port));
    }
}
