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
mod cost;
mod host;
mod judgement;
mod member;
mod memory;
mod moment;
mod policy;
mod reason;
mod rejection;
mod search;
mod trust;
mod verify;

pub use anchors::{Anchors, AnchorsError, List};
pub use budget::{
    MAX_CERTIFICATES, MAX_ISSUERS_TRIED, MAX_NAME_COMPARISONS, MAX_NAME_OCTETS, MAX_OCTETS,
    MAX_PATHS_JUDGED, MAX_POLICIES, MAX_SIGNATURE_CHECKS, MAX_SIGNATURE_COST, Resource,
};
pub use memory::{Memory, MemoryCell};
pub use policy::{
    AnchorConstraints, AnchorValidity, CertificateId, ExtendedKeyUsageRule, IssuanceProfile,
    LeafKeyUsage, NameRule, NameRuleError, PartialChain, Policy, Purpose, Sha256Digest,
    client_certificate_issuer,
};
pub use reason::{AuthorityClaim, Class, KeyOwner, LastFound, Reason, Requirement};
pub use rejection::{Candidate, Origin, Rejection, Step};
pub use trust::Trust;
pub use verify::{Explanation, VerifiedChain, explain, verify};
