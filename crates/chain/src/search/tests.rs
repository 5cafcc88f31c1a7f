//! What a search costs, counted in what it does and not in seconds.

use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use portcullis_test_pki::{Algorithm, Ca, Name, der};
use portcullis_x509::SignatureError;

use super::*;
use crate::Rejection;
use crate::budget::{MAX_ISSUERS_TRIED, MAX_NAME_OCTETS, MAX_PATHS_JUDGED, MAX_SIGNATURE_CHECKS};

/// Finds every signature good and every path bad.
#[derive(Default)]
struct Gullible {
    signatures: Cell<u32>,
    paths: Cell<u32>,
}

impl Judge for Gullible {
    fn check_issuer_key(&self, _: &Certificate<'_>) -> Result<(), Reason> {
        Ok(())
    }

    fn check_signature(
        &self,
        _: &Certificate<'_>,
        _: &Certificate<'_>,
    ) -> Result<(), SignatureError> {
        self.signatures.set(self.signatures.get() + 1);
        Ok(())
    }

    fn check_path(&self, _: &[&Member<'_>], _: &mut Budget) -> Result<ValidPolicies, Fault> {
        self.paths.set(self.paths.get() + 1);
        Err(Fault {
            certificate: 0,
            reason: Reason::EmptyIssuer,
        })
    }
}

const LIMITS: Limits = Limits {
    max_depth: 10,
    ends_anywhere: false,
};

/// What becomes of a search that finds nothing.
fn refusal(
    leaf: &Certificate<'_>,
    offered: &[Certificate<'_>],
    anchors: &Anchors,
    judge: &Gullible,
) -> Rejection {
    let mut fallen = Fallen::new(Kept::First);
    assert!(find_path(leaf, offered, anchors, LIMITS, judge, &mut fallen).is_none());
    fallen.to_rejection(leaf)
}

fn anchored(root: &Ca) -> Anchors {
    Anchors::new(vec![root.der.clone()], vec![]).unwrap()
}

fn plain_root(name: impl Into<Name>) -> Ca {
    let root = Ca::root(name).algorithm(Algorithm::Ed25519);
    root.without_key_identifiers().issue()
}

/// A common name of so many octets that print as six characters each, and a number to tell it by.
fn long_name(octets: usize, number: usize) -> Name {
    let value = der::tlv(0x14, &vec![0xff; octets]);
    let name = Name::common_name(alloc::format!("{number}").as_str());
    name.attribute("2.5.4.10", &value)
}

/// Layers of authorities, `wide` in each, every one of which seems to be issued by each of the next layer.
fn layers(deep: usize, wide: usize, octets: usize) -> Vec<Ca> {
    let layer = |number| {
        (0..wide).map(move |_| {
            let authority = Ca::root(long_name(octets, number)).algorithm(Algorithm::Ed25519);
            authority
                .issuer_name(long_name(octets, number + 1))
                .without_key_identifiers()
                .issue()
        })
    };
    (0..deep).flat_map(layer).collect()
}

fn parsed(authorities: &[Ca]) -> Vec<Certificate<'_>> {
    authorities
        .iter()
        .map(|ca| Certificate::parse(&ca.der).unwrap())
        .collect()
}

fn octets_of_names(certificates: &[Certificate<'_>]) -> u32 {
    let octets = certificates
        .iter()
        .map(|certificate| certificate.subject().der().len() + certificate.issuer().der().len());
    u32::try_from(octets.sum::<usize>()).unwrap()
}

#[test]
fn names_are_read_once_however_many_paths_lead_through_them() {
    let root = plain_root("Root");
    let anchors = anchored(&root);
    let authorities = layers(8, 2, 1_500);
    let leaf = root
        .client("alice")
        .subject(long_name(9_000, 99))
        .issuer_name(long_name(1_500, 0))
        .without_key_identifiers()
        .issue();
    let (leaf, offered) = (Certificate::parse(&leaf.der).unwrap(), parsed(&authorities));
    let judge = Gullible::default();
    let mut fallen = Fallen::new(Kept::First);
    let mut search = Search::new(&leaf, &offered, &anchors, LIMITS, &judge, &mut fallen).unwrap();
    assert!(search.start().is_continue());

    // 2 + 4 + … + 256 steps, and each path ends for want of an issuer.
    assert_eq!(
        MAX_ISSUERS_TRIED - search.budget.left(Resource::Issuers),
        510
    );
    assert_eq!(judge.signatures.get(), 2 + 7 * 4);
    let read = MAX_NAME_OCTETS - search.budget.left(Resource::NameOctets);
    assert_eq!(
        read,
        octets_of_names(&offered) + octets_of_names(core::slice::from_ref(&leaf))
    );
    let nodes = search.pool.every_node().chain(&search.nodes);
    let shown: usize = nodes.map(|node| node.names_shown()).sum();
    assert!(
        shown <= 2 * 17,
        "each name of 17 certificates at most once: {shown}"
    );
    assert_eq!(search.fallen.written, Rejection::MAX_KEPT);
}

#[test]
fn no_more_signatures_are_checked_and_no_more_paths_judged_than_the_limits_say() {
    let root = plain_root("Root");
    let anchors = anchored(&root);
    let many = layers(1, 150, 1);
    let leaf = root
        .client("alice")
        .issuer_name(long_name(1, 0))
        .without_key_identifiers();
    let leaf = leaf.issue();
    let leaf = Certificate::parse(&leaf.der).unwrap();
    let judge = Gullible::default();
    let refused = refusal(&leaf, &parsed(&many), &anchors, &judge);
    assert_eq!(refused.reason().code(), "budget_exceeded");
    assert_eq!(judge.signatures.get(), MAX_SIGNATURE_CHECKS);

    // Twelve certificates for each of two keys are 144 paths with 25 signatures.
    let upper = plain_root("Upper");
    let copies = |issuer: &Ca, subject: &Ca| -> Vec<Ca> {
        let one = || issuer.cross_sign(subject).without_key_identifiers().issue();
        core::iter::repeat_with(one).take(12).collect()
    };
    let (below, above) = (copies(&upper, &many[0]), copies(&root, &upper));
    let copies = [parsed(&below), parsed(&above)].concat();
    let judge = Gullible::default();
    let refused = refusal(&leaf, &copies, &anchors, &judge);
    assert_eq!(
        refused.reason(),
        &Reason::BudgetExceeded {
            resource: Resource::Paths,
            limit: MAX_PATHS_JUDGED
        }
    );
    assert_eq!(judge.paths.get(), MAX_PATHS_JUDGED);
}

#[test]
fn names_without_end_are_not_read_to_the_end() {
    let root = plain_root("Root");
    let anchors = anchored(&root);
    let leaf = root.client("alice").issue();
    let leaf = Certificate::parse(&leaf.der).unwrap();
    let huge: Vec<_> = (0..20)
        .map(|number| plain_root(long_name(30_000, number)))
        .collect();
    let judge = Gullible::default();
    let refused = refusal(&leaf, &parsed(&huge), &anchors, &judge);
    assert_eq!(
        refused.reason(),
        &Reason::BudgetExceeded {
            resource: Resource::NameOctets,
            limit: MAX_NAME_OCTETS
        }
    );
    assert_eq!((refused.certificate(), refused.subject()), (0, "CN=alice"));
    assert_eq!(refused.candidates(), [refused.nearest().clone()]);
}
