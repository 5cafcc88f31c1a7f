use portcullis_chain::Anchors;
use portcullis_test_pki::{Algorithm, Ca, Key};
use rustls_pki_types::CertificateDer;

/// Many anchors, and clients of some of them.
pub(crate) struct Crowd {
    pub(crate) size: usize,
    pub(crate) anchors: Anchors,
    /// Issued by anchors from everywhere in the list, so that they do not all share the processor's cache.
    pub(crate) leaves: Vec<CertificateDer<'static>>,
}

/// How many anchors are measured.
pub(crate) const SIZES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

/// How many clients a crowd has; of ten anchors some have more than one.
const CLIENTS: usize = 64;

impl Crowd {
    /// A crowd of each size; the smaller are part of the greater.
    ///
    /// All anchors have one key: what differs in the field, and what finds them, are their names.
    pub(crate) fn all() -> [Self; SIZES.len()] {
        let key = Key::generate(Algorithm::Ed25519);
        let most = SIZES.into_iter().max().unwrap_or_default();
        let authorities: Vec<Ca> = (0..most).map(|number| authority(number, &key)).collect();
        SIZES.map(|size| Self::of(authorities.get(..size).unwrap_or_default()))
    }

    fn of(authorities: &[Ca]) -> Self {
        let size = authorities.len();
        let ders = authorities.iter().map(|authority| authority.der.clone());
        let spread = authorities.iter().cycle().step_by(size / CLIENTS + 1);
        let leaves = spread.take(CLIENTS).map(|issuer| {
            let leaf = issuer.client("alice").algorithm(Algorithm::Ed25519);
            leaf.issue().der
        });
        Self {
            size,
            leaves: leaves.collect(),
            anchors: Anchors::new(ders.collect(), vec![]).expect("anchors"),
        }
    }
}

fn authority(number: usize, key: &Key) -> Ca {
    let name = format!("Contoso Root {number}");
    Ca::root(name.as_str()).key(key).issue()
}
