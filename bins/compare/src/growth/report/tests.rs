use super::*;
use crate::failure::Failure;

fn row(scenario: Scenario, size: usize, values: &[f64], memory: u64) -> Row {
    let samples = values.iter().map(|&value| Sample {
        value: Some(value),
        rate: value / 2.0,
        ..Sample::default()
    });
    Row {
        samples: samples.collect(),
        memory: Some(memory),
        ..Row::new(scenario, size)
    }
}

fn grown(dimension: Dimension, rows: Vec<Row>) -> Grown {
    Grown { dimension, rows }
}

#[test]
fn rows_are_compared_with_the_first_of_their_scenario_round_by_round() {
    let grown = grown(
        Dimension::Listeners,
        vec![
            row(Scenario::Kept1k, 1, &[100.0, 200.0, 400.0], 1024),
            row(Scenario::Kept1k, 10, &[50.0, 100.0, 200.0], 2048),
            row(Scenario::Handshake, 1, &[10.0], 1024),
            row(Scenario::Handshake, 10, &[15.0], 1024),
        ],
    );
    let ratios: Vec<Option<f64>> = grown.rows.iter().map(|row| grown.ratio(row)).collect();
    assert_eq!(ratios, [1.0, 0.5, 1.0, 1.5].map(Some));
    let table = grown.table().to_string();
    let line = table.lines().nth(3).unwrap();
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    assert_eq!(cells, ["", "ka-1k", "10", "100", "0.50", "2.0", "0", ""]);
}

#[test]
fn only_cores_are_told_by_wall_time_too() {
    let rows = || vec![row(Scenario::Handshake, 1, &[100.0], 1024)];
    let cores = grown(Dimension::Cores, rows()).text();
    assert!(
        cores.contains("operations / s ") && cores.contains(" 50 "),
        "{cores}"
    );
    assert!(cores.contains("share"));
    let rules = grown(Dimension::Rules, rows()).table().to_string();
    assert!(!rules.contains("operations / s "), "{rules}");
}

#[test]
fn memory_that_grows_beyond_its_bound_is_not_sound() {
    let seen = |last| {
        grown(
            Dimension::Certificates,
            vec![
                row(Scenario::Handshake, 1_000, &[100.0], 10),
                row(Scenario::Handshake, seen::FULL, &[100.0], 100),
                row(Scenario::Handshake, 100_000, &[100.0], last),
            ],
        )
    };
    assert!(seen(120).is_sound() && seen(120).text().contains("stayed"));
    assert!(!seen(130).is_sound() && seen(130).text().contains("**grew**"));
}

#[test]
fn what_was_not_measured_is_said_and_not_sound() {
    let grown = grown(
        Dimension::Connections,
        vec![Row {
            note: "not opened".to_owned(),
            ..Row::new(Scenario::Kept1k, 10_000)
        }],
    );
    assert!(grown.table().to_string().contains("| not opened |"));
    assert!(!grown.is_sound());
}

#[test]
fn json_has_every_window_and_its_error() {
    let mut failed = row(Scenario::Handshake, 1, &[100.0], 1024);
    failed.samples.push(Sample::failed(Failure::new("reset")));
    let report = Report {
        dimensions: vec![grown(Dimension::Chains, vec![failed])],
    };
    let json = report.json();
    let row = &json["dimensions"][0]["rows"][0];
    assert_eq!(row["operations_per_cpu_s"], 100.0);
    assert_eq!(row["windows"][1]["first_error"], "reset");
    assert_eq!(row["errors"], 1);
}
