//! One verification, told in a sentence.

#![allow(dead_code, reason = "every topic uses a part of it")]

use std::borrow::Borrow;
use std::fmt::Debug;

use portcullis_chain::{Anchors, Policy, Purpose, Rejection, VerifiedChain, verify};
use portcullis_test_pki::{Certified, NOW};
use portcullis_x509::Certificate;
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

/// Everything that a verification depends on.
pub(crate) struct Question<'a> {
    leaf: &'a [u8],
    offered: Vec<&'a [u8]>,
    trusted: Vec<&'a [u8]>,
    known: Vec<&'a [u8]>,
    policy: Policy,
    now: UnixTime,
}

/// A verification of `leaf` as a TLS client, with nothing else said yet.
pub(crate) fn is(leaf: &Certified) -> Question<'_> {
    is_der(&leaf.der)
}

/// The same of a certificate by its octets.
pub(crate) fn is_der(leaf: &[u8]) -> Question<'_> {
    Question {
        leaf,
        offered: Vec::new(),
        trusted: Vec::new(),
        known: Vec::new(),
        policy: client(),
        now: NOW,
    }
}

/// What [`Question::code`] says of a chain that is accepted.
pub(crate) const ACCEPTED: &str = "accepted";

/// Asserts that what was found in each row is what is expected there, and names the rows where it is not.
#[track_caller]
pub(crate) fn all<T: PartialEq + Debug>(rows: impl IntoIterator<Item = (String, T, T)>) {
    let wrong: Vec<_> = rows
        .into_iter()
        .filter(|(_, found, expected)| found != expected)
        .map(|(row, found, expected)| format!("{row}: found {found:?}, expected {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The policy for TLS clients.
pub(crate) fn client() -> Policy {
    policy(Purpose::ClientAuth)
}

/// The policy for this purpose.
pub(crate) fn policy(purpose: Purpose) -> Policy {
    Policy::new(purpose, algorithms())
}

pub(crate) fn algorithms() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all
}

impl<'a> Question<'a> {
    pub(crate) fn with(mut self, offered: &[&'a Certified]) -> Self {
        self.offered
            .extend(offered.iter().map(|certified| &*certified.der));
        self
    }

    pub(crate) fn under(mut self, trusted: &[&'a Certified]) -> Self {
        self.trusted
            .extend(trusted.iter().map(|certified| &*certified.der));
        self
    }

    pub(crate) fn knowing(mut self, known: &[&'a Certified]) -> Self {
        self.known
            .extend(known.iter().map(|certified| &*certified.der));
        self
    }

    pub(crate) fn by(mut self, policy: impl Borrow<Policy>) -> Self {
        self.policy = policy.borrow().clone();
        self
    }

    pub(crate) fn at(mut self, now: UnixTime) -> Self {
        self.now = now;
        self
    }

    /// What `read` makes of the accepted chain, or the rejection.
    pub(crate) fn answer<T>(
        &self,
        read: impl FnOnce(&VerifiedChain<'_>) -> T,
    ) -> Result<T, Rejection> {
        let own = |list: &[&[u8]]| list.iter().map(|der| der.to_vec().into()).collect();
        let anchors = Anchors::new(own(&self.trusted), own(&self.known)).unwrap();
        let leaf = Certificate::parse(self.leaf).unwrap();
        let offered: Vec<_> = self
            .offered
            .iter()
            .map(|der| Certificate::parse(der).unwrap())
            .collect();
        verify(&leaf, &offered, &anchors, &self.policy, self.now).map(|chain| read(&chain))
    }

    /// The subjects of the accepted chain, leaf first.
    #[track_caller]
    pub(crate) fn accepted(&self) -> Vec<String> {
        let subjects =
            |chain: &VerifiedChain<'_>| chain.subjects().map(|name| name.to_string()).collect();
        self.answer(subjects)
            .unwrap_or_else(|rejection| panic!("{rejection}"))
    }

    /// [`ACCEPTED`], or the code of the refusal.
    pub(crate) fn code(&self) -> &'static str {
        match self.answer(|_| ()) {
            Ok(()) => ACCEPTED,
            Err(rejection) => rejection.reason().code(),
        }
    }

    /// The policies that the accepted chain is valid for, with dots.
    #[track_caller]
    pub(crate) fn policies(&self) -> Vec<String> {
        let policies =
            |chain: &VerifiedChain<'_>| chain.policies().map(|policy| policy.to_string()).collect();
        self.answer(policies)
            .unwrap_or_else(|rejection| panic!("{rejection}"))
    }

    #[track_caller]
    pub(crate) fn refused(&self) -> Rejection {
        self.answer(|_| ()).expect_err("the chain is refused")
    }

    /// Asserts the code of the refusal and the position of the certificate at fault.
    #[track_caller]
    pub(crate) fn refused_for(&self, code: &str, certificate: usize) {
        let rejection = self.refused();
        let found = (rejection.reason().code(), rejection.certificate());
        assert_eq!(found, (code, certificate), "{rejection}");
    }
}
