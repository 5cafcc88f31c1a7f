//! The real process as its operator has it: files that change, signals, systemd, and reloads under load.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

// What tests use.
mod backend;
mod client;
mod gateway;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "../interop/program.rs"]
mod program;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "../interop/scratch.rs"]
mod scratch;

// The tests.
mod documents;
mod files;
mod signals;
mod soak;
mod systemd;
