//! `Set-Cookie` changed as a header, by what a condition found in it.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_arm::{Import, Options, import};
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../examples/arm/mutual-tls.json");

fn imported(conditions: &Value, response: &Value) -> Import {
    let mut document: Value = serde_json::from_str(SAMPLE).unwrap();
    let rule = &mut document["properties"]["rewriteRuleSets"][0]["properties"]["rewriteRules"][0];
    rule["conditions"] = conditions.clone();
    rule["actionSet"] = json!({ "responseHeaderConfigurations": response });
    import(&document.to_string(), &Options::default()).unwrap()
}

/// The lines of the set's rule, without comments.
fn rule(imported: &Import) -> String {
    let toml = imported.toml.as_deref().unwrap();
    let rule = toml.split_once("[[rewrite_set.fwd-cert.rule]]").unwrap().1;
    let lines = rule
        .lines()
        .skip(2)
        .take_while(|line| !line.starts_with("[pool"));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

fn asked() -> Value {
    json!({ "variable": "http_resp_Set-Cookie", "pattern": "(.*)", "ignoreCase": true })
}

fn secured() -> Value {
    json!({ "headerName": "Set-Cookie", "headerValue": "{http_resp_Set-Cookie_1}; Secure" })
}

const CHANGE: &str = "[[rewrite_set.fwd-cert.rule.response_cookies]]\n\
                      pattern = \"(.*)\"\nignore_case = true\n\
                      value = \"{capt_header_value_matcher_1}; Secure\"\n";

#[test]
fn each_field_is_asked_what_the_condition_asks() {
    let tenant = json!({ "variable": "http_req_X-Tenant", "pattern": "^a$" });
    let imported = imported(&json!([tenant, asked()]), &json!([secured()]));
    let expected = "sequence = 100\n[[rewrite_set.fwd-cert.rule.conditions]]\n\
                    variable = \"http_req_X-Tenant\"\npattern = \"^a$\"\n";
    assert_eq!(rule(&imported), format!("{expected}{CHANGE}"));
    let told = imported.findings.iter().any(|finding| {
        finding.path.ends_with("responseHeaderConfigurations[0]")
            && finding.fate.message().starts_with("each Set-Cookie field")
    });
    assert!(told, "{:#?}", imported.findings);
}

#[test]
fn other_changes_of_the_rule_keep_its_condition() {
    let other = json!({ "headerName": "X-Frame-Options", "headerValue": "DENY" });
    let imported = imported(&json!([asked()]), &json!([secured(), other]));
    let expected = "sequence = 100\n[[rewrite_set.fwd-cert.rule.conditions]]\n\
                    variable = \"http_resp_Set-Cookie\"\npattern = \"(.*)\"\nignore_case = true\n\
                    [rewrite_set.fwd-cert.rule.response_headers]\nX-Frame-Options = \"DENY\"\n";
    assert_eq!(rule(&imported), format!("{expected}{CHANGE}"));
}

#[test]
fn a_deletion_needs_no_condition() {
    let deleted = json!({ "headerName": "Set-Cookie", "headerValue": "" });
    let imported = imported(&json!([]), &json!([deleted]));
    let expected =
        "sequence = 100\n[rewrite_set.fwd-cert.rule.response_headers]\nSet-Cookie = \"\"\n";
    assert_eq!(rule(&imported), expected);
}

#[test]
fn a_cookie_that_nothing_tells_apart_is_a_problem() {
    let mut negated = asked();
    negated["negate"] = json!(true);
    for (conditions, response) in [
        (json!([]), json!([secured()])),
        (json!([negated]), json!([secured()])),
        (json!([asked(), asked()]), json!([secured()])),
        (json!([asked()]), json!([secured(), secured()])),
    ] {
        let imported = imported(&conditions, &response);
        assert_eq!(imported.toml, None, "{conditions} {response}");
    }
}
