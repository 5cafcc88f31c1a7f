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

mod authenticate;
mod client_chains;
mod memory;
mod policy;
mod profile;
mod refusal;
mod server_certificate;
mod sessions;
mod stapling;
mod verifier;

pub use authenticate::{
    CERTIFICATE_SIZE, Client, PRESENTED_CERTIFICATES, VerifiedClient, authenticate,
};
pub use client_chains::{
    ClientChainError, ClientChainLimits, ClientChains, ClientIssuer, certificates,
};
pub use memory::{REMEMBERED_CHAINS, Remembered};
pub use policy::{
    Asked, KEY_EXCHANGES, NotHonoured, PolicyError, PredefinedPolicy, ResolvedPolicy, TlsPolicy,
    TlsVersion, Unsupported, cipher_suite_name,
};
pub use profile::{
    APPLICATION_PROTOCOLS, ClientAuth, OcspStapling, OnFailure, Profile, ProfileError, Revocation,
    Trust,
};
pub use refusal::Refusal;
pub use server_certificate::{ServerCertificate, ServerCertificateError};
pub use sessions::{SESSION_BYTES, SESSIONS};
pub use stapling::{Stapler, StaplingError};
