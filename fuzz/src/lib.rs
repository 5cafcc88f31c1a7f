#![doc = include_str!("../README.md")]

pub mod certificate;
pub mod chain;
pub mod ocsp;
