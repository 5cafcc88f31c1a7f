//! Certificates and the authorities that issue them.

mod builder;
mod encode;

use std::ops::Deref;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use sha1::{Digest as _, Sha1};

pub use self::builder::Builder;
use crate::{Key, Name, pem};

/// A certificate with the private key it certifies.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The certificate.
    pub der: CertificateDer<'static>,
    /// Its key.
    pub key: Key,
    subject: Name,
    serial: Vec<u8>,
    around: UnixTime,
}

impl Certified {
    /// A self-signed end-entity certificate without extended key usage.
    #[must_use]
    pub fn self_signed(name: impl Into<Name>) -> Builder<Self> {
        Builder::new(name.into(), None).leaf()
    }

    /// The certificate as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// The certificate as PEM, followed by `others`.
    #[must_use]
    pub fn pem_with(&self, others: &[&Self]) -> String {
        let others: String = others.iter().map(|other| other.pem()).collect();
        self.pem() + &others
    }

    /// The private key as PEM.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.pem()
    }

    /// The private key in the type that rustls takes.
    #[must_use]
    pub fn private_key_der(&self) -> PrivateKeyDer<'static> {
        self.key.private_key_der()
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The content octets of the serial number's INTEGER.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The moment its validity is around: [`NOW`](crate::NOW) unless built otherwise.
    #[must_use]
    pub fn around(&self) -> UnixTime {
        self.around
    }

    /// The SHA-1 of the public key, which is the default subject key identifier.
    #[must_use]
    pub fn key_identifier(&self) -> Vec<u8> {
        key_identifier(self.key.public_key())
    }
}

/// A certified key that issues: a [`Certified`] with the means to certify others.
#[derive(Clone, Debug)]
pub struct Ca(Certified);

impl From<Certified> for Ca {
    fn from(certified: Certified) -> Self {
        Self(certified)
    }
}

impl Deref for Ca {
    type Target = Certified;

    fn deref(&self) -> &Certified {
        &self.0
    }
}

impl Ca {
    /// A self-signed certification authority.
    #[must_use]
    pub fn root(name: impl Into<Name>) -> Builder<Self> {
        let builder = Builder::new(name.into(), None)
            .valid_for_days(3650)
            .authority();
        builder.without_extension(oid::AUTHORITY_KEY_IDENTIFIER)
    }

    /// An authority below this one.
    #[must_use]
    pub fn intermediate(&self, name: impl Into<Name>) -> Builder<Self> {
        Builder::new(name.into(), Some(self))
            .valid_for_days(1825)
            .authority()
    }

    /// This authority certifies the name and key of another one.
    #[must_use]
    pub fn cross_sign(&self, other: &Self) -> Builder<Self> {
        self.intermediate(other.subject().clone()).key(&other.key)
    }

    /// An end-entity certificate for TLS clients.
    #[must_use]
    pub fn client(&self, name: impl Into<Name>) -> Builder<Certified> {
        self.leaf(name)
            .extended_key_usage(&[ExtendedKeyUsage::ClientAuth])
    }

    /// An end-entity certificate for a TLS server of these names, DNS or IP. The first is the CN too.
    #[must_use]
    pub fn server(&self, names: &[&str]) -> Builder<Certified> {
        let common_name = names
            .first()
            .map_or_else(Name::empty, |name| Name::common_name(name));
        let builder = self
            .leaf(common_name)
            .extended_key_usage(&[ExtendedKeyUsage::ServerAuth]);
        names
            .iter()
            .fold(builder, |builder, name| match name.parse() {
                Ok(address) => builder.ip(address),
                Err(_) => builder.dns(name),
            })
    }

    /// A delegated OCSP responder, which itself need not be checked for revocation.
    #[must_use]
    pub fn ocsp_responder(&self, name: impl Into<Name>) -> Builder<Certified> {
        self.leaf(name)
            .extended_key_usage(&[ExtendedKeyUsage::OcspSigning])
            .ocsp_no_check()
    }

    /// An end-entity certificate without extended key usage.
    #[must_use]
    pub fn leaf(&self, name: impl Into<Name>) -> Builder<Certified> {
        Builder::new(name.into(), Some(self)).leaf()
    }
}

/// What a key may be used for, by its bit (RFC 5280 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are those of RFC 5280")]
pub enum KeyUsage {
    DigitalSignature = 0,
    ContentCommitment = 1,
    KeyEncipherment = 2,
    DataEncipherment = 3,
    KeyAgreement = 4,
    KeyCertSign = 5,
    CrlSign = 6,
    EncipherOnly = 7,
    DecipherOnly = 8,
}

/// What a certificate may be used for (RFC 5280 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 5280")]
pub enum ExtendedKeyUsage {
    Any,
    ServerAuth,
    ClientAuth,
    CodeSigning,
    OcspSigning,
    /// Any other, written with dots.
    Other(&'static str),
}

impl ExtendedKeyUsage {
    fn oid(self) -> &'static str {
        match self {
            Self::Any => "2.5.29.37.0",
            Self::ServerAuth => "1.3.6.1.5.5.7.3.1",
            Self::ClientAuth => "1.3.6.1.5.5.7.3.2",
            Self::CodeSigning => "1.3.6.1.5.5.7.3.3",
            Self::OcspSigning => "1.3.6.1.5.5.7.3.9",
            Self::Other(oid) => oid,
        }
    }
}

/// The basic constraints extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasicConstraints {
    /// No such extension.
    Absent,
    /// Present, and cA is false.
    EndEntity,
    /// cA is true.
    Ca {
        /// How many intermediates may follow, where limited.
        path_length: Option<u8>,
    },
}

/// Whether who does not know an extension must refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criticality {
    /// Refuse.
    Critical,
    /// Ignore.
    NonCritical,
}

/// The version of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Without extensions.
    V1,
    /// Without extensions.
    V2,
    /// With extensions.
    V3,
    /// A number that the version field never had, extensions included.
    Other(u8),
}

/// Extensions and access methods, written with dots.
mod oid {
    pub(super) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
    pub(super) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
    pub(super) const KEY_USAGE: &str = "2.5.29.15";
    pub(super) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    pub(super) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    pub(super) const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
    pub(super) const NAME_CONSTRAINTS: &str = "2.5.29.30";
    pub(super) const CERTIFICATE_POLICIES: &str = "2.5.29.32";
    pub(super) const POLICY_MAPPINGS: &str = "2.5.29.33";
    pub(super) const POLICY_CONSTRAINTS: &str = "2.5.29.36";
    pub(super) const INHIBIT_ANY_POLICY: &str = "2.5.29.54";
    pub(super) const AUTHORITY_INFORMATION_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
    pub(super) const OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
    pub(super) const AD_OCSP: &str = "1.3.6.1.5.5.7.48.1";
    pub(super) const AD_CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
}

fn key_identifier(public_key: &[u8]) -> Vec<u8> {
    Sha1::digest(public_key).to_vec()
}
