//! A table in Markdown that is also one to the eye.

use std::fmt;

/// Rows of as many cells as there are titles.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(titles: &[&str]) -> Self {
        let titles = titles.iter().map(|title| (*title).to_owned()).collect();
        Self { rows: vec![titles] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

impl fmt::Display for Table {
    /// The first two columns are names, to the left; the others numbers, to the right.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, row) in self.rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                let width = self.width(column);
                if column < NAMES {
                    write!(f, "| {cell:<width$} ")?;
                } else {
                    write!(f, "| {cell:>width$} ")?;
                }
            }
            writeln!(f, "|")?;
            if number == 0 {
                self.rule(f, row.len())?;
            }
        }
        Ok(())
    }
}

impl Table {
    fn rule(&self, f: &mut fmt::Formatter<'_>, columns: usize) -> fmt::Result {
        for column in 0..columns {
            let dashes = "-".repeat(self.width(column).saturating_add(1));
            let end = if column < NAMES { "-" } else { ":" };
            write!(f, "|{dashes}{end}")?;
        }
        writeln!(f, "|")
    }
}

const NAMES: usize = 2;

/// With so many decimals, or a dash.
pub(crate) fn decimals(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"))
}

/// Of seconds.
pub(crate) fn milliseconds(seconds: Option<f64>) -> String {
    decimals(seconds.map(|seconds| seconds * 1000.0), 2)
}

/// Nothing where there is nothing to compare with.
pub(crate) fn ratio(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_left_and_numbers_right() {
        let mut table = Table::new(&["a", "b", "count"]);
        table.row(vec!["one".to_owned(), "x".to_owned(), "5".to_owned()]);
        let text = "| a   | b | count |\n|-----|---|------:|\n| one | x |     5 |\n";
        assert_eq!(table.to_string(), text);
    }

    #[test]
    fn what_is_missing_is_a_dash_or_nothing() {
        assert_eq!(decimals(None, 2), "-");
        assert_eq!(decimals(Some(1.25), 1), "1.2");
        assert_eq!(milliseconds(Some(0.001_5)), "1.50");
        assert_eq!(ratio(None), "");
    }
}
