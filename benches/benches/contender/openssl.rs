//! `d2i_X509` and `X509_verify_cert`.

use std::hint::black_box;

use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use portcullis_test_pki::NOW;
use rustls_pki_types::CertificateDer;

use super::Contender;
use crate::input::chain::Chain;

pub(super) fn parsing(chain: &Chain) -> Contender<'_> {
    Contender::new("openssl", || {
        black_box(parse(black_box(&chain.leaf)));
    })
}

pub(super) fn verifying(chain: &Chain) -> Contender<'_> {
    let store = store(&chain.root);
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

/// The root alone, for TLS clients at the time of all tests.
fn store(root: &CertificateDer<'_>) -> X509Store {
    let mut parameters = X509VerifyParam::new().expect("parameters");
    parameters.set_time(NOW.as_secs().try_into().expect("a time_t"));
    let mut store = X509StoreBuilder::new().expect("a store");
    store.add_cert(parse(root)).expect("an anchor");
    store.set_param(&parameters).expect("a time");
    store
        .set_purpose(X509PurposeId::SSL_CLIENT)
        .expect("a purpose");
    store.build()
}

fn parse(der: &CertificateDer<'_>) -> X509 {
    X509::from_der(der).expect("a certificate")
}
