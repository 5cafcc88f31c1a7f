//! `cargo +nightly fuzz run ocsp_request`
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::ocsp::request::property(data));

#[cfg(not(fuzzing))]
fn main() {}
