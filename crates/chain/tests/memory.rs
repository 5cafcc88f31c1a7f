//! What is remembered of accepted chains: never more than was proven, and never for longer.

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

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_chain::{
    AnchorValidity, Anchors, CertificateId, Memory, MemoryCell, Policy, Purpose, Rejection,
    Sha256Digest, Trust, VerifiedChain,
};
use portcullis_test_pki::{Ca, Certified, Criticality, DAY, NOW, after, before, mutate};
use portcullis_x509::Certificate;
use question::{ACCEPTED, algorithms};
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, UnixTime,
};
use sha2::{Digest as _, Sha256};

/// An algorithm of the provider that counts how often it is asked.
#[derive(Debug)]
struct Counting {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    checks: &'static AtomicUsize,
}

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.checks.fetch_add(1, Ordering::Relaxed);
        self.algorithm.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

type Algorithms = &'static [&'static dyn SignatureVerificationAlgorithm];

/// The provider's algorithms, and how often one of them was asked.
fn counting() -> (Algorithms, &'static AtomicUsize) {
    let checks: &AtomicUsize = Box::leak(Box::default());
    let counting = algorithms().iter().map(|algorithm| {
        let algorithm = *algorithm;
        let leaked: &'static dyn SignatureVerificationAlgorithm =
            Box::leak(Box::new(Counting { algorithm, checks }));
        leaked
    });
    (Box::leak(counting.collect()), checks)
}

/// A listener with a memory.
struct Gate {
    trust: Trust,
    memory: RefCell<Memory>,
    checks: &'static AtomicUsize,
}

fn anchors(trusted: &[&Certified], known: &[&Certified]) -> Anchors {
    let own = |list: &[&Certified]| list.iter().map(|ca| ca.der.clone()).collect();
    Anchors::new(own(trusted), own(known)).unwrap()
}

impl Gate {
    fn of(trusted: &[&Certified]) -> Self {
        Self::knowing(trusted, &[])
    }

    fn knowing(trusted: &[&Certified], known: &[&Certified]) -> Self {
        Self::with(trusted, known, 100, |policy| policy)
    }

    fn with(
        trusted: &[&Certified],
        known: &[&Certified],
        entries: usize,
        demand: impl FnOnce(Policy) -> Policy,
    ) -> Self {
        let (algorithms, checks) = counting();
        let policy = demand(Policy::new(Purpose::ClientAuth, algorithms));
        Self {
            trust: Trust::new(anchors(trusted, known), policy),
            memory: RefCell::new(Memory::new(entries)),
            checks,
        }
    }

    /// What `read` makes of the verdict, and how many signatures were checked for it.
    fn answer<T>(
        &self,
        leaf: &[u8],
        offered: &[&[u8]],
        now: UnixTime,
        read: impl FnOnce(Result<VerifiedChain<'_>, Rejection>) -> T,
    ) -> (T, usize) {
        let leaf = Certificate::parse(leaf).unwrap();
        let offered: Vec<_> = offered
            .iter()
            .map(|der| Certificate::parse(der).unwrap())
            .collect();
        let earlier = self.checks.load(Ordering::Relaxed);
        let answer = read(self.trust.verify(&leaf, &offered, &self.memory, now));
        (answer, self.checks.load(Ordering::Relaxed) - earlier)
    }

    /// The code of the verdict, and how many signatures were checked for it.
    fn judge_at(
        &self,
        now: UnixTime,
        leaf: &Certified,
        offered: &[&Certified],
    ) -> (&'static str, usize) {
        let offered: Vec<&[u8]> = offered.iter().map(|ca| &*ca.der).collect();
        self.answer(&leaf.der, &offered, now, |verdict| code(&verdict))
    }

    fn judge(&self, leaf: &Certified, offered: &[&Certified]) -> (&'static str, usize) {
        self.judge_at(NOW, leaf, offered)
    }

    fn remembered(&self) -> [usize; 2] {
        let memory = self.memory.borrow();
        [memory.chains(), memory.issuers()]
    }
}

fn code(verdict: &Result<VerifiedChain<'_>, Rejection>) -> &'static str {
    match verdict {
        Ok(_) => ACCEPTED,
        Err(rejection) => rejection.reason().code(),
    }
}

fn days_later(days: u64) -> UnixTime {
    after(NOW, days * DAY)
}

#[test]
fn a_chain_that_was_accepted_is_recalled_without_a_check() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let gate = Gate::of(&[&root]);
    assert_eq!(gate.judge(&alice, &[&issuing]), (ACCEPTED, 2));
    assert_eq!(gate.judge(&alice, &[&issuing]), (ACCEPTED, 0));
    assert_eq!(gate.remembered(), [1, 1]);
}

#[test]
fn without_room_for_chains_the_leaf_is_checked_every_time_and_its_issuer_once() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let gate = Gate {
        memory: RefCell::new(Memory::bounded(0, 100)),
        ..Gate::of(&[&root])
    };
    let (alice, bob) = (
        issuing.client("alice").issue(),
        issuing.client("bob").issue(),
    );
    assert_eq!(gate.judge(&alice, &[&issuing]), (ACCEPTED, 2));
    assert_eq!(gate.judge(&alice, &[&issuing]), (ACCEPTED, 1));
    assert_eq!(gate.judge(&bob, &[&issuing]), (ACCEPTED, 1));
    assert_eq!(gate.remembered(), [0, 1]);
}

#[test]
fn what_is_recalled_says_what_was_accepted() {
    let root = Ca::root("Root").issue();
    let issuing = root
        .intermediate("Issuing")
        .policies(Criticality::NonCritical, &["1.2.3.1", "1.2.3.2"])
        .issue();
    let alice = issuing
        .client("alice")
        .policies(Criticality::NonCritical, &["1.2.3.1"])
        .issue();
    let junk = root.intermediate("Junk").issue();
    for gate in [Gate::of(&[&root]), Gate::knowing(&[&root], &[&issuing])] {
        let said = || {
            let offered: [&[u8]; 2] = [&junk.der, &issuing.der];
            gate.answer(&alice.der, &offered, NOW, |verdict| {
                let chain = verdict.unwrap();
                let certificates: Vec<_> = chain
                    .certificates()
                    .iter()
                    .map(|certificate| certificate.der().to_vec())
                    .collect();
                let policies: Vec<_> = chain.policies().map(|oid| oid.to_string()).collect();
                let times = [chain.valid_from(), chain.valid_until()];
                (certificates, policies, times)
            })
        };
        let ((first, checks), (second, recalled)) = (said(), said());
        assert_eq!(first, second);
        assert_eq!((checks, recalled), (2, 0));
        assert_eq!(
            first.0,
            [&alice.der, &issuing.der, &root.der].map(|der| der.to_vec())
        );
        assert_eq!(first.1, ["1.2.3.1"]);
    }
}

#[test]
fn a_new_leaf_of_a_known_intermediate_costs_its_own_signature() {
    let root = Ca::root("Root").issue();
    let outer = root.intermediate("Outer").issue();
    let inner = outer.intermediate("Inner").issue();
    let [alice, bob] = ["alice", "bob"].map(|name| inner.client(name).issue());
    let offering = Gate::of(&[&root]);
    assert_eq!(offering.judge(&alice, &[&inner, &outer]), (ACCEPTED, 3));
    assert_eq!(offering.judge(&bob, &[&inner, &outer]), (ACCEPTED, 1));
    let configured = Gate::knowing(&[&root], &[&outer, &inner]);
    assert_eq!(configured.judge(&alice, &[]), (ACCEPTED, 3));
    assert_eq!(configured.judge(&bob, &[]), (ACCEPTED, 1));
}

#[test]
fn a_new_leaf_of_an_anchor_costs_its_own_signature() {
    let root = Ca::root("Root").issue();
    let gate = Gate::of(&[&root]);
    for name in ["alice", "bob"] {
        let leaf = root.client(name).issue();
        assert_eq!(gate.judge(&leaf, &[]), (ACCEPTED, 1));
    }
}

#[test]
fn the_same_certificates_in_another_order_are_another_presentation() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let junk = root.intermediate("Junk").issue();
    let alice = issuing.client("alice").issue();
    let gate = Gate::of(&[&root]);
    assert_eq!(gate.judge(&alice, &[&issuing, &junk]), (ACCEPTED, 2));
    for offered in [[&junk, &issuing], [&issuing, &issuing]] {
        let ders = offered.map(|ca| ca.der.as_ref());
        let (subjects, checks) = gate.answer(&alice.der, &ders, NOW, |verdict| {
            let chain = verdict.unwrap();
            chain
                .subjects()
                .map(|name| name.to_string())
                .collect::<Vec<_>>()
        });
        assert_eq!(subjects, ["CN=alice", "CN=Issuing", "CN=Root"]);
        assert_eq!(checks, 1);
    }
}

#[test]
fn an_intermediate_that_is_not_offered_again_is_missing_again() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let junk = root.intermediate("Junk").issue();
    let alice = issuing.client("alice").issue();
    let gate = Gate::of(&[&root]);
    assert_eq!(gate.judge(&alice, &[&issuing]).0, ACCEPTED);
    assert_eq!(gate.judge(&alice, &[]).0, "issuer_not_found");
    assert_eq!(gate.judge(&alice, &[&junk]).0, "issuer_not_found");
}

#[test]
fn no_leaf_with_another_bit_is_recalled() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let gate = Gate::of(&[&root]);
    assert_eq!(gate.judge(&alice, &[&issuing]).0, ACCEPTED);
    for flipped in mutate::every_flipped_bit(&alice.der) {
        if Certificate::parse(&flipped).is_ok() {
            let (found, _) = gate.answer(&flipped, &[&issuing.der], NOW, |verdict| code(&verdict));
            assert_ne!(found, ACCEPTED);
        }
    }
    assert_eq!(gate.remembered(), [1, 1]);
}

#[test]
fn no_intermediate_with_another_bit_is_recalled() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let [alice, bob] = ["alice", "bob"].map(|name| issuing.client(name).issue());
    let gate = Gate::of(&[&root]);
    assert_eq!(gate.judge(&alice, &[&issuing]).0, ACCEPTED);
    for flipped in mutate::every_flipped_bit(&issuing.der) {
        if Certificate::parse(&flipped).is_ok() {
            for leaf in [&alice, &bob] {
                let (found, _) = gate.answer(&leaf.der, &[&flipped], NOW, |verdict| code(&verdict));
                assert_ne!(found, ACCEPTED);
            }
        }
    }
}

/// Leaf, intermediate and anchor, each in turn the one that begins last and ends first.
#[test]
fn nothing_is_recalled_before_or_after_any_member_is_valid() {
    for shortest in 0..3 {
        let days = |position| if position == shortest { 10 } else { 20 };
        let root = Ca::root("Root").valid_for_days(days(2)).issue();
        let issuing = root.intermediate("Issuing").valid_for_days(days(1)).issue();
        let alice = issuing.client("alice").valid_for_days(days(0)).issue();
        let gate = Gate::of(&[&root]);
        let (first, last) = (before(NOW, 10 * DAY), days_later(10));
        let at = |now| gate.judge_at(now, &alice, &[&issuing]);
        assert_eq!(at(NOW), (ACCEPTED, 2));
        assert_eq!(at(last), (ACCEPTED, 0));
        assert_eq!(at(first), (ACCEPTED, 0));
        assert_eq!(at(after(last, 1)).0, "expired");
        assert_eq!(at(before(first, 1)).0, "not_yet_valid");
        assert_eq!(at(NOW), (ACCEPTED, 0));
    }
}

#[test]
fn an_expired_anchor_that_is_trusted_all_the_same_is_recalled() {
    let root = Ca::root("Root").expired().issue();
    let alice = root.client("alice").issue();
    let gate = Gate::with(&[&root], &[], 100, |policy| {
        policy.anchor_validity(AnchorValidity::Ignore)
    });
    assert_eq!(gate.judge(&alice, &[]), (ACCEPTED, 1));
    assert_eq!(gate.judge(&alice, &[]), (ACCEPTED, 0));
    assert_eq!(gate.judge_at(days_later(91), &alice, &[]).0, "expired");
}

#[test]
fn an_intermediate_that_expired_meanwhile_is_refused_although_its_signature_is_known() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").valid_for_days(10).issue();
    let [alice, bob] = ["alice", "bob"].map(|name| issuing.client(name).issue());
    for gate in [Gate::of(&[&root]), Gate::knowing(&[&root], &[&issuing])] {
        assert_eq!(gate.judge(&alice, &[&issuing]), (ACCEPTED, 2));
        let later = gate.judge_at(days_later(11), &bob, &[&issuing]);
        assert_eq!(later, ("expired", 1));
    }
}

#[test]
fn nothing_is_recalled_under_another_trust() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let gate = Gate::of(&[&root]);
    assert_eq!(gate.judge(&alice, &[&issuing]), (ACCEPTED, 2));
    let same = Gate {
        memory: gate.memory,
        ..Gate::of(&[&root])
    };
    assert_eq!(same.judge(&alice, &[&issuing]), (ACCEPTED, 2));
    let fingerprint = CertificateId::Fingerprint(Sha256::digest(&issuing.der).into());
    let denying = Gate {
        memory: same.memory,
        ..Gate::with(&[&root], &[], 100, |policy| policy.deny(fingerprint))
    };
    assert_eq!(denying.judge(&alice, &[&issuing]).0, "denied");
    let other = Ca::root("Root").issue();
    let elsewhere = Gate {
        memory: denying.memory,
        ..Gate::of(&[&other])
    };
    assert_ne!(elsewhere.judge(&alice, &[&issuing]).0, ACCEPTED);
}

#[test]
fn refusals_are_not_remembered() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").not_yet_valid().issue();
    let forged = issuing.client("mallory").wrong_signature().issue();
    let gate = Gate::of(&[&root]);
    for _ in 0..2 {
        assert_eq!(gate.judge(&alice, &[&issuing]), ("not_yet_valid", 2));
        assert_eq!(gate.judge(&forged, &[&issuing]).0, "bad_signature");
    }
    assert_eq!(gate.remembered(), [0, 0]);
    let tomorrow = days_later(2);
    let accepted = gate.judge_at(tomorrow, &alice, &[&issuing]);
    assert_eq!(accepted, (ACCEPTED, 2));
}

#[test]
fn a_namesake_of_a_known_intermediate_is_another_issuer() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let gate = Gate::of(&[&root]);
    assert_eq!(gate.judge(&alice, &[&issuing]).0, ACCEPTED);
    let imposter = Ca::root("Root").issue().intermediate("Issuing").issue();
    let mallory = imposter.client("mallory").issue();
    for offered in [
        &[&imposter][..],
        &[&imposter, &issuing],
        &[&issuing, &imposter],
        &[&issuing],
    ] {
        let offered: Vec<&Certified> = offered.iter().map(|ca| &***ca).collect();
        assert_ne!(gate.judge(&mallory, &offered).0, ACCEPTED);
    }
}

/// Without identifiers the other root of that name, which is listed first, is asked first every time.
#[test]
fn a_known_signature_holds_with_the_key_that_made_it_and_no_other() {
    let root = || Ca::root("Root").without_key_identifiers().issue();
    let (theirs, ours) = (root(), root());
    let issuing = ours
        .intermediate("Issuing")
        .without_key_identifiers()
        .issue();
    let gate = Gate::of(&[&theirs, &ours]);
    for (name, checks) in [("alice", 3), ("bob", 2)] {
        let leaf = issuing.client(name).issue();
        let read = |verdict: Result<VerifiedChain<'_>, _>| verdict.unwrap().anchor().der().to_vec();
        let found = gate.answer(&leaf.der, &[&issuing.der], NOW, read);
        assert_eq!(found, (ours.der.to_vec(), checks), "{name}");
    }
}

#[test]
fn a_path_through_another_certificate_of_a_known_intermediate_is_another_path() {
    let (old, new) = (Ca::root("Old").issue(), Ca::root("New").issue());
    let issuing = old.intermediate("Issuing").issue();
    let crossed = new.cross_sign(&issuing).issue();
    let gate = Gate::of(&[&old, &new]);
    for (name, offered, anchor) in [("alice", &issuing, &old), ("bob", &crossed, &new)] {
        let leaf = issuing.client(name).issue();
        let read = |verdict: Result<VerifiedChain<'_>, _>| verdict.unwrap().anchor().der().to_vec();
        let found = gate.answer(&leaf.der, &[&offered.der], NOW, read);
        assert_eq!(found, (anchor.der.to_vec(), 2), "{name}");
    }
}

#[test]
fn a_known_intermediate_s_key_signs_nothing_under_another_name() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let gate = Gate::of(&[&root]);
    let alice = issuing.client("alice").issue();
    assert_eq!(gate.judge(&alice, &[&issuing]).0, ACCEPTED);
    let forged = issuing.client("mallory").wrong_signature().issue();
    let (found, checks) = gate.judge(&forged, &[&issuing]);
    assert_eq!(found, "bad_signature");
    assert!(checks >= 1);
}

#[test]
fn a_memory_of_a_hundred_keeps_at_most_a_hundred_chains() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let junk: Vec<Ca> = (0..100)
        .map(|number| Ca::root(format!("Junk {number}").as_str()).issue())
        .collect();
    let gate = Gate::of(&[&root]);
    let mut most = 0;
    for (one, other) in (0..10_000).map(|number| (number / 100, number % 100)) {
        let (found, checks) = gate.judge(&alice, &[&junk[one], &junk[other]]);
        assert_eq!((found, checks), (ACCEPTED, 1));
        let [chains, issuers] = gate.remembered();
        assert!(chains <= 100 && issuers == 0);
        most = most.max(chains);
    }
    assert!(most >= 50, "{most}");
}

#[test]
fn a_memory_of_ten_keeps_at_most_ten_issuers() {
    let root = Ca::root("Root").issue();
    let gate = Gate::with(&[&root], &[], 10, |policy| policy);
    for number in 0..50 {
        let issuing = root
            .intermediate(format!("Issuing {number}").as_str())
            .issue();
        let leaf = issuing.client("alice").issue();
        assert_eq!(gate.judge(&leaf, &[&issuing]), (ACCEPTED, 2));
        let [chains, issuers] = gate.remembered();
        assert!(chains <= 10 && issuers <= 10);
        assert!(chains >= 1 && issuers >= 1);
    }
}

#[test]
fn what_is_used_again_and_again_is_not_forgotten() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let others: Vec<_> = (0..100).map(|_| root.client("other").issue()).collect();
    let gate = Gate::with(&[&root], &[], 20, |policy| policy);
    assert_eq!(gate.judge(&alice, &[]), (ACCEPTED, 1));
    for others in others.chunks(5) {
        for other in others {
            assert_eq!(gate.judge(other, &[]), (ACCEPTED, 1));
        }
        assert_eq!(gate.judge(&alice, &[]), (ACCEPTED, 0));
    }
}

#[test]
fn a_memory_of_nothing_remembers_nothing() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let gate = Gate::with(&[&root], &[], 0, |policy| policy);
    for _ in 0..2 {
        assert_eq!(gate.judge(&alice, &[&issuing]), (ACCEPTED, 2));
    }
    assert_eq!(gate.remembered(), [0, 0]);
}

/// "As many of each as asked for."
#[test]
fn a_memory_of_one_remembers_one() {
    let root = Ca::root("Root").issue();
    let alice = root.client("alice").issue();
    let gate = Gate::with(&[&root], &[], 1, |policy| policy);
    assert_eq!(gate.judge(&alice, &[]), (ACCEPTED, 1));
    assert_eq!(gate.judge(&alice, &[]), (ACCEPTED, 0));
}

/// A memory that threads share.
struct Locked(Mutex<Memory>);

impl MemoryCell for Locked {
    fn with<T>(&self, _: &Sha256Digest, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }
}

#[test]
fn threads_share_what_one_of_them_learned() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let alice = issuing.client("alice").issue();
    let (algorithms, checks) = counting();
    let policy = Policy::new(Purpose::ClientAuth, algorithms);
    let trust = Trust::new(anchors(&[&root], &[]), policy);
    let memory = Locked(Mutex::new(Memory::new(100)));
    let verify = || {
        let leaf = Certificate::parse(&alice.der).unwrap();
        let offered = [Certificate::parse(&issuing.der).unwrap()];
        trust.verify(&leaf, &offered, &memory, NOW).is_ok()
    };
    assert!(verify());
    let verdicts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(verify)).collect();
        threads.into_iter().all(|thread| thread.join().unwrap())
    });
    assert!(verdicts);
    assert_eq!(checks.load(Ordering::Relaxed), 2);
}
