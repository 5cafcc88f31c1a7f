//! What rustls-webpki 0.103 accepts and this project refuses: the whole list, and why.
//!
//! The list goes by [`Reason::code`](portcullis_chain::Reason::code). To add a departure, add its codes with
//! the condition that a path must fulfil, and why. Whatever falls outside the list is a finding.

use portcullis_chain::Rejection;
use portcullis_x509::{Certificate, KeyUsage, Oid, oid};

use super::path::Path;

/// Whether this project is known to refuse `path` for the reason of `rejection`.
///
/// The reason may be that of any path that was tried: the nearest miss is that nobody was found when key
/// identifiers say that who was found is somebody else. Where subjects repeat, it may be about the
/// certificates in another order: then any departure of the path will do.
pub(super) fn explains(rejection: &Rejection, path: &Path<'_>) -> bool {
    if repeats_a_key(path) {
        return true;
    }
    let is_the_only_one = path.is_the_only_one();
    DEPARTURES
        .iter()
        .filter(|departure| !is_the_only_one || departure.is_given(rejection))
        .any(|departure| (departure.applies)(path))
}

/// Whether the search was given up. Not every path that was tried is kept for explanation; where
/// there are as many as are kept, that one was given up may be among the rest.
pub(super) fn is_limit(rejection: &Rejection) -> bool {
    gives(rejection, "budget_exceeded") || rejection.candidates().len() >= Rejection::MAX_KEPT
}

fn gives(rejection: &Rejection, code: &str) -> bool {
    let mut tried = rejection.candidates().iter();
    tried.any(|candidate| candidate.reason().code() == code)
}

/// One way in which this project is meant to accept less.
struct Departure {
    codes: &'static [&'static str],
    applies: fn(&Path<'_>) -> bool,
}

impl Departure {
    fn is_given(&self, rejection: &Rejection) -> bool {
        self.codes.iter().any(|code| gives(rejection, code))
    }
}

const DEPARTURES: [Departure; 6] = [
    // A keyUsage that is there counts (RFC 5280 section 6.1.4 (n), RFC 8446 section 4.4.2.2);
    // rustls-webpki does not look at it.
    Departure {
        codes: &["key_usage_missing"],
        applies: is_not_for_this_use,
    },
    // Critical CRL distribution points, which rustls-webpki counts as understood also when nobody asked for
    // revocation to be checked.
    Departure {
        codes: &["unknown_critical_extension"],
        applies: |path| has_critical(path, oid::CRL_DISTRIBUTION_POINTS),
    },
    // What is understood here is read as its definition says; rustls-webpki reads most of it not at all.
    Departure {
        codes: &["malformed"],
        applies: is_malformed,
    },
    // RFC 5280 section 4.1.2.4 wants an issuer; rustls-webpki lets two without a name match.
    Departure {
        codes: &["empty_issuer"],
        applies: |path| {
            let mut below = path.below_anchor().iter();
            below.any(|certificate| certificate.issuer().is_empty())
        },
    },
    // Name constraints are not evaluated yet.
    Departure {
        codes: &["unsupported_name_constraints"],
        applies: |path| path.has_extension(oid::NAME_CONSTRAINTS),
    },
    // Policies are not evaluated yet, and policy constraints are not ignored even when they are not critical.
    Departure {
        codes: &["unsupported_policies"],
        applies: |path| path.has_extension(oid::POLICY_CONSTRAINTS),
    },
];

/// What constrains the names and policies of those below.
const CONSTRAINTS: [Oid<'static>; 5] = [
    oid::NAME_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::POLICY_MAPPINGS,
    oid::POLICY_CONSTRAINTS,
    oid::INHIBIT_ANY_POLICY,
];

/// The same name with the same key is in a path once, the anchor's included. rustls-webpki compares
/// names by their octets, and lets the anchor's come again.
fn repeats_a_key(path: &Path<'_>) -> bool {
    let certificates = path.certificates();
    certificates.iter().enumerate().any(|(index, one)| {
        let mut above = certificates.iter().skip(index.saturating_add(1));
        above.any(|other| {
            one.subject_public_key_info() == other.subject_public_key_info()
                && one.subject().matches(&other.subject())
        })
    })
}

fn is_not_for_this_use(path: &Path<'_>) -> bool {
    let lacks = |certificate: &Certificate<'_>, usage| matches!(certificate.key_usage(), Ok(Some(found)) if !found.contains(usage));
    path.leaf()
        .is_some_and(|leaf| lacks(leaf, KeyUsage::DIGITAL_SIGNATURE))
        || path
            .intermediates()
            .iter()
            .any(|authority| lacks(authority, KeyUsage::KEY_CERT_SIGN))
}

fn has_critical(path: &Path<'_>, oid: Oid<'_>) -> bool {
    let mut below = path.below_anchor().iter();
    below.any(|certificate| {
        let extension = certificate.extensions().find(oid);
        extension.is_some_and(|extension| extension.is_critical())
    })
}

fn is_malformed(path: &Path<'_>) -> bool {
    let is_malformed = |certificate: &Certificate<'_>| {
        certificate.basic_constraints().is_err()
            || certificate.key_usage().is_err()
            || certificate.extended_key_usage().is_err()
            || certificate.subject_alternative_name().is_err()
            || certificate.authority_key_identifier().is_err()
            || certificate.subject_key_identifier().is_err()
    };
    // They have no getters yet.
    let constrains = CONSTRAINTS.iter().any(|oid| path.has_extension(*oid));
    let has_malformed_key = |certificate: &Certificate<'_>| {
        let key = certificate.subject_public_key_info();
        key.rsa_modulus_bits().is_err()
    };
    constrains
        || path.below_anchor().iter().any(is_malformed)
        || path.certificates().iter().any(has_malformed_key)
}
