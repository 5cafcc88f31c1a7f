//! The rules on a workspace made up for the purpose.

use serde_json::{Value, json};

use super::*;

/// `(package, its normal dependencies, its dev-dependencies)`; a name that starts with `portcullis-` is a member.
type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

const ALLOWED: &[Row<'_>] = &[
    (
        "portcullis-x509",
        &["der", "const-oid", "rustls-pki-types"],
        &["portcullis-test-pki", "rustls"],
    ),
    (
        "portcullis-chain",
        &["portcullis-x509"],
        &["portcullis-test-pki"],
    ),
    ("portcullis-ocsp", &["portcullis-x509"], &[]),
    (
        "portcullis-revocation",
        &["portcullis-chain", "portcullis-ocsp", "tokio", "hyper"],
        &[],
    ),
    ("portcullis-rewrite", &["http"], &[]),
    ("portcullis-model", &["serde"], &[]),
    (
        "portcullis-tls",
        &["portcullis-revocation", "rustls"],
        &["aws-lc-rs"],
    ),
    (
        "portcullis-edge",
        &["portcullis-tls", "portcullis-rewrite", "portcullis-model"],
        &[],
    ),
    (
        "portcullis-authority",
        &["portcullis-ocsp", "aws-lc-rs"],
        &[],
    ),
    ("portcullis-test-pki", &["aws-lc-rs"], &[]),
    ("rustls", &["aws-lc-rs"], &[]),
    ("hyper", &["tokio"], &[]),
];

const OTHERS: &[&str] = &[
    "der",
    "const-oid",
    "rustls-pki-types",
    "tokio",
    "http",
    "serde",
    "aws-lc-rs",
    "ring",
];

fn dependency(name: &str, kind: Value) -> Value {
    json!({ "name": name, "kind": kind, "features": [], "uses_default_features": false })
}

fn package_json(row: &Row<'_>) -> Value {
    let (name, normal, dev) = row;
    let mut dependencies: Vec<Value> = normal.iter().map(|n| dependency(n, Value::Null)).collect();
    dependencies.extend(dev.iter().map(|n| dependency(n, json!("dev"))));
    let folder = name.trim_start_matches("portcullis-");
    json!({
        "id": name, "name": name, "targets": [], "dependencies": dependencies,
        "manifest_path": format!("/w/crates/{folder}/Cargo.toml"),
    })
}

fn node_json(row: &Row<'_>) -> Value {
    let (name, normal, dev) = row;
    let edge = |n: &str, kind: Value| json!({ "pkg": n, "dep_kinds": [{ "kind": kind }] });
    let mut deps: Vec<Value> = normal.iter().map(|n| edge(n, Value::Null)).collect();
    deps.extend(dev.iter().map(|n| edge(n, json!("dev"))));
    json!({ "id": name, "deps": deps })
}

fn metadata(rows: &[Row<'_>]) -> Value {
    let others = OTHERS.iter().map(|name| -> Row<'_> { (name, &[], &[]) });
    let all: Vec<Row<'_>> = rows.iter().copied().chain(others).collect();
    let members: Vec<&str> = rows
        .iter()
        .map(|row| row.0)
        .filter(|name| name.starts_with("portcullis-"))
        .collect();
    json!({
        "workspace_members": members,
        "packages": all.iter().map(package_json).collect::<Vec<_>>(),
        "resolve": { "nodes": all.iter().map(node_json).collect::<Vec<_>>() },
    })
}

fn problems_of(metadata: &Value) -> Vec<String> {
    let workspace = Workspace::parse(&serde_json::to_vec(metadata).unwrap()).unwrap();
    dependency_problems(&workspace)
}

/// The problems when one crate's normal dependencies are these instead.
fn problems_with(name: &str, normal: &[&str]) -> Vec<String> {
    let changed = |row: &Row<'_>| row.0 == name;
    let mut rows: Vec<Row<'_>> = ALLOWED
        .iter()
        .copied()
        .filter(|row| !changed(row))
        .collect();
    rows.push((name, normal, &[]));
    problems_of(&metadata(&rows))
}

#[test]
fn the_allowed_arrows_pass() {
    assert_eq!(problems_of(&metadata(ALLOWED)), Vec::<String>::new());
}

#[test]
fn an_arrow_upward_is_reported() {
    let problems = problems_with("portcullis-x509", &["portcullis-chain"]);
    assert_eq!(
        problems,
        ["portcullis-x509 must not depend on portcullis-chain"]
    );
}

#[test]
fn siblings_do_not_see_each_other() {
    for (one, other) in [
        ("portcullis-rewrite", "portcullis-model"),
        ("portcullis-model", "portcullis-rewrite"),
        ("portcullis-chain", "portcullis-ocsp"),
        ("portcullis-ocsp", "portcullis-chain"),
    ] {
        let problems = problems_with(one, &[other]);
        assert_eq!(problems, [format!("{one} must not depend on {other}")]);
    }
    let problems = problems_with(
        "portcullis-tls",
        &["portcullis-rewrite", "portcullis-model"],
    );
    assert_eq!(problems.len(), 2);
}

#[test]
fn a_runtime_reached_through_another_crate_is_reported_with_the_way_there() {
    let problems = problems_with("portcullis-model", &["hyper"]);
    let expected = [
        "portcullis-model must not reach hyper",
        "portcullis-model must not reach hyper -> tokio",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn the_lowest_crate_depends_only_on_the_listed_third_parties() {
    let problems = problems_with("portcullis-x509", &["serde"]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("portcullis-x509 must not depend on serde"),
        "{problems:?}"
    );
}

#[test]
fn a_provider_in_the_manifest_of_a_driver_is_reported() {
    for driver in ["portcullis-tls", "portcullis-revocation", "portcullis-edge"] {
        let problems = problems_with(driver, &["ring"]);
        assert_eq!(
            problems,
            [format!("{driver} must not name the provider ring")]
        );
    }
}

#[test]
fn a_provider_chosen_by_a_feature_is_reported() {
    let mut metadata = metadata(ALLOWED);
    let tls = metadata["packages"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|p| p["id"] == "portcullis-tls");
    let rustls = &mut tls.unwrap()["dependencies"][1];
    rustls["features"] = json!(["aws_lc_rs"]);
    rustls["uses_default_features"] = json!(true);
    assert_eq!(
        problems_of(&metadata),
        [
            "portcullis-tls must not choose a provider: feature aws_lc_rs of rustls",
            "portcullis-tls must not take rustls' default provider",
        ]
    );
}

#[test]
fn the_test_pki_is_for_tests_only_and_depends_on_nothing_of_ours() {
    let problems = problems_with("portcullis-edge", &["portcullis-test-pki"]);
    assert_eq!(
        problems,
        ["portcullis-edge must not depend on portcullis-test-pki outside its tests"]
    );
    let problems = problems_with("portcullis-test-pki", &["portcullis-x509"]);
    assert_eq!(
        problems,
        ["portcullis-test-pki must not depend on portcullis-x509"]
    );
}

#[test]
fn a_new_crate_must_say_where_it_belongs() {
    let mut rows = ALLOWED.to_vec();
    rows.push(("portcullis-new", &[], &[]));
    let problems = problems_of(&metadata(&rows));
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("portcullis-new is not in the table"),
        "{problems:?}"
    );
}
