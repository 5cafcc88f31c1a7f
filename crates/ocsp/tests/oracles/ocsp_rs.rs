//! The crate ocsp, of the project ocsp-rs. It reads requests and writes both; it reads no responses, knows SHA-1
//! alone in a CertID, and names responders by key.

use ::ocsp_rs::common::asn1::{CertId as TheirCertId, GeneralizedTime, Oid};
use ::ocsp_rs::common::ocsp::{OcspExt, OcspExtI};
use ::ocsp_rs::oid::{ALGO_SHA1_DOT, ALGO_SHA256_WITH_RSA_ENCRYPTION_DOT, OCSP_RESPONSE_BASIC_DOT};
use ::ocsp_rs::request::{OcspRequest, OneReq};
use ::ocsp_rs::response::{
    BasicResponse, CertStatus, CertStatusCode, CrlReason, OcspRespStatus, OcspResponse, OneResp,
    ResponderId, ResponseBytes, ResponseData, RevokedInfo,
};
use portcullis_ocsp::responder::error_response;
use portcullis_ocsp::{
    CertIdRef, CertificateStatus, ErrorStatus, HashAlgorithm, Nonce, ResponderId as OurResponderId,
    RevocationReason, parse_request,
};
use portcullis_test_pki::{Algorithm, DAY, NOW, after, before, der};

use super::{NONCE, Pki, basic, nonce};

#[test]
fn requests_from_here_read_there() {
    let pki = Pki::new(Algorithm::P256);
    for (nonce, all) in [(None, false), (Some(nonce()), false), (Some(nonce()), true)] {
        let sent = pki.request(HashAlgorithm::Sha1, nonce, all);
        let theirs = OcspRequest::parse(&sent).unwrap();
        let ours = parse_request(&sent).unwrap();
        let ids = theirs.extract_certid();
        assert_eq!(ids.len(), ours.cert_ids().len());
        for (ours, theirs) in ours.cert_ids().iter().zip(ids) {
            same_cert_id(ours, theirs);
        }
        same_nonce(ours.nonce().unwrap(), theirs.extract_ext());
        assert!(theirs.tbs_request.requestor_name.is_none());
        assert!(theirs.optional_signature.is_none());
    }
}

#[test]
fn requests_from_there_read_here() {
    let pki = Pki::new(Algorithm::P256);
    for all in [false, true] {
        let template = pki.request(HashAlgorithm::Sha1, Some(nonce()), all);
        let template = OcspRequest::parse(&template).unwrap();
        let theirs = template.extract_certid();
        let list: Vec<_> = theirs
            .iter()
            .map(|certid| OneReq {
                certid: (*certid).clone(),
                one_req_ext: None,
            })
            .collect();
        let list = OneReq::list_to_der(&list).unwrap();
        let tbs = [list, their_nonce()];
        let sent = der::sequence(&[der::sequence(&tbs)]);
        let ours = parse_request(&sent).unwrap();
        assert_eq!(ours.cert_ids().len(), theirs.len());
        for (ours, theirs) in ours.cert_ids().iter().zip(theirs) {
            same_cert_id(ours, theirs);
        }
        assert_eq!(ours.nonce(), Ok(Some(nonce())));
    }
}

#[test]
fn responses_from_there_read_here_and_prove_what_they_say() {
    let pki = Pki::new(Algorithm::Rsa2048);
    let request = pki.request(HashAlgorithm::Sha1, None, true);
    let ids = OcspRequest::parse(&request).unwrap().extract_certid_owned();
    let revoked = RevokedInfo::new(
        GeneralizedTime::new(2026, 5, 31, 0, 0, 0).unwrap(),
        Some(CrlReason::OcspRevokeSuperseded),
    );
    let statements = [
        CertStatus::new(CertStatusCode::Good, None),
        CertStatus::new(CertStatusCode::Revoked, Some(revoked)),
        CertStatus::new(CertStatusCode::Unknown, None),
    ];
    let answers = ids
        .iter()
        .zip(statements)
        .map(|(cid, cert_status)| OneResp {
            cid: cid.clone(),
            cert_status,
            this_update: GeneralizedTime::new(2026, 6, 1, 0, 0, 0).unwrap(),
            next_update: Some(GeneralizedTime::new(2026, 6, 2, 0, 0, 0).unwrap()),
            one_resp_ext: None,
        });
    let response = respond(&pki, answers.collect());

    let read = basic(&response);
    let OurResponderId::ByKey(key) = read.responder_id() else {
        panic!("by key")
    };
    assert_eq!(key[..], pki.root.key_identifier());
    assert_eq!(read.produced_at(), NOW);
    assert_eq!(read.nonce(), Ok(Some(nonce())));
    assert_eq!(read.certificates().count(), 0);
    let expected = [
        CertificateStatus::Good,
        CertificateStatus::Revoked {
            at: before(NOW, DAY),
            reason: Some(RevocationReason::Superseded),
        },
        CertificateStatus::Unknown,
    ];
    assert_eq!(read.responses().len(), 3);
    for (which, (answer, said)) in read.responses().iter().zip(expected).enumerate() {
        same_cert_id(&answer.cert_id(), &ids[which]);
        assert_eq!(answer.status(), said);
        assert_eq!(answer.this_update(), NOW);
        assert_eq!(answer.next_update(), Some(after(NOW, DAY)));
        assert_eq!(pki.judge(&response, which).certificate, said);
    }
}

#[test]
fn refusals_to_answer_are_the_same_octets() {
    for (ours, theirs) in [
        (ErrorStatus::MalformedRequest, OcspRespStatus::MalformedReq),
        (ErrorStatus::InternalError, OcspRespStatus::InternalError),
        (ErrorStatus::TryLater, OcspRespStatus::TryLater),
        (ErrorStatus::SigRequired, OcspRespStatus::SigRequired),
        (ErrorStatus::Unauthorized, OcspRespStatus::Unauthorized),
    ] {
        let theirs = OcspResponse::new_non_success(theirs).unwrap();
        assert_eq!(theirs.to_der().unwrap(), error_response(ours));
    }
}

/// Their response with these answers and the nonce, signed by the authority.
fn respond(pki: &Pki, answers: Vec<OneResp>) -> Vec<u8> {
    let data = ResponseData::new(
        ResponderId::new_key_hash(&pki.root.key_identifier()),
        GeneralizedTime::new(2026, 6, 1, 0, 0, 0).unwrap(),
        answers,
        Some(vec![nonce_extension()]),
    );
    let signature = pki.root.key.sign(&data.to_der().unwrap());
    let algorithm = Oid::new_from_dot(ALGO_SHA256_WITH_RSA_ENCRYPTION_DOT).unwrap();
    let basic = BasicResponse::new(data, algorithm, signature, None);
    let response_type = Oid::new_from_dot(OCSP_RESPONSE_BASIC_DOT).unwrap();
    let bytes = ResponseBytes::new_basic(response_type, basic).unwrap();
    OcspResponse::new_success(bytes).to_der().unwrap()
}

/// They take and give the extension's value as it is, an OCTET STRING of its own.
fn nonce_extension() -> OcspExtI {
    let nonce = der::octet_string(&NONCE);
    OcspExtI {
        id: 0,
        ext: OcspExt::Nonce { nonce },
    }
}

/// `requestExtensions`
fn their_nonce() -> Vec<u8> {
    OcspExtI::list_to_der(&[nonce_extension()], 0xa2).unwrap()
}

fn same_nonce(ours: Option<Nonce<'_>>, theirs: Option<&Vec<OcspExtI>>) {
    let theirs = theirs.map(|list| match &list[..] {
        [
            OcspExtI {
                ext: OcspExt::Nonce { nonce },
                ..
            },
        ] => nonce.clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        ours.map(|nonce| der::octet_string(nonce.as_bytes())),
        theirs
    );
}

fn same_cert_id(ours: &CertIdRef<'_>, theirs: &TheirCertId) {
    assert_eq!(ours.der(), theirs.to_der().unwrap());
    assert_eq!(ours.hash_algorithm(), Some(HashAlgorithm::Sha1));
    assert_eq!(theirs.hash_algo, Oid::new_from_dot(ALGO_SHA1_DOT).unwrap());
    assert_eq!(ours.issuer_name_hash(), theirs.issuer_name_hash);
    assert_eq!(ours.issuer_key_hash(), theirs.issuer_key_hash);
    assert_eq!(ours.serial().as_bytes(), theirs.serial_num);
}
