//! What rustls-webpki 0.103 accepts and this project refuses: the whole list, and why.
//!
//! The list goes by [`Reason::code`](portcullis_chain::Reason::code). To add a departure, add its codes with
//! the condition that a path must fulfil, and why. Whatever falls outside the list is a finding.

use portcullis_chain::Rejection;
use portcullis_x509::{Certificate, KeyUsage, Oid, oid};

use super::path::{Path, constrains_any, constrains_other_forms};
use super::toy;

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

const DEPARTURES: [Departure; 9] = [
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
    // TLS needs the leaf's key, and a key of a kind that the policy does not list is of no use to it.
    Departure {
        codes: &["unsupported_key"],
        applies: |path| path.leaf().is_some_and(has_unlisted_key),
    },
    // What name constraints say of mailboxes and of hosts binds emailAddress and the commonName that looks
    // like a host too (RFC 5280 section 4.2.1.10); rustls-webpki looks at alternative names alone.
    Departure {
        codes: &["name_not_permitted", "name_excluded"],
        applies: |path| {
            constrains_other_forms(path)
                || (constrains_any(path) && path.leaf().is_some_and(has_dotted_common_name))
        },
    },
    // What no rule compares is refused. rustls-webpki does not look at names after a permitted one.
    Departure {
        codes: &["name_not_comparable"],
        applies: constrains_any,
    },
    // An authority requires a policy; rustls-webpki evaluates none.
    Departure {
        codes: &["no_valid_policy"],
        applies: |path| path.has_extension(oid::POLICY_CONSTRAINTS),
    },
    // RFC 5280 section 6.1.4 (a).
    Departure {
        codes: &["any_policy_mapped"],
        applies: |path| path.has_extension(oid::POLICY_MAPPINGS),
    },
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

/// Bases of name constraints and repeated policies are looked at only where they count.
fn is_malformed(path: &Path<'_>) -> bool {
    let mut below = path.below_anchor().iter();
    let mut all = path.certificates().iter();
    below.any(|certificate| certificate.known_extensions().is_err())
        || all.any(|certificate| {
            let key = certificate.subject_public_key_info();
            key.rsa_modulus_bits().is_err()
        })
        || constrains_any(path)
        || path.has_extension(oid::CERTIFICATE_POLICIES)
}

fn has_unlisted_key(leaf: &Certificate<'_>) -> bool {
    let algorithm = leaf.subject_public_key_info().algorithm();
    let mut listed = toy::ALGORITHMS.iter();
    !listed.any(|listed| listed.public_key_alg_id().as_ref() == algorithm.content())
}

fn has_dotted_common_name(leaf: &Certificate<'_>) -> bool {
    let subject = leaf.subject();
    let mut attributes = subject.attributes();
    attributes.any(|attribute| {
        attribute.oid == oid::COMMON_NAME && attribute.text().is_some_and(|text| text.contains('.'))
    })
}
