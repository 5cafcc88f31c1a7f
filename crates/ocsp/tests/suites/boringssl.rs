use portcullis_ocsp::{Query, request};
use portcullis_x509::Certificate;
use serde::Deserialize;

use super::{base64, suite};

#[derive(Deserialize)]
struct Case {
    id: String,
    cert: String,
    issuer: String,
    expect_request: Option<String>,
}

/// Its certificate's serial number is `02 02 00 05`, which no INTEGER in DER is (X.690 section
/// 8.3.2): whoever refuses the certificate has nothing to ask about. The suite does not score it.
const NOT_A_CERTIFICATE: &str = "good_response_invalid_serial";

#[test]
fn a_request_is_the_octets_that_boringssl_sends() {
    let Some(lines) = suite("ocsp.jsonl.gz") else {
        return;
    };
    let mut equal = 0;
    for line in String::from_utf8(lines).unwrap().lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let Some(expected) = case.expect_request else {
            continue;
        };
        let (certificate, issuer) = (base64(&case.cert), base64(&case.issuer));
        if case.id == NOT_A_CERTIFICATE {
            let refused = Certificate::parse(&certificate).unwrap_err();
            assert_eq!(refused.to_string(), "serialNumber is not valid DER");
            continue;
        }
        let certificate = Certificate::parse(&certificate).unwrap();
        let issuer = Certificate::parse(&issuer).unwrap();
        let sent = request(&Query::new(&certificate, &issuer));
        assert_eq!(sent, base64(&expected), "{}", case.id);
        equal += 1;
    }
    println!("ocsp: {equal} requests are equal, {NOT_A_CERTIFICATE} has no certificate");
    assert_eq!(equal, 35);
}
