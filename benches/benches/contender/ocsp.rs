//! What an OCSP response costs.

use std::hint::black_box;

use portcullis_ocsp::{
    BasicResponse, CertificateStatus, Query, Response, Rules, parse_response, status,
};
use portcullis_test_pki::NOW;
use portcullis_x509::Certificate;

use super::{Contender, SignatureCheck, openssl};
use crate::input::algorithms;
use crate::input::ocsp::Answer;

/// The signatures of a response alone, and reading and judging it, ours and others'.
pub(crate) fn judging(answer: &Answer) -> [Contender<'_>; 3] {
    [
        signatures(answer),
        portcullis(answer),
        openssl::judging(answer),
    ]
}

/// That of the response, and of the delegate's certificate where there is one.
fn signatures(answer: &Answer) -> Contender<'_> {
    let issuer = Certificate::parse(&answer.issuer).expect("a certificate");
    let basic = basic(&answer.response);
    let delegate = answer.delegate.as_ref();
    let delegate = delegate.map(|der| Certificate::parse(der).expect("a certificate"));
    let of_response = SignatureCheck::over(
        basic.signature_algorithm(),
        delegate.as_ref().unwrap_or(&issuer),
        basic.tbs(),
        basic.signature(),
    );
    let of_delegate = delegate.map(|delegate| SignatureCheck::of(&delegate, &issuer));
    let checks: Vec<_> = of_delegate.into_iter().chain([of_response]).collect();
    Contender::new("signatures", move || {
        checks.iter().for_each(SignatureCheck::run);
    })
}

fn basic(response: &[u8]) -> BasicResponse<'_> {
    let response = parse_response(response).expect("a response");
    let Response::Basic(basic) = response else {
        unreachable!("an answer")
    };
    basic
}

/// From the octets received to a proven status, for a certificate and an issuer that are at hand.
fn portcullis(answer: &Answer) -> Contender<'_> {
    let certificate = Certificate::parse(&answer.certificate).expect("a certificate");
    let issuer = Certificate::parse(&answer.issuer).expect("a certificate");
    Contender::new("portcullis", move || {
        let query = Query::new(&certificate, &issuer);
        let rules = Rules::new(algorithms());
        let status = status(black_box(&answer.response), &query, &rules, NOW);
        let status = black_box(status.expect("a status"));
        assert_eq!(status.certificate, CertificateStatus::Good);
    })
}
