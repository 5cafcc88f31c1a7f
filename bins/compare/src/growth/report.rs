//! What grew by how much: tables for people, JSON for programs.

use std::fmt;

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::statistics::{median, median_ratio};
use crate::table::{Table, decimals, ratio};
use crate::window::Sample;

use super::{Dimension, seen};

/// All that was measured.
pub(crate) struct Report {
    pub(super) dimensions: Vec<Grown>,
}

/// One dimension.
pub(super) struct Grown {
    pub(super) dimension: Dimension,
    pub(super) rows: Vec<Row>,
}

/// One scenario at one size.
pub(super) struct Row {
    pub(super) scenario: Scenario,
    pub(super) size: usize,
    /// One a round.
    pub(super) samples: Vec<Sample>,
    /// Of the gateway after the last window, in KiB.
    pub(super) memory: Option<u64>,
    /// KiB of an idle connection.
    pub(super) each: Option<f64>,
    /// Why it is not what it should be.
    pub(super) note: String,
}

impl Row {
    pub(super) fn new(scenario: Scenario, size: usize) -> Self {
        Self {
            scenario,
            size,
            samples: Vec::new(),
            memory: None,
            each: None,
            note: String::new(),
        }
    }

    fn values(&self) -> Vec<Option<f64>> {
        self.samples.iter().map(|sample| sample.value).collect()
    }

    fn value(&self) -> Option<f64> {
        let values: Vec<f64> = self.values().into_iter().flatten().collect();
        median(&values)
    }

    fn rate(&self) -> Option<f64> {
        let rates: Vec<f64> = self.samples.iter().map(|sample| sample.rate).collect();
        median(&rates)
    }

    fn mebibytes(&self) -> Option<f64> {
        let kibibytes = u32::try_from(self.memory?).ok()?;
        Some(f64::from(kibibytes) / 1024.0)
    }

    fn errors(&self) -> u32 {
        let errors = self.samples.iter().map(|sample| sample.errors);
        errors.fold(0, u32::saturating_add)
    }

    /// The note, and the first error.
    fn remark(&self) -> String {
        let mut errors = self.samples.iter().filter_map(|s| s.first_error.as_ref());
        let parts = [
            self.note.clone(),
            errors.next().map(ToString::to_string).unwrap_or_default(),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }
}

impl fmt::Display for Row {
    /// A line for who waits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.samples.last().and_then(|sample| sample.value);
        let (name, value) = (self.scenario.name(), decimals(last, 1));
        write!(f, "{name} {}: {value}", self.size)?;
        let remark = self.remark();
        match self.errors() {
            0 if remark.is_empty() => Ok(()),
            0 => write!(f, " ! {remark}"),
            errors => write!(f, " ! {errors} errors: {remark}"),
        }
    }
}

/// Memory may be so much larger than it was when no more was to be remembered: allocators do not give all back.
const SLACK: f64 = 1.25;

impl Grown {
    /// What it did in relation to the first row of the scenario.
    fn ratio(&self, row: &Row) -> Option<f64> {
        let mut rows = self.rows.iter().filter(|r| r.scenario == row.scenario);
        median_ratio(&row.values(), &rows.next()?.values())
    }

    /// The memory at the end in relation to that when all that is remembered was.
    fn beyond_full(&self) -> Option<f64> {
        if self.dimension != Dimension::Certificates {
            return None;
        }
        let mut rows = self.rows.iter();
        let full = rows.find(|row| row.size == seen::FULL)?.mebibytes()?;
        let last = rows.rev().find_map(Row::mebibytes)?;
        Some(last / full)
    }

    fn is_sound(&self) -> bool {
        let measured = |row: &Row| row.value().is_some() && row.errors() == 0;
        self.rows.iter().all(measured) && !self.beyond_full().is_some_and(|ratio| ratio > SLACK)
    }

    fn has(&self, what: fn(&Row) -> bool) -> bool {
        self.rows.iter().any(what)
    }

    fn table(&self) -> Table {
        let cores = self.dimension == Dimension::Cores;
        let each = self.has(|row| row.each.is_some());
        let remarks = self.has(|row| !row.remark().is_empty());
        let mut titles = vec![
            "scenario",
            self.dimension.name(),
            "operations / CPU s",
            "to the first",
        ];
        titles.extend(cores.then_some("operations / s"));
        titles.push("MiB");
        titles.extend(each.then_some("KiB / idle connection"));
        titles.push("errors");
        titles.extend(remarks.then_some("remark"));
        let mut table = Table::new(&titles);
        for row in &self.rows {
            let mut cells = vec![
                row.scenario.name().to_owned(),
                row.size.to_string(),
                decimals(row.value(), 0),
                ratio(self.ratio(row)),
            ];
            cells.extend(cores.then(|| decimals(row.rate(), 0)));
            cells.push(decimals(row.mebibytes(), 1));
            cells.extend(each.then(|| decimals(row.each, 1)));
            cells.push(row.errors().to_string());
            cells.extend(remarks.then(|| row.remark()));
            table.row(cells);
        }
        table
    }

    fn text(&self) -> String {
        let (about, table) = (self.dimension.about(), self.table());
        let bound = self.beyond_full().map_or_else(String::new, |ratio| {
            let verdict = if ratio > SLACK { "**grew**" } else { "stayed" };
            let full = seen::FULL;
            format!("\nMemory {verdict}: at the end {ratio:.2} of what it was at {full}, when it remembered all it may.\n")
        });
        format!("{about}\n\n{table}{bound}")
    }

    fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(|row| self.row_json(row)).collect();
        json!({
            "dimension": self.dimension.name(),
            "about": self.dimension.about(),
            "rows": rows,
            "memory_beyond_full": self.beyond_full(),
        })
    }

    fn row_json(&self, row: &Row) -> Value {
        let windows = row.samples.iter().map(|sample| {
            json!({
                "operations_per_cpu_s": sample.value,
                "operations_per_s": sample.rate,
                "busy": sample.busy,
                "errors": sample.errors,
                "first_error": sample.first_error.as_ref().map(ToString::to_string),
            })
        });
        json!({
            "scenario": row.scenario.name(),
            "size": row.size,
            "operations_per_cpu_s": row.value(),
            "to_the_first": self.ratio(row),
            "operations_per_s": row.rate(),
            "memory_mib": row.mebibytes(),
            "kib_per_idle_connection": row.each,
            "errors": row.errors(),
            "remark": row.remark(),
            "windows": windows.collect::<Vec<Value>>(),
        })
    }
}

impl Report {
    /// Markdown, a table for each dimension.
    pub(crate) fn table(&self) -> String {
        let texts: Vec<String> = self.dimensions.iter().map(Grown::text).collect();
        texts.join("\n")
    }

    pub(crate) fn json(&self) -> Value {
        let dimensions: Vec<Value> = self.dimensions.iter().map(Grown::json).collect();
        json!({ "dimensions": dimensions })
    }

    /// Whether everything was measured without errors, and what must be bounded was.
    pub(crate) fn is_sound(&self) -> bool {
        self.dimensions.iter().all(Grown::is_sound)
    }
}

#[cfg(test)]
mod tests;
