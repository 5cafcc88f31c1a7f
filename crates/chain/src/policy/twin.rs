//! The other form of a certificate that is signed by ECDSA.
//!
//! Of a signature (r, s) everybody can make (r, n - s), which verifies as well: a certificate has two
//! fingerprints, one of which its bearer can choose. Who denies one of them means both.

use alloc::vec::Vec;

use portcullis_x509::Certificate;
use portcullis_x509::der::{Error, Reader, Tag, encode};
use sha2::{Digest as _, Sha256};

use super::demands::Sha256Digest;

/// The fingerprints of the other forms of a certificate: one for each curve that its signature may be
/// of, none when it is of another kind.
pub(super) fn digests(certificate: &Certificate<'_>) -> Vec<Sha256Digest> {
    let Some((r, s)) = signature(certificate.signature()) else {
        return Vec::new();
    };
    ORDERS
        .iter()
        .filter_map(|order| subtract(order, s))
        .map(|other| digest(certificate, r, &other))
        .collect()
}

/// The orders n of P-256, P-384 and P-521 (NIST SP 800-186 section 3.2.1), big endian.
const ORDERS: [&[u8]; 3] = [
    &[
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
        0x25, 0x51,
    ],
    &[
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37,
        0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc,
        0xc5, 0x29, 0x73,
    ],
    &[
        0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01,
        0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f,
        0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09,
    ],
];

/// `ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 5480 appendix A).
fn signature(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(der);
    let pair = reader
        .sequence(|reader| Ok::<_, Error>((reader.integer()?, reader.integer()?)))
        .ok()?;
    reader.finish().ok().map(|()| pair)
}

/// `order - s` as the content of an INTEGER, where `s` is positive and smaller.
fn subtract(order: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    let s = match s {
        [0, magnitude @ ..] => magnitude,
        [first, ..] if first & 0x80 == 0 => s,
        _ => return None,
    };
    let zeros = order.len().checked_sub(s.len())?;
    let padded = core::iter::repeat_n(&0, zeros).chain(s);
    let mut borrow = false;
    let digits = order
        .iter()
        .rev()
        .zip(padded.collect::<Vec<_>>().into_iter().rev());
    let mut difference: Vec<u8> = digits
        .map(|(order, s)| {
            let (digit, under) = order.overflowing_sub(*s);
            let (digit, under_again) = digit.overflowing_sub(u8::from(borrow));
            borrow = under || under_again;
            digit
        })
        .collect();
    while difference.last() == Some(&0) {
        difference.pop();
    }
    if difference.last().is_some_and(|first| first & 0x80 != 0) {
        difference.push(0);
    }
    difference.reverse();
    (!borrow && !difference.is_empty()).then_some(difference)
}

fn digest(certificate: &Certificate<'_>, r: &[u8], s: &[u8]) -> Sha256Digest {
    let [r, s] = [r, s].map(|content| encode(Tag::INTEGER, &[content]));
    let signature = encode(Tag::SEQUENCE, &[&r, &s]);
    let signature = encode(Tag::BIT_STRING, &[&[0], &signature]);
    let algorithm = certificate.signature_algorithm().der();
    let whole = encode(Tag::SEQUENCE, &[certificate.tbs(), algorithm, &signature]);
    Sha256::digest(whole).into()
}
