#![doc = include_str!("../README.md")]
#![no_std]
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

extern crate alloc;

mod anchors;
mod budget;
mod judgement;
mod moment;
mod policy;
mod reason;
mod rejection;
mod search;
mod verify;

pub use anchors::{Anchors, AnchorsError, List};
pub use budget::{
    MAX_ISSUERS_TRIED, MAX_NAME_OCTETS, MAX_PATHS_JUDGED, MAX_SIGNATURE_CHECKS, Resource,
};
pub use policy::{AnchorConstraints, AnchorValidity, PartialChain, Policy, Purpose};
pub use reason::{AuthorityClaim, Class, KeyOwner, LastFound, Reason};
pub use rejection::{Candidate, Origin, Rejection, Step};
pub use verify::{VerifiedChain, verify};
