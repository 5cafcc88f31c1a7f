//! The properties hold for certificates that nobody here made.
//!
//! The conformance suites are not in the repository. They are looked for where `PORTCULLIS_SUITES`
//! says, or in `shared/suites` beside the checkout; without them these tests say so and pass.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use portcullis_chain::{Anchors, Policy, Purpose, verify};
use portcullis_test_pki::mutate::{every_flipped_byte, every_prefix};
use portcullis_x509::Certificate;
use rustls_pki_types::{CertificateDer, UnixTime};

/// What one input may take at most, in a build without optimisation on a busy machine; nearly all take
/// less than a thousandth.
const MOST_TIME: Duration = Duration::from_secs(1);

fn suite(file: &str) -> Option<GzDecoder<File>> {
    let folder = std::env::var_os("PORTCULLIS_SUITES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/suites"),
        PathBuf::from,
    );
    let path = folder.join(file);
    let Ok(file) = File::open(&path) else {
        println!("skipped: there is no {}", path.display());
        return None;
    };
    Some(GzDecoder::new(file))
}

#[test]
fn every_property_holds_for_the_seeds_of_another_project() {
    let Some(archive) = suite("fuzz-seeds-boringssl.tar.gz") else {
        return;
    };
    let good = good_chain();
    let mut count = 0_usize;
    for entry in tar::Archive::new(archive).entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let mut seed = Vec::new();
        entry.read_to_end(&mut seed).expect("its octets");
        let begin = Instant::now();
        every_property(&seed, &good);
        let took = begin.elapsed();
        assert!(took < MOST_TIME, "{took:?} for {:?}", entry.path());
        count = count.saturating_add(1);
    }
    assert!(count >= 854, "{count} seeds");
}

/// Leaf, anchor and intermediate of the corpus.
fn good_chain() -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/chain/good");
    let data = fs::read(path).expect("the corpus is there");
    let mut rest = &*data;
    let mut certificates = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (certificate, after) = after.split_at(u16::from_be_bytes(*length).into());
        certificates.push(certificate.to_vec());
        rest = after;
    }
    certificates
}

/// All of them, and the one of chains with the seed in the place of each certificate.
fn every_property(seed: &[u8], good: &[Vec<u8>]) {
    portcullis_fuzz::certificate::property(seed);
    portcullis_fuzz::ocsp::request::property(seed);
    portcullis_fuzz::ocsp::response::property(seed);
    portcullis_fuzz::chain::property(seed);
    for place in 0..good.len() {
        let certificates = good.iter().enumerate();
        let certificates = certificates.map(|(index, certificate)| match index {
            _ if index == place => seed,
            _ => certificate,
        });
        portcullis_fuzz::chain::property(&framed(certificates));
    }
}

fn framed<'a>(certificates: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let framed = certificates.flat_map(|certificate| {
        let length = u16::try_from(certificate.len()).expect("less than 64 KiB");
        [&length.to_be_bytes(), certificate].concat()
    });
    framed.collect()
}

/// A site's certificate, its issuer and its root, as they were sent on the Internet.
struct Online {
    leaf: Vec<u8>,
    intermediate: Vec<u8>,
    anchors: Anchors,
    at: UnixTime,
}

#[derive(serde::Deserialize)]
struct Row {
    id: String,
    target: String,
    intermediates: Vec<String>,
    anchors: Vec<String>,
    time: u64,
}

fn online() -> Option<Vec<Online>> {
    let lines = BufReader::new(suite("limbo-client-core.jsonl.gz")?).lines();
    let rows = lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("a case"));
    let online: Vec<_> = rows
        .filter(|row: &Row| row.id.starts_with("online::"))
        .map(|row| Online::read(&row))
        .collect();
    assert_eq!(online.len(), 5);
    Some(online)
}

impl Online {
    fn read(row: &Row) -> Self {
        let decode = |text: &String| STANDARD.decode(text).expect("base64");
        let anchors = row.anchors.iter().map(decode).map(CertificateDer::from);
        let [intermediate] = &*row.intermediates else {
            unreachable!("{} has one intermediate", row.id);
        };
        Self {
            leaf: decode(&row.target),
            intermediate: decode(intermediate),
            anchors: Anchors::new(anchors.collect(), vec![]).expect("anchors"),
            at: UnixTime::since_unix_epoch(Duration::from_secs(row.time)),
        }
    }

    /// Whether `leaf` is accepted with this `intermediate`, both as far as they can be read.
    fn accepts(&self, purpose: Purpose, leaf: &[u8], intermediate: &[u8]) -> bool {
        let Ok(leaf) = Certificate::parse(leaf) else {
            return false;
        };
        let offered: Vec<_> = Certificate::parse(intermediate).into_iter().collect();
        let algorithms = rustls::crypto::aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .all;
        let policy = Policy::new(purpose, algorithms);
        verify(&leaf, &offered, &self.anchors, &policy, self.at).is_ok()
    }
}

fn every_damage(der: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    every_prefix(der)
        .map(<[u8]>::to_vec)
        .chain(every_flipped_byte(der))
}

#[test]
fn real_certificates_are_read_or_refused_however_damaged() {
    for site in online().unwrap_or_default() {
        for der in [&site.leaf, &site.intermediate] {
            portcullis_fuzz::certificate::property(der);
            every_damage(der).for_each(|der| portcullis_fuzz::certificate::property(&der));
        }
    }
}

#[test]
fn a_damaged_real_certificate_is_not_accepted() {
    for site in online().unwrap_or_default() {
        let (leaf, intermediate) = (&site.leaf, &site.intermediate);
        assert!(site.accepts(Purpose::ClientAuth, leaf, intermediate));
        for damaged in every_damage(leaf) {
            assert!(!site.accepts(Purpose::ClientAuth, &damaged, intermediate));
            assert!(!site.accepts(Purpose::Any, &damaged, intermediate));
        }
    }
}

#[test]
fn nothing_below_a_damaged_real_intermediate_is_accepted() {
    for site in online().unwrap_or_default() {
        let (leaf, intermediate) = (&site.leaf, &site.intermediate);
        assert!(site.accepts(Purpose::Any, intermediate, &[]));
        for damaged in every_damage(intermediate) {
            assert!(!site.accepts(Purpose::ClientAuth, leaf, &damaged));
            assert!(!site.accepts(Purpose::Any, &damaged, &[]));
        }
    }
}
