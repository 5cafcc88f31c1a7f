//! The real binary and the real programs of others: curl, OpenSSL, Node.js, nginx and
//! certomancer.
//!
//! Certificates go both ways: those that OpenSSL issues are judged by the gateway, those that
//! `portcullis pki` issues are used by the others. A test says what it needs in its `ignore`
//! attribute, and `cargo xtask test` runs the ones whose programs are here. Everything listens on
//! loopback, on ports that the system chose, except `openssl ocsp`, which takes no address.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

// What tests use.
mod answer;
mod backend;
mod certomancer;
mod configuration;
mod credentials;
mod curl;
mod gateway;
mod nginx;
mod node;
mod ocsp;
mod openssl_ca;
mod own_ca;
mod program;
mod relay;
mod s_client;
mod scene;
mod scratch;

// The tests.
mod accepted;
mod alerted;
mod backends_nginx;
mod headers;
mod modes;
mod ocsp_ask_certomancer;
mod ocsp_ask_openssl;
mod ocsp_by_openssl;
mod ocsp_verify_openssl;
mod refused;
mod resumption;
mod revocation;
mod revocation_by_our_responder;
mod server_certificate;
mod stapling;
mod tutorial;
mod verify_command;
