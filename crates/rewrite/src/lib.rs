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

mod exchange;
pub mod facts;
pub mod forwarded;
mod hop_by_hop;
mod identity;
mod identity_headers;
mod passage;
mod rules;
mod strip;
mod template;
mod text;
mod url;
pub mod variable;

pub use exchange::{Exchange, TlsFacts};
pub use facts::{CertificateFacts, Fact, escape_pem};
pub use hop_by_hop::remove_hop_by_hop;
pub use identity::{Client, ClientIdentity};
pub use identity_headers::{
    IDENTITY_HEADER_SIZE, IdentityFormat, IdentityTooLarge, Oversize, set_identity,
};
pub use passage::{Passage, to_backend, to_client, to_client_by};
pub use rules::{
    Case, ConditionSpec, CookieSpec, Expectation, HeaderSpec, Part, Remembered, Reroute, RuleError,
    RuleProblem, RuleSet, RuleSpec, UrlSpec,
};
pub use strip::{StripList, WELL_KNOWN, WellKnown};
pub use url::{MAX_TARGET, UrlError};
