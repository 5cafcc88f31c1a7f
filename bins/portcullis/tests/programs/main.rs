//! The running command and the programs of others: curl, `openssl s_client`, `openssl ocsp`, Node.js.
//!
//! Every test says what it needs; `cargo xtask test` runs those whose programs are here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test fails by panicking"
)]

#[path = "../support/command.rs"]
mod command;

mod curl;
mod gateway;
mod node;
mod ocsp;
mod openssl;
mod program;
mod world;
