//! Certificate policies (RFC 5280 sections 6.1.2 to 6.1.5), as RFC 9618 updates them.

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

use portcullis_chain::{AnchorConstraints, Policy};
use portcullis_test_pki::{Builder, Ca, Certified, Criticality, der};
use portcullis_x509::Oid;
use question::{Question, client, is};

const NO_VALID_POLICY: &str = "no_valid_policy";

const ANY: &str = "2.5.29.32.0";
const GOLD: &str = "1.2.3.1";
const SILVER: &str = "1.2.3.2";
const BRONZE: &str = "1.2.3.3";
const IRON: &str = "1.2.3.4";

const CERTIFICATE_POLICIES: &str = "2.5.29.32";
const POLICY_MAPPINGS: &str = "2.5.29.33";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const INHIBIT_ANY_POLICY: &str = "2.5.29.54";

/// A leaf and the authorities above it.
struct Path {
    root: Ca,
    /// Outermost first.
    authorities: Vec<Ca>,
    leaf: Certified,
}

/// Departures of an authority from one that says nothing of policies.
type Said = fn(Builder<Ca>) -> Builder<Ca>;

/// Authorities by name and what they say, outermost first: one with the name of the one above is self-issued.
fn authorities(root: &Ca, said: &[(&str, Said)]) -> Vec<Ca> {
    let mut issued: Vec<Ca> = Vec::new();
    for (name, say) in said {
        let issuer = issued.last().unwrap_or(root);
        issued.push(say(issuer.intermediate(*name)).issue());
    }
    issued
}

fn path_from(root: Ca, said: &[(&str, Said)], leaf: &[&str]) -> Path {
    let authorities = authorities(&root, said);
    let issuer = authorities.last().unwrap_or(&root);
    let leaf = listing(issuer.client("alice"), leaf).issue();
    Path {
        root,
        authorities,
        leaf,
    }
}

/// A path of these authorities to a leaf that lists these policies.
fn path(said: &[(&str, Said)], leaf: &[&str]) -> Path {
    path_from(Ca::root("Root").issue(), said, leaf)
}

fn listing<T: From<Certified>>(builder: Builder<T>, policies: &[&str]) -> Builder<T> {
    if policies.is_empty() {
        builder
    } else {
        builder.policies(Criticality::Critical, policies)
    }
}

impl Path {
    fn leaf(mut self, leaf: Builder<Certified>) -> Self {
        self.leaf = leaf.issue();
        self
    }

    fn issuer(&self) -> &Ca {
        self.authorities.last().unwrap_or(&self.root)
    }

    fn by(&self, policy: &Policy) -> Question<'_> {
        let offered: Vec<&Certified> = self.authorities.iter().map(|ca| &**ca).collect();
        is(&self.leaf)
            .with(&offered)
            .under(&[&self.root])
            .by(policy)
    }

    /// The policies for which the path is valid where one is required, or why it is not.
    fn required(&self) -> Result<Vec<String>, &'static str> {
        self.judged(&client().require_explicit_policy())
    }

    fn judged(&self, policy: &Policy) -> Result<Vec<String>, &'static str> {
        let question = self.by(policy);
        let read = |chain: &portcullis_chain::VerifiedChain<'_>| {
            chain.policies().map(|oid| oid.to_string()).collect()
        };
        let found = question.answer(read);
        found.map_err(|rejection| rejection.reason().code())
    }
}

/// A required policy, of which only these will do.
fn wanting(policies: &[&str]) -> Policy {
    let required = client().require_explicit_policy();
    policies.iter().fold(required, accepting)
}

fn accepting(policy: Policy, oid: &&str) -> Policy {
    let oid = der::oid(oid);
    policy.certificate_policy(Oid::from_content(&oid[2..]).unwrap())
}

fn valid(policies: &[&str]) -> Result<Vec<String>, &'static str> {
    Ok(policies.iter().map(|policy| (*policy).to_owned()).collect())
}

const REFUSED: Result<Vec<String>, &str> = Err(NO_VALID_POLICY);

#[test]
fn policies_that_nobody_requires_refuse_nothing() {
    let (silent, gold): (Said, Said) = (|ca| ca, |ca| listing(ca, &[GOLD]));
    for (issuing, leaf, expected) in [
        (silent, &[][..], &[][..]),
        (silent, &[GOLD], &[]),
        (gold, &[], &[]),
        (gold, &[SILVER], &[]),
        (gold, &[GOLD], &[GOLD]),
    ] {
        let found = path(&[("Issuing", issuing)], leaf).judged(&client());
        assert_eq!(found, valid(expected), "{leaf:?}");
    }
}

#[test]
fn a_required_policy_is_on_every_certificate_of_the_path() {
    let required = client().require_explicit_policy();
    let (silent, gold): (Said, Said) = (|ca| ca, |ca| listing(ca, &[GOLD]));
    let silver: Said = |ca| listing(ca, &[SILVER]);
    for (outer, inner, leaf, fault) in [
        (silent, gold, &[GOLD][..], Some(2)),
        (gold, silent, &[GOLD], Some(1)),
        (gold, silver, &[GOLD], Some(1)),
        (gold, gold, &[], Some(0)),
        (gold, gold, &[SILVER], Some(0)),
        (gold, gold, &[GOLD], None),
    ] {
        let path = path(&[("Outer", outer), ("Inner", inner)], leaf);
        match fault {
            Some(certificate) => path.by(&required).refused_for(NO_VALID_POLICY, certificate),
            None => assert_eq!(path.required(), valid(&[GOLD])),
        }
    }
}

#[test]
fn the_policies_that_all_certificates_list_are_valid() {
    let issuing: Said = |ca| listing(ca, &[GOLD, SILVER]);
    let found = path(&[("Issuing", issuing)], &[SILVER, BRONZE]).required();
    assert_eq!(found, valid(&[SILVER]));
    let found = path(&[("Issuing", issuing)], &[SILVER, GOLD]).required();
    assert_eq!(found, valid(&[GOLD, SILVER]));
}

#[test]
fn only_policies_that_the_caller_accepts_are_valid() {
    let path = path(
        &[("Issuing", |ca| listing(ca, &[GOLD, SILVER]))],
        &[GOLD, SILVER],
    );
    for (accepted, expected) in [
        (&[GOLD][..], valid(&[GOLD])),
        (&[SILVER, BRONZE], valid(&[SILVER])),
        (&[BRONZE], REFUSED),
        (&[BRONZE, ANY], valid(&[GOLD, SILVER])),
        (&[ANY], valid(&[GOLD, SILVER])),
    ] {
        assert_eq!(path.judged(&wanting(accepted)), expected, "{accepted:?}");
    }
    path.by(&wanting(&[BRONZE])).refused_for(NO_VALID_POLICY, 0);
}

#[test]
fn policies_that_the_caller_accepts_are_not_thereby_required() {
    let only_bronze = accepting(client(), &BRONZE);
    let path = path(&[("Issuing", |ca| listing(ca, &[GOLD]))], &[GOLD]);
    assert_eq!(path.judged(&only_bronze), valid(&[]));
}

#[test]
fn any_policy_stands_for_every_policy() {
    let gold: Said = |ca| listing(ca, &[GOLD]);
    let any: Said = |ca| listing(ca, &[ANY]);
    let both: Said = |ca| listing(ca, &[GOLD, ANY]);
    for (issuing, leaf, alone, wanting_gold, wanting_silver) in [
        (any, &[GOLD][..], valid(&[GOLD]), valid(&[GOLD]), REFUSED),
        (gold, &[ANY], valid(&[GOLD]), valid(&[GOLD]), REFUSED),
        (any, &[ANY], valid(&[ANY]), valid(&[GOLD]), valid(&[SILVER])),
        (
            both,
            &[ANY],
            valid(&[GOLD, ANY]),
            valid(&[GOLD]),
            valid(&[SILVER]),
        ),
        (both, &[SILVER], valid(&[SILVER]), REFUSED, valid(&[SILVER])),
        (both, &[GOLD], valid(&[GOLD]), valid(&[GOLD]), REFUSED),
    ] {
        let path = path(&[("Issuing", issuing)], leaf);
        assert_eq!(path.required(), alone, "{leaf:?}");
        assert_eq!(path.judged(&wanting(&[GOLD])), wanting_gold, "{leaf:?}");
        assert_eq!(path.judged(&wanting(&[SILVER])), wanting_silver, "{leaf:?}");
    }
}

/// Sections 6.1.4 (h) and (i), 6.1.5 (a): the leaf counts too.
#[test]
fn an_authority_requires_a_policy_after_as_many_certificates_as_it_says() {
    let silent: Said = |ca| ca;
    let after: [Said; 4] = [
        |ca| ca.policy_constraints(Some(0), None),
        |ca| ca.policy_constraints(Some(1), None),
        |ca| ca.policy_constraints(Some(2), None),
        |ca| ca.policy_constraints(Some(3), None),
    ];
    let outer = |skip: usize| ("Outer", after[skip]);
    let inner = ("Inner", silent);
    let renewed = ("Outer", silent);
    for (said, fault) in [
        (&[outer(0)][..], Some(0)),
        (&[outer(1)], Some(0)),
        (&[outer(2)], None),
        (&[outer(0), inner], Some(1)),
        (&[outer(1), inner], Some(0)),
        (&[outer(2), inner], Some(0)),
        (&[outer(3), inner], None),
        (&[outer(1), renewed], Some(0)),
        (&[outer(2), renewed], None),
        (&[outer(2), renewed, inner], Some(0)),
        (&[outer(3), renewed, inner], None),
    ] {
        let path = path(said, &[]);
        match fault {
            Some(certificate) => path.by(&client()).refused_for(NO_VALID_POLICY, certificate),
            None => assert_eq!(path.judged(&client()), valid(&[]), "{}", said.len()),
        }
    }
}

#[test]
fn a_policy_that_an_authority_requires_may_be_any_that_is_valid() {
    let issuing: Said = |ca| listing(ca, &[GOLD]).policy_constraints(Some(0), None);
    for (leaf, expected) in [
        (&[GOLD][..], valid(&[GOLD])),
        (&[ANY], valid(&[GOLD])),
        (&[SILVER], REFUSED),
        (&[], REFUSED),
    ] {
        let found = path(&[("Issuing", issuing)], leaf).judged(&client());
        assert_eq!(found, expected, "{leaf:?}");
    }
    let only_silver = accepting(client(), &SILVER);
    let found = path(&[("Issuing", issuing)], &[GOLD]).judged(&only_silver);
    assert_eq!(found, REFUSED);
}

#[test]
fn an_authority_cannot_put_off_what_one_above_requires() {
    let said: [(&str, Said); 2] = [
        ("Outer", |ca| ca.policy_constraints(Some(1), None)),
        ("Inner", |ca| ca.policy_constraints(Some(9), None)),
    ];
    path(&said, &[])
        .by(&client())
        .refused_for(NO_VALID_POLICY, 0);
    let said: [(&str, Said); 2] = [
        ("Outer", |ca| ca.policy_constraints(Some(9), None)),
        ("Inner", |ca| ca.policy_constraints(Some(0), None)),
    ];
    path(&said, &[])
        .by(&client())
        .refused_for(NO_VALID_POLICY, 0);
}

/// Section 6.1.5 (b).
#[test]
fn a_leaf_may_require_a_policy_of_itself() {
    let path = path(&[("Issuing", |ca| listing(ca, &[GOLD]))], &[]);
    let leaf = path.issuer().client("alice");
    let path = path.leaf(leaf.policy_constraints(Some(0), None));
    path.by(&client()).refused_for(NO_VALID_POLICY, 0);
    let leaf = path.issuer().client("alice");
    let path = path.leaf(leaf.policy_constraints(Some(1), None));
    assert_eq!(path.judged(&client()), valid(&[]));
}

/// Section 6.1.5 (a), unlike 6.1.4 (h), has no exception.
#[test]
fn a_self_issued_leaf_counts() {
    let path = path(&[("Outer", |ca| ca.policy_constraints(Some(1), None))], &[]);
    let leaf = path.issuer().client("Outer");
    path.leaf(leaf)
        .by(&client())
        .refused_for(NO_VALID_POLICY, 0);
}

#[test]
fn any_policy_stands_for_nothing_where_the_caller_inhibits_it() {
    let strict = client().require_explicit_policy().inhibit_any_policy();
    let gold: Said = |ca| listing(ca, &[GOLD]);
    let any: Said = |ca| listing(ca, &[ANY]);
    assert_eq!(
        path(&[("Issuing", gold)], &[GOLD]).judged(&strict),
        valid(&[GOLD])
    );
    path(&[("Issuing", gold)], &[ANY])
        .by(&strict)
        .refused_for(NO_VALID_POLICY, 0);
    path(&[("Issuing", any)], &[GOLD])
        .by(&strict)
        .refused_for(NO_VALID_POLICY, 1);
}

#[test]
fn any_policy_stands_for_nothing_after_as_many_certificates_as_an_authority_says() {
    let gold_0: Said = |ca| listing(ca, &[GOLD]).inhibit_any_policy(0);
    let gold_1: Said = |ca| listing(ca, &[GOLD]).inhibit_any_policy(1);
    let gold_2: Said = |ca| listing(ca, &[GOLD]).inhibit_any_policy(2);
    let any: Said = |ca| listing(ca, &[ANY]);
    let any_9: Said = |ca| listing(ca, &[ANY]).inhibit_any_policy(9);
    for (said, leaf, expected) in [
        (&[("Outer", gold_0)][..], ANY, REFUSED),
        (&[("Outer", gold_0)], GOLD, valid(&[GOLD])),
        (&[("Outer", gold_1)], ANY, valid(&[GOLD])),
        (&[("Outer", gold_0), ("Inner", any)], GOLD, REFUSED),
        (&[("Outer", gold_1), ("Inner", any)], GOLD, valid(&[GOLD])),
        (&[("Outer", gold_1), ("Inner", any)], ANY, REFUSED),
        (&[("Outer", gold_1), ("Inner", any_9)], ANY, REFUSED),
        (&[("Outer", gold_2), ("Inner", any)], ANY, valid(&[GOLD])),
    ] {
        let found = path(said, &[leaf]).required();
        assert_eq!(found, expected, "{} {leaf}", said.len());
    }
}

/// Sections 6.1.3 (d)(2) and 6.1.4 (h).
#[test]
fn any_policy_of_a_self_issued_intermediate_is_not_inhibited_and_that_of_a_leaf_is() {
    let gold_0: Said = |ca| listing(ca, &[GOLD]).inhibit_any_policy(0);
    let gold_1: Said = |ca| listing(ca, &[GOLD]).inhibit_any_policy(1);
    let any: Said = |ca| listing(ca, &[ANY]);
    let renewed = path(&[("Outer", gold_0), ("Outer", any)], &[GOLD]);
    assert_eq!(renewed.required(), valid(&[GOLD]));
    let strict = client().require_explicit_policy().inhibit_any_policy();
    assert_eq!(renewed.judged(&strict), valid(&[GOLD]));
    let uncounted = path(&[("Outer", gold_1), ("Outer", any)], &[ANY]);
    assert_eq!(uncounted.required(), valid(&[GOLD]));
    let path = path(&[("Outer", gold_0)], &[]);
    let leaf = listing(path.issuer().client("Outer"), &[ANY]);
    assert_eq!(path.leaf(leaf).required(), REFUSED);
}

/// An issuer of gold certificates whose subjects call them silver.
fn gold_is_silver(ca: Builder<Ca>) -> Builder<Ca> {
    listing(ca, &[GOLD]).policy_mappings(&[(GOLD, SILVER)])
}

#[test]
fn a_mapped_policy_is_known_by_the_anchor_s_name_for_it() {
    let path = path(&[("Issuing", gold_is_silver)], &[SILVER]);
    assert_eq!(path.required(), valid(&[GOLD]));
    assert_eq!(path.judged(&wanting(&[GOLD])), valid(&[GOLD]));
    assert_eq!(path.judged(&wanting(&[SILVER])), REFUSED);
}

#[test]
fn a_policy_that_was_mapped_away_is_not_valid_under_its_old_name() {
    assert_eq!(
        path(&[("Issuing", gold_is_silver)], &[GOLD]).required(),
        REFUSED
    );
}

#[test]
fn a_policy_that_the_authority_does_not_have_is_not_mapped() {
    let issuing: Said = |ca| listing(ca, &[GOLD]).policy_mappings(&[(BRONZE, SILVER)]);
    assert_eq!(path(&[("Issuing", issuing)], &[SILVER]).required(), REFUSED);
    assert_eq!(
        path(&[("Issuing", issuing)], &[GOLD]).required(),
        valid(&[GOLD])
    );
}

#[test]
fn mappings_follow_one_another() {
    let inner: Said = |ca| listing(ca, &[SILVER]).policy_mappings(&[(SILVER, BRONZE)]);
    let said: [(&str, Said); 2] = [("Outer", gold_is_silver), ("Inner", inner)];
    assert_eq!(path(&said, &[BRONZE]).required(), valid(&[GOLD]));
    assert_eq!(path(&said, &[SILVER]).required(), REFUSED);
}

#[test]
fn a_policy_may_be_mapped_to_several_and_several_to_one() {
    let spread: Said = |ca| listing(ca, &[GOLD]).policy_mappings(&[(GOLD, SILVER), (GOLD, BRONZE)]);
    for leaf in [SILVER, BRONZE] {
        assert_eq!(
            path(&[("Issuing", spread)], &[leaf]).required(),
            valid(&[GOLD])
        );
    }
    let joined: Said =
        |ca| listing(ca, &[GOLD, SILVER]).policy_mappings(&[(GOLD, IRON), (SILVER, IRON)]);
    let path = path(&[("Issuing", joined)], &[IRON]);
    assert_eq!(path.required(), valid(&[GOLD, SILVER]));
    assert_eq!(path.judged(&wanting(&[SILVER])), valid(&[SILVER]));
}

/// Section 6.1.4 (b)(1), the second paragraph.
#[test]
fn who_has_any_policy_maps_any() {
    let issuing: Said = |ca| listing(ca, &[ANY]).policy_mappings(&[(GOLD, SILVER)]);
    for (leaf, expected) in [
        (SILVER, &[GOLD][..]),
        (GOLD, &[GOLD]),
        (BRONZE, &[BRONZE]),
        (ANY, &[GOLD, ANY]),
    ] {
        let found = path(&[("Issuing", issuing)], &[leaf]).required();
        assert_eq!(found, valid(expected), "{leaf}");
    }
}

#[test]
fn any_policy_of_a_leaf_stands_for_what_was_mapped() {
    let found = path(&[("Issuing", gold_is_silver)], &[ANY]).required();
    assert_eq!(found, valid(&[GOLD]));
}

/// Section 6.1.4 (b)(2): what would be mapped is deleted.
#[test]
fn policies_are_not_mapped_where_the_caller_inhibits_it() {
    let strict = client().require_explicit_policy().inhibit_policy_mapping();
    let issuing: Said = |ca| listing(ca, &[GOLD, IRON]).policy_mappings(&[(GOLD, SILVER)]);
    for (leaf, expected) in [
        (SILVER, REFUSED),
        (GOLD, REFUSED),
        (IRON, valid(&[IRON])),
        (ANY, valid(&[IRON])),
    ] {
        let found = path(&[("Issuing", issuing)], &[leaf]).judged(&strict);
        assert_eq!(found, expected, "{leaf}");
    }
}

#[test]
fn policies_are_not_mapped_after_as_many_certificates_as_an_authority_says() {
    let gold: [Said; 3] = [
        |ca| listing(ca, &[GOLD]).policy_constraints(None, Some(0)),
        |ca| listing(ca, &[GOLD]).policy_constraints(None, Some(1)),
        |ca| listing(ca, &[GOLD]).policy_constraints(None, Some(2)),
    ];
    let plain: Said = |ca| listing(ca, &[GOLD]);
    for (said, expected) in [
        (
            &[("Outer", gold[0]), ("Inner", gold_is_silver)][..],
            REFUSED,
        ),
        (
            &[("Outer", gold[1]), ("Inner", gold_is_silver)],
            valid(&[GOLD]),
        ),
        (
            &[
                ("Outer", gold[1]),
                ("Middle", plain),
                ("Inner", gold_is_silver),
            ],
            REFUSED,
        ),
        (
            &[
                ("Outer", gold[2]),
                ("Middle", plain),
                ("Inner", gold_is_silver),
            ],
            valid(&[GOLD]),
        ),
        (
            &[
                ("Outer", gold[1]),
                ("Outer", plain),
                ("Inner", gold_is_silver),
            ],
            valid(&[GOLD]),
        ),
    ] {
        let found = path(said, &[SILVER]).required();
        assert_eq!(found, expected, "{}", said.len());
    }
}

#[test]
fn an_authority_that_inhibits_mapping_may_map_itself() {
    let issuing: Said = |ca| gold_is_silver(ca).policy_constraints(None, Some(0));
    assert_eq!(
        path(&[("Issuing", issuing)], &[SILVER]).required(),
        valid(&[GOLD])
    );
}

#[test]
fn any_policy_is_mapped_neither_from_nor_to() {
    let from: Said = |ca| listing(ca, &[GOLD]).policy_mappings(&[(ANY, SILVER)]);
    let to: Said = |ca| listing(ca, &[GOLD]).policy_mappings(&[(GOLD, SILVER), (GOLD, ANY)]);
    for said in [from, to] {
        path(&[("Issuing", said)], &[GOLD])
            .by(&client())
            .refused_for("any_policy_mapped", 1);
    }
}

/// Section 4.2.1.4.
#[test]
fn a_policy_that_is_listed_twice_is_refused() {
    let twice: Said = |ca| listing(ca, &[GOLD, SILVER, GOLD]);
    path(&[("Issuing", twice)], &[])
        .by(&client())
        .refused_for("malformed", 1);
    path(&[], &[GOLD, GOLD])
        .by(&client())
        .refused_for("malformed", 0);
}

/// One policy with one qualifier of this kind.
fn qualified(kind: &str) -> Vec<u8> {
    let qualifier = der::sequence(&[der::oid(kind), der::utf8_string("text")]);
    let policy = der::sequence(&[der::oid(GOLD), der::sequence(&[qualifier])]);
    der::sequence(&[policy])
}

#[test]
fn a_qualifier_that_nobody_knows_is_refused_where_policies_are_critical() {
    const CPS: &str = "1.3.6.1.5.5.7.2.1";
    const USER_NOTICE: &str = "1.3.6.1.5.5.7.2.2";
    let root = Ca::root("Root").issue();
    let code = |kind, criticality| {
        let leaf = root.client("alice");
        let leaf = leaf.extension(CERTIFICATE_POLICIES, criticality, &qualified(kind));
        is(&leaf.issue()).under(&[&root]).code()
    };
    for known in [CPS, USER_NOTICE] {
        assert_eq!(code(known, Criticality::Critical), question::ACCEPTED);
    }
    assert_eq!(code("1.2.3", Criticality::NonCritical), question::ACCEPTED);
    let refused = code("1.2.3", Criticality::Critical);
    assert_eq!(refused, "unknown_critical_extension");
}

#[test]
fn extensions_of_policies_that_cannot_be_read_are_refused() {
    let empty = der::sequence::<&[u8]>(&[]);
    let negative = der::context_primitive(0, &[0xff]);
    let padded = der::context_primitive(0, &[0, 1]);
    let values = [
        (CERTIFICATE_POLICIES, empty.clone()),
        (CERTIFICATE_POLICIES, der::sequence(&[der::oid(GOLD)])),
        (
            CERTIFICATE_POLICIES,
            der::sequence(&[der::sequence(&[der::oid(GOLD), empty.clone()])]),
        ),
        (POLICY_MAPPINGS, empty.clone()),
        (
            POLICY_MAPPINGS,
            der::sequence(&[der::sequence(&[der::oid(GOLD)])]),
        ),
        (POLICY_CONSTRAINTS, empty.clone()),
        (POLICY_CONSTRAINTS, der::sequence(&[negative])),
        (POLICY_CONSTRAINTS, der::sequence(&[padded])),
        (INHIBIT_ANY_POLICY, der::integer(&[0xff])),
        (INHIBIT_ANY_POLICY, empty),
    ];
    for (oid, value) in values {
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing");
        let issuing = issuing
            .extension(oid, Criticality::NonCritical, &value)
            .issue();
        is(&issuing.client("alice").issue())
            .with(&[&issuing])
            .under(&[&root])
            .refused_for("malformed", 1);
    }
}

#[test]
fn numbers_of_certificates_may_be_larger_than_any_path() {
    let huge = der::sequence(&[der::context_primitive(0, &[0x7f; 20])]);
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing");
    let issuing = issuing.extension(POLICY_CONSTRAINTS, Criticality::Critical, &huge);
    let issuing = issuing
        .extension(
            INHIBIT_ANY_POLICY,
            Criticality::Critical,
            &der::integer(&[0x7f; 20]),
        )
        .issue();
    is(&issuing.client("alice").issue())
        .with(&[&issuing])
        .under(&[&root])
        .accepted();
}

/// RFC 5937 section 3.2, for each way to take anchors: held to what they say, or a name and a key.
fn by_anchors(
    root: fn(Builder<Ca>) -> Builder<Ca>,
    said: &[(&str, Said)],
    leaf: &[&str],
) -> [Result<Vec<String>, &'static str>; 3] {
    let path = path_from(root(Ca::root("Root")).issue(), said, leaf);
    [
        AnchorConstraints::Enforce,
        AnchorConstraints::EnforceStated,
        AnchorConstraints::Ignore,
    ]
    .map(|constraints| {
        path.judged(
            &client()
                .require_explicit_policy()
                .anchor_constraints(constraints),
        )
    })
}

#[test]
fn the_policies_of_an_anchor_are_the_only_ones_below_it() {
    let root: Said = |ca| listing(ca, &[GOLD, SILVER]);
    let issuing: (&str, Said) = ("Issuing", |ca| listing(ca, &[GOLD, BRONZE]));
    assert_eq!(
        by_anchors(root, &[issuing], &[GOLD, BRONZE]),
        [valid(&[GOLD]), valid(&[GOLD]), valid(&[GOLD, BRONZE])]
    );
    assert_eq!(
        by_anchors(root, &[], &[BRONZE]),
        [REFUSED, REFUSED, valid(&[BRONZE])]
    );
    assert_eq!(
        by_anchors(root, &[], &[ANY]),
        [
            valid(&[GOLD, SILVER]),
            valid(&[GOLD, SILVER]),
            valid(&[ANY])
        ]
    );
}

#[test]
fn an_anchor_that_says_nothing_of_policies_restricts_none() {
    let root: Said = |ca| ca;
    assert_eq!(
        by_anchors(root, &[], &[GOLD]),
        [(); 3].map(|()| valid(&[GOLD]))
    );
    let any: Said = |ca| listing(ca, &[ANY]);
    assert_eq!(
        by_anchors(any, &[], &[GOLD]),
        [(); 3].map(|()| valid(&[GOLD]))
    );
}

#[test]
fn an_anchor_may_require_a_policy_and_inhibit_any_and_mappings() {
    let explicit = Ca::root("Root").policy_constraints(Some(0), None).issue();
    let path = path_from(explicit, &[], &[]);
    path.by(&client()).refused_for(NO_VALID_POLICY, 0);
    let ignoring = client().anchor_constraints(AnchorConstraints::Ignore);
    assert_eq!(path.judged(&ignoring), valid(&[]));
    let gold: (&str, Said) = ("Issuing", |ca| listing(ca, &[GOLD]));
    assert_eq!(
        by_anchors(|ca| ca.inhibit_any_policy(0), &[gold], &[ANY]),
        [REFUSED, REFUSED, valid(&[GOLD])]
    );
    assert_eq!(
        by_anchors(
            |ca| ca.policy_constraints(None, Some(0)),
            &[("Issuing", gold_is_silver)],
            &[SILVER]
        ),
        [REFUSED, REFUSED, valid(&[GOLD])]
    );
}

/// As many policies as asked for.
fn many(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("1.2.3.4.{number}"))
        .collect()
}

/// Each level lists these policies and maps each to each.
fn exponential(levels: usize, policies: &[&str]) -> Path {
    let pairs: Vec<_> = policies
        .iter()
        .flat_map(|from| policies.iter().map(move |to| (*from, *to)))
        .collect();
    let root = Ca::root("Root").issue();
    let mut authorities: Vec<Ca> = Vec::new();
    for level in 0..levels {
        let issuer = authorities.last().unwrap_or(&root);
        let name = format!("Level {level}");
        let ca = listing(issuer.intermediate(name.as_str()), policies);
        authorities.push(ca.policy_mappings(&pairs).issue());
    }
    let leaf = listing(authorities[levels - 1].client("alice"), policies).issue();
    Path {
        root,
        authorities,
        leaf,
    }
}

/// RFC 9618 section 3: the tree of RFC 5280 would have 2^10 and 10^10 leaves.
#[test]
fn mappings_of_each_policy_to_each_on_every_level_are_judged_at_once() {
    for count in [2, 10] {
        let policies = many(count);
        let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
        let path = exponential(10, &policies);
        assert_eq!(path.required(), valid(&policies));
        assert_eq!(path.judged(&wanting(&policies[..1])), valid(&policies[..1]));
        assert_eq!(path.judged(&wanting(&[IRON])), REFUSED);
    }
}

#[test]
fn more_policies_than_anybody_has_end_the_search() {
    let policies = many(5_000);
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    let root = Ca::root("Root").issue();
    let mut authorities: Vec<Ca> = Vec::new();
    for level in 0..5 {
        let issuer = authorities.last().unwrap_or(&root);
        let ca = issuer.intermediate(format!("Level {level}").as_str());
        authorities.push(listing(ca, &policies).issue());
    }
    let leaf = listing(authorities[4].client("alice"), &policies[..1]).issue();
    let path = Path {
        root,
        authorities,
        leaf,
    };
    assert_eq!(path.required(), Err("budget_exceeded"));
}

#[test]
fn the_words_and_the_rule_of_a_refusal_are_known() {
    let rejection = path(&[], &[])
        .by(&client().require_explicit_policy())
        .refused();
    assert_eq!(rejection.reason().openssl(), Some("no explicit policy"));
    assert_eq!(rejection.reason().rule(), "RFC 5280 section 6.1.5 (g)");
}
