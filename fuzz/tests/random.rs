//! Chains that are well formed and otherwise left to chance are judged as rustls-webpki judges them.
//!
//! Octets that a fuzzer changes rarely make another name or another constraint. Here whole
//! extensions are picked, by numbers that are always the same; the keys are new each time.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, reason = "a test that fails says with what")]

use std::net::IpAddr;

use portcullis_test_pki::{
    Algorithm, BasicConstraints, Builder, Ca, Certified, Criticality, DAY, ExtendedKeyUsage, Key,
    KeyUsage, NOW, Name, before, der,
};

/// How many chains are made; they take a few seconds without optimisation.
const CHAINS: u64 = 10_000;

#[test]
fn random_chains_are_judged_as_rustls_webpki_judges_them() {
    for number in 0..CHAINS {
        let chain = Told(chain(&mut Dice(number)));
        portcullis_fuzz::chain::property(&chain.0);
    }
}

/// Shows the chain when the test fails, for `xxd -r -p` to make a file of the corpus.
struct Told(Vec<u8>);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hexadecimal: String = self.0.iter().map(|octet| format!("{octet:02x}")).collect();
            println!("{hexadecimal}");
        }
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap();
        usize::try_from(self.next() % limit).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

/// Leaf, anchor and intermediates, framed as the property wants them.
fn chain(dice: &mut Dice) -> Vec<u8> {
    let root = authority(dice, Ca::root("R"));
    let mut authorities = vec![root.clone()];
    for _ in 0..dice.below(5) {
        let issuer = dice.pick(&authorities);
        let name = dice.pick(&["I", "J", "K", "R"]);
        let authority = authority(dice, issuer.intermediate(name));
        authorities.push(authority);
    }
    let issuer = match authorities.last() {
        Some(last) if !dice.once_in(4) => last.clone(),
        _ => dice.pick(&authorities),
    };
    let leaf = leaf(dice, &issuer);
    let mut intermediates = authorities.split_off(1);
    let turned = dice.below(intermediates.len().max(1));
    intermediates.rotate_left(turned);
    let intermediates = intermediates.iter().map(|authority| &authority.der);
    let certificates = [&leaf.der, &root.der].into_iter().chain(intermediates);
    certificates
        .flat_map(|der| [&u16::try_from(der.len()).unwrap().to_be_bytes(), &der[..]].concat())
        .collect()
}

fn authority(dice: &mut Dice, builder: Builder<Ca>) -> Ca {
    let path_length = dice.pick(&[None, None, None, Some(0), Some(1), Some(2)]);
    let constraints = match dice.below(20) {
        0 => BasicConstraints::EndEntity,
        1 => BasicConstraints::Absent,
        _ => BasicConstraints::Ca { path_length },
    };
    let mut builder = common(dice, builder).basic_constraints(constraints);
    builder = builder.key_usage(match dice.below(12) {
        0 => &[],
        1 => &[KeyUsage::CrlSign],
        _ => &[KeyUsage::KeyCertSign],
    });
    if dice.once_in(3) {
        builder = builder.extension(
            "2.5.29.30",
            dice.pick(&[Criticality::Critical, Criticality::NonCritical]),
            &name_constraints(dice),
        );
    }
    if dice.once_in(8) {
        let skipped = dice.pick(&[0, 1]);
        let explicit = der::sequence(&[der::context_primitive(0, &[skipped])]);
        builder = builder.extension("2.5.29.36", Criticality::NonCritical, &explicit);
    }
    if dice.once_in(10) {
        builder = alternative_name(dice, builder);
    }
    builder.issue()
}

fn leaf(dice: &mut Dice, issuer: &Ca) -> Certified {
    let subject = match dice.below(4) {
        0 => Name::empty(),
        1 => Name::common_name("a.example"),
        2 => Name::common_name("c").attribute(EMAIL_ADDRESS, &der::tlv(0x16, b"c@a.example")),
        _ => Name::common_name("c").organization("o"),
    };
    let mut builder = common(dice, issuer.client(subject));
    if dice.once_in(12) {
        builder = builder.key_usage(&[KeyUsage::KeyAgreement]);
    }
    for _ in 0..dice.below(4) {
        builder = alternative_name(dice, builder);
    }
    builder.issue()
}

const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

fn common<T: From<Certified>>(dice: &mut Dice, builder: Builder<T>) -> Builder<T> {
    use ExtendedKeyUsage::{Any, ClientAuth, ServerAuth};
    let mut builder = builder.key(&Key::generate(Algorithm::Ed25519));
    if dice.once_in(2) {
        builder = builder.without_key_identifiers();
    }
    if dice.once_in(4) {
        builder = builder.extended_key_usage(match dice.below(4) {
            0 => &[Any],
            1 => &[ServerAuth],
            2 => &[ServerAuth, ClientAuth],
            _ => &[],
        });
    }
    if dice.once_in(4) {
        let criticality = dice.pick(&[Criticality::NonCritical, Criticality::Critical]);
        let policies = dice.pick(&[["1.2.3", "1.2.4"], ["1.2.3", "2.5.29.32.0"]]);
        builder = builder.policies(criticality, &policies);
    }
    match dice.below(30) {
        0 => builder.not_after(before(NOW, DAY)),
        1 => builder.not_after(NOW),
        _ => builder,
    }
}

fn name_constraints(dice: &mut Dice) -> Vec<u8> {
    let lists = dice.pick(&[&[0][..], &[1], &[0, 1]]);
    let lists: Vec<_> = lists
        .iter()
        .map(|number| {
            let count = dice.below(2) + 1;
            let subtrees: Vec<_> = (0..count).map(|_| der::sequence(&[base(dice)])).collect();
            der::context(*number, &der::concat(&subtrees))
        })
        .collect();
    der::sequence(&lists)
}

/// Of a subtree: mostly of the forms that both evaluate.
fn base(dice: &mut Dice) -> Vec<u8> {
    let dns = [
        "example",
        "a.example",
        "A.example",
        "x.a.example",
        ".a.example",
        "xample",
        "x_y.example",
        "",
    ];
    let addresses: [&[u8]; 5] = [
        &[192, 0, 2, 0, 255, 255, 255, 0],
        &[192, 0, 2, 1, 255, 255, 255, 255],
        &[192, 0, 2, 0, 255, 0, 255, 0],
        &[0; 8],
        &[0; 32],
    ];
    match dice.below(20) {
        0..10 => der::context_primitive(2, dice.pick(&dns).as_bytes()),
        10..16 => der::context_primitive(7, dice.pick(&addresses)),
        16 => der::context_primitive(1, dice.pick(&["a.example", "c@a.example"]).as_bytes()),
        17 => der::context_primitive(6, dice.pick(&["a.example", ".example"]).as_bytes()),
        18 => der::context(4, Name::common_name("c").der()),
        _ => der::context_primitive(8, &[42, 3]),
    }
}

fn alternative_name<T: From<Certified>>(dice: &mut Dice, builder: Builder<T>) -> Builder<T> {
    let dns = [
        "example",
        "a.example",
        "X.a.Example",
        "*.a.example",
        "*.example",
        "b.example",
        "a.example.",
        "x_y.example",
    ];
    let addresses = ["192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8::1"];
    let addresses = addresses.map(|address| address.parse::<IpAddr>().unwrap());
    match dice.below(12) {
        0..6 => builder.dns(dice.pick(&dns)),
        6..9 => builder.ip(dice.pick(&addresses)),
        9 => builder.email(dice.pick(&["c@a.example", "c@b.example"])),
        10 => builder.uri(dice.pick(&["https://a.example/", "urn:x"])),
        _ => builder.directory_name("c"),
    }
}
