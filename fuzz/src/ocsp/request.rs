//! What holds for any octets that somebody calls an OCSP request.

use portcullis_ocsp::{HashAlgorithm, Nonce, Query, Questions, parse_request};

use super::{is_part_of, pair};

/// Reads `data` as a request, and asks with `data` as the nonce.
///
/// - What is read lies within the input, and every question of it reads the same alone.
/// - What is asked is what is read, in either hash, about one certificate or several.
pub fn property(data: &[u8]) {
    if let Ok(read) = parse_request(data) {
        assert!(!read.cert_ids().is_empty());
        for cert_id in read.cert_ids() {
            assert!(is_part_of(cert_id.der(), data));
            let alone = asked_alone(cert_id.der());
            let again = parse_request(&alone);
            assert!(again.is_ok_and(|again| again.cert_ids() == [*cert_id]));
        }
        if let Ok(Some(nonce)) = read.nonce() {
            assert_eq!(Nonce::new(nonce.as_bytes()), Ok(nonce));
        }
    }
    if let Ok(nonce) = Nonce::new(data) {
        reads_back(nonce, HashAlgorithm::Sha1);
        reads_back(nonce, HashAlgorithm::Sha256);
    }
}

fn reads_back(nonce: Nonce<'_>, hash: HashAlgorithm) {
    let Some(pair) = pair() else { return };
    let query = Query::new(&pair.certificate, &pair.issuer)
        .hash(hash)
        .nonce(nonce);
    let one = Questions::new(query);
    let two = one.clone().and(&pair.certificate, &pair.issuer);
    for questions in [one, two] {
        let question = questions.request();
        let read = parse_request(&question);
        assert!(read.is_ok_and(|read| {
            read.nonce() == Ok(Some(nonce))
                && read.cert_ids().len() == questions.queries().len()
                && read
                    .cert_ids()
                    .iter()
                    .all(|id| id.identifies(&pair.certificate, &pair.issuer))
        }));
    }
}

/// An `OCSPRequest` with nothing in it but this CertID.
fn asked_alone(cert_id: &[u8]) -> Vec<u8> {
    (0..4).fold(cert_id.to_vec(), |content, _| sequence(&content))
}

fn sequence(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = length.iter().copied().skip_while(|octet| *octet == 0);
    let mut octets = vec![0x30];
    match content.len() {
        0..=0x7f => octets.extend(length.last()),
        0x80..=0xff => octets.extend([0x81].into_iter().chain(significant)),
        0x100..=0xffff => octets.extend([0x82].into_iter().chain(significant)),
        _ => octets.extend([0x83].into_iter().chain(significant)),
    }
    octets.extend(content);
    octets
}
