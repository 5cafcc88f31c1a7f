//! The documents of `examples/arm`, run by the real binary with real clients and backends.
//!
//! A document is changed in what a test's machine needs and in nothing else: ports, the addresses of
//! backends, and no responder to ask.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../support/command.rs"]
mod command;

// What tests use.
mod answer;
mod backends;
mod client;
mod document;
mod gateway;

// The tests.
mod multi_site;
mod mutual_tls;
mod passthrough;
mod path_maps;
