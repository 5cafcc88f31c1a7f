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

mod authorisation;
mod cert_id;
mod certificate_status;
mod encode;
mod extensions;
pub mod freshness;
mod malformed;
mod moment;
mod nonce;
mod query;
mod refusal;
mod request;
pub mod responder;
mod responder_id;
mod response;
mod rules;
mod status;
mod version;

pub use cert_id::{CertId, CertIdRef, HashAlgorithm};
pub use certificate_status::{CertificateStatus, RevocationReason};
pub use malformed::{Malformed, Part};
pub use nonce::Nonce;
pub use query::{MAX_GET_URL_LENGTH, Query, Questions, get_url, request};
pub use refusal::{Class, Refusal, Staleness, Unauthorised};
pub use request::{Request, Signed, parse_request};
pub use responder_id::ResponderId;
pub use response::{
    BasicResponse, CrlReference, ErrorStatus, ExtendedRevoke, Response, SingleResponse,
    parse_response,
};
pub use rules::{DelegatesWithoutNocheck, MissingNonce, Rules, Sha1Signatures};
pub use status::{Status, status};

/// The largest request or response that is read, in octets.
///
/// Responses have 0.3 to 3 KiB, most of it a delegate's certificate; nginx reads at most 64 KiB.
pub const MAX_LENGTH: usize = 0x1_0000;
