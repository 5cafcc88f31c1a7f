//! Two other implementations: what they write reads here, what is written here reads there, and all agree on
//! every field.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "oracles/ocsp_rs.rs"]
mod ocsp_rs;
#[path = "oracles/x509_ocsp.rs"]
mod x509_ocsp;

use portcullis_ocsp::responder::{Answer, ResponderId, SignError, Signer, respond};
use portcullis_ocsp::{
    BasicResponse, CertId, CertificateStatus, HashAlgorithm, Nonce, Query, Questions, Response,
    RevocationReason, Rules, Status, parse_response, status,
};
use portcullis_test_pki::{Algorithm, Ca, Certified, DAY, Key, NOW, after, before};
use portcullis_x509::Certificate;

const NONCE: [u8; 32] = [7; 32];

/// An authority, and three certificates of its own, one with a serial number whose first bit is set.
struct Pki {
    root: Ca,
    leaves: [Certified; 3],
}

impl Pki {
    fn new(algorithm: Algorithm) -> Self {
        let root = Ca::root("Root").algorithm(algorithm).issue();
        let leaves = [
            root.client("alice").issue(),
            root.client("bob").serial(&[0xa1]).issue(),
            root.client("carol").serial(&[1; 20]).issue(),
        ];
        Self { root, leaves }
    }

    fn issuer(&self) -> Certificate<'_> {
        Certificate::parse(&self.root.der).unwrap()
    }

    fn certificates(&self) -> [Certificate<'_>; 3] {
        let leaves = self.leaves.each_ref();
        leaves.map(|leaf| Certificate::parse(&leaf.der).unwrap())
    }

    /// A request about all three, or the first alone.
    fn request(&self, hash: HashAlgorithm, nonce: Option<Nonce<'_>>, all: bool) -> Vec<u8> {
        let issuer = self.issuer();
        let [alice, bob, carol] = self.certificates();
        let first = Query::new(&alice, &issuer).hash(hash);
        let first = match nonce {
            Some(nonce) => first.nonce(nonce),
            None => first,
        };
        let questions = Questions::new(first);
        if all {
            questions.and(&bob, &issuer).and(&carol, &issuer).request()
        } else {
            questions.request()
        }
    }

    /// What this says of the three: good, revoked and unknown.
    fn response(&self, hash: HashAlgorithm, nonce: Option<Nonce<'_>>) -> Vec<u8> {
        let issuer = self.issuer();
        let ids = self
            .certificates()
            .map(|leaf| CertId::new(&leaf, &issuer, hash).to_der());
        let said = ids.iter().zip(STATEMENTS);
        let answers: Vec<_> = said
            .map(|(cert_id, status)| Answer {
                cert_id,
                status,
                this_update: before(NOW, 60),
                next_update: (status != CertificateStatus::Unknown).then(|| after(NOW, DAY)),
                archive_cutoff: Some(before(NOW, 365 * DAY)),
            })
            .collect();
        let signer = TestSigner::new(&self.root.key);
        let id = ResponderId::by_key(&issuer);
        respond(&answers, nonce, id, &[&self.root.der], &signer, NOW).unwrap()
    }

    /// What a response proves about one of the three.
    fn judge(&self, response: &[u8], which: usize) -> Status {
        let issuer = self.issuer();
        let certificates = self.certificates();
        let query = Query::new(&certificates[which], &issuer).nonce(nonce());
        let algorithms = rustls::crypto::aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .all;
        status(response, &query, &Rules::new(algorithms), NOW).unwrap()
    }
}

const STATEMENTS: [CertificateStatus; 3] = [
    CertificateStatus::Good,
    CertificateStatus::NEVER_ISSUED,
    CertificateStatus::Unknown,
];

struct TestSigner {
    key: Key,
    algorithm: Vec<u8>,
}

impl TestSigner {
    fn new(key: &Key) -> Self {
        Self {
            key: key.clone(),
            algorithm: key.algorithm().identifier(),
        }
    }
}

impl Signer for TestSigner {
    fn algorithm(&self) -> &[u8] {
        &self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.key.sign(message))
    }
}

fn nonce() -> Nonce<'static> {
    Nonce::new(&NONCE).unwrap()
}

fn basic(response: &[u8]) -> BasicResponse<'_> {
    match parse_response(response) {
        Ok(Response::Basic(basic)) => basic,
        other => panic!("{other:?}"),
    }
}

/// Every way to ask: hash, nonce, and whether about several.
fn questions() -> impl Iterator<Item = (HashAlgorithm, Option<Nonce<'static>>, bool)> {
    let hashes = [HashAlgorithm::Sha1, HashAlgorithm::Sha256];
    hashes.into_iter().flat_map(|hash| {
        [None, Some(nonce())]
            .into_iter()
            .flat_map(move |nonce| [false, true].map(|all| (hash, nonce, all)))
    })
}

/// Every reason that RFC 5280 defines.
fn reasons() -> impl Iterator<Item = RevocationReason> {
    let numbers = (0..=10).filter(|number| *number != 7);
    numbers.map(RevocationReason::from_number)
}
