//! The crate x509-ocsp.

use core::time::Duration;

use ::x509_ocsp::ext::{ArchiveCutoff, CrlId, Nonce as TheirNonce};
use ::x509_ocsp::{
    BasicOcspResponse, CertId as TheirCertId, CertStatus, OcspGeneralizedTime, OcspRequest,
    OcspResponse, OcspResponseStatus, Request, ResponderId, ResponseData, RevokedInfo, Signature,
    SingleResponse as TheirAnswer, TbsRequest, Version,
};
use portcullis_ocsp::{
    BasicResponse, CertIdRef, CertificateStatus, ErrorStatus, Response, RevocationReason, Signed,
    SingleResponse, parse_request, parse_response,
};
use portcullis_test_pki::{Algorithm, DAY, NOW, after, before};
use portcullis_x509::Extension;
use rustls_pki_types::UnixTime;
use x509_cert::der::asn1::{BitString, Ia5String, Null, OctetString, Uint};
use x509_cert::der::{DateTime, Decode, Encode};
use x509_cert::ext::pkix::CrlReason;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::{AsExtension, Extension as TheirExtension, Extensions as TheirExtensions};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{NONCE, Pki, TestSigner, basic, nonce, questions, reasons};
use portcullis_ocsp::responder::error_response;

#[test]
fn requests_from_here_read_there_and_are_written_the_same() {
    let pki = Pki::new(Algorithm::P256);
    for (hash, nonce, all) in questions() {
        let sent = pki.request(hash, nonce, all);
        let theirs = OcspRequest::from_der(&sent).unwrap();
        same_request(&sent, &theirs);
        assert!(theirs.optional_signature.is_none());
        assert_eq!(theirs.tbs_request.requestor_name, None);
        assert_eq!(theirs.to_der().unwrap(), sent);
    }
}

#[test]
fn requests_from_there_read_here() {
    let pki = Pki::new(Algorithm::P256);
    for (hash, nonce, all) in questions() {
        let template = OcspRequest::from_der(&pki.request(hash, nonce, all)).unwrap();
        let mut list = template.tbs_request.request_list;
        list[0].single_request_extensions = Some(vec![extension(&crl())]);
        let sender = GeneralName::Rfc822Name(Ia5String::new("ops@contoso.com").unwrap());
        let tbs_request = TbsRequest {
            version: Version::V1,
            requestor_name: Some(sender),
            request_list: list,
            request_extensions: template.tbs_request.request_extensions,
        };
        let signature = Signature {
            signature_algorithm: algorithm(&pki),
            signature: BitString::from_bytes(&[7; 64]).unwrap(),
            certs: Some(vec![certificate(&pki.root.der)]),
        };
        for optional_signature in [None, Some(signature)] {
            let theirs = OcspRequest {
                tbs_request: tbs_request.clone(),
                optional_signature,
            };
            same_request(&theirs.to_der().unwrap(), &theirs);
        }
    }
}

#[test]
fn responses_from_here_read_there_and_are_written_the_same() {
    let pki = Pki::new(Algorithm::P256);
    for (hash, nonce, _) in questions() {
        let response = pki.response(hash, nonce);
        let theirs = OcspResponse::from_der(&response).unwrap();
        assert_eq!(theirs.to_der().unwrap(), response);
        let bytes = theirs.response_bytes.unwrap();
        let theirs = BasicOcspResponse::from_der(bytes.response.as_bytes()).unwrap();
        same_response(&basic(&response), &theirs);
    }
}

#[test]
fn responses_from_there_read_here_and_prove_what_they_say() {
    let pki = Pki::new(Algorithm::P256);
    let issuer = certificate(&pki.root.der);
    let by_name = ResponderId::ByName(issuer.tbs_certificate.subject.clone());
    let by_key = ResponderId::ByKey(octets(&pki.root.key_identifier()));
    for id in [by_name, by_key] {
        for reason in [None].into_iter().chain(reasons().map(Some)) {
            let theirs = their_response(&pki, id.clone(), reason);
            let response = OcspResponse::successful(theirs.clone()).unwrap();
            let response = response.to_der().unwrap();
            same_response(&basic(&response), &theirs);
            let said = [0, 1, 2].map(|which| pki.judge(&response, which).certificate);
            let at = before(NOW, DAY);
            let expected = [
                CertificateStatus::Good,
                CertificateStatus::Revoked { at, reason },
                CertificateStatus::Unknown,
            ];
            assert_eq!(said, expected);
        }
    }
}

#[test]
fn refusals_to_answer_are_the_same_octets() {
    for (ours, theirs) in [
        (
            ErrorStatus::MalformedRequest,
            OcspResponse::malformed_request(),
        ),
        (ErrorStatus::InternalError, OcspResponse::internal_error()),
        (ErrorStatus::TryLater, OcspResponse::try_later()),
        (ErrorStatus::SigRequired, OcspResponse::sig_required()),
        (ErrorStatus::Unauthorized, OcspResponse::unauthorized()),
    ] {
        let octets = error_response(ours);
        assert_eq!(theirs.to_der().unwrap(), octets);
        assert!(matches!(parse_response(&octets), Ok(Response::Error(read)) if read == ours));
        let read = OcspResponse::from_der(&octets).unwrap();
        assert_ne!(read.response_status, OcspResponseStatus::Successful);
    }
}

/// Good, revoked for `reason`, and unknown, each with other extensions and dates.
fn their_response(
    pki: &Pki,
    responder_id: ResponderId,
    reason: Option<RevocationReason>,
) -> BasicOcspResponse {
    let request = pki.request(portcullis_ocsp::HashAlgorithm::Sha256, None, true);
    let request = OcspRequest::from_der(&request).unwrap();
    let [alice, bob, carol] = request.tbs_request.request_list.try_into().unwrap();
    let revoked = RevokedInfo {
        revocation_time: time(before(NOW, DAY)),
        revocation_reason: reason.map(their_reason),
    };
    let cutoff = ArchiveCutoff(time(before(NOW, 100 * DAY)));
    let answer = |request: Request, cert_status, single_extensions| TheirAnswer {
        cert_id: request.req_cert,
        cert_status,
        this_update: time(before(NOW, 60)),
        next_update: None,
        single_extensions,
    };
    let mut good = answer(alice, CertStatus::good(), Some(vec![extension(&cutoff)]));
    good.next_update = Some(time(after(NOW, DAY)));
    let revoked = CertStatus::revoked(revoked);
    let revoked = answer(bob, revoked, Some(vec![extension(&crl())]));
    let unknown = answer(carol, CertStatus::unknown(), None);
    let tbs_response_data = ResponseData {
        version: Version::V1,
        responder_id,
        produced_at: time(NOW),
        responses: vec![good, revoked, unknown],
        response_extensions: Some(vec![extension(&TheirNonce::new(NONCE).unwrap())]),
    };
    let signature = pki.root.key.sign(&tbs_response_data.to_der().unwrap());
    BasicOcspResponse {
        tbs_response_data,
        signature_algorithm: algorithm(pki),
        signature: BitString::from_bytes(&signature).unwrap(),
        certs: Some(vec![certificate(&pki.root.der)]),
    }
}

fn crl() -> CrlId {
    CrlId {
        crl_url: Some(Ia5String::new("http://crl.example/").unwrap()),
        crl_num: Some(Uint::new(&[0xa1]).unwrap()),
        crl_time: Some(time(before(NOW, DAY))),
    }
}

fn same_request(request: &[u8], theirs: &OcspRequest) {
    let ours = parse_request(request).unwrap();
    let tbs = &theirs.tbs_request;
    assert_eq!(tbs.version, Version::V1);
    assert_eq!(ours.cert_ids().len(), tbs.request_list.len());
    for (ours, theirs) in ours.cert_ids().iter().zip(&tbs.request_list) {
        same_cert_id(ours, &theirs.req_cert);
    }
    same_nonce(
        ours.nonce().unwrap().map(|nonce| nonce.as_bytes()),
        theirs.nonce(),
    );
    same_extensions(ours.extensions(), tbs.request_extensions.as_ref());
    let signed = ours.signed() == Signed::Present;
    assert_eq!(signed, theirs.optional_signature.is_some());
}

fn same_response(ours: &BasicResponse<'_>, theirs: &BasicOcspResponse) {
    let data = &theirs.tbs_response_data;
    assert_eq!(data.version, Version::V1);
    assert_eq!(ours.tbs(), data.to_der().unwrap());
    match (ours.responder_id(), &data.responder_id) {
        (portcullis_ocsp::ResponderId::ByName(ours), ResponderId::ByName(theirs)) => {
            assert_eq!(ours.der(), theirs.to_der().unwrap());
        }
        (portcullis_ocsp::ResponderId::ByKey(ours), ResponderId::ByKey(theirs)) => {
            assert_eq!(ours, theirs.as_bytes());
        }
        (ours, theirs) => panic!("{ours}, {theirs:?}"),
    }
    assert_eq!(time(ours.produced_at()), data.produced_at);
    assert_eq!(ours.responses().len(), data.responses.len());
    for (ours, theirs) in ours.responses().iter().zip(&data.responses) {
        same_answer(ours, theirs);
    }
    same_nonce(
        ours.nonce().unwrap().map(|nonce| nonce.as_bytes()),
        theirs.nonce(),
    );
    same_extensions(ours.extensions(), data.response_extensions.as_ref());
    assert_eq!(
        ours.signature_algorithm().oid().to_string(),
        theirs.signature_algorithm.oid.to_string()
    );
    assert_eq!(Some(ours.signature()), theirs.signature.as_bytes());
    let certificates = theirs
        .certs
        .iter()
        .flatten()
        .map(|one| one.to_der().unwrap());
    assert!(ours.certificates().eq(certificates));
}

fn same_answer(ours: &SingleResponse<'_>, theirs: &TheirAnswer) {
    same_cert_id(&ours.cert_id(), &theirs.cert_id);
    let status = match ours.status() {
        CertificateStatus::Good => CertStatus::good(),
        CertificateStatus::Unknown => CertStatus::unknown(),
        CertificateStatus::Revoked { at, reason } => CertStatus::revoked(RevokedInfo {
            revocation_time: time(at),
            revocation_reason: reason.map(their_reason),
        }),
    };
    assert_eq!(status, theirs.cert_status);
    assert_eq!(time(ours.this_update()), theirs.this_update);
    assert_eq!(ours.next_update().map(time), theirs.next_update);
    same_extensions(ours.extensions(), theirs.single_extensions.as_ref());
    let cutoff = ours.archive_cutoff().unwrap().map(time);
    let value = find::<ArchiveCutoff>(theirs);
    assert_eq!(
        cutoff,
        value.map(|value| OcspGeneralizedTime::from_der(value).unwrap())
    );
    let reference = ours.crl_reference().unwrap().map(|ours| CrlId {
        crl_url: ours.url().map(|url| Ia5String::new(url).unwrap()),
        crl_num: ours.number().map(|number| Uint::new(number).unwrap()),
        crl_time: ours.time().map(time),
    });
    let value = find::<CrlId>(theirs);
    assert_eq!(
        reference,
        value.map(|value| CrlId::from_der(value).unwrap())
    );
}

/// The value of the extension of this type.
fn find<E: x509_cert::der::oid::AssociatedOid>(answer: &TheirAnswer) -> Option<&[u8]> {
    let mut extensions = answer.single_extensions.iter().flatten();
    let found = extensions.find(|extension| extension.extn_id == E::OID)?;
    Some(found.extn_value.as_bytes())
}

fn same_cert_id(ours: &CertIdRef<'_>, theirs: &TheirCertId) {
    assert_eq!(ours.der(), theirs.to_der().unwrap());
    let hash = ours.hash_algorithm_identifier().oid().to_string();
    assert_eq!(hash, theirs.hash_algorithm.oid.to_string());
    assert_eq!(theirs.hash_algorithm.parameters, Some(Null.into()));
    assert_eq!(ours.issuer_name_hash(), theirs.issuer_name_hash.as_bytes());
    assert_eq!(ours.issuer_key_hash(), theirs.issuer_key_hash.as_bytes());
    let (ours, theirs) = (ours.serial(), theirs.serial_number.as_bytes());
    assert_eq!(without_zeros(ours.as_bytes()), without_zeros(theirs));
}

fn without_zeros(octets: &[u8]) -> &[u8] {
    match octets {
        [0, rest @ ..] => without_zeros(rest),
        octets => octets,
    }
}

fn same_nonce(ours: Option<&[u8]>, theirs: Option<TheirNonce>) {
    assert_eq!(ours, theirs.as_ref().map(|nonce| nonce.0.as_bytes()));
    assert!(ours.is_none_or(|octets| octets == nonce().as_bytes()));
}

fn same_extensions(ours: &[Extension<'_>], theirs: Option<&TheirExtensions>) {
    let ours = ours.iter().map(|ours| {
        let oid = ours.oid().to_string();
        (oid, ours.is_critical(), ours.value().to_vec())
    });
    let theirs = theirs.into_iter().flatten().map(|theirs| {
        let value = theirs.extn_value.as_bytes().to_vec();
        (theirs.extn_id.to_string(), theirs.critical, value)
    });
    assert!(ours.eq(theirs));
}

fn extension(value: &impl AsExtension) -> TheirExtension {
    value.to_extension(&Name::default(), &[]).unwrap()
}

fn their_reason(reason: RevocationReason) -> CrlReason {
    let encoded = [0x0a, 0x01, reason.number()];
    CrlReason::from_der(&encoded).unwrap()
}

fn time(time: UnixTime) -> OcspGeneralizedTime {
    let since_epoch = Duration::from_secs(time.as_secs());
    DateTime::from_unix_duration(since_epoch).unwrap().into()
}

fn octets(octets: &[u8]) -> OctetString {
    OctetString::new(octets).unwrap()
}

fn certificate(der: &[u8]) -> x509_cert::Certificate {
    x509_cert::Certificate::from_der(der).unwrap()
}

fn algorithm(pki: &Pki) -> AlgorithmIdentifierOwned {
    let signer = TestSigner::new(&pki.root.key);
    AlgorithmIdentifierOwned::from_der(&signer.algorithm).unwrap()
}
