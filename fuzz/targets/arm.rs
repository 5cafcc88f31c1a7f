//! `cargo +nightly fuzz run arm`
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_fuzz::arm::property(data));

#[cfg(not(fuzzing))]
fn main() {}
