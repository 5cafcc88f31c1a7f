//! Certificate policies (RFC 5280 sections 6.1.3 to 6.1.5, RFC 9618).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/question.rs"]
mod question;

use portcullis_chain::{AnchorConstraints, Policy, VerifiedChain};
use portcullis_test_pki::{Builder, Ca, Certified, Criticality, der};
use portcullis_x509::Oid;
use question::{client, is};

const ANY: &str = "2.5.29.32.0";
const A: &str = "1.2.3.1";
const B: &str = "1.2.3.2";
const C: &str = "1.2.3.3";

fn with<T: From<Certified>>(builder: Builder<T>, policies: &[&str]) -> Builder<T> {
    builder.policies(Criticality::NonCritical, policies)
}

/// What the chain is valid for, or the code of the refusal and the certificate at fault.
fn valid(
    chain: &[&Certified],
    root: &Ca,
    policy: &Policy,
) -> Result<Vec<String>, (&'static str, usize)> {
    let [leaf, intermediates @ ..] = chain else {
        panic!("a chain has a leaf");
    };
    let read = |chain: &VerifiedChain<'_>| chain.policies().map(|one| one.to_string()).collect();
    is(leaf)
        .with(intermediates)
        .under(&[root])
        .by(policy)
        .answer(read)
        .map_err(|refused| (refused.reason().code(), refused.certificate()))
}

fn accepting(oids: &[&str]) -> Policy {
    oids.iter().fold(client(), |policy, oid| {
        let oid = der::oid(oid);
        policy.certificate_policy(Oid::from_content(&oid[2..]).unwrap())
    })
}

fn explicit(oids: &[&str]) -> Policy {
    accepting(oids).require_explicit_policy()
}

fn owned(oids: &[&str]) -> Vec<String> {
    oids.iter().map(|oid| (*oid).to_owned()).collect()
}

const REFUSED: Result<Vec<String>, (&str, usize)> = Err(("no_valid_policy", 0));

/// A root, an authority with these policies and a client with those.
fn pair(authority: &[&str], leaf: &[&str]) -> (Ca, Ca, Certified) {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing");
    let issuing = if authority.is_empty() {
        issuing
    } else {
        with(issuing, authority)
    }
    .issue();
    let alice = issuing.client("alice");
    let alice = if leaf.is_empty() {
        alice
    } else {
        with(alice, leaf)
    }
    .issue();
    (root, issuing, alice)
}

#[test]
fn a_path_is_valid_for_what_every_certificate_of_it_lists() {
    for (authority, leaf, expected) in [
        (&[A, B][..], &[B, C][..], &[B][..]),
        (&[ANY], &[A, B], &[A, B]),
        (&[A], &[ANY], &[A]),
        (&[ANY], &[ANY], &[ANY]),
        (&[A], &[B], &[]),
        (&[], &[A], &[]),
        (&[A], &[], &[]),
    ] {
        let (root, issuing, alice) = pair(authority, leaf);
        let chain = [&alice, &*issuing];
        let found = valid(&chain, &root, &client());
        assert_eq!(found, Ok(owned(expected)), "{authority:?} {leaf:?}");
        let found = valid(&chain, &root, &explicit(&[]));
        let required = if expected.is_empty() {
            None
        } else {
            Some(owned(expected))
        };
        assert_eq!(found.ok(), required, "{authority:?} {leaf:?}");
    }
}

#[test]
fn only_what_the_user_accepts_counts() {
    let (root, issuing, alice) = pair(&[A, B], &[A, B]);
    let chain = [&alice, &*issuing];
    assert_eq!(valid(&chain, &root, &explicit(&[B, C])), Ok(owned(&[B])));
    assert_eq!(valid(&chain, &root, &explicit(&[C])), REFUSED);
    assert_eq!(valid(&chain, &root, &accepting(&[C])), Ok(vec![]));
    let (root, issuing, alice) = pair(&[ANY], &[ANY]);
    let chain = [&alice, &*issuing];
    assert_eq!(valid(&chain, &root, &explicit(&[C])), Ok(owned(&[C])));
    let inhibited = explicit(&[C]).inhibit_any_policy();
    assert_eq!(
        valid(&chain, &root, &inhibited),
        Err(("no_valid_policy", 1))
    );
}

#[test]
fn an_authority_requires_a_policy_after_so_many_certificates() {
    for (skip, required) in [(0, true), (1, true), (2, false), (127, false)] {
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing");
        let issuing = issuing.policy_constraints(Some(skip), None).issue();
        let alice = issuing.client("alice").issue();
        let found = valid(&[&alice, &issuing], &root, &client());
        assert_eq!(found.is_err(), required, "after {skip}");
    }
    let root = Ca::root("Root").issue();
    let alice = root
        .client("alice")
        .policy_constraints(Some(0), None)
        .issue();
    assert_eq!(valid(&[&alice], &root, &client()), REFUSED);
}

#[test]
fn any_policy_is_inhibited_except_for_authorities_that_issued_themselves() {
    let root = Ca::root("Root").issue();
    let upper = with(root.intermediate("Upper"), &[A])
        .inhibit_any_policy(0)
        .issue();
    let lower = with(upper.intermediate("Lower"), &[ANY]).issue();
    let alice = with(lower.client("alice"), &[A]).issue();
    let found = valid(&[&alice, &lower, &upper], &root, &explicit(&[]));
    assert_eq!(found, Err(("no_valid_policy", 1)));
    let own = with(upper.intermediate("Upper"), &[ANY]).issue();
    let alice = with(own.client("alice"), &[A]).issue();
    let found = valid(&[&alice, &own, &upper], &root, &explicit(&[]));
    assert_eq!(found, Ok(owned(&[A])));
    let alice = with(own.client("alice"), &[ANY]).issue();
    let found = valid(&[&alice, &own, &upper], &root, &explicit(&[]));
    assert_eq!(found, REFUSED);
}

#[test]
fn a_policy_is_known_by_the_name_that_the_anchor_gives_it() {
    let root = Ca::root("Root").issue();
    let issuing = with(root.intermediate("Issuing"), &[A, C]).policy_mappings(&[(A, B)]);
    let issuing = issuing.issue();
    let leaf = |policy: &str| with(issuing.client("alice"), &[policy]).issue();
    let found = |leaf: &Certified, policy: &Policy| valid(&[leaf, &issuing], &root, policy);
    assert_eq!(found(&leaf(B), &explicit(&[])), Ok(owned(&[A])));
    assert_eq!(found(&leaf(B), &explicit(&[A])), Ok(owned(&[A])));
    assert_eq!(found(&leaf(B), &explicit(&[B])), REFUSED);
    assert_eq!(
        found(&leaf(A), &explicit(&[])),
        REFUSED,
        "it is called B now"
    );
    assert_eq!(found(&leaf(C), &explicit(&[])), Ok(owned(&[C])));
    let inhibited = explicit(&[]).inhibit_policy_mapping();
    assert_eq!(found(&leaf(B), &inhibited), REFUSED);
    assert_eq!(
        found(&leaf(A), &inhibited),
        REFUSED,
        "what may not be mapped is gone"
    );
    assert_eq!(found(&leaf(C), &inhibited), Ok(owned(&[C])));
}

#[test]
fn mapping_is_inhibited_after_so_many_certificates() {
    for (skip, mapped) in [(0, false), (1, true)] {
        let root = Ca::root("Root").issue();
        let upper = with(root.intermediate("Upper"), &[A]).policy_constraints(None, Some(skip));
        let upper = upper.issue();
        let lower = with(upper.intermediate("Lower"), &[A])
            .policy_mappings(&[(A, B)])
            .issue();
        let alice = with(lower.client("alice"), &[B]).issue();
        let found = valid(&[&alice, &lower, &upper], &root, &explicit(&[]));
        assert_eq!(found.is_ok(), mapped, "after {skip}");
    }
}

#[test]
fn any_policy_is_mapped_by_what_it_stands_for_and_never_itself() {
    let root = Ca::root("Root").issue();
    let issuing = with(root.intermediate("Issuing"), &[ANY]).policy_mappings(&[(A, B)]);
    let issuing = issuing.issue();
    let alice = with(issuing.client("alice"), &[B]).issue();
    let found = valid(&[&alice, &issuing], &root, &explicit(&[A]));
    assert_eq!(found, Ok(owned(&[A])));
    for pair in [(ANY, A), (A, ANY)] {
        let issuing = with(root.intermediate("Issuing"), &[ANY])
            .policy_mappings(&[pair])
            .issue();
        let alice = issuing.client("alice").issue();
        let found = valid(&[&alice, &issuing], &root, &client());
        assert_eq!(found, Err(("any_policy_mapped", 1)));
    }
}

#[test]
fn what_no_issuer_may_write_is_malformed() {
    let root = Ca::root("Root").issue();
    let leaf = |extension: &str, value: &[u8]| {
        let leaf = root.client("alice");
        leaf.extension(extension, Criticality::NonCritical, value)
            .issue()
    };
    let twice = with(root.client("alice"), &[A, A]).issue();
    let qualifier = der::sequence(&[der::oid(A), der::tlv(0x30, &[])]);
    for leaf in [
        twice,
        leaf("2.5.29.32", &der::tlv(0x30, &[])),
        leaf("2.5.29.32", &der::sequence(&[qualifier])),
        leaf("2.5.29.33", &der::tlv(0x30, &[])),
        leaf("2.5.29.36", &der::tlv(0x30, &[])),
        leaf("2.5.29.54", &der::tlv(2, &[0xff])),
    ] {
        assert_eq!(valid(&[&leaf], &root, &client()), Err(("malformed", 0)));
    }
}

#[test]
fn a_qualifier_that_nobody_knows_matters_where_it_is_critical() {
    let root = Ca::root("Root").issue();
    let qualifier = |kind: &str| der::sequence(&[der::oid(kind), der::tlv(0x16, b"x")]);
    let policy = |kind: &str| {
        der::sequence(&[der::sequence(&[
            der::oid(A),
            der::sequence(&[qualifier(kind)]),
        ])])
    };
    let leaf = |kind: &str, criticality| {
        let leaf = root.client("alice");
        leaf.extension("2.5.29.32", criticality, &policy(kind))
            .issue()
    };
    let cps = leaf("1.3.6.1.5.5.7.2.1", Criticality::Critical);
    assert_eq!(valid(&[&cps], &root, &client()), Ok(owned(&[A])));
    let unknown = leaf("1.2.3", Criticality::NonCritical);
    assert_eq!(valid(&[&unknown], &root, &client()), Ok(owned(&[A])));
    let unknown = leaf("1.2.3", Criticality::Critical);
    let refused = Err(("unknown_critical_extension", 0));
    assert_eq!(valid(&[&unknown], &root, &client()), refused);
}

#[test]
fn an_anchor_restricts_policies_as_far_as_the_policy_says() {
    let root = with(Ca::root("Root"), &[A])
        .policy_constraints(Some(0), None)
        .issue();
    let leaf = |policy: &str| with(root.client("alice"), &[policy]).issue();
    assert_eq!(valid(&[&leaf(A)], &root, &client()), Ok(owned(&[A])));
    assert_eq!(valid(&[&leaf(B)], &root, &client()), REFUSED);
    let free = client().anchor_constraints(AnchorConstraints::Ignore);
    assert_eq!(valid(&[&leaf(B)], &root, &free), Ok(owned(&[B])));
    // An anchor that says nothing of policies restricts none.
    let silent = Ca::root("Root").issue();
    let alice = with(silent.client("alice"), &[B]).issue();
    assert_eq!(valid(&[&alice], &silent, &explicit(&[])), Ok(owned(&[B])));
}

/// In the tree of RFC 5280 each of these levels doubles the nodes.
#[test]
fn mappings_that_cross_do_not_multiply() {
    let root = Ca::root("Root").issue();
    let mut issuer = root.clone();
    let mut intermediates = Vec::new();
    for level in 0..10 {
        let next = with(
            issuer.intermediate(format!("Level {level}").as_str()),
            &[A, B],
        )
        .policy_mappings(&[(A, A), (A, B), (B, A), (B, B)])
        .issue();
        intermediates.insert(0, next.clone());
        issuer = next;
    }
    let alice = with(issuer.client("alice"), &[A, B]).issue();
    let chain: Vec<&Certified> = std::iter::once(&alice)
        .chain(intermediates.iter().map(|ca| &**ca))
        .collect();
    assert_eq!(valid(&chain, &root, &explicit(&[])), Ok(owned(&[A, B])));
}

#[test]
fn policies_without_end_are_not_read_to_the_end() {
    let many: Vec<String> = (0..4_000).map(|number| format!("1.2.3.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let root = Ca::root("Root").issue();
    let upper = with(root.intermediate("Upper"), &many).issue();
    let mut issuer = upper.clone();
    let mut intermediates = vec![upper];
    for level in 0..5 {
        let next = issuer.intermediate(format!("Level {level}").as_str());
        let next = with(next, &[ANY]).issue();
        intermediates.insert(0, next.clone());
        issuer = next;
    }
    let alice = with(issuer.client("alice"), &[ANY]).issue();
    let chain: Vec<&Certified> = std::iter::once(&alice)
        .chain(intermediates.iter().map(|ca| &**ca))
        .collect();
    let found = valid(&chain, &root, &client());
    assert_eq!(found.unwrap_err().0, "budget_exceeded");
}
