//! The answering half, judged by the asking half.

use std::time::Duration;

use portcullis_ocsp::responder::{
    Answer, RespondError, SignError, Signer, error_response, respond,
};
use portcullis_ocsp::{
    BasicResponse, CertificateStatus, ErrorStatus, ExtendedRevoke, HashAlgorithm, Nonce, Query,
    Refusal, ResponderId, Response, RevocationReason, Rules, Status, parse_request, parse_response,
    request, status,
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
            archive_cutoff: None,
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

/// What the issuer says of alice, read back.
fn said(pki: &Pki, status: CertificateStatus, archive_cutoff: Option<UnixTime>) -> Vec<u8> {
    let certificate = Certificate::parse(&pki.alice.der).unwrap();
    let issuer = Certificate::parse(&pki.root.der).unwrap();
    let cert_id = Query::new(&certificate, &issuer).cert_id().to_der();
    let answer = Answer {
        cert_id: &cert_id,
        status,
        this_update: NOW,
        next_update: None,
        archive_cutoff,
    };
    let signer = TestSigner::new(&pki.root);
    let id = ResponderId::by_name(&issuer);
    let nonce = Some(Nonce::new(&[7; 32]).unwrap());
    respond(&[answer], nonce, id, &[], &signer, NOW).unwrap()
}

fn basic(response: &[u8]) -> BasicResponse<'_> {
    match parse_response(response) {
        Ok(Response::Basic(basic)) => basic,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_archive_cutoff_is_said_where_there_is_one() {
    let pki = Pki::new();
    for cutoff in [None, Some(before(NOW, 365 * DAY))] {
        let response = said(&pki, CertificateStatus::Good, cutoff);
        let read = basic(&response);
        assert_eq!(read.responses()[0].archive_cutoff(), Ok(cutoff));
        assert!(pki.judge(&response).is_ok());
    }
}

#[test]
fn extended_revoke_is_said_where_a_certificate_was_never_issued_and_only_there() {
    let pki = Pki::new();
    let on_hold = CertificateStatus::Revoked {
        at: NOW,
        reason: Some(RevocationReason::CertificateHold),
    };
    for (status, expected) in [
        (CertificateStatus::NEVER_ISSUED, ExtendedRevoke::Present),
        (on_hold, ExtendedRevoke::Absent),
        (CertificateStatus::Unknown, ExtendedRevoke::Absent),
    ] {
        let response = said(&pki, status, None);
        let read = basic(&response);
        assert_eq!(read.extended_revoke(), Ok(expected));
        assert_eq!(read.nonce(), Ok(Some(Nonce::new(&[7; 32]).unwrap())));
        assert_eq!(pki.judge(&response).unwrap().certificate, status);
    }
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
