mod constraints;
mod graph;
mod key;
mod name;
mod namesake;

use portcullis_chain::{Anchors, Policy, Rejection, verify};
use portcullis_test_pki::{Algorithm, Builder, Ca, NOW, Name};
use portcullis_x509::Certificate;
use rustls_pki_types::CertificateDer;

/// What a hostile peer sends.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    leaf: Vec<u8>,
    offered: Vec<Vec<u8>>,
    anchors: Anchors,
}

impl Hostile {
    /// Every list, the worst of its kind that fits into a handshake.
    pub(crate) fn all() -> Vec<Self> {
        vec![
            graph::mesh("mesh of authorities", graph::Keys::Many),
            graph::mesh("mesh of authorities, one key", graph::Keys::One),
            graph::line("line of 100 authorities", graph::Keys::Many),
            graph::line("line of 100 authorities, one key", graph::Keys::One),
            graph::cycle(),
            graph::renewed(),
            name::layers(),
            name::long(),
            namesake::none_signed("100 signatures/p256", Algorithm::P256),
            namesake::none_signed("100 signatures/p384", Algorithm::P384),
            namesake::none_signed("100 signatures/p521", Algorithm::P521),
            namesake::one_key("100 of one name and key/p256", Algorithm::P256),
            namesake::one_key("100 of one name and key/p384", Algorithm::P384),
            key::rsa8192(),
            constraints::sent("constraints sent, DNS names", constraints::dns),
            constraints::sent("constraints sent, directory names", constraints::directory),
            constraints::trusted(
                "constraints of 60 KB on the anchor, DNS names",
                constraints::dns,
            ),
            constraints::trusted(
                "constraints of 60 KB on the anchor, directory names",
                constraints::directory,
            ),
        ]
    }

    fn new(name: &'static str, leaf: &[u8], offered: Vec<Vec<u8>>) -> Self {
        let root = Ca::root("Contoso Root").issue();
        Self::under(&root.der, name, leaf, offered)
    }

    /// With another root than one that has nothing to do with it.
    fn under(
        root: &CertificateDer<'static>,
        name: &'static str,
        leaf: &[u8],
        offered: Vec<Vec<u8>>,
    ) -> Self {
        let size = leaf.len() + offered.iter().map(Vec::len).sum::<usize>();
        assert!(size < 0x1_0000, "{name} fits into a handshake: {size}");
        Self {
            name,
            leaf: leaf.to_vec(),
            offered,
            anchors: Anchors::new(vec![root.clone()], vec![]).expect("an anchor"),
        }
    }

    /// Reads the list and refuses it.
    pub(crate) fn refuse(&self, policy: &Policy) -> Rejection {
        let leaf = Certificate::parse(&self.leaf).expect("a certificate");
        let offered = self.offered.iter();
        let offered: Vec<_> = offered
            .map(|der| Certificate::parse(der).expect("a certificate"))
            .collect();
        verify(&leaf, &offered, &self.anchors, policy, NOW).expect_err("refused")
    }
}

/// With the key that costs least to make.
fn authority(name: impl Into<Name>) -> Builder<Ca> {
    Ca::root(name).algorithm(Algorithm::Ed25519)
}
