//! Keys that cost the most to check a signature with.

use portcullis_test_pki::der;
use portcullis_x509::Certificate;

use super::{Hostile, authority};

/// As many made-up moduli as there is room for with the largest exponent that AWS-LC takes, and a made-up signature.
pub(super) fn rsa8192() -> Hostile {
    let algorithm = der::sequence(&[der::oid("1.2.840.113549.1.1.11"), der::null()]);
    let offered = (0..48).map(|number| {
        let authority = authority("X").subject_public_key_info(&key(number));
        authority.without_key_identifiers().issue().der.to_vec()
    });
    let offered = offered.collect();
    let leaf = authority("alice")
        .issuer_name("X")
        .signature_algorithm(&algorithm)
        .without_key_identifiers()
        .issue();
    let leaf = Certificate::parse(&leaf.der).expect("a certificate");
    let signature = der::bit_string(&[0x01; 1_024]);
    let leaf = der::sequence(&[leaf.tbs().to_vec(), algorithm, signature]);
    Hostile::new("48 signatures/rsa8192", &leaf, offered)
}

fn key(number: u8) -> Vec<u8> {
    let magnitude = [0xc5; 1_022].into_iter().chain([number, 0x01]);
    let modulus = der::tlv(0x02, &[vec![0], magnitude.collect()].concat());
    let exponent = der::tlv(0x02, &[0x01, 0xff, 0xff, 0xff, 0xff]);
    let key = der::sequence(&[modulus, exponent]);
    let encryption = der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]);
    der::sequence(&[encryption, der::bit_string(&key)])
}
