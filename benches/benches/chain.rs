//! Reading certificates and verifying chains, beside rustls-webpki in the same run.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a bench without its input has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_chain::{Anchors, Policy, Purpose, verify};
use portcullis_test_pki::{Algorithm, Builder, Ca, Certified, Criticality, Key, NOW, Name, der};
use portcullis_x509::Certificate;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// What a client presents under which root: leaf and intermediate.
struct Input {
    name: &'static str,
    leaf: Certified,
    intermediates: Vec<CertificateDer<'static>>,
    root: CertificateDer<'static>,
}

fn chain(name: &'static str, algorithm: Algorithm) -> Input {
    let root = Ca::root("Contoso Root").algorithm(algorithm).issue();
    let issuing = root
        .intermediate("Contoso Client CA")
        .algorithm(algorithm)
        .issue();
    let leaf = issuing
        .client("alice")
        .algorithm(algorithm)
        .ocsp_url("http://ocsp.contoso.com/");
    Input {
        name,
        leaf: leaf.issue(),
        intermediates: vec![issuing.der.clone()],
        root: root.der.clone(),
    }
}

fn chains() -> [Input; 4] {
    [
        chain("p256", Algorithm::P256),
        chain("p384", Algorithm::P384),
        chain("ed25519", Algorithm::Ed25519),
        chain("rsa2048", Algorithm::Rsa2048),
    ]
}

fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for input in chains() {
        let der = &input.leaf.der;
        group.bench_function(format!("portcullis/{}", input.name), |bencher| {
            bencher.iter(|| Certificate::parse(black_box(der)).expect("a certificate"));
        });
        group.bench_function(format!("webpki/{}", input.name), |bencher| {
            bencher.iter(|| EndEntityCert::try_from(black_box(der)).expect("a certificate"));
        });
    }
}

/// Reading what was presented, finding the path and checking it: what a handshake costs.
fn verify_chain(criterion: &mut Criterion) {
    let policy = Policy::new(Purpose::ClientAuth, algorithms());
    let mut group = criterion.benchmark_group("verify");
    for input in chains() {
        let anchors = Anchors::new(vec![input.root.clone()], vec![]).expect("an anchor");
        group.bench_function(format!("portcullis/{}", input.name), |bencher| {
            bencher.iter(|| portcullis_verifies(&input, &anchors, &policy));
        });
        group.bench_function(format!("webpki/{}", input.name), |bencher| {
            bencher.iter(|| webpki_verifies(&input));
        });
    }
}

/// What a hostile peer can make a verification cost, with as much as fits into a handshake.
fn refuse(criterion: &mut Criterion) {
    let policy = Policy::new(Purpose::ClientAuth, algorithms());
    let mut group = criterion.benchmark_group("refuse");
    group.sample_size(20);
    for input in [
        mesh(),
        layers(),
        long_name(),
        namesakes("100 signatures/p256", Algorithm::P256),
        namesakes("100 signatures/p384", Algorithm::P384),
        namesakes("100 signatures/p521", Algorithm::P521),
        rsa8192(),
        renewed(),
    ] {
        let anchors = Anchors::new(vec![input.root.clone()], vec![]).expect("an anchor");
        let leaf = Certificate::parse(&input.leaf).expect("a certificate");
        let offered: Vec<_> = input
            .offered
            .iter()
            .map(|der| Certificate::parse(der).expect("a certificate"))
            .collect();
        group.bench_function(input.name, |bencher| {
            bencher.iter(|| verify(&leaf, &offered, &anchors, &policy, NOW).expect_err("refused"));
        });
    }
}

/// What a hostile peer sends.
struct Hostile {
    name: &'static str,
    leaf: Vec<u8>,
    offered: Vec<Vec<u8>>,
    root: CertificateDer<'static>,
}

impl Hostile {
    fn new(name: &'static str, leaf: &[u8], offered: Vec<Vec<u8>>) -> Self {
        let size = leaf.len() + offered.iter().map(Vec::len).sum::<usize>();
        assert!(size < 0x1_0000, "{name} fits into a handshake: {size}");
        let root = Ca::root("Contoso Root").issue().der.clone();
        Self {
            name,
            leaf: leaf.to_vec(),
            offered,
            root,
        }
    }
}

/// Authorities that all certify each other: the number of paths is a factorial.
fn mesh() -> Hostile {
    let authorities: Vec<_> = (0..9)
        .map(|index| authority(format!("CA {index}").as_str()).issue())
        .collect();
    let mut offered = Vec::new();
    for issuer in &authorities {
        for subject in authorities
            .iter()
            .filter(|subject| subject.der != issuer.der)
        {
            offered.push(issuer.cross_sign(subject).issue().der.to_vec());
        }
    }
    let issuer = authorities.first().expect("nine authorities");
    Hostile::new(
        "mesh of authorities",
        &issuer.client("alice").issue().der,
        offered,
    )
}

fn authority(name: impl Into<Name>) -> Builder<Ca> {
    Ca::root(name).algorithm(Algorithm::Ed25519)
}

/// A name of so many octets, each of which prints as six characters.
fn teletex(octets: usize, number: usize) -> Name {
    let name = Name::common_name(number.to_string().as_str());
    name.attribute("2.5.4.10", &der::tlv(0x14, &vec![0xff; octets]))
}

/// Eight layers of two authorities, each of which both of the next layer certify: 256 dead ends.
fn layers() -> Hostile {
    let keys: Vec<_> = (0..9).map(|_| Key::generate(Algorithm::Ed25519)).collect();
    let mut offered = Vec::new();
    for (layer, pair) in keys.windows(2).enumerate() {
        let [own, above] = pair else { continue };
        for copy in 0..2_u8 {
            // One key for both: each is reached by the signature of the layer below.
            let certificate = authority(teletex(1_500, layer))
                .key(own)
                .issuer_name(teletex(1_500, layer + 1))
                .signed_by(above)
                .serial(&[copy + 1])
                .without_key_identifiers();
            offered.push(certificate.issue().der.to_vec());
        }
    }
    let leaf = authority("alice")
        .issuer_name(teletex(1_500, 0))
        .signed_by(keys.first().expect("nine keys"))
        .without_key_identifiers()
        .issue();
    Hostile::new("8 layers of 2 authorities", &leaf.der, offered)
}

/// A leaf whose name prints as 350 KB, and sixteen authorities that could have issued it.
fn long_name() -> Hostile {
    let offered = (0..16).map(|_| namesake(Algorithm::Ed25519)).collect();
    let leaf = authority(teletex(58_000, 0)).issuer_name("X");
    let leaf = leaf.without_key_identifiers().issue();
    Hostile::new("name of 58 KB", &leaf.der, offered)
}

/// A hundred authorities with the name of the leaf's issuer, none of which signed it.
fn namesakes(name: &'static str, algorithm: Algorithm) -> Hostile {
    let offered = (0..100).map(|_| namesake(algorithm)).collect();
    let issuer = Ca::root("X").algorithm(algorithm).issue();
    let leaf = issuer.client("alice").without_key_identifiers().issue();
    Hostile::new(name, &leaf.der, offered)
}

fn namesake(algorithm: Algorithm) -> Vec<u8> {
    let signer = Key::generate(Algorithm::Ed25519);
    let authority = Ca::root("X").algorithm(algorithm).signed_by(&signer);
    authority.without_key_identifiers().issue().der.to_vec()
}

/// Who holds the key of a trusted authority: seven layers below it, each certified twice, and a
/// leaf that takes long to read, so that 128 paths of good signatures reach the anchor.
fn renewed() -> Hostile {
    let root = Ca::root("Contoso Root").issue();
    let mut issuer = root.intermediate("Mallory").issue();
    let mut offered = vec![issuer.der.to_vec()];
    for layer in 0..7 {
        let name = format!("Layer {layer}");
        let next = issuer.intermediate(name.as_str()).issue();
        offered.push(issuer.cross_sign(&next).issue().der.to_vec());
        offered.push(next.der.to_vec());
        issuer = next;
    }
    let names = der::sequence(&vec![der::tlv(0x82, b"a"); 16_000]);
    let leaf = issuer
        .server(&["www.contoso.com"])
        .without_extension("2.5.29.17")
        .extension("2.5.29.17", Criticality::NonCritical, &names)
        .issue();
    let input = Hostile::new("100 paths to an anchor", &leaf.der, offered);
    Hostile {
        root: root.der.clone(),
        ..input
    }
}

/// As many made-up moduli as there is room for with the largest exponent that AWS-LC takes, and a made-up signature.
fn rsa8192() -> Hostile {
    let algorithm = der::sequence(&[der::oid("1.2.840.113549.1.1.11"), der::null()]);
    let modulus = |last: u8| {
        let magnitude = [0xc5; 1_022].iter().copied().chain([last, 0x01]);
        der::tlv(0x02, &[vec![0], magnitude.collect()].concat())
    };
    let exponent = der::tlv(0x02, &[0x01, 0xff, 0xff, 0xff, 0xff]);
    let offered = (0..48).map(|number| {
        let key = der::sequence(&[modulus(number), exponent.clone()]);
        let encryption = der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]);
        let key = der::sequence(&[encryption, der::bit_string(&key)]);
        let authority = authority("X").subject_public_key_info(&key);
        authority.without_key_identifiers().issue().der.to_vec()
    });
    let offered = offered.collect();
    let leaf = authority("alice")
        .issuer_name("X")
        .signature_algorithm(&algorithm)
        .without_key_identifiers()
        .issue();
    let leaf = Certificate::parse(&leaf.der).expect("a certificate");
    let signature = der::bit_string(&[0x01; 1_024]);
    let leaf = der::sequence(&[leaf.tbs().to_vec(), algorithm, signature]);
    Hostile::new("48 signatures/rsa8192", &leaf, offered)
}

fn portcullis_verifies(input: &Input, anchors: &Anchors, policy: &Policy) {
    let leaf = Certificate::parse(black_box(&input.leaf.der)).expect("a certificate");
    let offered: Vec<_> = input
        .intermediates
        .iter()
        .map(|der| Certificate::parse(der).expect("a certificate"))
        .collect();
    verify(&leaf, &offered, anchors, policy, NOW).expect("a valid chain");
}

fn webpki_verifies(input: &Input) {
    let leaf = EndEntityCert::try_from(black_box(&input.leaf.der)).expect("a certificate");
    let anchors = [anchor_from_trusted_cert(&input.root).expect("an anchor")];
    let usage = KeyUsage::client_auth();
    leaf.verify_for_usage(
        algorithms(),
        &anchors,
        &input.intermediates,
        NOW,
        usage,
        None,
        None,
    )
    .expect("a valid chain");
}

criterion_group!(benches, parse, verify_chain, refuse);
criterion_main!(benches);
