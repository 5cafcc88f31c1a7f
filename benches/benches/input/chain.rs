use std::ops::RangeInclusive;

use portcullis_chain::Anchors;
use portcullis_test_pki::{Algorithm, Ca};
use portcullis_x509::Certificate;
use rustls_pki_types::CertificateDer;

/// What a client presents, and the root that is trusted.
pub(crate) struct Chain {
    pub(crate) name: String,
    pub(crate) leaf: CertificateDer<'static>,
    /// The leaf's issuer first.
    pub(crate) intermediates: Vec<CertificateDer<'static>>,
    pub(crate) root: CertificateDer<'static>,
    issuer: Ca,
    algorithm: Algorithm,
}

/// Every algorithm that is measured.
pub(crate) const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("p256", Algorithm::P256),
    ("p384", Algorithm::P384),
    ("rsa2048", Algorithm::Rsa2048),
    ("ed25519", Algorithm::Ed25519),
];

/// How many certificates a chain has, leaf and root counted. Clients in the field have 3.
const LENGTHS: RangeInclusive<usize> = 2..=6;

impl Chain {
    /// A chain of so many certificates, leaf and root counted.
    pub(crate) fn of(name: &str, algorithm: Algorithm, length: usize) -> Self {
        let root = Ca::root("Contoso Root").algorithm(algorithm).issue();
        let mut issuer = root.clone();
        let mut intermediates = Vec::new();
        for number in 2..length {
            let name = format!("Contoso Client CA {number}");
            issuer = issuer
                .intermediate(name.as_str())
                .algorithm(algorithm)
                .issue();
            intermediates.insert(0, issuer.der.clone());
        }
        Self {
            name: format!("{name}/{length}"),
            leaf: leaf(&issuer, "alice", algorithm),
            intermediates,
            root: root.der.clone(),
            issuer,
            algorithm,
        }
    }

    /// Every algorithm with every length.
    pub(crate) fn all() -> Vec<Self> {
        let chains = ALGORITHMS
            .iter()
            .flat_map(|(name, algorithm)| LENGTHS.map(|length| Self::of(name, *algorithm, length)));
        chains.collect()
    }

    /// Other clients of the same issuer.
    pub(crate) fn more_leaves(&self, count: usize) -> Vec<CertificateDer<'static>> {
        let names = (0..count).map(|number| format!("client {number}"));
        names
            .map(|name| leaf(&self.issuer, &name, self.algorithm))
            .collect()
    }

    /// The root as the only anchor.
    pub(crate) fn anchors(&self) -> Anchors {
        Anchors::new(vec![self.root.clone()], vec![]).expect("an anchor")
    }

    /// All certificates, leaf first, root last.
    pub(crate) fn certificates(&self) -> Vec<Certificate<'_>> {
        let presented = std::iter::once(&self.leaf).chain(&self.intermediates);
        presented
            .chain([&self.root])
            .map(|der| Certificate::parse(der).expect("a certificate"))
            .collect()
    }
}

fn leaf(issuer: &Ca, name: &str, algorithm: Algorithm) -> CertificateDer<'static> {
    let leaf = issuer.client(name).algorithm(algorithm);
    leaf.ocsp_url("http://ocsp.contoso.com/").issue().der
}
