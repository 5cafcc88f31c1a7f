//! Whether one path holds by RFC 5280 section 6.1, from the anchor down to the leaf.
//!
//! Nothing here searches and nothing here knows what the leaf is for.

use alloc::string::ToString;

use portcullis_x509::{
    BasicConstraints, Certificate, Extension, KeyUsage, Oid, Shown, SignatureError, Version, oid,
    verify_signature,
};
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use crate::reason::{AuthorityClaim, Reason};
use crate::rejection::Fault;

/// How the anchor's own certificate is read, and when.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) anchor_validity: bool,
    pub(crate) anchor_constraints: bool,
    pub(crate) now: UnixTime,
}

/// RFC 5280 section 6.1.3 (a)(1): the signature of `child` verifies with the key of `issuer`.
pub(crate) fn check_signature(
    child: &Certificate<'_>,
    issuer: &Certificate<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), SignatureError> {
    verify_signature(
        algorithms,
        issuer.subject_public_key_info(),
        child.signature_algorithm(),
        child.tbs(),
        child.signature(),
    )
}

/// The rest of section 6.1 for a path, leaf first and anchor last, whose signatures were checked.
///
/// A path of one certificate is a leaf that is an anchor itself.
pub(crate) fn check_path(path: &[Certificate<'_>], rules: Rules) -> Result<(), Fault> {
    let mut lengths = PathLength::default();
    for (position, certificate) in path.iter().enumerate().rev() {
        let at = |reason| Fault {
            certificate: position,
            reason,
        };
        match position {
            0 => check_leaf(certificate, rules.now),
            _ if position.saturating_add(1) == path.len() => {
                check_anchor(certificate, rules, &mut lengths)
            }
            _ => check_intermediate(certificate, rules.now, &mut lengths),
        }
        .map_err(at)?;
        let issued = position.checked_sub(1).and_then(|below| path.get(below));
        if let Some(issued) = issued {
            check_names_chain(issued, certificate).map_err(|reason| Fault {
                certificate: position.saturating_sub(1),
                reason,
            })?;
        }
    }
    Ok(())
}

fn check_leaf(leaf: &Certificate<'_>, now: UnixTime) -> Result<(), Reason> {
    check_validity(leaf, now)?;
    check_extensions(leaf)
}

fn check_intermediate(
    certificate: &Certificate<'_>,
    now: UnixTime,
    lengths: &mut PathLength,
) -> Result<(), Reason> {
    check_validity(certificate, now)?;
    check_extensions(certificate)?;
    check_constrains_no_names(certificate)?;
    let constraints = check_authority(certificate)?;
    check_signs_certificates(certificate)?;
    if !certificate.is_self_issued() {
        lengths.descend()?;
    }
    lengths.restrict(constraints);
    Ok(())
}

/// An anchor is a name and a key; its certificate restricts it as far as the rules say. Without
/// extensions (version 1) it says nothing about itself.
fn check_anchor(
    anchor: &Certificate<'_>,
    rules: Rules,
    lengths: &mut PathLength,
) -> Result<(), Reason> {
    if rules.anchor_validity {
        check_validity(anchor, rules.now)?;
    }
    if !rules.anchor_constraints || anchor.version() != Version::V3 {
        return Ok(());
    }
    check_extensions(anchor)?;
    check_constrains_no_names(anchor)?;
    lengths.restrict(check_authority(anchor)?);
    check_signs_certificates(anchor)
}

/// Section 6.1.3 (a)(2): both ends of the period belong to it.
fn check_validity(certificate: &Certificate<'_>, now: UnixTime) -> Result<(), Reason> {
    let validity = certificate.validity();
    if now.as_secs() < validity.not_before.as_secs() {
        return Err(Reason::NotYetValid {
            not_before: validity.not_before,
            now,
        });
    }
    if now.as_secs() > validity.not_after.as_secs() {
        return Err(Reason::Expired {
            not_after: validity.not_after,
            now,
        });
    }
    Ok(())
}

/// Section 6.1.3 (a)(4).
fn check_names_chain(issued: &Certificate<'_>, issuer: &Certificate<'_>) -> Result<(), Reason> {
    if issued.issuer().is_empty() {
        return Err(Reason::EmptyIssuer);
    }
    if issued.issuer().matches(&issuer.subject()) {
        return Ok(());
    }
    Err(Reason::NamesDoNotChain {
        expected: issued.issuer().shown().to_string(),
        found: issuer.subject().shown().to_string(),
    })
}

/// Section 6.1.4 (k). Before version 3 nothing says that a certificate is an authority's.
fn check_authority(certificate: &Certificate<'_>) -> Result<BasicConstraints, Reason> {
    let found = match (certificate.version(), certificate.basic_constraints()?) {
        (Version::V3, Some(constraints)) if constraints.ca => return Ok(constraints),
        (Version::V3, Some(_)) => AuthorityClaim::EndEntity,
        (Version::V3, None) => AuthorityClaim::NoBasicConstraints,
        (version, _) => AuthorityClaim::OldVersion(version),
    };
    Err(Reason::NotACa { found })
}

/// Section 6.1.4 (n).
fn check_signs_certificates(certificate: &Certificate<'_>) -> Result<(), Reason> {
    let expected = KeyUsage::KEY_CERT_SIGN;
    match certificate.key_usage()? {
        Some(found) if !found.contains(expected) => {
            Err(Reason::KeyUsageMissing { expected, found })
        }
        _ => Ok(()),
    }
}

/// Section 6.1.4 (o) and 6.1.5 (e), and that every extension that is understood is well formed.
fn check_extensions(certificate: &Certificate<'_>) -> Result<(), Reason> {
    for extension in certificate.extensions().iter() {
        check_extension(extension)?;
    }
    certificate.basic_constraints()?;
    certificate.key_usage()?;
    certificate.extended_key_usage()?;
    certificate.subject_alternative_name()?;
    certificate.authority_key_identifier()?;
    certificate.subject_key_identifier()?;
    Ok(())
}

fn check_extension(extension: Extension<'_>) -> Result<(), Reason> {
    let oid = extension.oid();
    // RFC 5280 makes this one critical; where an issuer did not, ignoring it would still grant trust.
    if oid == oid::POLICY_CONSTRAINTS {
        return Err(Reason::UnsupportedPolicies {
            oid: Shown::new(oid).to_string(),
        });
    }
    if !extension.is_critical() || UNDERSTOOD.contains(&oid) {
        return Ok(());
    }
    Err(match oid {
        oid::NAME_CONSTRAINTS => Reason::UnsupportedNameConstraints,
        oid::CERTIFICATE_POLICIES | oid::POLICY_MAPPINGS | oid::INHIBIT_ANY_POLICY => {
            Reason::UnsupportedPolicies {
                oid: Shown::new(oid).to_string(),
            }
        }
        _ => Reason::UnknownCriticalExtension {
            oid: Shown::new(oid).to_string(),
        },
    })
}

/// Extensions that may be critical because this crate or its caller evaluates them.
const UNDERSTOOD: [Oid<'static>; 6] = [
    oid::BASIC_CONSTRAINTS,
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::SUBJECT_ALTERNATIVE_NAME,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::SUBJECT_KEY_IDENTIFIER,
];

/// Sections 6.1.3 (b) and (c), 6.1.4 (g): not evaluated, hence not accepted, critical or not.
fn check_constrains_no_names(authority: &Certificate<'_>) -> Result<(), Reason> {
    match authority.extensions().find(oid::NAME_CONSTRAINTS) {
        Some(_) => Err(Reason::UnsupportedNameConstraints),
        None => Ok(()),
    }
}

/// `max_path_length` of section 6.1.2 (k), with what it started from for the report. Unset is the
/// length of the path, which nothing exceeds.
#[derive(Default)]
struct PathLength {
    limit: Option<u32>,
    used: u32,
}

impl PathLength {
    /// Section 6.1.4 (l).
    fn descend(&mut self) -> Result<(), Reason> {
        self.used = self.used.saturating_add(1);
        match self.limit {
            Some(expected) if self.used > expected => Err(Reason::PathTooLong {
                expected,
                found: self.used,
            }),
            _ => Ok(()),
        }
    }

    /// Section 6.1.4 (m).
    fn restrict(&mut self, constraints: BasicConstraints) {
        let Some(length) = constraints.path_length else {
            return;
        };
        let left = self.limit.map(|limit| limit.saturating_sub(self.used));
        if left.is_none_or(|left| length < left) {
            self.limit = Some(length);
            self.used = 0;
        }
    }
}
