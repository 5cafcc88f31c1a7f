//! The policy graph against the tree of RFC 5280, built as the RFC says and kept as it says, over paths drawn at
//! random: RFC 9618 section 3 promises that both come to the same.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/question.rs"]
mod question;
#[path = "support/tree.rs"]
mod tree;

use std::collections::BTreeSet;

use portcullis_chain::{Policy, VerifiedChain};
use portcullis_test_pki::{Builder, Ca, Certified, Criticality, Key, der};
use portcullis_x509::Oid;
use question::{client, is};
use tree::{ANY, Inputs, Issued};

/// A sequence of numbers that looks random and is the same every time (Knuth's MMIX).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn skip(&mut self, many: u64) -> Option<u8> {
        self.one_in(many).then(|| self.below(4) as u8)
    }

    fn policy(&mut self) -> &'static str {
        POLICIES[self.below(3) as usize]
    }

    fn policies(&mut self) -> BTreeSet<&'static str> {
        let count = 1 + self.below(3);
        let mut drawn: BTreeSet<_> = (0..count).map(|_| self.policy()).collect();
        if self.one_in(4) {
            drawn.insert(ANY);
        }
        if self.one_in(8) {
            drawn = BTreeSet::from([ANY]);
        }
        drawn
    }

    fn mappings(&mut self) -> Vec<(&'static str, &'static str)> {
        let count = if self.one_in(2) { 0 } else { self.below(4) };
        (0..count).map(|_| (self.policy(), self.policy())).collect()
    }

    fn certificate(&mut self) -> Issued {
        Issued {
            policies: (!self.one_in(12)).then(|| self.policies()),
            mappings: self.mappings(),
            explicit: self.skip(5),
            inhibit_mapping: self.skip(6),
            inhibit_any: self.skip(6),
            is_self_issued: self.one_in(4),
        }
    }

    fn inputs(&mut self) -> Inputs {
        Inputs {
            accepted: self.one_in(2).then(|| self.policies()),
            explicit: self.one_in(2),
            inhibit_mapping: self.one_in(8),
            inhibit_any: self.one_in(8),
        }
    }
}

const POLICIES: [&str; 3] = ["1.2.3.1", "1.2.3.2", "1.2.3.3"];

fn say<T: From<Certified>>(mut builder: Builder<T>, issued: &Issued) -> Builder<T> {
    if let Some(policies) = &issued.policies {
        let policies: Vec<_> = policies.iter().copied().collect();
        builder = builder.policies(Criticality::NonCritical, &policies);
    }
    if !issued.mappings.is_empty() {
        builder = builder.policy_mappings(&issued.mappings);
    }
    if issued.explicit.or(issued.inhibit_mapping).is_some() {
        builder = builder.policy_constraints(issued.explicit, issued.inhibit_mapping);
    }
    match issued.inhibit_any {
        Some(skip) => builder.inhibit_any_policy(skip),
        None => builder,
    }
}

/// The authorities of a path and its leaf, each with a key of its own.
fn issue(root: &Ca, keys: &[Key], path: &[Issued]) -> (Vec<Ca>, Certified) {
    let mut authorities: Vec<Ca> = Vec::new();
    for (level, issued) in path[..path.len() - 1].iter().enumerate() {
        let issuer = authorities.last().unwrap_or(root);
        let builder = if issued.is_self_issued {
            issuer.intermediate(issuer.subject().clone())
        } else {
            issuer.intermediate(format!("Level {level}").as_str())
        };
        authorities.push(say(builder.key(&keys[level]), issued).issue());
    }
    let issuer = authorities.last().unwrap_or(root);
    let leaf = issuer.client("alice").key(&keys[path.len() - 1]);
    let leaf = say(leaf, &path[path.len() - 1]).issue();
    (authorities, leaf)
}

fn policy(inputs: &Inputs) -> Policy {
    let mut policy = client();
    for accepted in inputs.accepted.iter().flatten() {
        let oid = der::oid(accepted);
        policy = policy.certificate_policy(Oid::from_content(&oid[2..]).unwrap());
    }
    for (set, say) in [
        (
            inputs.explicit,
            Policy::require_explicit_policy as fn(_) -> _,
        ),
        (inputs.inhibit_mapping, Policy::inhibit_policy_mapping),
        (inputs.inhibit_any, Policy::inhibit_any_policy),
    ] {
        if set {
            policy = say(policy);
        }
    }
    policy
}

#[test]
fn the_graph_comes_to_what_the_tree_comes_to() {
    let root = Ca::root("Root").issue();
    let keys: Vec<_> = (0..5)
        .map(|_| Key::generate(portcullis_test_pki::Algorithm::Ed25519))
        .collect();
    let mut draw = Draw(5_280);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..3_000 {
        let length = 1 + draw.below(5) as usize;
        let mut path: Vec<_> = (0..length).map(|_| draw.certificate()).collect();
        path[length - 1].is_self_issued = false;
        let inputs = draw.inputs();
        let (authorities, leaf) = issue(&root, &keys, &path);
        let offered: Vec<&Certified> = authorities.iter().map(|ca| &**ca).collect();
        let read = |chain: &VerifiedChain<'_>| -> BTreeSet<String> {
            chain.policies().map(|oid| oid.to_string()).collect()
        };
        let found = is(&leaf)
            .with(&offered)
            .under(&[&root])
            .by(policy(&inputs))
            .answer(read)
            .map_err(|rejection| rejection.reason().code());
        let expected = tree::valid_policies(&path, &inputs);
        match &expected {
            Some(_) => accepted += 1,
            None => refused += 1,
        }
        let expected = expected
            .map(|policies| policies.iter().map(|policy| (*policy).to_owned()).collect())
            .ok_or("no_valid_policy");
        assert_eq!(found, expected, "round {round}: {path:#?} {inputs:#?}");
    }
    assert!(accepted > 500 && refused > 500, "{accepted} {refused}");
}
