//! Every property holds for every file of its corpus, and for each of them damaged.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// Runs a property over its corpus, over every prefix and every flipped byte of each file.
fn replay(target: &str, property: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let files: Vec<_> = fs::read_dir(&corpus)
        .expect("the corpus is there")
        .collect();
    assert!(!files.is_empty(), "{} is empty", corpus.display());
    for file in files {
        let data = fs::read(file.expect("a file").path()).expect("its octets");
        property(&data);
        for at in 0..data.len() {
            let (prefix, rest) = data.split_at(at);
            property(prefix);
            let inverted = rest.iter().take(1).map(|octet| !octet);
            let flipped = prefix
                .iter()
                .copied()
                .chain(inverted)
                .chain(rest.iter().skip(1).copied());
            property(&flipped.collect::<Vec<_>>());
        }
    }
}

#[test]
fn arm() {
    replay("arm", portcullis_fuzz::arm::property);
}

#[test]
fn certificate() {
    replay("certificate", portcullis_fuzz::certificate::property);
}

#[test]
fn chain() {
    replay("chain", portcullis_fuzz::chain::property);
}

#[test]
fn configuration() {
    replay("configuration", portcullis_fuzz::configuration::property);
}

#[test]
fn ocsp_request() {
    replay("ocsp_request", portcullis_fuzz::ocsp::request::property);
}

#[test]
fn ocsp_response() {
    replay("ocsp_response", portcullis_fuzz::ocsp::response::property);
}

#[test]
fn rewrite() {
    replay("rewrite", portcullis_fuzz::rewrite::property);
}
