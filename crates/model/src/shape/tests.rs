//! What holds for every table and every key, whichever there are.

use super::{Form, Key, Presence, ROOT, Shape};
use crate::{Diagnostic, Kind, Problem, diagnose, schema};

/// A value that a key takes.
fn sample(key: &Key) -> String {
    match &key.form {
        Form::Text | Form::AnyText | Form::File => "\"x\"".to_owned(),
        Form::Choice { accepted, .. } | Form::ChoiceOrTable { accepted, .. } => {
            format!("{:?}", accepted[0])
        }
        Form::Number { least, .. } => least.to_string(),
        Form::Numbers { least, .. } => format!("[{least}]"),
        Form::Ratio => "0.5".to_owned(),
        Form::Switch => "true".to_owned(),
        Form::Texts | Form::Files => "[\"x\"]".to_owned(),
        Form::TextByName | Form::TextsByName => "{ X = \"x\" }".to_owned(),
        Form::Table(shape) => inline(shape, ""),
        Form::Tables(shape) | Form::TextsOrTables(shape) => format!("[{}]", inline(shape, "")),
        Form::TableByName(shape) => format!("{{ x = {} }}", inline(shape, "")),
    }
}

/// A table with every key, and something else.
fn inline(shape: &Shape, other: &str) -> String {
    let keys = shape
        .keys
        .iter()
        .map(|key| format!("{} = {}, ", key.name, sample(key)));
    format!("{{ {}{other} }}", keys.collect::<String>())
}

/// Puts a table into an otherwise empty document.
type Frame = Box<dyn Fn(&str) -> String>;

/// Every table but the root.
fn every_table() -> Vec<(&'static Shape, Frame)> {
    let mut tables: Vec<(&'static Shape, Frame)> = vec![];
    let mut rest: Vec<(&'static Shape, String)> = vec![(&ROOT, "%".to_owned())];
    while let Some((shape, frame)) = rest.pop() {
        for key in shape.keys {
            let (inner, value) = match &key.form {
                Form::Table(inner) | Form::ChoiceOrTable { table: inner, .. } => (inner, "%"),
                Form::Tables(inner) | Form::TextsOrTables(inner) => (inner, "[%]"),
                Form::TableByName(inner) => (inner, "{ x = % }"),
                _ => continue,
            };
            let table = format!("{{ {} = {value} }}", key.name);
            let table = if frame == "%" {
                format!("{} = {value}", key.name)
            } else {
                table
            };
            rest.push((inner, frame.replace('%', &table)));
        }
        if frame != "%" {
            tables.push((shape, Box::new(move |table| frame.replace('%', table))));
        }
    }
    tables
}

fn of(problems: Vec<Diagnostic>, path: &str) -> Vec<Problem> {
    let here = problems
        .into_iter()
        .filter(|problem| problem.place.path.ends_with(path));
    // What the samples of other keys make of a key is not what is asked here.
    let by_itself = here.filter(|problem| !matches!(problem.problem, Problem::Meaningless { .. }));
    by_itself.map(|problem| problem.problem).collect()
}

#[test]
fn the_root_has_31_kinds_of_tables_below_it() {
    assert_eq!(every_table().len(), 31);
}

#[test]
fn an_unknown_key_is_refused_in_every_table() {
    let mut documents: Vec<(&Shape, String)> = vec![(&ROOT, "nonsense = 1".to_owned())];
    for (shape, frame) in every_table() {
        documents.push((shape, frame(&inline(shape, "nonsense = 1"))));
    }
    for (shape, document) in documents {
        let found = of(diagnose(&document).problems, "nonsense");
        let [Problem::UnknownKey { found, accepted }] = &found[..] else {
            panic!("{document}: {found:?}");
        };
        assert_eq!(found, "nonsense");
        assert_eq!(accepted, &shape.names);
    }
}

#[test]
fn every_known_key_is_known_in_every_table() {
    for (shape, frame) in every_table() {
        let document = frame(&inline(shape, ""));
        for problem in diagnose(&document).problems {
            let wrong = matches!(
                problem.problem,
                Problem::UnknownKey { .. }
                    | Problem::WrongType { .. }
                    | Problem::UnknownValue { .. }
                    | Problem::OutOfRange { .. }
                    | Problem::Syntax { .. }
            );
            assert!(!wrong, "{document}: {problem:?}");
        }
    }
}

#[test]
fn every_required_key_is_missed_in_every_table() {
    for (shape, frame) in every_table() {
        let required = shape
            .keys
            .iter()
            .filter(|key| key.presence == Presence::Required);
        let expected: Vec<&str> = required.map(|key| key.name).collect();
        let problems = diagnose(&frame("{}")).problems;
        let missed = problems
            .into_iter()
            .filter_map(|problem| match problem.problem {
                Problem::Missing { key, .. } => Some(key),
                _ => None,
            });
        let missed: Vec<&str> = missed.filter(|key| shape.key(key).is_some()).collect();
        assert!(
            expected.iter().all(|key| missed.contains(key)),
            "{:?} {missed:?}",
            shape.about
        );
    }
}

#[test]
fn a_value_of_another_type_is_refused_for_every_key() {
    for (shape, frame) in every_table() {
        for key in shape.keys {
            let other = if key.form.kind() == Kind::Boolean {
                "1.5"
            } else {
                "true"
            };
            let document = frame(&format!("{{ {} = {other} }}", key.name));
            let found = of(diagnose(&document).problems, &format!(".{}", key.name));
            let [Problem::WrongType { expected, .. }] = &found[..] else {
                panic!("{document}: {found:?}");
            };
            assert_eq!(*expected, key.form.kind(), "{document}");
        }
    }
}

#[test]
fn numbers_have_bounds_and_words_are_of_their_set() {
    for (shape, frame) in every_table() {
        for key in shape.keys {
            let (values, code) = match &key.form {
                Form::Number { least, most } => {
                    let below = i128::from(*least) - 1;
                    let values = [below.to_string(), (most + 1).to_string()];
                    (values.to_vec(), "out_of_range")
                }
                Form::Choice { later, .. } => {
                    let later = later
                        .iter()
                        .map(|word| (format!("{word:?}"), "not_supported"));
                    for (value, code) in later {
                        assert_eq!(codes(&frame, key, &value), [code]);
                    }
                    (
                        vec!["\"Required\"".to_owned(), "\"\"".to_owned()],
                        "unknown_value",
                    )
                }
                Form::Ratio => (
                    ["-0.1", "1.1", "2", "nan", "inf"]
                        .map(str::to_owned)
                        .to_vec(),
                    "out_of_range",
                ),
                Form::Text => (vec!["\"\"".to_owned()], "empty"),
                Form::Texts | Form::Numbers { .. } => (vec!["[]".to_owned()], "empty"),
                _ => continue,
            };
            for value in values {
                assert_eq!(codes(&frame, key, &value), [code], "{} = {value}", key.name);
            }
        }
    }
}

#[test]
fn a_problem_of_an_element_stands_at_the_element() {
    for (shape, frame) in every_table() {
        for key in shape.keys {
            let values = match &key.form {
                Form::Numbers { least, most } => vec![
                    (format!("[{least}, {}]", most + 1), "out_of_range"),
                    (format!("[{most}, -1]"), "out_of_range"),
                    (format!("[{most}, \"1\"]"), "wrong_type"),
                ],
                Form::Texts => vec![
                    ("[\"x\", \"\"]".to_owned(), "empty"),
                    ("[\"x\", 1]".to_owned(), "wrong_type"),
                ],
                _ => continue,
            };
            for (value, code) in values {
                let document = frame(&format!("{{ {} = {value} }}", key.name));
                let found = of(diagnose(&document).problems, &format!(".{}[1]", key.name));
                let found: Vec<_> = found.iter().map(Problem::code).collect();
                assert_eq!(found, [code], "{document}");
            }
        }
    }
}

fn codes(frame: &Frame, key: &Key, value: &str) -> Vec<&'static str> {
    let document = frame(&format!("{{ {} = {value} }}", key.name));
    let found = of(diagnose(&document).problems, &format!(".{}", key.name));
    found.iter().map(Problem::code).collect()
}

#[test]
fn the_schema_names_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let text = schema.to_string();
    for (shape, _) in every_table() {
        for name in shape.names {
            assert!(text.contains(&format!("{name:?}:{{")), "{name}");
        }
    }
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(
        schema["properties"]["rule"]["items"]["properties"]["priority"]["maximum"],
        20_000
    );
    let ports = &schema["properties"]["ocsp"]["properties"]["ports"];
    assert_eq!(ports["type"], "array");
    assert_eq!(ports["minItems"], 1);
    assert_eq!(ports["items"]["type"], "integer");
    assert_eq!(ports["items"]["minimum"], 1);
    assert_eq!(ports["items"]["maximum"], 65_535);
}

#[test]
fn the_readme_names_every_key_and_every_key_has_a_description() {
    let readme = include_str!("../../README.md");
    for key in crate::keys() {
        let name = key.path.rsplit('.').next().unwrap();
        let named = [
            format!("`{name}`"),
            format!("[{name}."),
            format!("[{name}]"),
            format!(".{name}]"),
        ];
        assert!(named.iter().any(|name| readme.contains(name)), "{name}");
        assert!(!key.takes.is_empty(), "{name}");
    }
    let paths: Vec<String> = crate::keys().into_iter().map(|key| key.path).collect();
    for path in [
        "rule[].pool",
        "tls_profile.NAME.certificate.pem",
        "tls.default_policy.min_version",
        "rewrite_set.NAME.rule[].url.reroute",
    ] {
        assert!(paths.iter().any(|found| found == path), "{path}");
    }
}

#[test]
fn the_names_of_policies_are_those_of_the_type() {
    let names = crate::PredefinedPolicy::ALL.map(crate::PredefinedPolicy::name);
    let Some(Form::Table(tls)) = ROOT.key("tls").map(|key| &key.form) else {
        panic!("[tls]");
    };
    let Some(Form::ChoiceOrTable { accepted, .. }) = tls.key("default_policy").map(|key| &key.form)
    else {
        panic!("default_policy");
    };
    assert_eq!(accepted[..], names[..]);
}
