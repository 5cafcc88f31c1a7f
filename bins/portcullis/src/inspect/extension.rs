//! What an extension says: those that path validation and revocation read, the others as octets.

use std::fmt::Display;

use portcullis_x509::{Certificate, Extension, Malformed, Oid, oid};
use serde::Serialize;

use crate::hexadecimal;

use super::constraint;

/// One extension as text.
#[derive(Debug, Serialize)]
pub(super) struct ExtensionReport {
    oid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    critical: bool,
    value: String,
}

impl ExtensionReport {
    pub(super) fn line(&self) -> String {
        let name = self.name.unwrap_or(&self.oid);
        let critical = if self.critical { " (critical)" } else { "" };
        format!("{name}{critical}: {}", self.value)
    }
}

pub(super) fn reports(certificate: &Certificate<'_>) -> Vec<ExtensionReport> {
    certificate
        .extensions()
        .iter()
        .map(|extension| report(certificate, extension))
        .collect()
}

fn report(certificate: &Certificate<'_>, extension: Extension<'_>) -> ExtensionReport {
    let name = NAMES
        .iter()
        .find(|(oid, _)| *oid == extension.oid())
        .map(|(_, name)| *name);
    let value = known_value(certificate, extension.oid())
        .unwrap_or_else(|| Ok(octets(extension.value())))
        .unwrap_or_else(|malformed| format!("malformed: {malformed}"));
    ExtensionReport {
        oid: extension.oid().to_string(),
        name,
        critical: extension.is_critical(),
        value,
    }
}

/// The names of RFC 5280 section 4.2 and RFC 6960 section 4.2.2.2.1, and one of Microsoft.
const NAMES: &[(Oid<'static>, &str)] = &[
    (oid::SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier"),
    (oid::KEY_USAGE, "keyUsage"),
    (oid::SUBJECT_ALTERNATIVE_NAME, "subjectAltName"),
    (oid::ISSUER_ALTERNATIVE_NAME, "issuerAltName"),
    (oid::BASIC_CONSTRAINTS, "basicConstraints"),
    (oid::NAME_CONSTRAINTS, "nameConstraints"),
    (oid::CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints"),
    (oid::CERTIFICATE_POLICIES, "certificatePolicies"),
    (oid::POLICY_MAPPINGS, "policyMappings"),
    (oid::AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"),
    (oid::POLICY_CONSTRAINTS, "policyConstraints"),
    (oid::EXTENDED_KEY_USAGE, "extKeyUsage"),
    (oid::INHIBIT_ANY_POLICY, "inhibitAnyPolicy"),
    (oid::AUTHORITY_INFORMATION_ACCESS, "authorityInfoAccess"),
    (oid::APPLICATION_POLICIES, "applicationPolicies"),
    (oid::OCSP_NOCHECK, "id-pkix-ocsp-nocheck"),
];

/// The value of an extension that x509 has a view of; `None` for the others.
fn known_value(certificate: &Certificate<'_>, oid: Oid<'_>) -> Option<Result<String, Malformed>> {
    let value = match oid {
        oid::BASIC_CONSTRAINTS => basic_constraints(certificate),
        oid::KEY_USAGE => certificate
            .key_usage()
            .map(|usage| usage.map(|u| u.to_string())),
        oid::EXTENDED_KEY_USAGE => certificate
            .extended_key_usage()
            .map(|usage| usage.map(|usage| joined(usage.iter().map(purpose)))),
        oid::SUBJECT_ALTERNATIVE_NAME => certificate
            .subject_alternative_name()
            .map(|names| names.map(|names| joined(names.iter()))),
        oid::SUBJECT_KEY_IDENTIFIER => certificate
            .subject_key_identifier()
            .map(|key| key.map(hexadecimal::upper)),
        oid::AUTHORITY_KEY_IDENTIFIER => authority_key_identifier(certificate),
        oid::AUTHORITY_INFORMATION_ACCESS => access(certificate),
        other => return constraint::known_value(certificate, other),
    };
    value.transpose()
}

fn basic_constraints(certificate: &Certificate<'_>) -> Result<Option<String>, Malformed> {
    let constraints = certificate.basic_constraints()?;
    Ok(constraints.map(
        |constraints| match (constraints.ca, constraints.path_length) {
            (true, Some(length)) => format!("CA, path length {length}"),
            (true, None) => "CA".to_owned(),
            (false, _) => "not a CA".to_owned(),
        },
    ))
}

fn authority_key_identifier(certificate: &Certificate<'_>) -> Result<Option<String>, Malformed> {
    let identifier = certificate.authority_key_identifier()?;
    Ok(identifier.map(|identifier| {
        let key = identifier
            .key_identifier
            .map(|key| format!("key {}", hexadecimal::upper(key)));
        let issuer = identifier
            .issuer
            .map(|names| format!("issuer {}", joined(names.iter())));
        let serial = identifier.serial.map(|serial| format!("serial {serial}"));
        joined([key, issuer, serial].into_iter().flatten())
    }))
}

fn access(certificate: &Certificate<'_>) -> Result<Option<String>, Malformed> {
    let access = certificate.authority_information_access()?;
    Ok(access.map(|access| {
        joined(
            access.iter().map(|description| {
                format!("{} {}", method(description.method), description.location)
            }),
        )
    }))
}

fn method(oid: Oid<'_>) -> String {
    match oid {
        oid::OCSP => "OCSP".to_owned(),
        oid::CA_ISSUERS => "CA issuers".to_owned(),
        other => other.to_string(),
    }
}

fn purpose(oid: Oid<'_>) -> String {
    let name = match oid {
        oid::ANY_EXTENDED_KEY_USAGE => "anyExtendedKeyUsage",
        oid::SERVER_AUTH => "serverAuth",
        oid::CLIENT_AUTH => "clientAuth",
        oid::CODE_SIGNING => "codeSigning",
        oid::EMAIL_PROTECTION => "emailProtection",
        oid::TIME_STAMPING => "timeStamping",
        oid::OCSP_SIGNING => "OCSPSigning",
        other => return other.to_string(),
    };
    name.to_owned()
}

pub(super) fn joined(items: impl Iterator<Item = impl Display>) -> String {
    items
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Octets of an unknown extension that are shown: enough to recognise it.
const SHOWN: usize = 32;

fn octets(value: &[u8]) -> String {
    match value.get(..SHOWN) {
        Some(start) if value.len() > SHOWN => {
            format!("{}… ({} octets)", hexadecimal::upper(start), value.len())
        }
        _ => hexadecimal::upper(value),
    }
}
