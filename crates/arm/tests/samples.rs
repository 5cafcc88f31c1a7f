//! The samples become what their golden files say, which are made by `UPDATE_GOLDEN=1 cargo test`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use portcullis_arm::{Certificates, Import, Options, import};
use serde_json::{Map, Value, json};

const MUTUAL: &str = include_str!("../../../examples/arm/mutual-tls.json");
const SITES: &str = include_str!("../../../examples/arm/multi-site.json");
const PARAMETERS: &str = include_str!("../../../examples/arm/multi-site.parameters.json");
const PATHS: &str = include_str!("../../../examples/arm/path-maps.json");
const PASSTHROUGH: &str = include_str!("../../../examples/arm/passthrough.json");

fn imported(document: &str) -> Import {
    let parameters = match document.contains("\"pfxPassword\"") {
        true => vec![PARAMETERS.to_owned()],
        false => Vec::new(),
    };
    let options = Options {
        parameters: &parameters,
        ..Options::default()
    };
    import(document, &options).unwrap()
}

/// The report, a line each, and the configuration without what certificates say.
fn shown(imported: &Import) -> String {
    let findings = imported.findings.iter();
    let report: String = findings
        .map(|finding| format!("{}: {}\n", finding.path, finding.fate.message()))
        .collect();
    let toml = imported.toml.as_deref().unwrap_or("no configuration\n");
    let parts = toml.split("data:;base64,").enumerate();
    let short = parts.map(|(at, part)| match (at, part.find('"')) {
        (0, _) | (_, None) => part.to_owned(),
        (_, Some(end)) => format!("data:…{}", &part[end..]),
    });
    format!("{report}\n{}", short.collect::<String>())
}

#[track_caller]
fn is_golden(name: &str, document: &str) {
    let shown = shown(&imported(document));
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &shown).unwrap();
    }
    assert_eq!(shown, fs::read_to_string(file).unwrap());
}

#[test]
fn the_sample_of_the_reference_is_imported() {
    is_golden("mutual-tls.txt", MUTUAL);
}

#[test]
fn sites_with_wildcards_and_parameters_are_imported() {
    is_golden("multi-site.txt", SITES);
}

#[test]
fn path_maps_of_a_module_with_a_loop_are_imported() {
    is_golden("path-maps.txt", PATHS);
}

#[test]
fn passthrough_is_imported_in_any_spelling() {
    is_golden("passthrough.txt", PASSTHROUGH);
}

#[test]
fn an_imported_configuration_reads_the_same_twice() {
    for document in [MUTUAL, SITES, PATHS, PASSTHROUGH] {
        let first = imported(document).toml.unwrap();
        assert_eq!(imported(document).toml.as_ref(), Some(&first));
        let model = portcullis_model::parse(&first).unwrap();
        let again = portcullis_model::parse(&first).unwrap();
        assert_eq!(format!("{model:?}"), format!("{again:?}"));
    }
}

/// As `az network application-gateway show` prints a gateway: properties beside names, nulls, and
/// what Azure records.
fn flattened(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(flattened).collect(),
        Value::Object(members) => {
            let mut flat = Map::new();
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("properties", Value::Object(properties)) => {
                        let inner = properties.iter();
                        flat.extend(inner.map(|(name, value)| (name.clone(), flattened(value))));
                        flat.insert("etag".to_owned(), json!("W/\"1\""));
                        flat.insert("provisioningState".to_owned(), json!("Succeeded"));
                        flat.insert("nothing".to_owned(), Value::Null);
                    }
                    ("id", id) => {
                        flat.insert("id".to_owned(), id.clone());
                        flat.insert("resourceGroup".to_owned(), json!("contoso"));
                    }
                    _ => drop(flat.insert(name.clone(), flattened(member))),
                }
            }
            Value::Object(flat)
        }
        other => other.clone(),
    }
}

/// Without the comments, which say where something came from.
fn uncommented(imported: &Import) -> String {
    let toml = imported.toml.as_deref().unwrap();
    let lines = toml.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_az_shows_is_the_same_gateway() {
    let sample: Value = serde_json::from_str(MUTUAL).unwrap();
    let shown = imported(&flattened(&sample).to_string());
    assert_eq!(uncommented(&shown), uncommented(&imported(MUTUAL)));
    let listed = imported(&json!({ "value": [sample] }).to_string());
    assert_eq!(uncommented(&listed), uncommented(&imported(MUTUAL)));
}

#[test]
fn a_property_that_nobody_knows_is_listed_wherever_it_stands() {
    let whole: Value = serde_json::from_str(MUTUAL).unwrap();
    let mut pointers = vec![String::new()];
    let mut objects = Vec::new();
    while let Some(pointer) = pointers.pop() {
        match whole.pointer(&pointer).unwrap() {
            Value::Array(elements) => {
                pointers.extend((0..elements.len()).map(|at| format!("{pointer}/{at}")));
            }
            Value::Object(members) => {
                pointers.extend(members.keys().map(|name| format!("{pointer}/{name}")));
                objects.push(pointer);
            }
            _ => {}
        }
    }
    for pointer in objects {
        let mut document = whole.clone();
        document.pointer_mut(&pointer).unwrap()["novelty"] = json!({ "inner": [1] });
        let imported = imported(&document.to_string());
        let is_told = imported.findings.iter().any(|finding| {
            // What is carried or not carried as a whole has it with it.
            let at = finding
                .path
                .replace("$.", "/")
                .replace(['.', '['], "/")
                .replace(']', "");
            at == format!("{pointer}/novelty")
                || (!at.ends_with('0') && pointer.starts_with(&at))
                || pointer.starts_with(&format!("{at}/"))
                || pointer == at
        });
        assert!(is_told, "{pointer}: {:#?}", imported.findings);
    }
}

/// The JSON pointers of everything in a value that has no further parts.
fn leaves(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                leaves(element, &format!("{at}/{position}"), all);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(member, &format!("{at}/{name}"), all);
            }
        }
        _ => all.push(at.to_owned()),
    }
}

fn other(value: &Value) -> Value {
    match value {
        Value::Bool(switch) => json!(!switch),
        Value::Number(number) => json!(number.as_i64().unwrap().wrapping_add(1)),
        Value::String(text) => json!(format!("{text}x")),
        other => panic!("{other}"),
    }
}

/// `/a/0/b` as `$.a[0].b`
fn path(pointer: &str) -> String {
    let steps = pointer
        .split('/')
        .skip(1)
        .map(|step| match step.parse::<usize>() {
            Ok(position) => format!("[{position}]"),
            Err(_) => format!(".{step}"),
        });
    format!("${}", steps.collect::<String>())
}

#[test]
fn every_value_makes_a_difference_or_is_listed() {
    for document in [MUTUAL, PATHS, PASSTHROUGH] {
        let whole: Value = serde_json::from_str(document).unwrap();
        let before = imported(&whole.to_string());
        let mut all = Vec::new();
        leaves(&whole, "", &mut all);
        for pointer in all {
            let path = path(&pointer);
            let is_listed = before
                .findings
                .iter()
                .any(|finding| path.starts_with(&finding.path));
            let lower = pointer.to_lowercase();
            let is_type = lower.contains("/parameters/") && lower.ends_with("/type");
            let is_apart = is_type || APART.iter().any(|apart| lower.contains(apart));
            if is_listed || is_apart {
                continue;
            }
            let mut changed = whole.clone();
            let value = changed.pointer_mut(&pointer).unwrap();
            *value = other(value);
            match import(&changed.to_string(), &Options::default()) {
                Err(_) => {}
                Ok(after) => assert_ne!(shown_fully(&after), shown_fully(&before), "{pointer}"),
            }
        }
    }
}

/// What frames a template, and says nothing about the gateway in it.
const APART: [&str; 6] = [
    "/$schema",
    "/contentversion",
    "/metadata/",
    "/resources/0/apiversion",
    "/resources/0/name",
    "/resources/0/properties/mode",
];

fn shown_fully(imported: &Import) -> String {
    format!("{:?} {:?}", imported.toml, imported.findings)
}

#[test]
fn files_are_named_instead_of_written_into_the_configuration() {
    let certificates = Certificates::Files {
        folder: "keys".to_owned(),
    };
    let options = Options {
        certificates,
        ..Options::default()
    };
    let imported = import(MUTUAL, &options).unwrap();
    let toml = imported.toml.unwrap();
    assert!(!toml.contains("data:"), "{toml}");
    let files: Vec<(&str, bool)> = imported
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.is_secret))
        .collect();
    assert_eq!(
        files,
        [
            ("ssl-certificate-srv.pfx", true),
            ("ssl-certificate-srv.password", true),
            ("trusted-client-certificate-client-ca.pem", false),
            ("trusted-root-certificate-be-root.pem", false),
        ]
    );
    for (name, _) in files {
        assert!(toml.contains(&format!("\"keys/{name}\"")), "{name}: {toml}");
    }
}

#[test]
fn comments_and_texts_over_several_lines_are_read_as_resource_manager_reads_them() {
    let commented = MUTUAL.replacen('{', "{ // a comment with \"quotes\"\n/* and\nlines */", 1);
    assert_eq!(
        uncommented(&imported(&commented)),
        uncommented(&imported(MUTUAL))
    );
}

#[test]
fn listeners_accept_where_they_are_told_to() {
    let bind = "::1".parse().unwrap();
    let options = Options {
        bind,
        ..Options::default()
    };
    let toml = import(MUTUAL, &options).unwrap().toml.unwrap();
    assert!(toml.contains("bind = \"[::1]:443\""), "{toml}");
}
