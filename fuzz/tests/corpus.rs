//! Makes the corpus of `chain` anew, with new keys:
//! `cargo test -p portcullis-fuzz --test corpus -- --ignored`
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use portcullis_test_pki::{
    Algorithm, BasicConstraints, Builder, Ca, Certified, Criticality, ExtendedKeyUsage, KeyUsage,
    Name, Version, der,
};
use rustls_pki_types::UnixTime;

#[test]
#[ignore = "writes into the source tree"]
fn chain() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/chain");
    let cases = [
        plain(),
        shapes(),
        meshes(),
        oddities(),
        constrained(),
        policies(),
        purposes(),
    ];
    for (name, certificates) in cases.into_iter().flatten() {
        fs::write(folder.join(name), framed(&certificates)).unwrap();
    }
}

/// Name of the file, and leaf, anchor and intermediates.
type Case = (String, Vec<Vec<u8>>);

fn framed(certificates: &[Vec<u8>]) -> Vec<u8> {
    let framed = certificates.iter().flat_map(|certificate| {
        let length = u16::try_from(certificate.len()).unwrap();
        length.to_be_bytes().into_iter().chain(certificate.clone())
    });
    framed.collect()
}

fn case(name: &str, leaf: &Certified, anchor: &Certified, intermediates: &[&Ca]) -> Case {
    let intermediates = intermediates.iter().map(|ca| ca.der.to_vec());
    let certificates = [leaf.der.to_vec(), anchor.der.to_vec()];
    let certificates = certificates.into_iter().chain(intermediates);
    (name.to_owned(), certificates.collect())
}

/// As few octets as possible, for every one of them is damaged in the replay.
fn small<T: From<Certified>>(builder: Builder<T>) -> Builder<T> {
    builder
        .algorithm(Algorithm::Ed25519)
        .without_key_identifiers()
        .serial(&[1])
}

fn root() -> Ca {
    small(Ca::root("R")).issue()
}

fn issued(issuer: &Ca, name: &str) -> Ca {
    small(issuer.intermediate(name)).issue()
}

fn client(issuer: &Ca) -> Builder<Certified> {
    small(issuer.client("c"))
}

fn plain() -> Vec<Case> {
    let root = root();
    let issuing = issued(&root, "I");
    let other = issued(&root, "J");
    let leaf = client(&issuing).issue();
    let p256 = Ca::root("R").issue();
    let rsa = p256.intermediate("I").algorithm(Algorithm::Rsa2048).issue();
    vec![
        case("direct", &client(&root).issue(), &root, &[]),
        case("good", &leaf, &root, &[&issuing]),
        case("junk", &leaf, &root, &[&other, &issuing]),
        case("partial", &leaf, &issuing, &[]),
        case("leaf-is-anchor", &leaf, &leaf, &[]),
        case("missing", &leaf, &root, &[]),
        case(
            "expired",
            &client(&issuing).expired().issue(),
            &root,
            &[&issuing],
        ),
        case("p256-and-rsa", &rsa.client("c").issue(), &p256, &[&rsa]),
        case("authority-as-leaf", &issuing, &root, &[]),
        case(
            "v1-leaf",
            &client(&root).version(Version::V1).issue(),
            &root,
            &[],
        ),
        case(
            "many-names",
            &client(&root)
                .subject(Name::common_name("c").organization("o").country("US"))
                .dns("a.example")
                .email("a@b.example")
                .uri("https://a.example/")
                .ip([192, 0, 2, 1].into())
                .directory_name("d")
                .issue(),
            &root,
            &[],
        ),
    ]
}

/// A key that is no RSA key, of an authority that the leaf's key identifier says is somebody else.
fn malformed_key() -> Case {
    let root = root();
    let rsa = der::algorithm_with_null("1.2.840.113549.1.1.1");
    let key = der::sequence(&[rsa, der::bit_string(&[0x30, 0x01])]);
    let issuing = Ca::intermediate(&root, "I")
        .algorithm(Algorithm::Ed25519)
        .subject_public_key_info(&key)
        .issue();
    let leaf = client(&issuing)
        .signature_algorithm(&Algorithm::Rsa2048.identifier())
        .authority_key_identifier(&[1])
        .issue();
    case("malformed-key", &leaf, &root, &[&issuing])
}

fn shapes() -> Vec<Case> {
    let root = root();
    let (left, right) = (issued(&root, "L"), issued(&root, "M"));
    let left_by_right = small(right.cross_sign(&left)).issue();
    let right_by_left = small(left.cross_sign(&right)).issue();
    let below_loop = client(&left).issue();
    let twins = [issued(&root, "T"), issued(&root, "T"), issued(&root, "T")];
    let below_twins = client(&twins[2]).issue();
    let v1 = small(Ca::root("R")).version(Version::V1).issue();
    let below_v1 = issued(&v1, "I");
    let short = small(root.intermediate("I")).path_length(0).issue();
    let again = issued(&short, "I");
    let below = issued(&short, "J");
    let renamed = Name::empty().attribute("2.5.4.3", &der::printable_string("i"));
    let named = client(&short).issuer_name(renamed).issue();
    let mut cases = vec![
        case(
            "loop",
            &below_loop,
            &root,
            &[&left_by_right, &right_by_left, &left],
        ),
        case(
            "loop-alone",
            &below_loop,
            &root,
            &[&left_by_right, &right_by_left],
        ),
        case(
            "same-names",
            &below_twins,
            &root,
            &[&twins[0], &twins[1], &twins[2]],
        ),
        case("v1-root", &client(&below_v1).issue(), &v1, &[&below_v1]),
        case(
            "self-issued",
            &client(&again).issue(),
            &root,
            &[&again, &short],
        ),
        case(
            "path-length",
            &client(&below).issue(),
            &root,
            &[&below, &short],
        ),
        case("names-by-meaning", &named, &root, &[&short]),
        malformed_key(),
    ];
    let mut authorities = vec![issued(&root, "0")];
    for depth in 1..8 {
        let above = authorities.last().unwrap();
        authorities.push(issued(above, &depth.to_string()));
    }
    for depth in [6, 8] {
        let authorities: Vec<_> = authorities[..depth].iter().collect();
        let leaf = client(authorities[depth - 1]).issue();
        cases.push(case(&format!("long-{depth}"), &leaf, &root, &authorities));
    }
    cases
}

/// Authorities with one name that all seem to issue each other, and all issued the leaf.
fn meshes() -> Vec<Case> {
    let root = root();
    let mesh: Vec<_> = (0..5).map(|_| small(Ca::root("M")).issue()).collect();
    let leaf = client(&mesh[0]).issue();
    let exit = small(root.cross_sign(&mesh[0])).issue();
    let mut dead_end: Vec<_> = mesh.iter().collect();
    let refused = case("mesh", &leaf, &root, &dead_end);
    dead_end.truncate(3);
    dead_end.push(&exit);
    vec![refused, case("mesh-with-exit", &leaf, &root, &dead_end)]
}

const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";

/// What is rare, and read differently.
fn oddities() -> Vec<Case> {
    let root = root();
    let unique = der::concat(&[
        root.key.subject_public_key_info(),
        der::context_primitive(1, &[0, 1]),
    ]);
    let great = der::sequence(&[der::boolean(true), der::number(256)]);
    let great = small(root.intermediate("I"))
        .without_extension(BASIC_CONSTRAINTS)
        .extension(BASIC_CONSTRAINTS, Criticality::Critical, &great)
        .issue();
    let points = client(&root).extension(
        CRL_DISTRIBUTION_POINTS,
        Criticality::NonCritical,
        &der::null(),
    );
    let nameless = small(Ca::root(Name::empty())).issue();
    let again = small(root.client("R")).key(&root.key).issue();
    let old = client(&root).not_before(UnixTime::since_unix_epoch(Duration::ZERO));
    let unique_leaf = client(&root).subject_public_key_info(&unique).issue();
    let unique_anchor = small(Ca::root("R"))
        .subject_public_key_info(&unique)
        .issue();
    vec![
        case("unique-identifier", &unique_leaf, &root, &[]),
        case(
            "unique-identifier-of-anchor",
            &client(&unique_anchor).issue(),
            &unique_anchor,
            &[],
        ),
        case(
            "great-path-length",
            &client(&great).issue(),
            &root,
            &[&great],
        ),
        case("malformed-points", &points.issue(), &root, &[]),
        case("nameless-root", &client(&nameless).issue(), &nameless, &[]),
        case("anchor-again", &again, &root, &[]),
        case("before-unix-time", &old.issue(), &root, &[]),
    ]
}

const NAME_CONSTRAINTS: &str = "2.5.29.30";

fn subtrees(list: u8, bases: &[Vec<u8>]) -> Vec<u8> {
    let subtrees: Vec<_> = bases
        .iter()
        .map(|base| der::sequence(std::slice::from_ref(base)))
        .collect();
    der::context(list, &der::concat(&subtrees))
}

fn constrained() -> Vec<Case> {
    let root = root();
    let names: [(&str, Vec<u8>); 6] = [
        ("dns", der::context_primitive(2, b"b.example")),
        ("email", der::context_primitive(1, b"b.example")),
        ("uri", der::context_primitive(6, b".b.example")),
        (
            "ip",
            der::context_primitive(7, &[192, 0, 2, 0, 255, 255, 255, 0]),
        ),
        ("directory", der::context(4, Name::common_name("c").der())),
        ("registered", der::context_primitive(8, &[42, 3])),
    ];
    let lists = [("permitted", 0), ("excluded", 1)];
    let mut cases = Vec::new();
    for ((form, base), (list, tag)) in names
        .into_iter()
        .flat_map(|name| lists.map(|list| (name.clone(), list)))
    {
        let value = der::sequence(&[subtrees(tag, &[base])]);
        let issuing = small(root.intermediate("I"))
            .extension(NAME_CONSTRAINTS, Criticality::Critical, &value)
            .issue();
        let leaf = client(&issuing)
            .dns("a.b.example")
            .email("a@b.example")
            .uri("https://a.b.example/")
            .ip([192, 0, 2, 1].into())
            .issue();
        cases.push(case(&format!("{list}-{form}"), &leaf, &root, &[&issuing]));
    }
    let value = der::sequence(&[
        subtrees(0, &[der::context_primitive(2, b"example")]),
        subtrees(1, &[der::context_primitive(2, b"b.example")]),
    ]);
    let anchor = small(Ca::root("R"))
        .extension(NAME_CONSTRAINTS, Criticality::Critical, &value)
        .issue();
    let leaf = client(&anchor).dns("a.b.example").issue();
    cases.push(case("constrained-anchor", &leaf, &anchor, &[]));
    let above = small(root.intermediate("I"))
        .extension(NAME_CONSTRAINTS, Criticality::NonCritical, &value)
        .issue();
    let again = small(above.intermediate("I")).dns("b.example").issue();
    let leaf = client(&again).dns("*.a.example").issue();
    cases.push(case(
        "self-issued-constrained",
        &leaf,
        &root,
        &[&again, &above],
    ));
    cases
}

const POLICY_MAPPINGS: &str = "2.5.29.33";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const INHIBIT_ANY_POLICY: &str = "2.5.29.54";

fn policies() -> Vec<Case> {
    let root = root();
    let (one, two) = ("1.2.3", "1.2.4");
    let mapping = der::sequence(&[der::sequence(&[der::oid(one), der::oid(two)])]);
    let explicit = der::sequence(&[der::context_primitive(0, &[0])]);
    let mapped = small(root.intermediate("I"))
        .policies(Criticality::Critical, &[one])
        .extension(POLICY_MAPPINGS, Criticality::Critical, &mapping)
        .issue();
    let required = small(root.intermediate("I"))
        .policies(Criticality::NonCritical, &[one])
        .extension(POLICY_CONSTRAINTS, Criticality::Critical, &explicit)
        .issue();
    let inhibited = small(root.intermediate("I"))
        .policies(Criticality::NonCritical, &["2.5.29.32.0"])
        .extension(
            INHIBIT_ANY_POLICY,
            Criticality::NonCritical,
            &der::number(0),
        )
        .issue();
    let leaf = |issuer, policy| {
        let builder = client(issuer);
        builder
            .policies(Criticality::NonCritical, &[policy])
            .issue()
    };
    vec![
        case("policy-mapped", &leaf(&mapped, two), &root, &[&mapped]),
        case(
            "policy-required",
            &leaf(&required, one),
            &root,
            &[&required],
        ),
        case("policy-missing", &leaf(&required, two), &root, &[&required]),
        case(
            "policy-inhibited",
            &leaf(&inhibited, one),
            &root,
            &[&inhibited],
        ),
    ]
}

fn purposes() -> Vec<Case> {
    use ExtendedKeyUsage::{Any, ClientAuth, ServerAuth};
    let root = root();
    let purposes: [(&str, &[ExtendedKeyUsage]); 4] = [
        ("none", &[]),
        ("any", &[Any]),
        ("server", &[ServerAuth]),
        ("both", &[ServerAuth, ClientAuth]),
    ];
    let mut cases = Vec::new();
    for (name, purposes) in purposes {
        let leaf = client(&root).extended_key_usage(purposes).issue();
        cases.push(case(&format!("purpose-{name}"), &leaf, &root, &[]));
        let issuing = small(root.intermediate("I"))
            .extended_key_usage(purposes)
            .issue();
        let leaf = client(&issuing).issue();
        cases.push(case(
            &format!("authority-{name}"),
            &leaf,
            &root,
            &[&issuing],
        ));
    }
    let agreement = client(&root).key_usage(&[KeyUsage::KeyAgreement]).issue();
    cases.push(case("key-usage", &agreement, &root, &[]));
    let points = client(&root).extension(
        CRL_DISTRIBUTION_POINTS,
        Criticality::Critical,
        &der::sequence::<&[u8]>(&[]),
    );
    cases.push(case("critical-points", &points.issue(), &root, &[]));
    let constraints = BasicConstraints::Ca { path_length: None };
    let signed = small(Certified::self_signed("S"))
        .basic_constraints(constraints)
        .issue();
    cases.push(case("self-signed", &signed, &signed, &[]));
    cases
}
