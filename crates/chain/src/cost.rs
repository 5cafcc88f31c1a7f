//! What checking a signature costs, before it is checked.

use portcullis_x509::{Oid, SubjectPublicKeyInfo, oid};

/// The cost of one check with this key, in checks with a key on P-256; measured with aws-lc-rs.
pub(crate) fn of_check(key: SubjectPublicKeyInfo<'_>) -> usize {
    let algorithm = key.algorithm();
    match algorithm.oid() {
        oid::RSA_ENCRYPTION | oid::RSASSA_PSS => of_rsa(key),
        oid::EC_PUBLIC_KEY => of_curve(algorithm.parameters_oid()),
        oid::ED25519 => P256,
        _ => UNKNOWN,
    }
}

const P256: usize = 1;
const P384: usize = 4;
const P521: usize = 9;
/// Lattices cost as much as P-384, hashes more than anything else.
const UNKNOWN: usize = 10;

fn of_curve(curve: Option<Oid<'_>>) -> usize {
    match curve {
        Some(oid::SECP256R1) => P256,
        Some(oid::SECP384R1) => P384,
        Some(oid::SECP521R1) => P521,
        _ => UNKNOWN,
    }
}

/// The square of the size, with the largest exponent that providers take: 8192 bits are 14 times P-256.
fn of_rsa(key: SubjectPublicKeyInfo<'_>) -> usize {
    let bits = key.rsa_modulus_bits().ok().flatten().unwrap_or_default();
    ((bits / 1_024).saturating_pow(2) / 4).max(P256)
}
