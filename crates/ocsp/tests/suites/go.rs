use std::collections::BTreeMap;

use portcullis_ocsp::{
    HashAlgorithm, Query, Refusal, ResponderId, Response, Rules, Signed, Status, parse_request,
    parse_response, request, status,
};
use portcullis_x509::{Certificate, verify_signature};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use serde_json::Value;

use super::{base64, basic, hash, hexadecimal, number, serial, suite, time};

/// The cases by name; each test takes its own out, and what it does not look at fails.
struct Suite {
    responder: Vec<u8>,
    cases: BTreeMap<String, Case>,
}

struct Case {
    given: Value,
    expect: serde_json::Map<String, Value>,
}

impl Case {
    fn octets(&self, field: &str) -> Vec<u8> {
        base64(self.given[field].as_str().unwrap())
    }

    /// Takes what is expected of `field`.
    fn expects(&mut self, field: &str) -> Option<Value> {
        self.expect.remove(field)
    }

    fn expects_text(&mut self, field: &str) -> String {
        let text = self.expects(field).unwrap();
        text.as_str().unwrap().to_owned()
    }

    /// Everything that is expected was looked at.
    fn finish(self) {
        assert!(self.expect.is_empty(), "not compared: {:?}", self.expect);
    }
}

fn read(json: &[u8]) -> Suite {
    let json: Value = serde_json::from_slice(json).unwrap();
    let cases = json["cases"].as_array().unwrap().iter().map(|case| {
        let expect = case["expect"].as_object().unwrap().clone();
        let given = case.clone();
        (
            case["id"].as_str().unwrap().to_owned(),
            Case { given, expect },
        )
    });
    Suite {
        responder: base64(json["responder"]["cert"].as_str().unwrap()),
        cases: cases.collect(),
    }
}

fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

#[test]
fn every_case_of_go_reads_here_as_there() {
    let Some(json) = suite("go-ocsp.json") else {
        return;
    };
    let mut suite = read(&json);
    let mut take = |id: &str| suite.cases.remove(id).unwrap();
    decode(take("OCSPDecode"));
    decode_without_certificate(take("DecodeWithoutCert"));
    critical_extension(take("DecodeWithCriticalExtension"), &suite.responder);
    extension(take("DecodeWithExtension"), &suite.responder);
    error(take("ErrorResponse"));
    create_request(take("CreateRequest"));
    signed_request(take("RequestSigned"));
    trailing_data(take("RequestTrailingData"));
    several(take("RequestMultipleCerts"));
    assert!(suite.cases.is_empty(), "a case that is not looked at");
    println!("go-ocsp: 9/9");
}

fn decode(mut case: Case) {
    let response = case.octets("response");
    let read = basic(&response);
    assert_eq!(case.expects("parse"), Some(true.into()));
    let [answer] = read.responses() else {
        panic!("one answer")
    };
    assert_eq!(answer.status().to_string(), case.expects_text("status"));
    let expected = number(&case.expects_text("serial"));
    assert_eq!(serial(&answer.cert_id()), expected);
    assert_eq!(
        answer.this_update(),
        time(&case.expects_text("this_update"))
    );
    let next_update = time(&case.expects_text("next_update"));
    assert_eq!(answer.next_update(), Some(next_update));
    let ResponderId::ByKey(key) = read.responder_id() else {
        panic!("by key")
    };
    assert_eq!(hexadecimal(&key), case.expects_text("responder_key_hash"));

    let pem = case.given["issuer_pem"].as_str().unwrap();
    let issuer = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let issuer = Certificate::parse(&issuer).unwrap();
    let verified = verify_signature(
        algorithms(),
        issuer.subject_public_key_info(),
        read.signature_algorithm(),
        read.tbs(),
        read.signature(),
    );
    let expected = case.expects("signature_valid_with_issuer");
    assert_eq!(expected, Some(verified.is_ok().into()));
    assert!(read.responder_id().names(&issuer));
    assert!(answer.cert_id().is_issued_by(&issuer));
    case.finish();
}

fn decode_without_certificate(mut case: Case) {
    let response = case.octets("response");
    assert_eq!(case.expects("parse"), Some(true.into()));
    assert_eq!(basic(&response).certificates().count(), 0);
    case.finish();
}

/// Judges what the responder says of a certificate that it does not know.
fn judge(response: &[u8], responder: &[u8]) -> Result<Status, Refusal> {
    let responder = Certificate::parse(responder).unwrap();
    let query = Query::new(&responder, &responder);
    let now = responder.validity().not_before;
    status(response, &query, &Rules::new(algorithms()), now)
}

/// Go has no other way than not to read it. Here it reads, and proves nothing.
fn critical_extension(mut case: Case, responder: &[u8]) {
    let response = case.octets("response");
    assert_eq!(case.expects("parse"), Some(false.into()));
    assert_eq!(
        case.expects_text("reason"),
        "unsupported critical extension in SingleResponse"
    );
    let read = basic(&response);
    assert!(read.responses()[0].extensions()[0].is_critical());
    let oid = read.responses()[0].extensions()[0].oid().to_string();
    let expected = Refusal::UnknownCriticalExtension { oid };
    assert_eq!(judge(&response, responder), Err(expected));
    case.finish();
}

fn extension(mut case: Case, responder: &[u8]) {
    let response = case.octets("response");
    assert_eq!(case.expects("parse"), Some(true.into()));
    let read = basic(&response);
    let extensions = read.responses()[0].extensions();
    let expected = case.expects("single_extensions").unwrap();
    assert_eq!(
        Some(extensions.len()),
        expected.as_u64().and_then(|n| n.try_into().ok())
    );
    let expected = case.expects_text("extension_value_hex");
    assert_eq!(hexadecimal(extensions[0].value()), expected);
    let refusal = judge(&response, responder).unwrap_err();
    assert_eq!(refusal.code(), "wrong_certificate", "{refusal}");
    case.finish();
}

fn error(mut case: Case) {
    let response = case.octets("response");
    assert_eq!(case.expects("parse"), Some(true.into()));
    let Ok(Response::Error(status)) = parse_response(&response) else {
        panic!("no answer")
    };
    assert_eq!(status.name(), case.expects_text("response_status"));
    case.finish();
}

fn create_request(mut case: Case) {
    let (certificate, issuer) = (case.octets("cert"), case.octets("issuer"));
    let certificate = Certificate::parse(&certificate).unwrap();
    let issuer = Certificate::parse(&issuer).unwrap();
    assert_eq!(case.expects_text("hash"), "sha1");
    let query = Query::new(&certificate, &issuer).hash(HashAlgorithm::Sha1);
    let equal = request(&query) == case.octets("request");
    assert_eq!(case.expects("request_der_equal"), Some(equal.into()));
    let sent = request(&query);
    let read = parse_request(&sent).unwrap();
    assert_eq!(hash(&read.cert_ids()[0]), Some("sha1"));
    case.finish();
}

/// Go reads no signed request. Here the signature is recognised.
fn signed_request(mut case: Case) {
    let request = case.octets("request");
    let read = parse_request(&request).unwrap();
    assert_eq!(read.signed(), Signed::Present);
    assert_eq!(case.expects("go_parse"), Some(false.into()));
    case.expects("note");
    case.finish();
}

fn trailing_data(mut case: Case) {
    let read = parse_request(&case.octets("request")).is_ok();
    assert_eq!(case.expects("parse"), Some(read.into()));
    case.finish();
}

fn several(mut case: Case) {
    let request = case.octets("request");
    let read = parse_request(&request).unwrap();
    assert_eq!(case.expects("parse"), Some(true.into()));
    let first = number(&case.expects_text("first_serial"));
    assert_eq!(serial(&read.cert_ids()[0]), first);
    assert_eq!(read.cert_ids().len(), 2);
    case.finish();
}
