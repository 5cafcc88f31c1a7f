//! Every sample of a run, and what becomes of them: a table for people, JSON for programs.

use std::fmt;

use serde_json::{Value, json};

use crate::peers::Peer;
use crate::scenario::Scenario;
use crate::statistics::{median, median_ratio};
use crate::table::{Table, decimals, milliseconds, ratio};
use crate::window::Sample;

/// One window's sample, and of what.
pub(crate) struct Record {
    pub(crate) scenario: Scenario,
    pub(crate) peer: Peer,
    pub(crate) round: usize,
    pub(crate) sample: Sample,
}

/// The samples, in the order in which they were taken.
pub(crate) struct Results {
    pub(crate) peers: Vec<Peer>,
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) rounds: usize,
    pub(crate) records: Vec<Record>,
    /// Gateways that are installed and were not compared.
    pub(crate) left_out: usize,
}

impl Results {
    /// Markdown: work, then memory where it was measured.
    pub(crate) fn table(&self) -> String {
        let mut tables = Vec::new();
        if self.scenarios.iter().any(|s| *s != Scenario::Idle) {
            tables.push(self.work().to_string());
        }
        if self.scenarios.contains(&Scenario::Idle) {
            tables.push(self.memory().to_string());
        }
        tables.join("\n")
    }

    fn work(&self) -> Table {
        let mut table = Table::new(&[
            "scenario",
            "gateway",
            "operations / CPU s",
            "portcullis to it",
            "p50 ms",
            "p99 ms",
            "busy",
            "errors",
        ]);
        for &scenario in self.scenarios.iter().filter(|s| **s != Scenario::Idle) {
            for &peer in &self.peers {
                let middle = |of: fn(&Sample) -> f64| self.median_of(scenario, peer, of);
                table.row(vec![
                    scenario.name().to_owned(),
                    peer.name().to_owned(),
                    decimals(self.median_value(scenario, peer), 0),
                    ratio(self.ratio(scenario, peer)),
                    milliseconds(middle(|sample| sample.p50.as_secs_f64())),
                    milliseconds(middle(|sample| sample.p99.as_secs_f64())),
                    decimals(middle(|sample| sample.busy), 2),
                    self.errors(scenario, peer),
                ]);
            }
        }
        table
    }

    fn memory(&self) -> Table {
        let mut table = Table::new(&[
            "scenario",
            "gateway",
            "KiB / connection",
            "portcullis to it",
            "errors",
        ]);
        for &peer in &self.peers {
            table.row(vec![
                Scenario::Idle.name().to_owned(),
                peer.name().to_owned(),
                decimals(self.median_value(Scenario::Idle, peer), 1),
                ratio(self.ratio(Scenario::Idle, peer)),
                self.errors(Scenario::Idle, peer),
            ]);
        }
        table
    }

    fn of(&self, scenario: Scenario, peer: Peer) -> impl Iterator<Item = &Record> {
        self.records
            .iter()
            .filter(move |record| record.scenario == scenario && record.peer == peer)
    }

    fn median_value(&self, scenario: Scenario, peer: Peer) -> Option<f64> {
        let values: Vec<f64> = self
            .of(scenario, peer)
            .filter_map(|record| record.sample.value)
            .collect();
        median(&values)
    }

    fn median_of(&self, scenario: Scenario, peer: Peer, of: fn(&Sample) -> f64) -> Option<f64> {
        let measured = self
            .of(scenario, peer)
            .filter(|record| record.sample.value.is_some());
        let values: Vec<f64> = measured.map(|record| of(&record.sample)).collect();
        median(&values)
    }

    /// The median over the rounds of Portcullis' value by the peer's; none for Portcullis itself.
    fn ratio(&self, scenario: Scenario, peer: Peer) -> Option<f64> {
        if peer == Peer::Portcullis {
            return None;
        }
        let values = |peer: Peer| -> Vec<Option<f64>> {
            (0..self.rounds)
                .map(|round| {
                    let mut records = self.of(scenario, peer);
                    records.find(|record| record.round == round)?.sample.value
                })
                .collect()
        };
        median_ratio(&values(Peer::Portcullis), &values(peer))
    }

    /// How many, and in how many windows.
    fn errors(&self, scenario: Scenario, peer: Peer) -> String {
        let errors: u32 = self
            .of(scenario, peer)
            .fold(0, |sum, record| sum.saturating_add(record.sample.errors));
        if errors == 0 {
            return "0".to_owned();
        }
        let records = self.of(scenario, peer);
        let windows = records.filter(|record| record.sample.errors > 0).count();
        format!("**{errors} in {windows} of {}**", self.rounds)
    }

    /// Every sample, and the same medians and ratios as in the table.
    pub(crate) fn json(&self) -> Value {
        let mut summary = Vec::new();
        for &scenario in &self.scenarios {
            for &peer in &self.peers {
                summary.push(json!({
                    "scenario": scenario.name(),
                    "gateway": peer.name(),
                    "median": self.median_value(scenario, peer),
                    "portcullis_to_it": self.ratio(scenario, peer),
                }));
            }
        }
        let windows: Vec<Value> = self.records.iter().map(window).collect();
        json!({ "summary": summary, "windows": windows })
    }
}

impl fmt::Display for Record {
    /// A line for who waits, marked where there were errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "round {} {} {}: {}",
            self.round.saturating_add(1),
            self.scenario.name(),
            self.peer.name(),
            decimals(self.sample.value, 1),
        )?;
        if let Some(first) = &self.sample.first_error {
            write!(f, " ! {} errors: {first}", self.sample.errors)?;
        }
        Ok(())
    }
}

fn window(record: &Record) -> Value {
    let sample = &record.sample;
    let unit = match record.scenario {
        Scenario::Idle => "KiB/connection",
        _ => "operations/CPU s",
    };
    let mut window = json!({
        "scenario": record.scenario.name(),
        "gateway": record.peer.name(),
        "round": record.round,
        "value": sample.value,
        "unit": unit,
        "errors": sample.errors,
        "first_error": sample.first_error.as_ref().map(ToString::to_string),
    });
    if let (Some(object), false) = (window.as_object_mut(), record.scenario == Scenario::Idle) {
        object.insert("p50_s".to_owned(), sample.p50.as_secs_f64().into());
        object.insert("p99_s".to_owned(), sample.p99.as_secs_f64().into());
        object.insert("operations_per_s".to_owned(), sample.rate.into());
        object.insert("busy".to_owned(), sample.busy.into());
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn record(peer: Peer, round: usize, value: f64, errors: u32) -> Record {
        let sample = Sample {
            value: Some(value),
            p99: Duration::from_millis(7),
            errors,
            ..Sample::default()
        };
        Record {
            scenario: Scenario::Handshake,
            peer,
            round,
            sample,
        }
    }

    fn results() -> Results {
        Results {
            peers: vec![Peer::Portcullis, Peer::Nginx],
            scenarios: vec![Scenario::Handshake],
            rounds: 2,
            records: vec![
                record(Peer::Portcullis, 0, 1000.0, 0),
                record(Peer::Nginx, 0, 500.0, 0),
                record(Peer::Nginx, 1, 1000.0, 3),
                record(Peer::Portcullis, 1, 3000.0, 0),
            ],
            left_out: 0,
        }
    }

    #[test]
    fn the_table_has_medians_ratios_and_errors() {
        let table = results().table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4, "{table}");
        let cells: Vec<&str> = lines[3].split('|').map(str::trim).collect();
        let row = ["handshake", "nginx", "750", "2.50", "0.00", "7.00", "0.00"];
        assert_eq!(cells[1..8], row);
        assert_eq!(cells[8], "**3 in 1 of 2**");
        let own: Vec<&str> = lines[2].split('|').map(str::trim).collect();
        assert_eq!(own[4], "");
    }

    #[test]
    fn memory_has_a_table_of_its_own() {
        let mut results = results();
        results.scenarios = vec![Scenario::Idle];
        let table = results.table();
        assert!(table.contains("KiB / connection"));
        assert!(!table.contains("CPU"));
    }

    #[test]
    fn json_has_every_window_and_the_medians() {
        let json = results().json();
        assert_eq!(json["windows"].as_array().unwrap().len(), 4);
        assert_eq!(json["windows"][2]["errors"], 3);
        assert_eq!(json["summary"][1]["portcullis_to_it"], 2.5);
    }
}
