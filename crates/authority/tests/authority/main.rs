//! The authority and its responder through their public API, and in the eyes of other programs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod folder;
mod http;
mod issuing;
mod responder;
mod revoking;
mod tools;
