#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod diagnostic;
mod gateway;
pub mod host;
mod nearest;
pub mod path;
mod read;
mod resolve;
mod schema;
mod shape;

pub use diagnostic::{
    DataUrlError, Diagnostic, Item, Kind, Located, Location, Place, Problem, Severity, Side,
};
pub use gateway::*;
pub use schema::{KeyDescription, keys, schema};

use read::Report;

/// The bytes of a configuration that are read at most: all files that Application Gateway allows,
/// 200 of trusted client certificates and 100 of server certificates, inline, and some thousand
/// listeners.
pub const SIZE: usize = 16 << 20;

/// Reads a configuration.
///
/// # Errors
/// Every problem there is, in the order of the text.
pub fn parse(text: &str) -> Result<Gateway, Vec<Diagnostic>> {
    let diagnosis = diagnose(text);
    if diagnosis.problems.is_empty() {
        Ok(diagnosis.gateway)
    } else {
        Err(diagnosis.problems)
    }
}

/// What a configuration says and what is wrong with it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The items that are in order. With problems this is not the whole gateway: it serves to look
    /// for further problems (in the files it names), never to run.
    pub gateway: Gateway,
    /// Every problem, in the order of the text.
    pub problems: Vec<Diagnostic>,
}

/// Reads a configuration as far as it goes, for those who want to know everything at once.
#[must_use]
pub fn diagnose(text: &str) -> Diagnosis {
    let mut report = Report::new("");
    if text.len() > SIZE {
        let found = text.len();
        report.push(Place::default(), Problem::TooLarge { found, most: SIZE });
        return Diagnosis {
            gateway: Gateway::default(),
            problems: report.finish(),
        };
    }
    let mut report = Report::new(text);
    let document = read::document(text, &mut report);
    let mut gateway = resolve::gateway(document, &mut report);
    if report.is_broken() {
        gateway.warnings.clear();
    }
    Diagnosis {
        gateway,
        problems: report.finish(),
    }
}
