//! Who is measured, each prepared so that running it is only what is repeated for every client.

#![allow(dead_code, reason = "every bench uses a part of it")]

pub(crate) mod ocsp;
mod openssl;

use std::cell::{Cell, RefCell};
use std::hint::black_box;

use portcullis_chain::{Anchors, Memory, Policy, Trust, verify};
use portcullis_test_pki::NOW;
use portcullis_x509::{AlgorithmIdentifier, Certificate};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::input::chain::Chain;
use crate::input::{algorithms, policy};

/// One way to do a thing.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    run: Box<dyn Fn() + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'static str, run: impl Fn() + 'a) -> Self {
        Self {
            name,
            run: Box::new(run),
        }
    }

    pub(crate) fn run(&self) {
        (self.run)();
    }
}

/// The signatures of a chain alone, and reading and verifying it, ours and others'.
pub(crate) fn verifying(chain: &Chain) -> [Contender<'_>; 4] {
    [
        signatures(chain),
        portcullis(chain),
        webpki(chain),
        openssl::verifying(chain),
    ]
}

/// Reading the leaf, ours and others'.
pub(crate) fn parsing(chain: &Chain) -> [Contender<'_>; 3] {
    let der = &chain.leaf;
    [
        Contender::new("portcullis", move || {
            black_box(Certificate::parse(black_box(der)).expect("a certificate"));
        }),
        Contender::new("webpki", move || {
            black_box(EndEntityCert::try_from(black_box(der)).expect("a certificate"));
        }),
        openssl::parsing(chain),
    ]
}

/// What no validator can do without: one public key operation for each certificate below the root.
fn signatures(chain: &Chain) -> Contender<'_> {
    let certificates = chain.certificates();
    let pairs = certificates.windows(2);
    let checks: Vec<SignatureCheck> = pairs
        .filter_map(|pair| match pair {
            [child, issuer] => Some(SignatureCheck::of(child, issuer)),
            _ => None,
        })
        .collect();
    Contender::new("signatures", move || {
        checks.iter().for_each(SignatureCheck::run);
    })
}

/// A signature with all that is needed to check it.
struct SignatureCheck {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl SignatureCheck {
    fn of(child: &Certificate<'_>, issuer: &Certificate<'_>) -> Self {
        Self::over(
            child.signature_algorithm(),
            issuer,
            child.tbs(),
            child.signature(),
        )
    }

    fn over(
        of_signature: AlgorithmIdentifier<'_>,
        signer: &Certificate<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> Self {
        let key = signer.subject_public_key_info();
        let of_key = key.algorithm();
        let algorithm = algorithms().iter().find(|algorithm| {
            algorithm.signature_alg_id().as_ref() == of_signature.content()
                && algorithm.public_key_alg_id().as_ref() == of_key.content()
        });
        Self {
            algorithm: *algorithm.expect("an algorithm"),
            key: key.key().to_vec(),
            message: message.to_vec(),
            signature: signature.to_vec(),
        }
    }

    fn run(&self) {
        let message = black_box(&self.message);
        self.algorithm
            .verify_signature(&self.key, message, &self.signature)
            .expect("a signature");
    }
}

/// Reading what was presented, finding the path and checking it: what a handshake costs.
fn portcullis(chain: &Chain) -> Contender<'_> {
    let (anchors, policy) = (chain.anchors(), policy());
    Contender::new("portcullis", move || {
        accept(&chain.leaf, &chain.intermediates, &anchors, &policy);
    })
}

/// Reads and verifies by our own crates.
pub(crate) fn accept(
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    anchors: &Anchors,
    policy: &Policy,
) {
    let leaf = Certificate::parse(black_box(leaf)).expect("a certificate");
    let offered = intermediates.iter();
    let offered: Vec<_> = offered
        .map(|der| Certificate::parse(der).expect("a certificate"))
        .collect();
    black_box(verify(&leaf, &offered, anchors, policy, NOW).expect("a valid chain"));
}

fn webpki(chain: &Chain) -> Contender<'_> {
    let anchors = [anchor_from_trusted_cert(&chain.root).expect("an anchor")];
    Contender::new("webpki", move || {
        let leaf = EndEntityCert::try_from(black_box(&chain.leaf)).expect("a certificate");
        let path = leaf.verify_for_usage(
            algorithms(),
            &anchors,
            &chain.intermediates,
            NOW,
            KeyUsage::client_auth(),
            None,
            None,
        );
        black_box(path.expect("a valid chain"));
    })
}

/// The signatures of `leaves` in turn, alone; the chain, which was accepted before; and the leaves in turn,
/// more than are remembered, under the same intermediates.
pub(crate) fn remembering<'a>(
    chain: &'a Chain,
    leaves: &'a [CertificateDer<'static>],
) -> [Contender<'a>; 3] {
    let certificates = chain.certificates();
    let issuer = certificates.get(1).expect("an issuer");
    let check = |der| SignatureCheck::of(&Certificate::parse(der).expect("a certificate"), issuer);
    let checks: Vec<SignatureCheck> = leaves.iter().map(|der| check(der)).collect();
    let next = Cell::new(0);
    let trust = || Trust::new(chain.anchors(), policy());
    let (one, many, turn) = (trust(), trust(), Cell::new(0));
    let (all, few) = (
        RefCell::new(Memory::new(1_000)),
        RefCell::new(Memory::new(leaves.len() / 4)),
    );
    [
        Contender::new("one signature", move || in_turn(&checks, &next).run()),
        Contender::new("remembered", move || {
            recall(&chain.leaf, &chain.intermediates, &one, &all);
        }),
        Contender::new("new leaf", move || {
            recall(in_turn(leaves, &turn), &chain.intermediates, &many, &few);
        }),
    ]
}

fn recall(
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    trust: &Trust,
    memory: &RefCell<Memory>,
) {
    let leaf = Certificate::parse(black_box(leaf)).expect("a certificate");
    let offered = intermediates.iter();
    let offered: Vec<_> = offered
        .map(|der| Certificate::parse(der).expect("a certificate"))
        .collect();
    let chain = trust.verify(&leaf, &offered, memory, NOW);
    black_box(chain.expect("a valid chain"));
}

/// Takes the next item, after the last the first.
pub(crate) fn in_turn<'a, T>(items: &'a [T], turn: &Cell<usize>) -> &'a T {
    let next = turn.replace((turn.get() + 1) % items.len());
    items.get(next).expect("an item")
}
