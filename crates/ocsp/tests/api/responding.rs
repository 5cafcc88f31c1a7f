//! The answering half, judged by the asking half.

use std::time::Duration;

use portcullis_ocsp::responder::{
    Answer, RespondError, SignError, Signer, error_response, respond,
};
use portcullis_ocsp::{
    CertificateStatus, ErrorStatus, HashAlgorithm, Nonce, Query, Refusal, ResponderId,
    RevocationReason, Rules, Status, parse_request, request, status,
};
use portcullis_test_pki::{Certified, DAY, Key, NOW, after, before};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;

use crate::{Pki, algorithms};

struct TestSigner {
    key: Key,
    algorithm: Vec<u8>,
}

impl TestSigner {
    fn new(certified: &Certified) -> Self {
        let key = certified.key.clone();
        Self {
            algorithm: key.algorithm().identifier(),
            key,
        }
    }
}

impl Signer for TestSigner {
    fn algorithm(&self) -> &[u8] {
        &self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.key.sign(message))
    }
}

/// Asks with a nonce, answers the parsed request with `said` through `signer`, and judges.
fn exchange(
    pki: &Pki,
    said: CertificateStatus,
    hash: HashAlgorithm,
    signer: &Certified,
    certificates: &[&[u8]],
) -> Result<Status, Refusal> {
    let certificate = Certificate::parse(&pki.alice.der).unwrap();
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let query = Query::new(&certificate, &issuer)
        .hash(hash)
        .nonce(Nonce::new(&[7; 32]).unwrap());
    let question = request(&query);
    let asked = parse_request(&question).unwrap();
    let answers: Vec<_> = asked
        .cert_ids()
        .iter()
        .map(|cert_id| Answer {
            cert_id: cert_id.der(),
            status: said,
            this_update: NOW,
            next_update: Some(after(NOW, DAY)),
        })
        .collect();
    let own = Certificate::parse(&signer.der).unwrap();
    let nonce = asked.nonce().unwrap();
    let id = ResponderId::by_key(&own);
    let signer = TestSigner::new(signer);
    let response = respond(&answers, nonce, id, certificates, &signer, NOW).unwrap();
    status(&response, &query, &Rules::new(algorithms()), NOW)
}

#[test]
fn what_is_answered_is_understood() {
    let pki = Pki::new();
    let at = before(NOW, 60);
    let reason = Some(RevocationReason::Superseded);
    for said in [
        CertificateStatus::Good,
        CertificateStatus::Revoked { at, reason },
        CertificateStatus::Revoked { at, reason: None },
        CertificateStatus::Unknown,
    ] {
        for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
            let status = exchange(&pki, said, hash, &pki.root, &[]).unwrap();
            assert_eq!(status.certificate, said);
            assert_eq!(status.valid_until, after(NOW, DAY));
        }
    }
}

#[test]
fn a_delegate_answers_with_its_certificate_along() {
    let pki = Pki::new();
    let delegate = pki.root.ocsp_responder("Responder").issue();
    let (good, sha1) = (CertificateStatus::Good, HashAlgorithm::Sha1);
    assert!(exchange(&pki, good, sha1, &delegate, &[&delegate.der]).is_ok());
    assert!(exchange(&pki, good, sha1, &delegate, &[]).is_err());
}

#[test]
fn an_error_response_says_its_status() {
    let pki = Pki::new();
    for status in [
        ErrorStatus::MalformedRequest,
        ErrorStatus::InternalError,
        ErrorStatus::TryLater,
        ErrorStatus::SigRequired,
        ErrorStatus::Unauthorized,
    ] {
        let refusal = pki.judge(&error_response(status)).unwrap_err();
        assert_eq!(refusal, Refusal::ResponderError { status });
    }
}

#[test]
fn a_time_without_encoding_is_an_error() {
    let pki = Pki::new();
    let signer = TestSigner::new(&pki.root);
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let time = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    let outcome = respond(&[], None, ResponderId::by_name(&issuer), &[], &signer, time);
    assert_eq!(outcome, Err(RespondError::Time { time }));
}
