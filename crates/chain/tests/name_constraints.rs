//! Names beyond what an authority may certify (RFC 5280 section 4.2.1.10).

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

use std::net::IpAddr;

use portcullis_chain::AnchorConstraints;
use portcullis_test_pki::{Builder, Ca, Certified, Criticality, Name, der};
use question::{client, is};

fn dns(name: &str) -> Vec<u8> {
    der::context_primitive(2, name.as_bytes())
}

fn email(name: &str) -> Vec<u8> {
    der::context_primitive(1, name.as_bytes())
}

fn uri(name: &str) -> Vec<u8> {
    der::context_primitive(6, name.as_bytes())
}

fn ip(octets: &[u8]) -> Vec<u8> {
    der::context_primitive(7, octets)
}

fn directory(name: Name) -> Vec<u8> {
    der::context(4, name.der())
}

fn organization(name: &str) -> Name {
    Name::empty().organization(name)
}

/// A network of IPv4: address and mask.
fn network(text: &str, mask: [u8; 4]) -> Vec<u8> {
    match text.parse().unwrap() {
        IpAddr::V4(address) => ip(&[address.octets(), mask].concat()),
        IpAddr::V6(_) => panic!("IPv4 only"),
    }
}

/// What one authority permits and excludes.
struct Bound {
    root: Ca,
    issuing: Ca,
}

impl Bound {
    fn new(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Self {
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing");
        Self {
            issuing: issuing.name_constraints(permitted, excluded).issue(),
            root,
        }
    }

    fn client(&self) -> Builder<Certified> {
        self.issuing.client("alice")
    }

    #[track_caller]
    fn takes(&self, leaf: Builder<Certified>) {
        is(&leaf.issue())
            .with(&[&self.issuing])
            .under(&[&self.root])
            .accepted();
    }

    #[track_caller]
    fn refuses(&self, leaf: Builder<Certified>, code: &str) {
        is(&leaf.issue())
            .with(&[&self.issuing])
            .under(&[&self.root])
            .refused_for(code, 0);
    }
}

#[test]
fn a_host_lies_in_the_tree_of_its_labels() {
    let bound = Bound::new(&[dns("example.org")], &[dns("secret.example.org")]);
    for name in [
        "example.org",
        "EXAMPLE.org",
        "www.example.org",
        "a.b.example.org.",
    ] {
        bound.takes(bound.client().dns(name));
    }
    for name in ["evilexample.org", "org", "example.org.evil", "example.com"] {
        bound.refuses(bound.client().dns(name), "name_not_permitted");
    }
    for name in [
        "secret.example.org",
        "A.Secret.example.org",
        "*.secret.example.org",
    ] {
        bound.refuses(bound.client().dns(name), "name_excluded");
    }
    // One of several suffices to fall.
    let both = bound.client().dns("www.example.org").dns("example.com");
    bound.refuses(both, "name_not_permitted");
}

#[test]
fn a_wildcard_is_all_that_it_stands_for() {
    let bound = Bound::new(&[dns("example.org")], &[dns("bar.example.org")]);
    bound.takes(bound.client().dns("*.www.example.org"));
    bound.refuses(bound.client().dns("*.example.org"), "name_excluded");
    let narrow = Bound::new(&[dns("foo.example.org")], &[]);
    narrow.refuses(narrow.client().dns("*.example.org"), "name_not_permitted");
    let deep = Bound::new(&[], &[dns("a.b.example.org")]);
    deep.takes(deep.client().dns("*.example.org"));
}

#[test]
fn a_base_that_begins_with_a_dot_is_of_the_hosts_below() {
    let bound = Bound::new(&[dns(".example.org")], &[]);
    bound.takes(bound.client().dns("www.example.org"));
    bound.refuses(bound.client().dns("example.org"), "name_not_permitted");
    let all = Bound::new(&[], &[dns("")]);
    all.refuses(all.client().dns("example.org"), "name_excluded");
    all.takes(all.client().email("a@example.org"));
}

#[test]
fn what_is_no_host_lies_nowhere() {
    let bound = Bound::new(&[dns("example.org")], &[]);
    for name in [
        "",
        ".example.org",
        "a..example.org",
        "a b.example.org",
        "www.example.org\0.evil",
        "*.*.example.org",
        "w*.example.org",
    ] {
        bound.refuses(bound.client().dns(name), "name_not_comparable");
    }
    // Unconstrained, nobody asks.
    let other = Bound::new(&[email("example.org")], &[]);
    other.takes(other.client().dns("a b.example.org"));
}

#[test]
fn an_address_lies_in_its_network() {
    let bound = Bound::new(
        &[network("192.0.2.0", [255, 255, 255, 0])],
        &[network("192.0.2.128", [255, 255, 255, 128])],
    );
    bound.takes(bound.client().ip("192.0.2.1".parse().unwrap()));
    for (address, code) in [
        ("192.0.3.1", "name_not_permitted"),
        ("192.0.2.129", "name_excluded"),
        ("2001:db8::1", "name_not_permitted"),
        ("::ffff:192.0.2.129", "name_not_permitted"),
    ] {
        bound.refuses(bound.client().ip(address.parse().unwrap()), code);
    }
    let excluding = Bound::new(&[], &[network("10.0.0.0", [255, 0, 0, 0])]);
    let mapped = "::ffff:10.1.2.3".parse().unwrap();
    excluding.refuses(excluding.client().ip(mapped), "name_excluded");
    let odd = excluding.client().general_name(&ip(&[10, 1, 2]));
    excluding.refuses(odd, "name_not_comparable");
    let v6 = [
        [0x20, 0x01, 0x0d, 0xb8].as_slice(),
        &[0; 12],
        &[0xff; 4],
        &[0; 12],
    ]
    .concat();
    let v6 = Bound::new(&[ip(&v6)], &[]);
    v6.takes(v6.client().ip("2001:db8::1".parse().unwrap()));
    let outside = v6.client().ip("2001:db9::1".parse().unwrap());
    v6.refuses(outside, "name_not_permitted");
}

#[test]
fn a_mailbox_lies_in_itself_its_host_or_its_domain() {
    for (base, inside, outside) in [
        ("a@example.org", "a@EXAMPLE.org", "A@example.org"),
        ("example.org", "a@example.org", "a@www.example.org"),
        (".example.org", "a@www.example.org", "a@example.org"),
    ] {
        let bound = Bound::new(&[email(base)], &[]);
        bound.takes(bound.client().email(inside));
        bound.refuses(bound.client().email(outside), "name_not_permitted");
        for name in [
            "a@b@example.org",
            "example.org",
            "@example.org",
            "a@",
            "a b@example.org",
        ] {
            bound.refuses(bound.client().email(name), "name_not_comparable");
        }
    }
    // The host may not tell the case of the part before the @.
    let excluding = Bound::new(&[], &[email("root@example.org")]);
    excluding.refuses(
        excluding.client().email("ROOT@example.org"),
        "name_excluded",
    );
}

#[test]
fn a_mailbox_in_the_subject_or_of_another_alphabet_is_a_mailbox() {
    let bound = Bound::new(&[email("example.org")], &[]);
    let address = |tag: u8, octets: &[u8]| {
        let name = Name::common_name("alice");
        name.attribute("1.2.840.113549.1.9.1", &der::tlv(tag, octets))
    };
    bound.takes(bound.client().subject(address(0x16, b"a@example.org")));
    let outside = bound.client().subject(address(0x16, b"a@evil.example"));
    bound.refuses(outside, "name_not_permitted");
    for (tag, octets) in [
        (0x04, &b"a@evil.example"[..]),
        (0x0c, b"a@evil.example\xff"),
    ] {
        let unreadable = bound.client().subject(address(tag, octets));
        bound.refuses(unreadable, "name_not_comparable");
    }
    let international = der::context(
        0,
        &der::concat(&[
            der::oid("1.3.6.1.5.5.7.8.9"),
            der::context(0, &der::tlv(0x0c, "ä@example.org".as_bytes())),
        ]),
    );
    let international = bound.client().general_name(&international);
    bound.refuses(international, "name_not_comparable");
}

#[test]
fn a_uri_lies_where_its_host_does() {
    let bound = Bound::new(&[uri("example.org"), uri(".example.com")], &[]);
    for name in [
        "https://example.org/",
        "https://user@example.org:8443/path?query#fragment",
        "spiffe://www.example.com/billing",
    ] {
        bound.takes(bound.client().uri(name));
    }
    for name in [
        "https://www.example.org/",
        "https://example.com",
        "https://evil/@example.org",
    ] {
        bound.refuses(bound.client().uri(name), "name_not_permitted");
    }
    for name in [
        "urn:uuid:f81d4fae",
        "https://192.0.2.1/",
        "https://[2001:db8::1]/",
        "https:///path",
        "https://evil\\@example.org/",
        "https://example.org:evil/",
        "example.org",
    ] {
        bound.refuses(bound.client().uri(name), "name_not_comparable");
    }
}

#[test]
fn a_subject_lies_below_the_names_that_it_begins_with() {
    let bound = Bound::new(
        &[directory(organization("Contoso"))],
        &[directory(
            organization("Contoso").organizational_unit("Secret"),
        )],
    );
    let alice = |name: Name| bound.client().subject(name);
    bound.takes(alice(organization("CONTOSO").organizational_unit("Sales")));
    bound.takes(alice(Name::empty()).dns("alice.example"));
    bound.refuses(alice(organization("Fabrikam")), "name_not_permitted");
    bound.refuses(alice(Name::common_name("alice")), "name_not_permitted");
    let secret = organization("Contoso").organizational_unit("secret");
    bound.refuses(alice(secret), "name_excluded");
    let alternative = alice(organization("Contoso")).directory_name(organization("Fabrikam"));
    bound.refuses(alternative, "name_not_permitted");
}

#[test]
fn an_excluded_name_is_excluded_in_every_kind_of_string() {
    let bound = Bound::new(&[], &[directory(organization("Evil"))]);
    for tag in [0x0c, 0x13, 0x14, 0x16, 0x1a] {
        let name = Name::empty().attribute("2.5.4.10", &der::tlv(tag, b"EVIL"));
        bound.refuses(bound.client().subject(name), "name_excluded");
    }
}

#[test]
fn a_common_name_that_looks_like_a_host_is_one_where_nothing_else_says_which() {
    let bound = Bound::new(&[dns("example.org")], &[]);
    let named = |name: &str| bound.issuing.client(name);
    bound.takes(named("alice"));
    bound.takes(named("www.example.org"));
    bound.takes(named("www.evil.example").dns("www.example.org"));
    bound.refuses(named("www.evil.example"), "name_not_permitted");
    bound.refuses(named("www.evil.example").email("a@b"), "name_not_permitted");
}

#[test]
fn a_kind_without_a_rule_is_refused_only_where_it_is_constrained() {
    let registered = der::context_primitive(8, &[0x2a, 0x03]);
    let x400 = der::context(3, &der::tlv(0x30, &[]));
    let other = |oid: &str| {
        der::context(
            0,
            &der::concat(&[der::oid(oid), der::context(0, &der::null())]),
        )
    };
    for kind in [&registered, &x400, &other("1.2.3")] {
        for bound in [
            Bound::new(std::slice::from_ref(kind), &[]),
            Bound::new(&[], std::slice::from_ref(kind)),
        ] {
            bound.takes(bound.client().dns("www.example.org"));
            bound.refuses(bound.client().general_name(kind), "name_not_comparable");
        }
        let free = Bound::new(&[dns("example.org")], &[]);
        free.takes(free.client().general_name(kind));
    }
    let bound = Bound::new(&[], &[other("1.2.3")]);
    bound.takes(bound.client().general_name(&other("1.2.4")));
}

#[test]
fn constraints_add_up_and_nobody_below_widens_them() {
    let root = Ca::root("Root").issue();
    let outer = root
        .intermediate("Outer")
        .permitted_dns(&["example.org"])
        .issue();
    let inner = outer
        .intermediate("Inner")
        .name_constraints(&[dns("example.com"), dns("www.example.org")], &[])
        .issue();
    let answer = |name: &str| {
        let leaf = inner.client("alice").dns(name).issue();
        let question = is(&leaf).with(&[&inner, &outer]).under(&[&root]);
        question
            .answer(|_| ())
            .map_err(|refused| refused.reason().code())
    };
    assert_eq!(answer("www.example.org"), Ok(()));
    for name in ["example.org", "example.com"] {
        assert_eq!(answer(name), Err("name_not_permitted"), "{name}");
    }
}

#[test]
fn authorities_are_held_to_the_constraints_above_them_unless_they_issued_themselves() {
    let root = Ca::root("Root")
        .name_constraints(&[directory(organization("Contoso"))], &[])
        .subject(Name::common_name("Root"))
        .issue();
    let outside = root.intermediate("Issuing").issue();
    let alice = outside.client(organization("Contoso")).issue();
    is(&alice)
        .with(&[&outside])
        .under(&[&root])
        .refused_for("name_not_permitted", 1);
    let own = root.intermediate("Root").issue();
    let alice = own.client(organization("Contoso")).issue();
    is(&alice).with(&[&own]).under(&[&root]).accepted();
    // A leaf that issued itself is no exception.
    let leaf = root.client("Root").issue();
    is(&leaf)
        .under(&[&root])
        .refused_for("name_not_permitted", 0);
}

#[test]
fn an_anchor_constrains_as_far_as_the_policy_says() {
    let root = Ca::root("Root").permitted_dns(&["example.org"]).issue();
    let alice = root.client("alice").dns("example.com").issue();
    let by = |constraints| client().anchor_constraints(constraints);
    for constraints in [AnchorConstraints::Enforce, AnchorConstraints::EnforceStated] {
        is(&alice)
            .under(&[&root])
            .by(by(constraints))
            .refused_for("name_not_permitted", 0);
    }
    is(&alice)
        .under(&[&root])
        .by(by(AnchorConstraints::Ignore))
        .accepted();
}

#[test]
fn a_constraint_that_cannot_be_applied_is_refused_with_its_authority() {
    let subtree = |base: Vec<u8>, rest: &[u8]| der::sequence(&[base, rest.to_vec()]);
    let permitted = |subtree: Vec<u8>| der::sequence(&[der::context(0, &subtree)]);
    let values = [
        der::tlv(0x30, &[]),
        der::sequence(&[der::context(0, &[])]),
        permitted(subtree(
            dns("example.org"),
            &der::context_primitive(0, &[1]),
        )),
        permitted(subtree(
            dns("example.org"),
            &der::context_primitive(1, &[5]),
        )),
        permitted(subtree(dns("*.example.org"), &[])),
        permitted(subtree(dns("exa mple.org"), &[])),
        permitted(subtree(email("a@b@example.org"), &[])),
        permitted(subtree(ip(&[192, 0, 2, 0, 255, 0, 255, 0]), &[])),
        permitted(subtree(ip(&[192, 0, 2, 0]), &[])),
    ];
    for value in values {
        let root = Ca::root("Root").issue();
        let issuing = root
            .intermediate("Issuing")
            .extension("2.5.29.30", Criticality::Critical, &value)
            .issue();
        let alice = issuing.client("alice").issue();
        is(&alice)
            .with(&[&issuing])
            .under(&[&root])
            .refused_for("malformed", 1);
    }
}

#[test]
fn a_refusal_names_both_sides_and_the_authority() {
    let bound = Bound::new(&[dns("example.org")], &[]);
    let leaf = bound.client().dns("example.com").issue();
    let question = is(&leaf).with(&[&bound.issuing]).under(&[&bound.root]);
    assert_eq!(
        question.refused().to_string(),
        "certificate 0 (CN=alice): name DNS:example.com is not permitted by CN=Issuing, which permits \
         DNS:example.org"
    );
}

#[test]
fn more_comparisons_than_the_limit_are_not_made() {
    let many: Vec<_> = (0..2_000)
        .map(|number| dns(&format!("h{number}.example")))
        .collect();
    let bound = Bound::new(&[], &many);
    let leaf = (0..2_000).fold(bound.client(), |leaf, number| {
        leaf.dns(&format!("n{number}.example"))
    });
    let refused = is(&leaf.issue())
        .with(&[&bound.issuing])
        .under(&[&bound.root])
        .refused();
    assert_eq!(
        refused.reason().to_string(),
        "more than 250000 comparisons with name constraints"
    );
}
