#![doc = include_str!("../README.md")]

pub mod arm;
pub mod certificate;
pub mod chain;
pub mod configuration;
pub mod ocsp;
pub mod rewrite;
