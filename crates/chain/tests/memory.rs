//! What was proven is not proven again, and proves nothing else.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/counted.rs"]
mod counted;

use std::cell::RefCell;

use counted::Counted;
use portcullis_chain::{Anchors, CertificateId, Memory, Policy, Purpose, Rejection, Trust};
use portcullis_test_pki::{Ca, Certified, DAY, NOW, after, before};
use portcullis_x509::Certificate;
use rustls_pki_types::{CertificateDer, UnixTime};

/// A root, an issuing authority and a memory, with a count of the signatures that are checked.
struct Scene {
    root: Ca,
    issuing: Ca,
    counted: Counted,
    memory: RefCell<Memory>,
}

impl Scene {
    fn new() -> Self {
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing").issue();
        Self {
            root,
            issuing,
            counted: Counted::new(),
            memory: RefCell::new(Memory::new(100)),
        }
    }

    fn policy(&self) -> Policy {
        Policy::new(Purpose::ClientAuth, self.counted.algorithms())
    }

    /// Trust in the root, with the issuing authority configured or not.
    fn trust(&self, known: &[&Ca], policy: Policy) -> Trust {
        let known = known.iter().map(|ca| ca.der.clone()).collect();
        Trust::new(
            Anchors::new(vec![self.root.der.clone()], known).unwrap(),
            policy,
        )
    }

    /// How many signatures were checked for it, when it is accepted.
    fn cost(
        &self,
        trust: &Trust,
        leaf: &[u8],
        offered: &[&[u8]],
        now: UnixTime,
    ) -> Result<usize, Rejection> {
        let leaf = Certificate::parse(leaf).unwrap();
        let offered: Vec<_> = offered
            .iter()
            .map(|der| Certificate::parse(der).unwrap())
            .collect();
        let before = self.counted.checks();
        let chain = trust.verify(&leaf, &offered, &self.memory, now)?;
        assert_eq!(chain.leaf().der(), leaf.der());
        let anchor: CertificateDer<'_> = chain.anchor().der().into();
        assert_eq!(anchor, self.root.der);
        Ok(self.counted.checks() - before)
    }
}

fn code(refused: Result<usize, Rejection>) -> &'static str {
    refused.unwrap_err().reason().code()
}

#[test]
fn a_client_that_returns_costs_no_signature_check() {
    let scene = Scene::new();
    let trust = scene.trust(&[], scene.policy());
    let alice = scene.issuing.client("alice").issue();
    let offered = [&scene.issuing.der[..]];
    for expected in [2, 0, 0] {
        let cost = scene.cost(&trust, &alice.der, &offered, NOW);
        assert_eq!(cost.unwrap(), expected);
    }
}

#[test]
fn a_new_client_of_a_known_issuer_costs_one() {
    let scene = Scene::new();
    let [alice, bob] = ["alice", "bob"].map(|name| scene.issuing.client(name).issue());
    let offered = [&scene.issuing.der[..]];
    let trust = scene.trust(&[], scene.policy());
    assert_eq!(scene.cost(&trust, &alice.der, &offered, NOW).unwrap(), 2);
    assert_eq!(scene.cost(&trust, &bob.der, &offered, NOW).unwrap(), 1);
    let configured = scene.trust(&[&scene.issuing], scene.policy());
    assert_eq!(scene.cost(&configured, &alice.der, &[], NOW).unwrap(), 2);
    assert_eq!(scene.cost(&configured, &bob.der, &[], NOW).unwrap(), 1);
}

#[test]
fn nothing_is_recalled_under_another_trust() {
    let scene = Scene::new();
    let alice = scene.issuing.client("alice").issue();
    let offered = [&scene.issuing.der[..]];
    let cost = |trust: &Trust| scene.cost(trust, &alice.der, &offered, NOW);
    assert_eq!(cost(&scene.trust(&[], scene.policy())).unwrap(), 2);
    assert_eq!(cost(&scene.trust(&[], scene.policy())).unwrap(), 2);
    let denied = CertificateId::serial("CN=Issuing".parse().unwrap(), alice.serial());
    let denying = scene.trust(&[], scene.policy().deny(denied));
    assert_eq!(code(cost(&denying)), "denied");
    let stranger = Ca::root("Stranger").issue();
    let others = Anchors::new(vec![stranger.der.clone()], vec![]).unwrap();
    let elsewhere = Trust::new(others, scene.policy());
    assert_eq!(code(cost(&elsewhere)), "issuer_not_found");
}

#[test]
fn a_proof_holds_as_long_as_every_certificate_of_its_path() {
    let scene = Scene::new();
    let issuing = scene
        .root
        .intermediate("Short")
        .not_before(before(NOW, 2 * DAY))
        .not_after(after(NOW, 2 * DAY))
        .issue();
    let alice = issuing.client("alice").issue();
    let trust = scene.trust(&[], scene.policy());
    let cost = |now| scene.cost(&trust, &alice.der, &[&issuing.der], now);
    assert_eq!(cost(NOW).unwrap(), 2);
    assert_eq!(cost(after(NOW, 2 * DAY)).unwrap(), 0);
    assert_eq!(code(cost(after(NOW, 2 * DAY + 1))), "expired");
    assert_eq!(cost(before(NOW, 2 * DAY)).unwrap(), 0);
    assert_eq!(code(cost(before(NOW, 2 * DAY + 1))), "not_yet_valid");
}

#[test]
fn other_octets_in_another_order_are_other_certificates() {
    let scene = Scene::new();
    let trust = scene.trust(&[], scene.policy());
    let alice = scene.issuing.client("alice").issue();
    let (own, junk) = (&scene.issuing.der[..], &Ca::root("Junk").issue());
    let cost = |offered: &[&[u8]]| scene.cost(&trust, &alice.der, offered, NOW);
    assert_eq!(cost(&[own]).unwrap(), 2);
    // Each is judged anew, with the issuer's signature known.
    assert_eq!(cost(&[own, &junk.der]).unwrap(), 1);
    assert_eq!(cost(&[&junk.der, own]).unwrap(), 1);
    assert_eq!(cost(&[&junk.der, own]).unwrap(), 0);
    assert_eq!(code(cost(&[])), "issuer_not_found");
    let mut flipped = alice.der.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let refused = scene.cost(&trust, &flipped, &[own], NOW);
    assert_eq!(code(refused), "bad_signature");
}

#[test]
fn a_known_issuer_of_the_same_name_with_another_key_is_another_issuer() {
    let scene = Scene::new();
    let trust = scene.trust(&[], scene.policy());
    let alice = scene.issuing.client("alice").issue();
    scene
        .cost(&trust, &alice.der, &[&scene.issuing.der], NOW)
        .unwrap();
    let forged = Ca::root("Issuing")
        .issuer_name("Root")
        .without_key_identifiers()
        .issue();
    let mallory = forged.client("mallory").without_key_identifiers().issue();
    let refused = scene.cost(&trust, &mallory.der, &[&forged.der], NOW);
    assert_eq!(code(refused), "bad_signature");
}

#[test]
fn what_is_known_of_an_issuer_replaces_its_signature_and_no_other_check() {
    let scene = Scene::new();
    let issuing = scene
        .root
        .intermediate("Short")
        .not_after(after(NOW, DAY))
        .permitted_dns(&["contoso.com"])
        .issue();
    let trust = scene.trust(&[], scene.policy());
    let client = |name: &str| issuing.client(name).dns(name).issue();
    let cost = |leaf: &Certified, now| scene.cost(&trust, &leaf.der, &[&issuing.der], now);
    assert_eq!(cost(&client("a.contoso.com"), NOW).unwrap(), 2);
    assert_eq!(cost(&client("b.contoso.com"), NOW).unwrap(), 1);
    let outside = cost(&client("c.fabrikam.com"), NOW);
    assert_eq!(code(outside), "name_not_permitted");
    let late = cost(&client("d.contoso.com"), after(NOW, DAY + 1));
    assert_eq!(code(late), "expired");
}

#[test]
fn refusals_are_not_remembered() {
    let scene = Scene::new();
    let trust = scene.trust(&[], scene.policy());
    let late = scene.issuing.client("late").expired().issue();
    for _ in 0..2 {
        let refused = scene.cost(&trust, &late.der, &[&scene.issuing.der], NOW);
        assert_eq!(code(refused), "expired");
    }
    assert_eq!(scene.memory.borrow().chains(), 0);
    assert_eq!(scene.memory.borrow().issuers(), 0);
}

#[test]
fn a_memory_is_bounded_and_keeps_what_is_used() {
    let scene = Scene::new();
    let trust = scene.trust(&[], scene.policy());
    let alice = scene.issuing.client("alice").issue();
    let offered = [&scene.issuing.der[..]];
    for number in 0..500 {
        let client = scene.issuing.client(format!("client {number}").as_str());
        scene
            .cost(&trust, &client.issue().der, &offered, NOW)
            .unwrap();
        let cost = scene.cost(&trust, &alice.der, &offered, NOW).unwrap();
        assert_eq!(cost, usize::from(number == 0), "after {number} others");
        assert!(scene.memory.borrow().chains() <= 100);
    }
    assert!(scene.memory.borrow().issuers() <= 100);
}

#[test]
fn a_memory_of_nothing_remembers_nothing() {
    let scene = Scene {
        memory: RefCell::new(Memory::new(0)),
        ..Scene::new()
    };
    let trust = scene.trust(&[], scene.policy());
    let alice = scene.issuing.client("alice").issue();
    for _ in 0..2 {
        let cost = scene.cost(&trust, &alice.der, &[&scene.issuing.der], NOW);
        assert_eq!(cost.unwrap(), 2);
    }
}
