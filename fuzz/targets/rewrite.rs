//! `cargo +nightly fuzz run rewrite`
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::rewrite::property(data));

#[cfg(not(fuzzing))]
fn main() {}
