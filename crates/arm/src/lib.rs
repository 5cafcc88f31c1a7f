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

mod certificates;
mod collection;
mod evaluate;
mod expression;
mod find;
mod finding;
mod import;
mod item;
mod json;
mod map;
mod node;
mod place;
mod stand_in;
mod toml_text;

pub use certificates::{Certificates, File};
pub use evaluate::{Cause, EvaluationError};
pub use expression::SyntaxError;
pub use finding::{Adaptation, CertificateProblem, Fate, Finding, Problem, Reason};
pub use import::{Import, Options, Unreadable, import};

/// The bytes of a document that are read at most: Resource Manager takes templates of 4 MB, and
/// requests and answers of 16.
pub const SIZE: usize = 16 << 20;
