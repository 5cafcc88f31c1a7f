//! The question, as it is sent and as it is read.

use portcullis_ocsp::{
    CertificateStatus, HashAlgorithm, Malformed, Nonce, Query, Questions, Rules, Signed, get_url,
    parse_request, request, status,
};
use portcullis_test_pki::ocsp::{Answer, Response};
use portcullis_test_pki::{Ca, NOW, before, ocsp};
use portcullis_x509::Certificate;

use crate::{Pki, algorithms, code};

#[test]
fn a_request_reads_back() {
    let pki = Pki::new();
    let certificate = Certificate::parse(&pki.alice.der).unwrap();
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
        let nonce = Nonce::new(&[7; 32]).unwrap();
        let question = request(&Query::new(&certificate, &issuer).hash(hash).nonce(nonce));
        let read = parse_request(&question).unwrap();
        let [cert_id] = read.cert_ids() else {
            panic!("one certificate")
        };
        assert_eq!(cert_id.hash_algorithm(), Some(hash));
        assert_eq!(cert_id.serial(), certificate.serial());
        assert!(cert_id.identifies(&certificate, &issuer));
        assert!(!cert_id.is_issued_by(&certificate));
        assert_eq!(read.nonce(), Ok(Some(nonce)));
        assert_eq!(read.signed(), Signed::Absent);
        assert_eq!(ocsp::nonce_of(&question), Some(vec![7; 32]));
    }
}

#[test]
fn a_request_without_nonce_has_none() {
    let pki = Pki::new();
    let certificate = Certificate::parse(&pki.alice.der).unwrap();
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let question = request(&Query::new(&certificate, &issuer));
    assert_eq!(parse_request(&question).unwrap().nonce(), Ok(None));
    assert!(get_url("http://ocsp.example/", &question).is_some());
}

#[test]
fn a_request_is_the_octets_that_rfc_6960_prescribes() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").serial(&[0xa1]).issue();
    let certificate = Certificate::parse(&alice.der).unwrap();
    let issuer = Certificate::parse(&root.der).unwrap();
    let question = request(&Query::new(&certificate, &issuer));
    let (start, rest) = question.split_at(23);
    let expected = [
        0x30, 0x43, 0x30, 0x41, 0x30, 0x3f, 0x30, 0x3d, 0x30, 0x3b, 0x30, 0x09, 0x06, 0x05, 0x2b,
        0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
    ];
    assert_eq!(start, expected);
    assert_eq!(rest[20..22], [0x04, 0x14]);
    assert_eq!(rest[22..42], root.key_identifier());
    assert_eq!(rest[42..], [0x02, 0x02, 0x00, 0xa1]);
}

#[test]
fn several_questions_and_a_signature_are_read() {
    // Two CertIDs of one octet a hash; then one with an optionalSignature.
    let several = [
        0x30, 0x34, 0x30, 0x32, 0x30, 0x30, 0x30, 0x16, 0x30, 0x14, 0x30, 0x09, 0x06, 0x05, 0x2b,
        0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x01, 0x01, 0x04, 0x01, 0x01, 0x02, 0x01, 0x01,
        0x30, 0x16, 0x30, 0x14, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00,
        0x04, 0x01, 0x02, 0x04, 0x01, 0x02, 0x02, 0x01, 0x02,
    ];
    let read = parse_request(&several).unwrap();
    let serials: Vec<_> = read
        .cert_ids()
        .iter()
        .map(|id| id.serial().to_string())
        .collect();
    assert_eq!(serials, ["01", "02"]);
    let signed = [
        0x30, 0x20, 0x30, 0x1a, 0x30, 0x18, 0x30, 0x16, 0x30, 0x14, 0x30, 0x09, 0x06, 0x05, 0x2b,
        0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x01, 0x01, 0x04, 0x01, 0x01, 0x02, 0x01, 0x01,
        0xa0, 0x02, 0x30, 0x00,
    ];
    assert_eq!(parse_request(&signed).unwrap().signed(), Signed::Present);
}

#[test]
fn a_request_about_nothing_is_malformed() {
    assert!(parse_request(&[0x30, 0x04, 0x30, 0x02, 0x30, 0x00]).is_err());
}

#[test]
fn a_nonce_has_1_to_128_octets() {
    assert!(matches!(
        Nonce::new(&[]),
        Err(Malformed::NonceLength { found: 0, .. })
    ));
    assert!(Nonce::new(&[7; 128]).is_ok());
    assert!(matches!(
        Nonce::new(&[7; 129]),
        Err(Malformed::NonceLength { found: 129, .. })
    ));
}

#[test]
fn one_question_alone_is_the_same_request() {
    let pki = Pki::new();
    let certificate = Certificate::parse(&pki.alice.der).unwrap();
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let query = Query::new(&certificate, &issuer).nonce(Nonce::new(&[7; 32]).unwrap());
    assert_eq!(Questions::new(query.clone()).request(), request(&query));
}

#[test]
fn several_certificates_are_asked_about_with_one_nonce_and_judged_one_by_one() {
    let pki = Pki::new();
    let [bob, carol] = ["bob", "carol"].map(|name| pki.root.client(name).issue());
    let parsed = [&pki.alice, &bob, &carol].map(|one| Certificate::parse(&one.der).unwrap());
    let [alice_view, bob_view, carol_view] = &parsed;
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let nonce = Nonce::new(&[7; 32]).unwrap();
    let first = Query::new(alice_view, &issuer)
        .hash(HashAlgorithm::Sha256)
        .nonce(nonce);
    let questions = Questions::new(first)
        .and(bob_view, &issuer)
        .and(carol_view, &issuer);

    let sent = questions.request();
    let read = parse_request(&sent).unwrap();
    assert_eq!(read.nonce(), Ok(Some(nonce)));
    assert_eq!(read.cert_ids().len(), 3);
    for (cert_id, certificate) in read.cert_ids().iter().zip(&parsed) {
        assert_eq!(cert_id.hash_algorithm(), Some(HashAlgorithm::Sha256));
        assert!(cert_id.identifies(certificate, &issuer));
    }

    let since = before(NOW, 60);
    let response = Response::new(&pki.root)
        .answer(Answer::revoked(&bob, &pki.root, since))
        .answer(Answer::good(&pki.alice, &pki.root))
        .nonce(&[7; 32])
        .issue();
    let rules = Rules::new(algorithms());
    let [alice, bob, carol] = questions.queries() else {
        panic!("three questions")
    };
    let judge = |query| status(&response, query, &rules, NOW);
    assert_eq!(judge(alice).unwrap().certificate, CertificateStatus::Good);
    let revoked = CertificateStatus::Revoked {
        at: since,
        reason: None,
    };
    assert_eq!(judge(bob).unwrap().certificate, revoked);
    assert_eq!(code(judge(carol)), "wrong_certificate");
    let other = Response::new(&pki.root)
        .answer(Answer::good(&pki.alice, &pki.root))
        .nonce(&[8; 32])
        .issue();
    assert_eq!(code(status(&other, carol, &rules, NOW)), "nonce_mismatch");
}
