#![doc = include_str!("../README.md")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the crate serves tests alone, which fail by panicking"
)]

use std::time::Duration;

use rustls_pki_types::UnixTime;

mod certificate;
pub mod der;
pub mod general_name;
mod key;
pub mod mutate;
mod name;
pub mod ocsp;

pub use certificate::{
    BasicConstraints, Builder, Ca, Certified, Criticality, ExtendedKeyUsage, KeyUsage, Version,
};
pub use key::{Algorithm, Key};
pub use name::Name;

/// The moment at which tests happen: 2026-06-01T00:00:00Z. Every date of a test derives from it.
pub const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_780_272_000));

/// The seconds of a day.
pub const DAY: u64 = 86_400;

/// The moment `seconds` after `time`.
#[must_use]
pub fn after(time: UnixTime, seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs() + seconds))
}

/// The moment `seconds` before `time`.
#[must_use]
pub fn before(time: UnixTime, seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs() - seconds))
}

/// `der` as PEM under `label`, such as `CERTIFICATE`.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(core::str::from_utf8(line).expect("base64 is ASCII"));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}
