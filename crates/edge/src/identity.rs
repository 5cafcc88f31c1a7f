//! From what authentication returned to what the backend is told: the one place where a client
//! identity is asserted.

use portcullis_revocation::Verdict;
use portcullis_rewrite::{CertificateFacts, ClientIdentity, Fact};
use portcullis_tls::{Client, VerifiedClient};
use portcullis_x509::{Certificate, Malformed};
use rustls_pki_types::{CertificateDer, UnixTime};
use sha2::{Digest as _, Sha256};

use crate::facts;

/// Who a connection belongs to, in the backend's words, rendered once a connection.
#[derive(Debug)]
pub(crate) enum Identity {
    Absent,
    Unverified(CertificateFacts),
    Verified {
        identity: ClientIdentity,
        valid_until: UnixTime,
        revocation: Option<Verdict>,
        proven: Box<Proven>,
    },
}

/// A proven certificate, as far as who may pass is asked.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) certificate: CertificateDer<'static>,
    /// The certificate policies under which its path is valid, dotted.
    pub(crate) policies: Vec<String>,
    /// SHA-256 of the certificate, and of its public key.
    pub(crate) fingerprint: [u8; 32],
    pub(crate) key: [u8; 32],
}

impl Identity {
    /// Renders what [`portcullis_tls::authenticate`] returned, as far as backends and the log are told.
    pub(crate) fn of(client: Client, asked: &[Fact], now: UnixTime) -> Result<Self, Malformed> {
        match client {
            Client::Anonymous => Ok(Self::Absent),
            Client::Unverified(certificate) => {
                facts::of(&certificate, asked, now).map(Self::Unverified)
            }
            Client::Verified(client) => Ok(Self::Verified {
                identity: ClientIdentity::assertion(facts::proven(&client, asked, now)?),
                valid_until: client.valid_until(),
                revocation: client.revocation().cloned(),
                proven: Box::new(Proven::of(&client)?),
            }),
        }
    }

    pub(crate) fn client(&self) -> portcullis_rewrite::Client<'_> {
        match self {
            Self::Absent => portcullis_rewrite::Client::Absent,
            Self::Unverified(facts) => portcullis_rewrite::Client::Unverified(facts),
            Self::Verified { identity, .. } => portcullis_rewrite::Client::Verified(identity),
        }
    }

    /// The proven certificate, where there is one.
    pub(crate) fn proven(&self) -> Option<&Proven> {
        match self {
            Self::Absent | Self::Unverified(_) => None,
            Self::Verified { proven, .. } => Some(proven),
        }
    }

    /// What responders say of the certificate, where they are asked.
    pub(crate) fn revocation(&self) -> Option<&Verdict> {
        match self {
            Self::Absent | Self::Unverified(_) => None,
            Self::Verified { revocation, .. } => revocation.as_ref(),
        }
    }

    /// Whether the identity may still be relied on.
    pub(crate) fn stands_at(&self, now: UnixTime) -> bool {
        match self {
            Self::Absent | Self::Unverified(_) => true,
            Self::Verified { valid_until, .. } => now <= *valid_until,
        }
    }
}

impl Proven {
    fn of(client: &VerifiedClient) -> Result<Self, Malformed> {
        let der = client.certificate();
        let key = Certificate::parse(der)?.subject_public_key_info();
        Ok(Self {
            certificate: der.clone(),
            policies: client.policies().to_vec(),
            fingerprint: Sha256::digest(der).into(),
            key: Sha256::digest(key.der()).into(),
        })
    }
}
