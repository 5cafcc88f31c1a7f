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
mod admin;
mod admission;
mod affinity;
mod authorization;
mod backend;
mod backend_health;
mod balance;
mod connection;
mod delivery;
mod doors;
mod ending;
mod facts;
mod files;
mod framing;
mod gateway;
mod identity;
mod identity_headers;
mod inventory;
mod load;
mod log;
mod metrics;
mod outgoing;
mod pages;
mod path_override;
mod paths;
mod plain_http;
mod plan;
mod pool;
mod probe;
mod refused;
mod relay;
mod resolve;
mod respond;
mod resting;
mod route;
mod rules;
mod running;
mod session;
mod socket;
mod stapling;
mod trace_id;
mod traces;
mod transport;
mod tunnel;
mod upgrade;

pub use accept::CONNECTIONS_PER_CORE;
pub use connection::{HANDSHAKE_TIMEOUT, KEEP_ALIVE};
pub use files::Files;
pub use gateway::{Bind, Gateway};
pub use running::{BindError, Heartbeat, ReloadError, Running, StartError};
