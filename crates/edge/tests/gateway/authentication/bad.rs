//! Client certificates that must not pass, each wrong in one way.

use portcullis_test_pki::{
    BasicConstraints, Certified, Criticality, ExtendedKeyUsage, KeyUsage, Name,
};

use crate::rig::{Pki, now};

/// A certificate that must not pass.
pub(super) struct Bad {
    pub(super) name: &'static str,
    pub(super) leaf: Certified,
    /// What is sent with it.
    pub(super) others: Vec<Certified>,
    /// The reason that the client is told.
    pub(super) reason: &'static str,
    /// The line on the page.
    pub(super) words: &'static str,
}

fn bad(
    name: &'static str,
    leaf: Certified,
    others: &[&Certified],
    reason: &'static str,
    words: &'static str,
) -> Bad {
    Bad {
        name,
        leaf,
        others: others.iter().map(|&other| other.clone()).collect(),
        reason,
        words,
    }
}

/// All of them. The gateway trusts the root of the PKI and knows its issuing CA.
pub(super) fn bad_certificates(pki: &Pki) -> Vec<Bad> {
    let mut all = strangers(pki);
    all.extend(leaves(pki));
    all.extend(authorities(pki));
    all
}

const FIRST: &str = "unable to verify the first certificate";
const PURPOSE: &str = "unsupported certificate purpose";
const SIGNATURE: &str = "certificate signature failure";

/// Those that no path leads from.
fn strangers(pki: &Pki) -> Vec<Bad> {
    let foreign = Pki::named("Fabrikam");
    let namesake = Pki::new();
    let selfmade = Certified::self_signed("mallory")
        .valid_around(now().as_secs())
        .extended_key_usage(&[ExtendedKeyUsage::ClientAuth])
        .issue();
    let unconfigured = pki.root.intermediate("Unconfigured").issue();
    vec![
        bad(
            "of another CA",
            foreign.alice(),
            &[],
            "issuer_not_found",
            FIRST,
        ),
        bad(
            "of another CA, with its whole chain",
            foreign.alice(),
            &[&foreign.issuing, &foreign.root],
            "self_signed_untrusted",
            "self-signed certificate in certificate chain",
        ),
        bad(
            "of another CA of the same name",
            namesake.client("alice").without_key_identifiers().issue(),
            &[],
            "bad_signature",
            SIGNATURE,
        ),
        bad(
            "self-signed",
            selfmade,
            &[],
            "self_signed_untrusted",
            "self-signed certificate",
        ),
        bad(
            "without its intermediate",
            unconfigured.client("alice").issue(),
            &[],
            "issuer_not_found",
            FIRST,
        ),
        bad(
            "with a wrong signature",
            pki.client("alice").wrong_signature().issue(),
            &[],
            "bad_signature",
            SIGNATURE,
        ),
    ]
}

/// Those that are wrong themselves.
fn leaves(pki: &Pki) -> Vec<Bad> {
    let alice = || pki.client("alice");
    let leaf = |name, leaf, reason, words| bad(name, leaf, &[], reason, words);
    vec![
        leaf(
            "expired",
            alice().expired().issue(),
            "expired",
            "certificate has expired",
        ),
        leaf(
            "not yet valid",
            alice().not_yet_valid().issue(),
            "not_yet_valid",
            "certificate is not yet valid",
        ),
        leaf(
            "for servers",
            alice()
                .extended_key_usage(&[ExtendedKeyUsage::ServerAuth])
                .issue(),
            "purpose_not_allowed",
            PURPOSE,
        ),
        leaf(
            "for no signatures",
            alice().key_usage(&[KeyUsage::KeyEncipherment]).issue(),
            "key_usage_missing",
            PURPOSE,
        ),
        leaf(
            "with an unknown critical extension",
            alice()
                .extension("1.2.3.4", Criticality::Critical, &[5, 0])
                .issue(),
            "unknown_critical_extension",
            "unhandled critical extension",
        ),
        leaf(
            "with a malformed extension",
            alice()
                .without_extension("2.5.29.15")
                .extension("2.5.29.15", Criticality::Critical, b"garbage")
                .issue(),
            "malformed",
            "certificate verify failed",
        ),
    ]
}

/// Those whose issuer may not issue them.
fn authorities(pki: &Pki) -> Vec<Bad> {
    let below_root = |name: &str| pki.root.intermediate(Name::common_name(name));
    let no_signing = below_root("No signing")
        .key_usage(&[KeyUsage::CrlSign])
        .issue();
    let no_ca = below_root("No CA")
        .basic_constraints(BasicConstraints::EndEntity)
        .issue();
    let ended = below_root("Ended").expired().issue();
    let bound = below_root("Bound").permitted_dns(&["contoso.com"]).issue();
    let too_deep = pki.issuing.intermediate("Too deep").issue();
    vec![
        bad(
            "with a name that its CA may not certify",
            bound.client("alice").dns("alice.fabrikam.com").issue(),
            &[&bound],
            "name_not_permitted",
            "permitted subtree violation",
        ),
        bad(
            "of a CA that may not sign certificates",
            no_signing.client("alice").issue(),
            &[&no_signing],
            "key_usage_missing",
            "key usage does not include certificate signing",
        ),
        bad(
            "of an end entity",
            no_ca.client("alice").issue(),
            &[&no_ca],
            "not_a_ca",
            "invalid CA certificate",
        ),
        bad(
            "of an expired CA",
            ended.client("alice").issue(),
            &[&ended],
            "expired",
            "certificate has expired",
        ),
        bad(
            "of a path that is too long",
            too_deep.client("alice").issue(),
            &[&too_deep],
            "path_too_long",
            "path length constraint exceeded",
        ),
    ]
}
