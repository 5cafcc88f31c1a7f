//! Reading certificates and verifying chains, beside rustls-webpki in the same run.
#![allow(
    clippy::expect_used,
    reason = "a bench without its input has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_chain::{Anchors, Policy, Purpose, verify};
use portcullis_test_pki::{Algorithm, Ca, Certified, NOW};
use portcullis_x509::Certificate;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// What a client presents under which root: leaf and intermediate.
struct Input {
    name: &'static str,
    leaf: Certified,
    intermediates: Vec<CertificateDer<'static>>,
    root: CertificateDer<'static>,
}

fn chain(name: &'static str, algorithm: Algorithm) -> Input {
    let root = Ca::root("Contoso Root").algorithm(algorithm).issue();
    let issuing = root
        .intermediate("Contoso Client CA")
        .algorithm(algorithm)
        .issue();
    let leaf = issuing
        .client("alice")
        .algorithm(algorithm)
        .ocsp_url("http://ocsp.contoso.com/");
    Input {
        name,
        leaf: leaf.issue(),
        intermediates: vec![issuing.der.clone()],
        root: root.der.clone(),
    }
}

fn chains() -> [Input; 4] {
    [
        chain("p256", Algorithm::P256),
        chain("p384", Algorithm::P384),
        chain("ed25519", Algorithm::Ed25519),
        chain("rsa2048", Algorithm::Rsa2048),
    ]
}

fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for input in chains() {
        let der = &input.leaf.der;
        group.bench_function(format!("portcullis/{}", input.name), |bencher| {
            bencher.iter(|| Certificate::parse(black_box(der)).expect("a certificate"));
        });
        group.bench_function(format!("webpki/{}", input.name), |bencher| {
            bencher.iter(|| EndEntityCert::try_from(black_box(der)).expect("a certificate"));
        });
    }
}

/// Reading what was presented, finding the path and checking it: what a handshake costs.
fn verify_chain(criterion: &mut Criterion) {
    let policy = Policy::new(Purpose::ClientAuth, algorithms());
    let mut group = criterion.benchmark_group("verify");
    for input in chains() {
        let anchors = Anchors::new(vec![input.root.clone()], vec![]).expect("an anchor");
        group.bench_function(format!("portcullis/{}", input.name), |bencher| {
            bencher.iter(|| portcullis_verifies(&input, &anchors, &policy));
        });
        group.bench_function(format!("webpki/{}", input.name), |bencher| {
            bencher.iter(|| webpki_verifies(&input));
        });
    }
}

/// What a hostile peer can make a verification cost: authorities that all certify each other.
fn refuse_mesh(criterion: &mut Criterion) {
    let input = mesh();
    let anchors = Anchors::new(vec![input.root.clone()], vec![]).expect("an anchor");
    let policy = Policy::new(Purpose::ClientAuth, algorithms());
    let leaf = Certificate::parse(&input.leaf.der).expect("a certificate");
    let offered: Vec<_> = input
        .intermediates
        .iter()
        .map(|der| Certificate::parse(der).expect("a certificate"))
        .collect();
    criterion.bench_function("refuse/mesh of authorities", |bencher| {
        bencher.iter(|| verify(&leaf, &offered, &anchors, &policy, NOW).expect_err("too costly"));
    });
}

fn mesh() -> Input {
    let authorities: Vec<_> = (0..9)
        .map(|index| {
            Ca::root(format!("CA {index}").as_str())
                .algorithm(Algorithm::Ed25519)
                .issue()
        })
        .collect();
    let mut intermediates = Vec::new();
    for issuer in &authorities {
        for subject in authorities
            .iter()
            .filter(|subject| subject.der != issuer.der)
        {
            intermediates.push(issuer.cross_sign(subject).issue().der.clone());
        }
    }
    let leaf = authorities
        .first()
        .expect("nine authorities")
        .client("alice")
        .issue();
    let root = Ca::root("Contoso Root").issue().der.clone();
    Input {
        name: "mesh",
        leaf,
        intermediates,
        root,
    }
}

fn portcullis_verifies(input: &Input, anchors: &Anchors, policy: &Policy) {
    let leaf = Certificate::parse(black_box(&input.leaf.der)).expect("a certificate");
    let offered: Vec<_> = input
        .intermediates
        .iter()
        .map(|der| Certificate::parse(der).expect("a certificate"))
        .collect();
    verify(&leaf, &offered, anchors, policy, NOW).expect("a valid chain");
}

fn webpki_verifies(input: &Input) {
    let leaf = EndEntityCert::try_from(black_box(&input.leaf.der)).expect("a certificate");
    let anchors = [anchor_from_trusted_cert(&input.root).expect("an anchor")];
    let usage = KeyUsage::client_auth();
    leaf.verify_for_usage(
        algorithms(),
        &anchors,
        &input.intermediates,
        NOW,
        usage,
        None,
        None,
    )
    .expect("a valid chain");
}

criterion_group!(benches, parse, verify_chain, refuse_mesh);
criterion_main!(benches);
