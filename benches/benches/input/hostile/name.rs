//! Names that take long to read, compare or show.

use portcullis_test_pki::{Algorithm, Key, Name, der};

use super::{Hostile, authority, namesake};

/// Eight layers of two authorities, each of which both of the next layer certify: 256 dead ends.
pub(super) fn layers() -> Hostile {
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
pub(super) fn long() -> Hostile {
    let offered = (0..16).map(|_| namesake::unrelated(Algorithm::Ed25519));
    let leaf = authority(teletex(58_000, 0)).issuer_name("X");
    let leaf = leaf.without_key_identifiers().issue();
    Hostile::new("name of 58 KB", &leaf.der, offered.collect())
}

/// A name of so many octets, each of which prints as six characters.
fn teletex(octets: usize, number: usize) -> Name {
    let name = Name::common_name(number.to_string().as_str());
    name.attribute("2.5.4.10", &der::tlv(0x14, &vec![0xff; octets]))
}
