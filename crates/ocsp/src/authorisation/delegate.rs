//! What a certificate needs to delegate the issuer's word.

use alloc::string::ToString;

use const_oid::ObjectIdentifier;
use portcullis_x509::{Certificate, KeyUsage, Shown, oid, verify_signature};
use rustls_pki_types::UnixTime;

use crate::extensions::unknown_critical;
use crate::query::Query;
use crate::refusal::Unauthorised;
use crate::rules::Rules;

use super::{check_validity, refuses_sha1};

/// What RFC 6960 section 4.2.2.2 asks of a delegate, dearest check last. Not whether it is revoked.
pub(super) fn check(
    delegate: &Certificate<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<(), Unauthorised> {
    check_issuer_name(delegate, query)?;
    if query.is_in_question(delegate.serial()) {
        return Err(Unauthorised::Itself);
    }
    check_validity(delegate, now)?;
    check_extended_key_usage(delegate)?;
    check_key_usage(delegate)?;
    check_critical_extensions(delegate)?;
    check_signed_by_issuer(delegate, query, rules)
}

fn check_issuer_name(delegate: &Certificate<'_>, query: &Query<'_>) -> Result<(), Unauthorised> {
    let (found, expected) = (delegate.issuer(), query.issuer().subject());
    if found.matches(&expected) {
        return Ok(());
    }
    Err(Unauthorised::OtherIssuer {
        expected: expected.shown().to_string(),
        found: found.shown().to_string(),
    })
}

/// `id-kp-OCSPSigning` itself: neither absence nor anyExtendedKeyUsage delegates anything.
fn check_extended_key_usage(delegate: &Certificate<'_>) -> Result<(), Unauthorised> {
    match delegate
        .extended_key_usage()
        .map_err(Unauthorised::Malformed)?
    {
        Some(purposes) if purposes.contains(oid::OCSP_SIGNING) => Ok(()),
        _ => Err(Unauthorised::NotForOcspSigning),
    }
}

/// RFC 5280 section 4.2.1.12: consistent with id-kp-OCSPSigning are digitalSignature and nonRepudiation.
fn check_key_usage(delegate: &Certificate<'_>) -> Result<(), Unauthorised> {
    let Some(usage) = delegate.key_usage().map_err(Unauthorised::Malformed)? else {
        return Ok(());
    };
    let signs =
        usage.contains(KeyUsage::DIGITAL_SIGNATURE) || usage.contains(KeyUsage::NON_REPUDIATION);
    if signs {
        Ok(())
    } else {
        Err(Unauthorised::KeyUsage {
            found: usage.to_string(),
        })
    }
}

/// The extensions of a delegate that do not change what it may do here, or are judged above.
const KNOWN_ON_DELEGATES: &[ObjectIdentifier] = &[
    // authorityKeyIdentifier, subjectKeyIdentifier
    ObjectIdentifier::new_unwrap("2.5.29.35"),
    ObjectIdentifier::new_unwrap("2.5.29.14"),
    // basicConstraints, keyUsage, extKeyUsage
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
    // subjectAltName
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    // id-pkix-ocsp-nocheck
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5"),
];

fn check_critical_extensions(delegate: &Certificate<'_>) -> Result<(), Unauthorised> {
    delegate
        .basic_constraints()
        .map_err(Unauthorised::Malformed)?;
    match unknown_critical(delegate.extensions().iter(), KNOWN_ON_DELEGATES) {
        None => Ok(()),
        Some(oid) => Err(Unauthorised::UnknownCriticalExtension {
            oid: Shown::new(oid).to_string(),
        }),
    }
}

fn check_signed_by_issuer(
    delegate: &Certificate<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
) -> Result<(), Unauthorised> {
    let algorithm = delegate.signature_algorithm();
    if refuses_sha1(rules, algorithm) {
        return Err(Unauthorised::Sha1Signature {
            algorithm: Shown::new(algorithm).to_string(),
        });
    }
    let key = query.issuer().subject_public_key_info();
    let (tbs, signature) = (delegate.tbs(), delegate.signature());
    verify_signature(rules.algorithms, key, algorithm, tbs, signature)
        .map_err(Unauthorised::NotSignedByIssuer)
}
