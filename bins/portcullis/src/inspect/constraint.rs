//! What an authority's certificate says of the certificates below it.

use portcullis_x509::{Certificate, GeneralSubtrees, Malformed, Oid, oid};

use super::extension::joined;

/// Extensions about names and policies; `None` for the others.
pub(super) fn known_value(
    certificate: &Certificate<'_>,
    oid: Oid<'_>,
) -> Option<Result<String, Malformed>> {
    let value = match oid {
        oid::NAME_CONSTRAINTS => name_constraints(certificate),
        oid::CERTIFICATE_POLICIES => certificate
            .certificate_policies()
            .map(|policies| policies.map(|policies| joined(policies.iter().map(policy)))),
        oid::POLICY_MAPPINGS => policy_mappings(certificate),
        oid::POLICY_CONSTRAINTS => policy_constraints(certificate),
        oid::INHIBIT_ANY_POLICY => certificate
            .inhibit_any_policy()
            .map(|skipped| skipped.map(|skipped| after(skipped, "anyPolicy stands for no other"))),
        _ => return None,
    };
    value.transpose()
}

fn name_constraints(certificate: &Certificate<'_>) -> Result<Option<String>, Malformed> {
    let said = |word: &str, subtrees: Option<GeneralSubtrees<'_>>| {
        subtrees.map(|subtrees| format!("{word} {}", joined(subtrees.iter())))
    };
    Ok(certificate.name_constraints()?.map(|constraints| {
        let permitted = said("permitted", constraints.permitted);
        let excluded = said("excluded", constraints.excluded);
        let both = permitted.into_iter().chain(excluded);
        both.collect::<Vec<_>>().join("; ")
    }))
}

fn policy_mappings(certificate: &Certificate<'_>) -> Result<Option<String>, Malformed> {
    Ok(certificate.policy_mappings()?.map(|mappings| {
        joined(mappings.iter().map(|mapping| {
            let from = policy(mapping.issuer_domain);
            format!("{from} is {}", policy(mapping.subject_domain))
        }))
    }))
}

fn policy_constraints(certificate: &Certificate<'_>) -> Result<Option<String>, Malformed> {
    Ok(certificate.policy_constraints()?.map(|constraints| {
        let explicit = constraints
            .require_explicit_policy
            .map(|skipped| after(skipped, "a policy is required"));
        let mapping = constraints
            .inhibit_policy_mapping
            .map(|skipped| after(skipped, "policies are not mapped"));
        joined(explicit.into_iter().chain(mapping))
    }))
}

fn after(skipped: u32, what: &str) -> String {
    format!("{what} after {skipped} certificates")
}

fn policy(oid: Oid<'_>) -> String {
    match oid {
        oid::ANY_POLICY => "anyPolicy".to_owned(),
        other => other.to_string(),
    }
}
