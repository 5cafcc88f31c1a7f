use std::collections::BTreeMap;
use std::io::Read;

use portcullis_ocsp::{
    BasicResponse, CertificateStatus, ErrorStatus, ResponderId, Response, parse_request,
    parse_response,
};
use portcullis_x509::Extension;
use serde_json::{Map, Value, json};

use super::{hash, hexadecimal, number, serial, suite, time};

/// What pyca reads and this does not, and why.
const REFUSED_HERE: &[(&str, &str)] = &[
    // No version but v1 is defined; pyca does not look.
    (
        "req-invalid-version.der",
        "version number 1 is not that of v1, which is 0",
    ),
    (
        "resp-invalid-version.der",
        "version number 1 is not that of v1, which is 0",
    ),
    // pyca says so too, but only to whoever asks for the extensions.
    (
        "req-duplicate-ext.der",
        "extension 1.3.6.1.5.5.7.48.1.2 appears twice in requestExtensions",
    ),
];

/// What neither reads, and why this does not.
const REFUSED_BY_BOTH: &[(&str, &str)] = &[
    (
        "resp-response-type-unknown-oid.der",
        "response type 1.3.6.1.5.5.7.48.1.50000 is not id-pkix-ocsp-basic",
    ),
    (
        "resp-successful-no-response-bytes.der",
        "successful response without response bytes",
    ),
    (
        "resp-unknown-response-status.der",
        "response status 7 is not defined",
    ),
];

/// pyca has no way to show several questions.
const READ_ONLY_HERE: &str = "req-multi-sha1.der";

/// What pyca does not say of a message, all of it for want of a way to.
const UNSAID: [&str; 2] = ["field_error", "_error"];

#[test]
fn every_message_of_pyca_reads_here_as_there() {
    let Some(archive) = suite("pyca-ocsp.tar.gz") else {
        return;
    };
    let files = unpack(&archive);
    let expected: Value = serde_json::from_slice(&files["ocsp_expected.json"]).unwrap();
    let cases = expected["cases"].as_array().unwrap();
    for case in cases {
        let case = case.as_object().unwrap();
        let file = case["file"].as_str().unwrap();
        compare(file, &files[file], case);
    }
    println!("pyca-ocsp: {}/{}", cases.len(), cases.len());
    assert_eq!(cases.len(), 28);
    assert_eq!(files.len(), 29, "a message that is not looked at");
}

/// The files of an archive by their names alone.
fn unpack(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let mut octets = Vec::new();
        entry.read_to_end(&mut octets).unwrap();
        if entry.header().entry_type().is_file() {
            let name = path.file_name().unwrap().to_str().unwrap();
            files.insert(name.to_owned(), octets);
        }
    }
    files
}

fn compare(file: &str, message: &[u8], expected: &Map<String, Value>) {
    let is_request = expected["kind"] == "request";
    let read = if is_request {
        parse_request(message).map(|_| ())
    } else {
        parse_response(message).map(|_| ())
    };
    for (list, pyca_reads) in [(REFUSED_HERE, true), (REFUSED_BY_BOTH, false)] {
        if let Some((_, reason)) = list.iter().find(|(name, _)| *name == file) {
            assert_eq!(read.unwrap_err().to_string(), *reason, "{file}");
            assert_eq!(expected["parse"], pyca_reads, "{file}");
            return;
        }
    }
    read.unwrap_or_else(|malformed| panic!("{file}: {malformed}"));
    if file == READ_ONLY_HERE {
        assert_eq!(expected["parse"], false);
        assert_eq!(parse_request(message).unwrap().cert_ids().len(), 2);
        return;
    }
    assert_eq!(expected["parse"], true, "{file}");
    let ours = if is_request {
        of_request(message)
    } else {
        of_response(message)
    };
    same_fields(file, &ours, expected);
}

/// Every field that pyca decodes is compared, and nothing else is there.
fn same_fields(file: &str, ours: &Map<String, Value>, expected: &Map<String, Value>) {
    for (field, value) in expected {
        if matches!(field.as_str(), "file" | "kind" | "parse") {
            continue;
        }
        if UNSAID.iter().any(|ending| field.ends_with(ending)) {
            continue;
        }
        let value = match (field.as_str(), value) {
            ("serial", Value::String(serial)) => json!(number(serial)),
            (field, Value::String(text)) if is_time(field) => json!(time(text).as_secs()),
            (_, value) => value.clone(),
        };
        let found = ours.get(field);
        assert_eq!(found, Some(&value), "{file}: {field}");
    }
}

fn is_time(field: &str) -> bool {
    [
        "this_update",
        "next_update",
        "produced_at",
        "revocation_time",
    ]
    .contains(&field)
}

fn of_request(message: &[u8]) -> Map<String, Value> {
    let request = parse_request(message).unwrap();
    let [cert_id] = request.cert_ids() else {
        panic!("one question")
    };
    let fields = json!({
        "serial": serial(cert_id),
        "hash": hash(cert_id),
        "name_hash": hexadecimal(cert_id.issuer_name_hash()),
        "key_hash": hexadecimal(cert_id.issuer_key_hash()),
        "extensions": listed(request.extensions()),
    });
    fields.as_object().unwrap().clone()
}

fn listed(extensions: &[Extension<'_>]) -> Value {
    let pairs = extensions
        .iter()
        .map(|extension| json!([extension.oid().to_string(), extension.is_critical()]));
    pairs.collect()
}

fn of_response(message: &[u8]) -> Map<String, Value> {
    let fields = match parse_response(message).unwrap() {
        Response::Error(ErrorStatus::Unauthorized) => json!({ "response_status": "UNAUTHORIZED" }),
        Response::Error(status) => panic!("{}", status.name()),
        Response::Basic(basic) => of_basic(&basic),
    };
    fields.as_object().unwrap().clone()
}

fn of_basic(basic: &BasicResponse<'_>) -> Value {
    let (name, key) = match basic.responder_id() {
        ResponderId::ByName(name) => (Some(name.to_string()), None),
        ResponderId::ByKey(key) => (None, Some(hexadecimal(&key))),
    };
    // Of several, pyca says nothing of any.
    let answer = &basic.responses()[0];
    let (status, revoked_at, reason) = match answer.status() {
        CertificateStatus::Good => ("GOOD", None, None),
        CertificateStatus::Unknown => ("UNKNOWN", None, None),
        CertificateStatus::Revoked { at, reason } => ("REVOKED", Some(at.as_secs()), reason),
    };
    json!({
        "response_status": "SUCCESSFUL",
        "cert_status": status,
        "serial": serial(&answer.cert_id()),
        "hash": hash(&answer.cert_id()),
        "this_update": answer.this_update().as_secs(),
        "next_update": answer.next_update().map(|time| time.as_secs()),
        "produced_at": basic.produced_at().as_secs(),
        "revocation_time": revoked_at,
        "reason": reason.map(|reason| reason.to_string()),
        "sig_oid": basic.signature_algorithm().oid().to_string(),
        "responder_name": name,
        "responder_key_hash": key,
        "n_certs": basic.certificates().count(),
        "n_responses": basic.responses().len(),
        "extensions": listed(basic.extensions()),
        "single_extensions": listed(answer.extensions()),
    })
}
