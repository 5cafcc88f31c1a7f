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
mod entry;
mod failure;
mod fetch;
mod gate;
mod key;
mod lifetimes;
mod memory;
mod moment;
mod observer;
mod policy;
mod proxy;
mod redis;
mod responder;
mod settings;
mod staple;
mod store;
mod transport;
mod verdict;
mod whom;

pub use asking::Proof;
pub use checker::Checker;
pub use destination::{Destinations, Ports};
pub use failure::{Class, Failure, HttpFault, PolicyFault, Unreachable};
pub use fetch::fetch;
pub use lifetimes::Lifetimes;
pub use observer::{Event, Observer};
pub use policy::{Mode, Policy, Scope};
pub use proxy::Proxy;
pub use redis::{Redis, RedisUrlError};
pub use settings::{Nonces, Settings};
pub use staple::Staple;
pub use transport::Method;
pub use verdict::{Refused, Source, Verdict};
pub use whom::Responders;
