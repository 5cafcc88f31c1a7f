#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test fails by panicking"
    )
)]

mod accept;
mod activity;
mod admission;
mod authorization;
mod backend;
mod connection;
mod doors;
mod ending;
mod facts;
mod files;
mod framing;
mod gateway;
mod identity;
mod identity_headers;
mod load;
mod log;
mod pages;
mod paths;
mod plain_http;
mod plan;
mod refused;
mod relay;
mod respond;
mod route;
mod rules;
mod running;
mod socket;
mod stapling;

pub use accept::CONNECTIONS_PER_CORE;
pub use connection::{HANDSHAKE_TIMEOUT, KEEP_ALIVE};
pub use files::Files;
pub use gateway::{Bind, Gateway};
pub use running::{BindError, Heartbeat, ReloadError, Running, StartError};
