//! Which certificate a question or an answer is about.

use alloc::boxed::Box;
use alloc::vec::Vec;

use portcullis_x509::der::{Error, Reader, Tag};
use portcullis_x509::{AlgorithmIdentifier, Certificate, Oid, Serial, oid};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::encode;

/// What the issuer's name and key are hashed with.
///
/// It only picks an entry in the responder's index, so SHA-1 does no harm here. It is what
/// RFC 5019 section 2.1.1 prescribes and what every responder knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// `id-sha1`
    Sha1,
    /// `id-sha256`
    Sha256,
}

impl HashAlgorithm {
    /// The algorithm with this identifier, whose parameters must be NULL or absent.
    fn from_identifier(identifier: AlgorithmIdentifier<'_>) -> Option<Self> {
        let mut content = Reader::new(identifier.content());
        content.oid().ok()?;
        if !matches!(content.remaining(), [] | [0x05, 0x00]) {
            return None;
        }
        match identifier.oid() {
            oid::SHA1 => Some(Self::Sha1),
            oid::SHA256 => Some(Self::Sha256),
            _ => None,
        }
    }

    fn oid(self) -> Oid<'static> {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
        }
    }

    fn digest(self, octets: &[u8]) -> Digest {
        match self {
            Self::Sha1 => Digest::Sha1(Sha1::digest(octets).into()),
            Self::Sha256 => Digest::Sha256(Sha256::digest(octets).into()),
        }
    }
}

/// The SHA-1 of a certificate's public key: the `KeyHash` of RFC 6960 section 4.2.2.3.
pub(crate) fn key_hash(certificate: &Certificate<'_>) -> [u8; 20] {
    Sha1::digest(certificate.subject_public_key_info().key()).into()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Digest {
    Sha1([u8; 20]),
    Sha256([u8; 32]),
}

impl Digest {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(octets) => octets,
            Self::Sha256(octets) => octets,
        }
    }
}

/// The identifier of a certificate by its issuer's name and key and its serial number.
///
/// ```text
/// CertID          ::=     SEQUENCE {
///     hashAlgorithm       AlgorithmIdentifier,
///     issuerNameHash      OCTET STRING, -- Hash of issuer's DN
///     issuerKeyHash       OCTET STRING, -- Hash of issuer's public key
///     serialNumber        CertificateSerialNumber }
/// ```
///
/// Name and key are those of the issuer's certificate. RFC 6960 section 4.1.1 hashes the
/// `issuer` field of the certificate in question instead; where path validation found the two
/// names equal in other octets, responders index the issuer's own. Equal names with other keys
/// give other identifiers, which makes one a safe key of a cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertId {
    issuer_name: Digest,
    issuer_key: Digest,
    hash: HashAlgorithm,
    serial: Box<[u8]>,
}

impl CertId {
    /// Identifies `certificate`, issued by `issuer`.
    pub fn new(
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        hash: HashAlgorithm,
    ) -> Self {
        Self {
            issuer_name: hash.digest(issuer.subject().der()),
            issuer_key: hash.digest(issuer.subject_public_key_info().key()),
            hash,
            serial: certificate.serial().as_bytes().into(),
        }
    }

    /// The encoded `CertID`.
    pub fn to_der(&self) -> Vec<u8> {
        // Every implementation writes NULL as the hash's parameters.
        let hash = encode::sequence(&[&encode::oid(self.hash.oid()), encode::NULL]);
        let issuer_name = encode::octet_string(self.issuer_name.as_bytes());
        let issuer_key = encode::octet_string(self.issuer_key.as_bytes());
        let serial = encode::tlv(Tag::INTEGER, &[&self.serial]);
        encode::sequence(&[&hash, &issuer_name, &issuer_key, &serial])
    }
}

/// A [`CertId`] as it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CertIdRef<'a> {
    der: &'a [u8],
    hash: AlgorithmIdentifier<'a>,
    issuer_name_hash: &'a [u8],
    issuer_key_hash: &'a [u8],
    serial: Serial<'a>,
}

impl<'a> CertIdRef<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let whole = reader.expect_tlv(Tag::SEQUENCE)?;
        let mut reader = Reader::new(whole.value);
        let cert_id = Self {
            der: whole.der,
            hash: AlgorithmIdentifier::read(&mut reader)?,
            issuer_name_hash: reader.octet_string()?,
            issuer_key_hash: reader.octet_string()?,
            serial: Serial::from_content(reader.integer()?),
        };
        reader.finish()?;
        Ok(cert_id)
    }

    /// The whole encoding as received, for an answer to repeat.
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The hash algorithm, where it is one of those known here with parameters NULL or absent.
    pub fn hash_algorithm(&self) -> Option<HashAlgorithm> {
        HashAlgorithm::from_identifier(self.hash)
    }

    /// The hash algorithm's identifier.
    pub fn hash_algorithm_identifier(&self) -> AlgorithmIdentifier<'a> {
        self.hash
    }

    /// The hash of the issuer's name.
    pub fn issuer_name_hash(&self) -> &'a [u8] {
        self.issuer_name_hash
    }

    /// The hash of the issuer's public key.
    pub fn issuer_key_hash(&self) -> &'a [u8] {
        self.issuer_key_hash
    }

    /// The serial number.
    pub fn serial(&self) -> Serial<'a> {
        self.serial
    }

    /// Whether this names a certificate issued by `issuer`: both hashes are computed again with
    /// the hash algorithm named here. Never true of an unknown hash algorithm.
    pub fn is_issued_by(&self, issuer: &Certificate<'_>) -> bool {
        self.hash_algorithm().is_some_and(|hash| {
            hash.digest(issuer.subject().der()).as_bytes() == self.issuer_name_hash
                && hash
                    .digest(issuer.subject_public_key_info().key())
                    .as_bytes()
                    == self.issuer_key_hash
        })
    }

    /// Whether this names `certificate`, issued by `issuer`.
    pub fn identifies(&self, certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> bool {
        self.serial == certificate.serial() && self.is_issued_by(issuer)
    }
}
