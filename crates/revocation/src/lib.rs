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

mod allowance;
mod asking;
mod checker;
mod destination;
mod failure;
mod fetch;
mod memory;
mod responder;
mod settings;
mod verdict;

pub use checker::Checker;
pub use failure::{Class, Failure, HttpFault, PolicyFault, Unreachable};
pub use fetch::fetch;
pub use settings::{Destinations, Settings};
pub use verdict::{Source, Verdict};
