//! `d2i_X509` and `X509_verify_cert`, `d2i_OCSP_RESPONSE` and `OCSP_basic_verify`.

use std::hint::black_box;

use openssl::hash::MessageDigest;
use openssl::ocsp::{OcspCertId, OcspCertStatus, OcspFlag, OcspResponse};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use portcullis_test_pki::NOW;
use rustls_pki_types::CertificateDer;

use super::Contender;
use crate::input::chain::Chain;
use crate::input::ocsp::Answer;

pub(super) fn parsing(chain: &Chain) -> Contender<'_> {
    Contender::new("openssl", || {
        black_box(parse(black_box(&chain.leaf)));
    })
}

pub(super) fn verifying(chain: &Chain) -> Contender<'_> {
    let store = store(&chain.root, X509PurposeId::SSL_CLIENT);
    Contender::new("openssl", move || {
        let leaf = parse(black_box(&chain.leaf));
        let mut offered = Stack::new().expect("a stack");
        for der in &chain.intermediates {
            offered.push(parse(der)).expect("a longer stack");
        }
        let mut context = X509StoreContext::new().expect("a context");
        let valid = context.init(&store, &leaf, &offered, |context| context.verify_cert());
        assert!(valid.expect("a verdict"), "a valid chain");
    })
}

/// Its dates are not checked: OpenSSL knows no time for that but the clock's.
pub(super) fn judging(answer: &Answer) -> Contender<'_> {
    let (certificate, issuer) = (parse(&answer.certificate), parse(&answer.issuer));
    let store = store(&answer.issuer, X509PurposeId::OCSP_HELPER);
    let mut offered = Stack::new().expect("a stack");
    offered.push(issuer.clone()).expect("a longer stack");
    let id = OcspCertId::from_cert(MessageDigest::sha1(), &certificate, &issuer);
    let id = id.expect("an id");
    Contender::new("openssl", move || {
        let response = OcspResponse::from_der(black_box(&answer.response)).expect("a response");
        let basic = response.basic().expect("an answer");
        basic
            .verify(&offered, &store, OcspFlag::empty())
            .expect("a valid signature");
        let status = basic.find_status(&id).expect("a status");
        assert!(status.status == OcspCertStatus::GOOD, "a good status");
    })
}

/// The root alone, for this purpose at the time of all tests.
fn store(root: &CertificateDer<'_>, purpose: X509PurposeId) -> X509Store {
    let mut parameters = X509VerifyParam::new().expect("parameters");
    parameters.set_time(NOW.as_secs().try_into().expect("a time_t"));
    let mut store = X509StoreBuilder::new().expect("a store");
    store.add_cert(parse(root)).expect("an anchor");
    store.set_param(&parameters).expect("a time");
    store.set_purpose(purpose).expect("a purpose");
    store.build()
}

fn parse(der: &CertificateDer<'_>) -> X509 {
    X509::from_der(der).expect("a certificate")
}
