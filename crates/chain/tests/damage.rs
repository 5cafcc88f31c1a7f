//! Damaged extensions under signatures that verify: an authority may issue anything, and nothing panics over it.

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

use portcullis_chain::{IssuanceProfile, Policy};
use portcullis_test_pki::general_name::{
    self as general, directory, dns, email, network, registered_id, uri,
};
use portcullis_test_pki::{Builder, Ca, Certified, Criticality, Key, Name, der, mutate};
use question::{ACCEPTED, client, is};

const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
const KEY_USAGE: &str = "2.5.29.15";
const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const CERTIFICATE_POLICIES: &str = "2.5.29.32";
const POLICY_MAPPINGS: &str = "2.5.29.33";
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const INHIBIT_ANY_POLICY: &str = "2.5.29.54";

const GOLD: &str = "1.2.3.1";
const SILVER: &str = "1.2.3.2";

/// An authority and a leaf that are issued again and again with one extension of one of them replaced.
struct Workshop {
    root: Ca,
    keys: [Key; 2],
    policy: Policy,
}

impl Workshop {
    fn open(policy: Policy) -> Self {
        let key = || Key::generate(portcullis_test_pki::Algorithm::Ed25519);
        Self {
            root: Ca::root("Root").issue(),
            keys: [key(), key()],
            policy,
        }
    }

    fn judge(
        &self,
        authority: impl FnOnce(Builder<Ca>) -> Builder<Ca>,
        leaf: impl FnOnce(Builder<Certified>) -> Builder<Certified>,
    ) -> (&'static str, usize) {
        let issuing = self.root.intermediate("Issuing").key(&self.keys[0]);
        let issuing = authority(issuing).issue();
        let alice = issuing.client("alice").key(&self.keys[1]);
        let alice = leaf(alice).issue();
        let question = is(&alice).with(&[&issuing]).under(&[&self.root]);
        match question.by(&self.policy).answer(|_| ()) {
            Ok(()) => (ACCEPTED, 0),
            Err(rejection) => (rejection.reason().code(), rejection.certificate()),
        }
    }

    fn with_authority(&self, oid: &str, value: &[u8]) -> (&'static str, usize) {
        self.judge(|ca| replaced(ca, oid, value), named)
    }

    fn with_leaf(&self, oid: &str, value: &[u8]) -> (&'static str, usize) {
        self.judge(constraining, |leaf| replaced(leaf, oid, value))
    }
}

fn replaced<T: From<Certified>>(builder: Builder<T>, oid: &str, value: &[u8]) -> Builder<T> {
    builder
        .without_extension(oid)
        .extension(oid, Criticality::Critical, value)
}

fn constraining(ca: Builder<Ca>) -> Builder<Ca> {
    ca.permitted(&dns("contoso.com"))
        .excluded(&email("fabrikam.com"))
        .excluded(&uri(".fabrikam.com"))
        .excluded(&network("10.0.0.0".parse().unwrap(), 8))
}

fn named(leaf: Builder<Certified>) -> Builder<Certified> {
    leaf.dns("www.contoso.com")
        .email("alice@contoso.com")
        .uri("spiffe://contoso.com/alice")
        .ip("192.0.2.1".parse().unwrap())
        .directory_name(Name::common_name("alice"))
        .policies(Criticality::NonCritical, &[GOLD, SILVER])
}

/// Extensions of an authority, each as it may be.
fn of_authorities() -> Vec<(&'static str, Vec<u8>)> {
    let subtree = |base: Vec<u8>| der::sequence(&[base]);
    let permitted = [
        subtree(dns("contoso.com")),
        subtree(email("contoso.com")),
        subtree(uri("contoso.com")),
        subtree(network("192.0.2.0".parse().unwrap(), 24)),
        subtree(directory("alice")),
    ];
    let excluded = [
        subtree(registered_id("1.2.3")),
        subtree(general::other("1.2.3", &der::null())),
    ];
    let names = [
        der::context(0, &der::concat(&permitted)),
        der::context(1, &der::concat(&excluded)),
    ];
    let policies = [GOLD, SILVER].map(|policy| der::sequence(&[der::oid(policy)]));
    let mapping = der::sequence(&[der::oid(GOLD), der::oid(SILVER)]);
    let skips = [
        der::context_primitive(0, &[2]),
        der::context_primitive(1, &[3]),
    ];
    vec![
        (NAME_CONSTRAINTS, der::sequence(&names)),
        (CERTIFICATE_POLICIES, der::sequence(&policies)),
        (POLICY_MAPPINGS, der::sequence(&[mapping])),
        (POLICY_CONSTRAINTS, der::sequence(&skips)),
        (INHIBIT_ANY_POLICY, der::number(1)),
        (
            BASIC_CONSTRAINTS,
            der::sequence(&[der::boolean(true), der::number(3)]),
        ),
        (KEY_USAGE, der::named_bits(&[0, 5, 8])),
    ]
}

/// Extensions of a leaf, each as it may be.
fn of_leaves() -> Vec<(&'static str, Vec<u8>)> {
    let names = [
        dns("www.contoso.com"),
        email("alice@contoso.com"),
        uri("spiffe://contoso.com/alice"),
        general::ip("192.0.2.1".parse().unwrap()),
        directory("alice"),
        registered_id("1.2.3"),
        general::other("1.2.3", &der::null()),
    ];
    let purposes = [der::oid("1.3.6.1.5.5.7.3.2"), der::oid("1.2.3")];
    let identifier = der::context_primitive(0, &[7; 8]);
    vec![
        (SUBJECT_ALTERNATIVE_NAME, der::sequence(&names)),
        (EXTENDED_KEY_USAGE, der::sequence(&purposes)),
        (KEY_USAGE, der::named_bits(&[0])),
        (SUBJECT_KEY_IDENTIFIER, der::octet_string(&[7; 8])),
        (AUTHORITY_KEY_IDENTIFIER, der::sequence(&[identifier])),
    ]
}

#[test]
fn the_extensions_are_accepted_as_they_are() {
    let workshop = Workshop::open(client());
    for (oid, value) in of_authorities() {
        assert_eq!(workshop.with_authority(oid, &value), (ACCEPTED, 0), "{oid}");
    }
    for (oid, value) in of_leaves() {
        assert_eq!(workshop.with_leaf(oid, &value), (ACCEPTED, 0), "{oid}");
    }
}

#[test]
fn an_extension_that_is_cut_off_or_goes_on_is_malformed() {
    let workshop = Workshop::open(client());
    let damaged = |value: &[u8]| {
        let cut: Vec<Vec<u8>> = mutate::every_prefix(value).map(<[u8]>::to_vec).collect();
        [cut, vec![mutate::with_trailing_byte(value)]].concat()
    };
    for (oid, value) in of_authorities() {
        for value in damaged(&value) {
            let found = workshop.with_authority(oid, &value);
            assert_eq!(found, ("malformed", 1), "{oid} {value:02x?}");
        }
    }
    for (oid, value) in of_leaves() {
        for value in damaged(&value) {
            let found = workshop.with_leaf(oid, &value);
            assert_eq!(found, ("malformed", 0), "{oid} {value:02x?}");
        }
    }
}

/// What it means then is anybody's guess; that there is an answer is not.
#[test]
fn an_extension_with_any_bit_flipped_has_a_verdict() {
    let strict = client()
        .issuance_profile(IssuanceProfile::Enforce)
        .require_explicit_policy()
        .name("SPIFFE:contoso.com".parse().unwrap())
        .subject("CN=alice".parse().unwrap());
    for workshop in [Workshop::open(client()), Workshop::open(strict)] {
        for (oid, value) in of_authorities() {
            for flipped in mutate::every_flipped_bit(&value) {
                workshop.with_authority(oid, &flipped);
            }
        }
        for (oid, value) in of_leaves() {
            for flipped in mutate::every_flipped_bit(&value) {
                workshop.with_leaf(oid, &flipped);
            }
        }
    }
}
