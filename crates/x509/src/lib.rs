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

mod algorithm;
mod certificate;
pub mod der;
mod error;
mod extension;
mod general_name;
mod name;
pub mod oid;
mod serial;
mod shown;
mod signature;
mod spiffe;

pub use algorithm::{AlgorithmIdentifier, SubjectPublicKeyInfo};
pub use certificate::{Certificate, Validity, Version};
pub use error::{Field, Malformed};
pub use extension::{
    AccessDescription, AccessDescriptions, AuthorityKeyIdentifier, BasicConstraints,
    CertificatePolicies, ExtendedKeyUsage, Extension, Extensions, GeneralSubtrees, KeyUsage,
    KnownExtensions, NameConstraints, PolicyConstraints, PolicyMapping, PolicyMappings,
};
pub use general_name::{GeneralName, GeneralNames};
pub use name::{Attribute, DistinguishedName, DistinguishedNameError, Name};
pub use oid::Oid;
pub use serial::Serial;
pub use shown::{CUT, MAX_SHOWN, Shown};
pub use signature::{SignatureError, verify_signature};
pub use spiffe::SpiffeId;
