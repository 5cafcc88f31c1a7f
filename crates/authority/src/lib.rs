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

mod alternative_name;
mod authority;
mod certificate;
mod date;
mod error;
mod folder;
mod index;
mod issued;
mod key;
mod label;
mod reason;
mod responder;
mod serial;

pub use alternative_name::AlternativeName;
pub use authority::{Authority, InitOptions, IssueOptions, Revocation};
pub use error::{AuthorityError, Class, LineProblem, NameProblem};
pub use index::{Entry, Index, Status};
pub use issued::{Issued, Password};
pub use key::KeyAlgorithm;
pub use reason::Reason;
pub use responder::Responder;
pub use serial::Serial;
