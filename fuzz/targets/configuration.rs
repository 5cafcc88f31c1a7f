//! `cargo +nightly fuzz run configuration`
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::configuration::property(data));

#[cfg(not(fuzzing))]
fn main() {}
