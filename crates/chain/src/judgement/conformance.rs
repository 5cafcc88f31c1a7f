//! What RFC 5280 section 4 demands of those who issue certificates, where the caller demands it too.
//!
//! None of it makes a path less sound, which is why section 6 does not ask.

use portcullis_x509::{Certificate, KeyUsage, Oid, Version, oid};

use super::{Role, name_constraints};
use crate::member::Member;
use crate::reason::{Reason, Requirement};

/// Checks one certificate of a path, or a leaf that is an anchor and stands alone.
pub(super) fn check(member: &Member<'_>, role: Role, is_alone: bool) -> Result<(), Reason> {
    let is = |requirement, met: bool| {
        if met {
            Ok(())
        } else {
            Err(Reason::NotConforming { requirement })
        }
    };
    let certificate = &member.certificate;
    is(Requirement::Version, certificate.version() == Version::V3)?;
    let known = member.known()?;
    let is_ca = known.basic_constraints.is_some_and(|found| found.ca);
    is(Requirement::SerialNumber, has_sound_serial(certificate))?;
    if !(is_alone && member.is_self_issued()) {
        check_authority_key_identifier(member, role)?;
    }
    check_subject_key_identifier(member, role == Role::Leaf && !is_ca)?;
    if role != Role::Leaf || is_ca {
        let oids = [
            (
                oid::BASIC_CONSTRAINTS,
                Requirement::BasicConstraintsCritical,
            ),
            (oid::NAME_CONSTRAINTS, Requirement::NameConstraintsCritical),
            (
                oid::POLICY_CONSTRAINTS,
                Requirement::PolicyConstraintsCritical,
            ),
            (
                oid::INHIBIT_ANY_POLICY,
                Requirement::InhibitAnyPolicyCritical,
            ),
        ];
        for (oid, requirement) in oids {
            is(requirement, criticality(certificate, oid) != Some(false))?;
        }
        let begins_with_dot = known
            .name_constraints
            .is_some_and(name_constraints::begin_with_dot);
        is(Requirement::NameConstraintSyntax, !begins_with_dot)?;
    } else {
        is(
            Requirement::NameConstraintsOfAuthorities,
            known.name_constraints.is_none(),
        )?;
    }
    let signs = known
        .key_usage
        .is_some_and(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN));
    is(Requirement::KeyCertSignOfAuthorities, is_ca || !signs)?;
    is(
        Requirement::AlternativeNameCritical,
        !certificate.subject().is_empty()
            || criticality(certificate, oid::SUBJECT_ALTERNATIVE_NAME) == Some(true),
    )?;
    is(
        Requirement::DnsNameSyntax,
        name_constraints::dns_names_are_sound(known),
    )
}

/// Section 4.2.1.1.
fn check_authority_key_identifier(member: &Member<'_>, role: Role) -> Result<(), Reason> {
    let identifier = member.known()?.authority_key_identifier;
    let is_named = identifier.is_some_and(|identifier| identifier.key_identifier.is_some());
    let requirement = match criticality(&member.certificate, oid::AUTHORITY_KEY_IDENTIFIER) {
        Some(true) => Requirement::AuthorityKeyIdentifierNotCritical,
        // Nobody stands above an anchor.
        _ if is_named || role == Role::Anchor => return Ok(()),
        _ => Requirement::AuthorityKeyIdentifier,
    };
    Err(Reason::NotConforming { requirement })
}

/// Section 4.2.1.2.
fn check_subject_key_identifier(member: &Member<'_>, may_be_absent: bool) -> Result<(), Reason> {
    let requirement = match criticality(&member.certificate, oid::SUBJECT_KEY_IDENTIFIER) {
        Some(true) => Requirement::SubjectKeyIdentifierNotCritical,
        None if !may_be_absent => Requirement::SubjectKeyIdentifier,
        _ => return Ok(()),
    };
    Err(Reason::NotConforming { requirement })
}

/// Octets of a serial number (section 4.1.2.2).
const MAX_SERIAL: usize = 20;

/// Section 4.1.2.2: positive, and not too long.
fn has_sound_serial(certificate: &Certificate<'_>) -> bool {
    let serial = certificate.serial();
    let magnitude = match serial.as_bytes() {
        [0, rest @ ..] => rest,
        octets => octets,
    };
    !serial.is_negative() && !magnitude.is_empty() && magnitude.len() <= MAX_SERIAL
}

fn criticality(certificate: &Certificate<'_>, oid: Oid<'_>) -> Option<bool> {
    let extension = certificate.extensions().find(oid)?;
    Some(extension.is_critical())
}
