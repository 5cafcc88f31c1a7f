//! What BoringSSL, Go and pyca/cryptography test OCSP with, where it is at hand.
//!
//! `PORTCULLIS_SUITES` names the folder; without it `shared/suites` beside the checkout is looked for.
//! What the cases of BoringSSL prove, `cargo xtask suites` asks the command; here it is what is sent.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says when it is skipped"
)]

#[path = "suites/boringssl.rs"]
mod boringssl;
#[path = "suites/go.rs"]
mod go;
#[path = "suites/pyca.rs"]
mod pyca;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use portcullis_ocsp::{BasicResponse, CertIdRef, HashAlgorithm, Response, parse_response};
use rustls_pki_types::UnixTime;

/// A file of the suites, decompressed where its name ends in `gz`; says so when there is none.
fn suite(file: &str) -> Option<Vec<u8>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3);
    let folder = std::env::var_os("PORTCULLIS_SUITES")
        .map(PathBuf::from)
        .or_else(|| Some(beside?.join("shared/suites")))?;
    let path = folder.join(file);
    if !path.exists() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    let mut octets = Vec::new();
    let file = File::open(&path).unwrap();
    if path.extension().is_some_and(|ending| ending == "gz") {
        GzDecoder::new(file).read_to_end(&mut octets).unwrap();
    } else {
        (&file).read_to_end(&mut octets).unwrap();
    }
    Some(octets)
}

fn base64(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap()
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Digits alone: how long they are padded, and how they are written, differs between the suites.
fn number(text: &str) -> String {
    let digits = text.trim_start_matches("0x").to_ascii_lowercase();
    digits.trim_start_matches('0').to_owned()
}

fn serial(cert_id: &CertIdRef<'_>) -> String {
    number(&hexadecimal(cert_id.serial().as_bytes()))
}

fn hash(cert_id: &CertIdRef<'_>) -> Option<&'static str> {
    cert_id.hash_algorithm().map(|hash| match hash {
        HashAlgorithm::Sha1 => "sha1",
        HashAlgorithm::Sha256 => "sha256",
    })
}

fn basic(response: &[u8]) -> BasicResponse<'_> {
    match parse_response(response).unwrap() {
        Response::Basic(basic) => basic,
        Response::Error(status) => panic!("{}", status.name()),
    }
}

/// `2018-08-30T11:00:00Z`, or with `+00:00` at its end.
fn time(text: &str) -> UnixTime {
    let text = text.replace("+00:00", "Z");
    let date_time: der::DateTime = text.parse().unwrap();
    UnixTime::since_unix_epoch(Duration::from_secs(date_time.unix_duration().as_secs()))
}
