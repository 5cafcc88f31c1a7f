//! Asking and judging, beside the bare signature checks that a judgement cannot do without.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench without its input has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_ocsp::{
    BasicResponse, Query, Response, Rules, parse_request, parse_response, request, status,
};
use portcullis_test_pki::{Algorithm, Ca, Certified, NOW, ocsp};
use portcullis_x509::{Certificate, verify_signature};
use rustls_pki_types::SignatureVerificationAlgorithm;

/// A response about a certificate, signed by its issuer or by the issuer's delegate.
struct Input {
    name: &'static str,
    issuer: Certified,
    certificate: Certified,
    delegate: Option<Certified>,
    response: Vec<u8>,
}

fn issuer_signed(name: &'static str, algorithm: Algorithm) -> Input {
    let issuer = Ca::root("Contoso Client CA").algorithm(algorithm).issue();
    let certificate = issuer.client("alice").issue();
    let response = ocsp::good(&certificate, &issuer).issue();
    Input {
        name,
        issuer: (*issuer).clone(),
        certificate,
        delegate: None,
        response,
    }
}

fn delegated(name: &'static str, algorithm: Algorithm) -> Input {
    let issuer = Ca::root("Contoso Client CA").algorithm(algorithm).issue();
    let certificate = issuer.client("alice").issue();
    let delegate = issuer
        .ocsp_responder("Contoso OCSP")
        .algorithm(algorithm)
        .issue();
    let response = ocsp::good(&certificate, &issuer)
        .delegate(&delegate)
        .issue();
    Input {
        name,
        issuer: (*issuer).clone(),
        certificate,
        delegate: Some(delegate),
        response,
    }
}

fn inputs() -> [Input; 4] {
    [
        issuer_signed("issuer, p256", Algorithm::P256),
        issuer_signed("issuer, rsa2048", Algorithm::Rsa2048),
        delegated("delegate, p256", Algorithm::P256),
        delegated("delegate, rsa2048", Algorithm::Rsa2048),
    ]
}

fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

fn parse(certified: &Certified) -> Certificate<'_> {
    Certificate::parse(&certified.der).expect("a certificate")
}

fn ask(criterion: &mut Criterion) {
    let input = issuer_signed("request", Algorithm::P256);
    let (certificate, issuer) = (parse(&input.certificate), parse(&input.issuer));
    let query = Query::new(&certificate, &issuer);
    let question = request(&query);
    let mut group = criterion.benchmark_group("request");
    group.bench_function("encode", |bencher| {
        bencher.iter(|| request(black_box(&query)))
    });
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            parse_request(black_box(&question))
                .expect("a request")
                .cert_ids()
                .len()
        });
    });
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for input in inputs() {
        group.bench_function(input.name, |bencher| {
            bencher.iter(|| parse_response(black_box(&input.response)).expect("a response"));
        });
    }
}

/// From the octets received to a proven status.
fn judge(criterion: &mut Criterion) {
    let rules = Rules::new(algorithms());
    let mut group = criterion.benchmark_group("judge");
    for input in inputs() {
        let (certificate, issuer) = (parse(&input.certificate), parse(&input.issuer));
        let query = Query::new(&certificate, &issuer);
        group.bench_function(format!("portcullis/{}", input.name), |bencher| {
            bencher.iter(|| {
                status(black_box(&input.response), &query, &rules, NOW).expect("a status")
            });
        });
        let basic = basic(&input.response);
        let delegate = input.delegate.as_ref().map(parse);
        group.bench_function(format!("bare signatures/{}", input.name), |bencher| {
            bencher.iter(|| check_signatures(&basic, &issuer, delegate.as_ref()));
        });
    }
}

fn basic(response: &[u8]) -> BasicResponse<'_> {
    match parse_response(response) {
        Ok(Response::Basic(basic)) => basic,
        other => panic!("{other:?}"),
    }
}

fn check_signatures(
    response: &BasicResponse<'_>,
    issuer: &Certificate<'_>,
    delegate: Option<&Certificate<'_>>,
) {
    if let Some(delegate) = delegate {
        check_signature(
            issuer,
            delegate.signature_algorithm(),
            delegate.tbs(),
            delegate.signature(),
        );
    }
    let signer = delegate.unwrap_or(issuer);
    check_signature(
        signer,
        response.signature_algorithm(),
        response.tbs(),
        response.signature(),
    );
}

fn check_signature(
    signer: &Certificate<'_>,
    algorithm: portcullis_x509::AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) {
    let key = signer.subject_public_key_info();
    verify_signature(algorithms(), key, algorithm, black_box(message), signature)
        .expect("a signature");
}

criterion_group!(benches, ask, read, judge);
criterion_main!(benches);
