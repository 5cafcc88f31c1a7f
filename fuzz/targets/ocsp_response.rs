//! `cargo +nightly fuzz run ocsp_response`
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::ocsp::response::property(data));

#[cfg(not(fuzzing))]
fn main() {}
