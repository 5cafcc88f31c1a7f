//! Which paths are found, and in which order.

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

use portcullis_chain::{Anchors, AnchorsError, List, Origin, PartialChain, Reason, VerifiedChain};
use portcullis_test_pki::{Algorithm, Ca, Certified, der};
use question::{client, is};

#[test]
fn a_leaf_issued_by_an_anchor_is_accepted() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    assert_eq!(
        is(&alice).under(&[&root]).accepted(),
        ["CN=alice", "CN=Root"]
    );
}

#[test]
fn offered_and_configured_intermediates_complete_a_path() {
    let root = Ca::root("Root").issue();
    let policy = root.intermediate("Policy").issue();
    let issuing = policy.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let path = ["CN=alice", "CN=Issuing", "CN=Policy", "CN=Root"];
    assert_eq!(
        is(&alice)
            .with(&[&issuing, &policy])
            .under(&[&root])
            .accepted(),
        path
    );
    assert_eq!(
        is(&alice)
            .with(&[&root, &policy, &issuing])
            .under(&[&root])
            .accepted(),
        path
    );
    assert_eq!(
        is(&alice)
            .knowing(&[&policy, &issuing])
            .under(&[&root])
            .accepted(),
        path
    );
    assert_eq!(
        is(&alice)
            .with(&[&issuing])
            .knowing(&[&policy])
            .under(&[&root])
            .accepted(),
        path
    );
}

#[test]
fn junk_among_the_offered_certificates_does_no_harm() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let other = Ca::root("Root").issue();
    let stranger = other.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let offered: [&Certified; 6] = [&alice, &other, &stranger, &stranger, &root, &issuing];
    assert_eq!(
        is(&alice).with(&offered).under(&[&root]).accepted(),
        ["CN=alice", "CN=Issuing", "CN=Root"]
    );
}

#[test]
fn a_missing_intermediate_is_named() {
    let root = Ca::root("Root").issue();
    let policy = root.intermediate("Policy").issue();
    let issuing = policy.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let nothing = is(&alice).under(&[&root]).refused();
    assert_eq!(
        nothing.to_string(),
        "certificate 0 (CN=alice): issuer not found: CN=Issuing"
    );
    assert_eq!(
        nothing.reason().openssl(),
        Some("unable to verify the first certificate")
    );
    let half = is(&alice).with(&[&issuing]).under(&[&root]).refused();
    assert_eq!(
        half.to_string(),
        "certificate 1 (CN=Issuing): issuer not found: CN=Policy"
    );
    assert_eq!(
        half.reason().openssl(),
        Some("unable to get local issuer certificate")
    );
    let known = is(&alice).knowing(&[&issuing]).under(&[&root]).refused();
    assert_eq!(
        known.reason().openssl(),
        Some("unable to get issuer certificate")
    );
}

#[test]
fn a_leaf_of_another_authority_is_untrusted() {
    let root = Ca::root("Root").issue();
    let other = Ca::root("Other").issue();
    let alice = other.client("alice").issue();
    is(&alice)
        .under(&[&root])
        .refused_for("issuer_not_found", 0);
    let sent = is(&alice).with(&[&other]).under(&[&root]).refused();
    assert_eq!(
        (sent.reason().code(), sent.certificate()),
        ("self_signed_untrusted", 1)
    );
    assert_eq!(
        sent.reason().openssl(),
        Some("self-signed certificate in certificate chain")
    );
}

#[test]
fn a_self_signed_leaf_is_untrusted_unless_it_is_an_anchor() {
    let root = Ca::root("Root").issue();
    let alice = Certified::self_signed("alice").issue();
    let refused = is(&alice).under(&[&root]).refused();
    assert_eq!(refused.reason().code(), "self_signed_untrusted");
    assert_eq!(refused.reason().openssl(), Some("self-signed certificate"));
    let question = is(&alice).under(&[&root, &alice]);
    assert_eq!(question.accepted(), ["CN=alice"]);
    let alone = |chain: &VerifiedChain<'_>| {
        chain.issuer_of(0).is_none() && chain.anchor().der() == chain.leaf().der()
    };
    assert_eq!(question.answer(alone), Ok(true));
    let impostor = Certified::self_signed("alice").issue();
    is(&impostor)
        .under(&[&alice])
        .refused_for("self_signed_untrusted", 0);
}

#[test]
fn a_pinned_leaf_issues_nothing() {
    let alice = Ca::from(Certified::self_signed("alice").issue());
    let mallory = alice.client("mallory").issue();
    is(&mallory).under(&[&alice]).refused_for("not_a_ca", 1);
}

#[test]
fn an_anchor_that_is_not_self_issued_ends_a_path_only_where_allowed() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let partial = client().partial_chain(PartialChain::Allow);
    is(&alice)
        .under(&[&issuing])
        .refused_for("issuer_not_found", 1);
    assert_eq!(
        is(&alice).under(&[&issuing]).by(&partial).accepted(),
        ["CN=alice", "CN=Issuing"]
    );
    is(&alice)
        .under(&[&alice])
        .refused_for("issuer_not_found", 0);
    assert_eq!(
        is(&alice).under(&[&alice]).by(&partial).accepted(),
        ["CN=alice"]
    );
    assert_eq!(is(&alice).under(&[&issuing, &root]).accepted().len(), 3);
    assert_eq!(
        is(&alice)
            .under(&[&issuing, &root])
            .by(&partial)
            .accepted()
            .len(),
        2
    );
}

#[test]
fn a_dead_end_is_left_for_another_branch() {
    let old = Ca::root("Old Root").issue();
    let new = Ca::root("New Root").issue();
    let issuing = new.intermediate("Issuing").issue();
    let crossed = old.cross_sign(&issuing).expired().issue();
    let alice = issuing.client("alice").issue();
    let question = is(&alice).with(&[&crossed, &issuing]).under(&[&old, &new]);
    assert_eq!(
        question.accepted(),
        ["CN=alice", "CN=Issuing", "CN=New Root"]
    );
    let only_old = is(&alice).with(&[&crossed, &issuing]).under(&[&old]);
    only_old.refused_for("expired", 1);
}

#[test]
fn authorities_that_certify_each_other_are_no_endless_path() {
    let a = Ca::root("A").issue();
    let b = Ca::root("B").issue();
    let a_by_b = b.cross_sign(&a).issue();
    let b_by_a = a.cross_sign(&b).issue();
    let alice = a.client("alice").issue();
    let other = Ca::root("Root").issue();
    let refused = is(&alice)
        .with(&[&a_by_b, &b_by_a, &a, &b])
        .under(&[&other])
        .refused();
    assert_eq!(refused.reason().code(), "self_signed_untrusted");
    assert!(
        refused.candidates().len() < 10,
        "{:?}",
        refused.candidates()
    );
    assert_eq!(
        is(&alice)
            .with(&[&a_by_b, &b_by_a])
            .under(&[&b])
            .accepted()
            .len(),
        3
    );
}

#[test]
fn a_new_key_under_an_old_name_is_found_by_its_identifier() {
    let root = Ca::root("Root").issue();
    let generations: Vec<_> = (0..120)
        .map(|_| root.intermediate("Issuing").issue())
        .collect();
    let offered: Vec<&Certified> = generations.iter().map(|ca| &**ca).collect();
    let alice = generations[110].client("alice").issue();
    assert_eq!(
        is(&alice).with(&offered).under(&[&root]).accepted().len(),
        3
    );
}

#[test]
fn key_identifiers_never_refuse_an_issuer() {
    let root = Ca::root("Root").issue();
    let alice = root
        .client("alice")
        .authority_key_identifier(b"somebody else")
        .issue();
    assert_eq!(is(&alice).under(&[&root]).accepted().len(), 2);
    let bare = root.client("bob").without_key_identifiers().issue();
    assert_eq!(is(&bare).under(&[&root]).accepted().len(), 2);
}

#[test]
fn names_chain_across_case_and_string_type() {
    let root = Ca::root("Contoso  Root").issue();
    let alice = root.client("alice").issuer_name("CONTOSO root").issue();
    assert_eq!(is(&alice).under(&[&root]).accepted().len(), 2);
}

#[test]
fn a_path_is_no_deeper_than_the_policy_allows() {
    let root = Ca::root("Root").issue();
    let one = root.intermediate("One").issue();
    let two = one.intermediate("Two").issue();
    let alice = two.client("alice").issue();
    let question = |depth| {
        is(&alice)
            .with(&[&one, &two])
            .under(&[&root])
            .by(client().max_depth(depth))
    };
    assert_eq!(question(2).accepted().len(), 4);
    let refused = question(1).refused();
    assert_eq!(refused.reason(), &Reason::DepthExceeded { limit: 1 });
    assert_eq!(
        refused.reason().openssl(),
        Some("certificate chain too long")
    );
    let direct = root.client("bob").issue();
    assert_eq!(
        is(&direct)
            .under(&[&root])
            .by(client().max_depth(0))
            .accepted()
            .len(),
        2
    );
}

#[test]
fn a_self_issued_intermediate_does_not_count_as_depth() {
    let root = Ca::root("Root").issue();
    let rolled = root.intermediate("Root").issue();
    let alice = rolled.client("alice").issue();
    let question = is(&alice)
        .with(&[&rolled])
        .under(&[&root])
        .by(client().max_depth(0));
    assert_eq!(question.accepted(), ["CN=alice", "CN=Root", "CN=Root"]);
}

#[test]
fn every_certificate_of_a_path_knows_its_issuer() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let read = |chain: &VerifiedChain<'_>| {
        assert_eq!(chain.leaf().der(), &*alice.der);
        assert_eq!(chain.certificates().len(), 3);
        assert_eq!(chain.issuer_of(0).unwrap().der(), &*issuing.der);
        assert_eq!(chain.issuer_of(1).unwrap().der(), &*root.der);
        assert!(chain.issuer_of(2).is_none() && chain.issuer_of(usize::MAX).is_none());
        assert_eq!(chain.anchor().der(), &*root.der);
    };
    is(&alice)
        .with(&[&issuing])
        .under(&[&root])
        .answer(read)
        .unwrap();
}

#[test]
fn an_offered_copy_of_an_anchor_is_the_anchor() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").expired().issue();
    let refused = is(&alice).with(&[&root]).under(&[&root]).refused();
    let origins: Vec<_> = refused
        .nearest()
        .steps()
        .iter()
        .map(|step| step.origin)
        .collect();
    assert_eq!(origins, [Origin::Leaf, Origin::Anchor]);
    assert_eq!(refused.candidates().len(), 1);
}

#[test]
fn an_empty_list_of_anchors_is_an_error() {
    let root = Ca::root("Root").issue();
    assert_eq!(
        Anchors::new(vec![], vec![root.der.clone()]).unwrap_err(),
        AnchorsError::Empty
    );
}

#[test]
fn an_unreadable_certificate_is_named_by_list_and_position() {
    let root = Ca::root("Root").issue();
    let garbage = rustls_pki_types::CertificateDer::from(vec![0x30, 0x00]);
    let anchors = Anchors::new(vec![root.der.clone(), garbage.clone()], vec![]);
    assert_eq!(
        anchors.unwrap_err().to_string(),
        "certificate 1 of the anchors cannot be read"
    );
    let known = Anchors::new(vec![root.der.clone()], vec![garbage]);
    assert!(matches!(
        known.unwrap_err(),
        AnchorsError::Unreadable {
            list: List::Intermediates,
            index: 0,
            ..
        }
    ));
}

#[test]
fn the_subjects_of_the_anchors_are_listed_as_der() {
    let (one, two) = (Ca::root("One").issue(), Ca::root("Two").issue());
    let known = one.intermediate("Known").issue();
    let anchors = Anchors::new(
        vec![one.der.clone(), two.der.clone()],
        vec![known.der.clone()],
    )
    .unwrap();
    let subjects: Vec<_> = anchors.subjects().collect();
    assert_eq!(subjects, [one.subject().der(), two.subject().der()]);
    assert_eq!(anchors.count(), 2);
}

#[test]
fn of_thousands_of_anchors_with_one_name_the_one_that_is_named_is_tried() {
    let root = |_| Ca::root("SPIFFE").algorithm(Algorithm::Ed25519).issue();
    let roots: Vec<Ca> = (0..2_100).map(root).collect();
    let anchors: Vec<&Certified> = roots.iter().map(|root| &**root).collect();
    for position in [0, 1_000, 2_099] {
        let alice = roots[position].client("alice").issue();
        is(&alice).under(&anchors).accepted();
    }
}

#[test]
fn a_namesake_with_a_key_that_is_not_accepted_costs_nothing() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .without_key_identifiers()
        .issue();
    let modulus = der::tlv(2, &[&[0, 0xc5][..], &[0x11; 8_191]].concat());
    let exponent = der::tlv(2, &[1, 0, 1]);
    let key = der::bit_string(&der::sequence(&[modulus, exponent]));
    let rsa = der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]);
    let enormous = Ca::root("Issuing")
        .subject_public_key_info(&der::sequence(&[rsa, key]))
        .without_key_identifiers()
        .issue();
    let alice = issuing.client("alice").without_key_identifiers().issue();
    is(&alice)
        .with(&[&enormous, &issuing])
        .under(&[&root])
        .accepted();
    is(&alice)
        .with(&[&enormous])
        .under(&[&root])
        .refused_for("oversized_key", 1);
}
