//! No input makes an import panic, and none gives a configuration that cannot be read.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_arm::{Options, import};
use serde_json::{Value, json};

const SAMPLES: [&str; 4] = [
    include_str!("../../../examples/arm/mutual-tls.json"),
    include_str!("../../../examples/arm/multi-site.json"),
    include_str!("../../../examples/arm/path-maps.json"),
    include_str!("../../../examples/arm/passthrough.json"),
];

const PARAMETERS: &str = include_str!("../../../examples/arm/multi-site.parameters.json");

/// Imports, and holds the result against what is promised.
fn check(document: &str) {
    let parameters = [PARAMETERS.to_owned()];
    let options = Options {
        parameters: &parameters,
        ..Options::default()
    };
    let Ok(imported) = import(document, &options) else {
        return;
    };
    match &imported.toml {
        None => assert!(imported.has_problems(), "nothing and no reason: {document}"),
        Some(toml) => {
            let problems = portcullis_model::diagnose(toml).problems;
            assert!(problems.is_empty(), "{problems:?}");
        }
    }
}

#[test]
fn every_truncation_of_the_samples_is_survived() {
    for sample in SAMPLES {
        let mut sample: Value = serde_json::from_str(sample).unwrap();
        shorten(&mut sample);
        let sample = sample.to_string();
        for (at, _) in sample.char_indices() {
            check(&sample[..at]);
        }
    }
}

/// The JSON pointers of everything in a value.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                pointers(element, &format!("{at}/{position}"), all);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{at}/{name}"), all);
            }
        }
        _ => {}
    }
}

/// Certificates are long, and nothing of them matters here.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > 300 => *text = "MAA=".to_owned(),
        Value::Array(elements) => elements.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

#[test]
fn anything_in_place_of_any_value_is_survived() {
    let others = [
        json!(null),
        json!(65536),
        json!(""),
        json!("[uniqueString('a')]"),
        json!("a\n\u{7f}\"'''b"),
        json!([]),
        json!({ "id": "/x/y" }),
    ];
    for sample in SAMPLES {
        let mut whole: Value = serde_json::from_str(sample).unwrap();
        shorten(&mut whole);
        let mut all = Vec::new();
        pointers(&whole, "", &mut all);
        for pointer in all {
            for other in &others {
                let mut damaged = whole.clone();
                *damaged.pointer_mut(&pointer).unwrap() = other.clone();
                check(&damaged.to_string());
            }
        }
    }
}

#[test]
fn brackets_without_end_are_survived() {
    for (open, count) in [
        ("[", 1 << 20),
        ("{\"resources\":[", 1 << 16),
        ("{\"a\":", 1 << 16),
    ] {
        check(&open.repeat(count));
    }
    let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    check(&format!(
        r#"{{ "httpListeners": {deep}, "requestRoutingRules": {deep} }}"#
    ));
    let expression = format!("[{}1{}]", "createArray(".repeat(30), ")".repeat(30));
    let variables: Vec<String> = (0..40)
        .map(|at| {
            format!(
                r#""v{at}": {{ "a": ["{}", "[variables('v{}')]"] }}"#,
                expression,
                at + 1
            )
        })
        .collect();
    check(&format!(
        r#"{{ "variables": {{ {} }}, "resources": [{{ "type": "Microsoft.Network/applicationGateways", "name": "a", "tags": "[variables('v0')]" }}] }}"#,
        variables.join(", ")
    ));
}
