//! What RFC 5280 section 4 demands of those who issue certificates, where the caller demands it too.
//!
//! None of it makes a path less sound, which is why section 6 does not ask.

use portcullis_x509::{Certificate, KeyUsage, Oid, Version, oid};

use super::{Role, name_constraints};
use crate::member::Member;
use crate::reason::{Reason, Requirement};

/// Checks one certificate of a path.
pub(super) fn check(member: &Member<'_>, role: Role) -> Result<(), Reason> {
    let is = |requirement, met: bool| {
        if met {
            Ok(())
        } else {
            Err(Reason::NotConforming { requirement })
        }
    };
    let certificate = &member.certificate;
    if certificate.version() != Version::V3 {
        return Ok(());
    }
    let known = member.known()?;
    let is_ca = known.basic_constraints.is_some_and(|found| found.ca);
    is(Requirement::SerialNumber, has_sound_serial(certificate))?;
    check_key_identifiers(member, role)?;
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

/// Sections 4.2.1.1 and 4.2.1.2.
fn check_key_identifiers(member: &Member<'_>, role: Role) -> Result<(), Reason> {
    let requirement = |requirement| Err(Reason::NotConforming { requirement });
    let certificate = &member.certificate;
    let of_authority = criticality(certificate, oid::AUTHORITY_KEY_IDENTIFIER);
    let own = criticality(certificate, oid::SUBJECT_KEY_IDENTIFIER);
    if of_authority == Some(true) || own == Some(true) {
        return requirement(Requirement::KeyIdentifierNotCritical);
    }
    if of_authority.is_none() && role != Role::Anchor && !member.is_self_issued() {
        return requirement(Requirement::AuthorityKeyIdentifier);
    }
    if own.is_none() && role != Role::Leaf {
        return requirement(Requirement::SubjectKeyIdentifier);
    }
    Ok(())
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
