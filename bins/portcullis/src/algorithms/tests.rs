//! The table of signatures that BoringSSL checks, where it is at hand.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_x509::der::{Error, Reader};
use portcullis_x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, verify_signature};
use serde::Deserialize;

use super::{Sha1, ShortRsa, algorithms};

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    spki_der_b64: String,
    algorithm_der_b64: String,
    data_b64: String,
    signature_bitstring_der_b64: String,
    expected: String,
}

/// BoringSSL has no keys of id-RSASSA-PSS; RFC 4055 section 1.2 has them, and the signature is good.
const OURS: &[&str] = &["rsa-pss-sha256-using-pss-key-with-params"];

impl Case {
    fn verifies(&self) -> bool {
        let decode = |text: &str| BASE64_STANDARD.decode(text).unwrap();
        let (key, algorithm) = (decode(&self.spki_der_b64), decode(&self.algorithm_der_b64));
        let signature = decode(&self.signature_bitstring_der_b64);
        let (Ok(key), Ok(algorithm), Ok(signature)) = (
            whole(&key, SubjectPublicKeyInfo::read),
            whole(&algorithm, AlgorithmIdentifier::read),
            whole(&signature, Reader::bit_string_octets),
        ) else {
            return false;
        };
        let algorithms = algorithms(Sha1::Allow, ShortRsa::Allow);
        verify_signature(
            algorithms,
            key,
            algorithm,
            &decode(&self.data_b64),
            signature,
        )
        .is_ok()
    }
}

fn whole<'a, T>(
    der: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut reader = Reader::new(der);
    let value = read(&mut reader)?;
    reader.finish().map(|()| value)
}

#[test]
fn signatures_verify_as_the_table_has_it() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3);
    let folder = std::env::var_os("PORTCULLIS_SUITES").map(PathBuf::from);
    let folder = folder.or_else(|| Some(beside?.join("shared/suites")));
    let path = folder.unwrap().join("verify_signed_data.json");
    if !path.exists() {
        println!("skipped: there is no {}", path.display());
        return;
    }
    let table: Table = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let expected = |case: &Case| (case.expected == "SUCCESS") != OURS.contains(&&*case.id);
    let wrong: Vec<&str> = table
        .cases
        .iter()
        .filter(|case| case.verifies() != expected(case))
        .map(|case| &*case.id)
        .collect();
    let scored = table.cases.len();
    println!(
        "verify_signed_data: {}/{scored}, {} of them against the table",
        scored - wrong.len(),
        OURS.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
}
