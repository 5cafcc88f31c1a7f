//! Where a gateway stands in a document.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_arm::{Import, Options, import};
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../examples/arm/mutual-tls.json");

fn sample() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

fn imported(document: &Value) -> Import {
    import(&document.to_string(), &Options::default()).unwrap()
}

/// What is told of each path.
fn told(imported: &Import, path: &str) -> Vec<String> {
    let findings = imported
        .findings
        .iter()
        .filter(|finding| finding.path == path);
    findings.map(|finding| finding.fate.message()).collect()
}

#[test]
fn resources_may_have_symbolic_names_and_may_be_there_already() {
    let existing = json!({
        "existing": true,
        "type": "Microsoft.Network/applicationGateways",
        "name": "old",
    });
    let document = json!({
        "languageVersion": "2.0",
        "resources": { "gateway": sample(), "old": existing },
    });
    let imported = imported(&document);
    assert!(!imported.has_problems(), "{:#?}", imported.findings);
    let other = "not carried over: it is another resource than the gateway";
    assert_eq!(told(&imported, "$.resources.old"), [other]);
    assert_eq!(
        told(&imported, "$.resources.gateway.name"),
        ["carried as metadata"]
    );
}

#[test]
fn a_template_within_a_template_sees_its_own_names_or_the_outer_ones() {
    let mut gateway = sample();
    gateway["name"] = json!("[variables('name')]");
    for (scope, name) in [("outer", "from outside"), ("inner", "from inside")] {
        let document = json!({
            "variables": { "name": "from outside" },
            "resources": [{
                "type": "Microsoft.Resources/deployments",
                "properties": {
                    "expressionEvaluationOptions": { "scope": scope },
                    "template": { "variables": { "name": "from inside" }, "resources": [gateway] },
                },
            }],
        });
        let toml = imported(&document).toml.unwrap();
        assert!(
            toml.contains(&format!("# name: \"{name}\"")),
            "{scope}: {toml}"
        );
    }
}

#[test]
fn a_gateway_whose_condition_is_false_is_not_there() {
    let mut other = sample();
    other["condition"] = json!("[equals(parameters('which'), 'other')]");
    let mut gateway = sample();
    gateway["condition"] = json!("[not(equals(parameters('which'), 'other'))]");
    let document = json!({
        "parameters": { "which": { "type": "string", "defaultValue": "this" } },
        "resources": [other, gateway],
    });
    let imported = imported(&document);
    assert!(!imported.has_problems(), "{:#?}", imported.findings);
    assert_eq!(
        told(&imported, "$.resources[0]"),
        ["not carried over: its condition is false"]
    );
}

#[test]
fn a_condition_that_cannot_be_told_is_a_problem() {
    let mut gateway = sample();
    gateway["condition"] = json!("[equals(resourceGroup().location, 'eastus')]");
    let imported = imported(&json!({ "resources": [gateway] }));
    assert_eq!(imported.toml, None);
    let told = told(&imported, "$.resources[0].condition");
    assert!(
        told[0].ends_with("which only a deployment knows"),
        "{told:?}"
    );
}

#[test]
fn names_of_a_template_that_stand_twice_are_problems() {
    let document = json!({
        "variables": { "a": 1, "A": 2 },
        "resources": [sample()],
        "parameters": {},
        "PARAMETERS": {},
    });
    let imported = imported(&document);
    assert_eq!(imported.toml, None);
    let paths: Vec<&str> = imported
        .findings
        .iter()
        .take(2)
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(paths, ["$.parameters", "$.variables.a"]);
}

#[test]
fn an_exported_deployment_is_a_template_too() {
    let document = json!({ "properties": { "template": { "resources": [sample()] } } });
    assert!(imported(&document).toml.is_some());
}
