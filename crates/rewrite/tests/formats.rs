//! The formats of the certificate's variables, held against what openssl and a JavaScript-like
//! escaper write.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use portcullis_rewrite::escape_pem;

/// A certificate made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256`.
const DER: &[u8] = include_bytes!("fixtures/client.der");

/// What Python's `urllib.parse.quote(pem, safe="-_.!~*'()")`, which is `encodeURIComponent`, makes
/// of the PEM that `openssl x509 -inform der` writes for [`DER`].
const ESCAPED: &str = include_str!("fixtures/client.escaped");

#[test]
fn a_certificate_is_escaped_as_openssl_and_encode_uri_component_write_it() {
    assert_eq!(escape_pem(DER), ESCAPED.trim_end());
    for mark in ["%20", "%0A", "%2B", "%2F", "%3D"] {
        assert!(ESCAPED.contains(mark), "the fixture must hold {mark}");
    }
}

#[test]
fn the_escaped_form_is_safe_in_a_header_a_url_and_a_form() {
    let escaped = escape_pem(DER);
    assert!(escaped.ends_with("-----END%20CERTIFICATE-----%0A"));
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-%".contains(&byte);
    assert!(escaped.bytes().all(safe));
}

#[test]
fn lines_have_64_columns_and_only_the_last_is_shorter() {
    for length in [0, 1, 47, 48, 49, 95, 96, 97, 1000] {
        let der = vec![0xFB; length];
        let pem = decode(&escape_pem(&der));
        let body = pem
            .strip_prefix("-----BEGIN CERTIFICATE-----\n")
            .and_then(|rest| rest.strip_suffix("-----END CERTIFICATE-----\n"))
            .unwrap();
        let lines: Vec<_> = body.lines().collect();
        assert_eq!(lines.len(), length.div_ceil(48));
        if let Some((last, full)) = lines.split_last() {
            assert!(full.iter().all(|line| line.len() == 64));
            assert!((1..=64).contains(&last.len()));
        }
    }
}

fn decode(escaped: &str) -> String {
    percent_encoding::percent_decode_str(escaped)
        .decode_utf8()
        .unwrap()
        .into_owned()
}
