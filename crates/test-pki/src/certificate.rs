//! Certificates, issued by a builder whose every departure from a valid certificate has a name.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use sha1::{Digest as _, Sha1};

use crate::{Algorithm, DAY, Key, NOW, Name, after, before, der, pem};

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

    /// The moment its validity is around: [`NOW`] unless built otherwise.
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
        builder.without_extension(AUTHORITY_KEY_IDENTIFIER)
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

const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
const KEY_USAGE: &str = "2.5.29.15";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const CERTIFICATE_POLICIES: &str = "2.5.29.32";
const AUTHORITY_INFORMATION_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
const OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
const AD_OCSP: &str = "1.3.6.1.5.5.7.48.1";
const AD_CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// A certificate in the making. [`issue`](Self::issue) gives a [`Ca`] or a [`Certified`].
#[derive(Clone, Debug)]
pub struct Builder<T> {
    subject: Name,
    issuer: Option<Certified>,
    issuer_name: Option<Name>,
    signer: Option<Key>,
    key: Option<Key>,
    algorithm: Algorithm,
    public_key_info: Option<Vec<u8>>,
    serial: Option<Vec<u8>>,
    version: Version,
    around: UnixTime,
    days: u64,
    not_before: Option<UnixTime>,
    not_after: Option<UnixTime>,
    basic_constraints: (BasicConstraints, Criticality),
    key_usage: (Vec<KeyUsage>, Criticality),
    extended_key_usage: (Vec<ExtendedKeyUsage>, Criticality),
    alternative_names: Vec<Vec<u8>>,
    access: Vec<(&'static str, String)>,
    extra: Vec<Vec<u8>>,
    without: Vec<String>,
    signature_algorithm: Option<Vec<u8>>,
    outer_signature_algorithm: Option<Vec<u8>>,
    flip_signature: bool,
    output: PhantomData<T>,
}

impl<T: From<Certified>> Builder<T> {
    fn new(subject: Name, issuer: Option<&Ca>) -> Self {
        Self {
            subject,
            issuer: issuer.map(|issuer| issuer.0.clone()),
            issuer_name: None,
            signer: None,
            key: None,
            algorithm: Algorithm::P256,
            public_key_info: None,
            serial: None,
            version: Version::V3,
            around: issuer.map_or(NOW, |issuer| issuer.around),
            days: 90,
            not_before: None,
            not_after: None,
            basic_constraints: (BasicConstraints::Absent, Criticality::Critical),
            key_usage: (Vec::new(), Criticality::Critical),
            extended_key_usage: (Vec::new(), Criticality::NonCritical),
            alternative_names: Vec::new(),
            access: Vec::new(),
            extra: Vec::new(),
            without: Vec::new(),
            signature_algorithm: None,
            outer_signature_algorithm: None,
            flip_signature: false,
            output: PhantomData,
        }
    }

    fn leaf(self) -> Self {
        self.basic_constraints(BasicConstraints::EndEntity)
            .key_usage(&[KeyUsage::DigitalSignature])
    }

    fn authority(self) -> Self {
        self.basic_constraints(BasicConstraints::Ca { path_length: None })
            .key_usage(&[KeyUsage::KeyCertSign, KeyUsage::CrlSign])
    }

    /// Another subject than the one the builder was started with.
    #[must_use]
    pub fn subject(mut self, name: impl Into<Name>) -> Self {
        self.subject = name.into();
        self
    }

    /// An issuer field that need not be the issuer's subject.
    #[must_use]
    pub fn issuer_name(mut self, name: impl Into<Name>) -> Self {
        self.issuer_name = Some(name.into());
        self
    }

    /// Signed by this key, whatever the issuer field says.
    #[must_use]
    pub fn signed_by(mut self, key: &Key) -> Self {
        self.signer = Some(key.clone());
        self
    }

    /// A fresh key of this kind. P-256 unless said.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// This key instead of a fresh one.
    #[must_use]
    pub fn key(mut self, key: &Key) -> Self {
        self.key = Some(key.clone());
        self
    }

    /// This `SubjectPublicKeyInfo`, a whole TLV, instead of the key's.
    #[must_use]
    pub fn subject_public_key_info(mut self, der: &[u8]) -> Self {
        self.public_key_info = Some(der.to_vec());
        self
    }

    /// A serial number by its big-endian magnitude.
    #[must_use]
    pub fn serial(self, magnitude: &[u8]) -> Self {
        let content = der::unsigned(magnitude);
        self.serial_content(&content)
    }

    /// A serial number by the content octets of its INTEGER: negative, padded, as you like.
    #[must_use]
    pub fn serial_content(mut self, content: &[u8]) -> Self {
        self.serial = Some(content.to_vec());
        self
    }

    /// The version. Below 3 nothing is written that only version 3 has.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Validity around this moment instead of [`NOW`] or the issuer's: for peers that read a clock.
    ///
    /// What the issued authority issues follows it.
    #[must_use]
    pub fn valid_around(mut self, unix_seconds: u64) -> Self {
        self.around = UnixTime::since_unix_epoch(std::time::Duration::from_secs(unix_seconds));
        self
    }

    /// So many days of validity on each side of now.
    #[must_use]
    pub fn valid_for_days(mut self, days: u64) -> Self {
        self.days = days;
        self
    }

    /// The first moment of validity.
    #[must_use]
    pub fn not_before(mut self, time: UnixTime) -> Self {
        self.not_before = Some(time);
        self
    }

    /// The last moment of validity.
    #[must_use]
    pub fn not_after(mut self, time: UnixTime) -> Self {
        self.not_after = Some(time);
        self
    }

    /// Ended yesterday.
    #[must_use]
    pub fn expired(self) -> Self {
        let yesterday = before(self.around, DAY);
        self.not_after(yesterday)
    }

    /// Begins tomorrow.
    #[must_use]
    pub fn not_yet_valid(self) -> Self {
        let tomorrow = after(self.around, DAY);
        self.not_before(tomorrow)
    }

    /// Basic constraints, critical unless [said otherwise](Self::basic_constraints_criticality).
    #[must_use]
    pub fn basic_constraints(mut self, constraints: BasicConstraints) -> Self {
        self.basic_constraints.0 = constraints;
        self
    }

    /// The criticality of basic constraints.
    #[must_use]
    pub fn basic_constraints_criticality(mut self, criticality: Criticality) -> Self {
        self.basic_constraints.1 = criticality;
        self
    }

    /// An authority with this path length.
    #[must_use]
    pub fn path_length(self, path_length: u8) -> Self {
        self.basic_constraints(BasicConstraints::Ca {
            path_length: Some(path_length),
        })
    }

    /// The key usage extension; none when empty.
    #[must_use]
    pub fn key_usage(mut self, usages: &[KeyUsage]) -> Self {
        self.key_usage.0 = usages.to_vec();
        self
    }

    /// The criticality of key usage, critical unless said.
    #[must_use]
    pub fn key_usage_criticality(mut self, criticality: Criticality) -> Self {
        self.key_usage.1 = criticality;
        self
    }

    /// The extended key usage extension; none when empty.
    #[must_use]
    pub fn extended_key_usage(mut self, usages: &[ExtendedKeyUsage]) -> Self {
        self.extended_key_usage.0 = usages.to_vec();
        self
    }

    /// The criticality of extended key usage, not critical unless said.
    #[must_use]
    pub fn extended_key_usage_criticality(mut self, criticality: Criticality) -> Self {
        self.extended_key_usage.1 = criticality;
        self
    }

    /// A dNSName.
    #[must_use]
    pub fn dns(self, name: &str) -> Self {
        self.general_name(&der::context_primitive(2, name.as_bytes()))
    }

    /// An iPAddress.
    #[must_use]
    pub fn ip(self, address: IpAddr) -> Self {
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        self.general_name(&der::context_primitive(7, &octets))
    }

    /// An rfc822Name.
    #[must_use]
    pub fn email(self, address: &str) -> Self {
        self.general_name(&der::context_primitive(1, address.as_bytes()))
    }

    /// A uniformResourceIdentifier.
    #[must_use]
    pub fn uri(self, uri: &str) -> Self {
        self.general_name(&der::context_primitive(6, uri.as_bytes()))
    }

    /// A directoryName.
    #[must_use]
    pub fn directory_name(self, name: impl Into<Name>) -> Self {
        self.general_name(&der::context(4, name.into().der()))
    }

    /// Any other alternative name, a whole TLV.
    #[must_use]
    pub fn general_name(mut self, general_name: &[u8]) -> Self {
        self.alternative_names.push(general_name.to_vec());
        self
    }

    /// An OCSP responder in the authority information access extension; call again for more.
    #[must_use]
    pub fn ocsp_url(self, url: &str) -> Self {
        self.access_description(AD_OCSP, url)
    }

    /// An issuer's certificate in the authority information access extension.
    #[must_use]
    pub fn ca_issuers_url(self, url: &str) -> Self {
        self.access_description(AD_CA_ISSUERS, url)
    }

    fn access_description(mut self, method: &'static str, url: &str) -> Self {
        self.access.push((method, url.to_owned()));
        self
    }

    /// `id-pkix-ocsp-nocheck`.
    #[must_use]
    pub fn ocsp_no_check(self) -> Self {
        self.extension(OCSP_NO_CHECK, Criticality::NonCritical, &der::null())
    }

    /// Critical name constraints that permit only these DNS trees.
    #[must_use]
    pub fn permitted_dns(self, names: &[&str]) -> Self {
        let subtrees: Vec<_> = names
            .iter()
            .map(|name| der::sequence(&[der::context_primitive(2, name.as_bytes())]))
            .collect();
        let permitted = der::context(0, &der::concat(&subtrees));
        self.extension(
            NAME_CONSTRAINTS,
            Criticality::Critical,
            &der::sequence(&[permitted]),
        )
    }

    /// Certificate policies by their identifiers.
    #[must_use]
    pub fn policies(self, criticality: Criticality, oids: &[&str]) -> Self {
        let policies: Vec<_> = oids
            .iter()
            .map(|oid| der::sequence(&[der::oid(oid)]))
            .collect();
        self.extension(CERTIFICATE_POLICIES, criticality, &der::sequence(&policies))
    }

    /// One more extension, also one that is there already.
    #[must_use]
    pub fn extension(mut self, oid: &str, criticality: Criticality, value: &[u8]) -> Self {
        self.extra.push(der::extension(oid, criticality, value));
        self
    }

    /// Leaves out what the builder would write for this extension; with
    /// [`extension`](Self::extension) it is replaced, by malformed bytes for instance.
    #[must_use]
    pub fn without_extension(mut self, oid: &str) -> Self {
        self.without.push(oid.to_owned());
        self
    }

    /// Neither a subject nor an authority key identifier.
    #[must_use]
    pub fn without_key_identifiers(self) -> Self {
        self.without_extension(AUTHORITY_KEY_IDENTIFIER)
            .without_extension(SUBJECT_KEY_IDENTIFIER)
    }

    /// This authority key identifier instead of the issuer's.
    #[must_use]
    pub fn authority_key_identifier(self, identifier: &[u8]) -> Self {
        let value = der::sequence(&[der::context_primitive(0, identifier)]);
        self.without_extension(AUTHORITY_KEY_IDENTIFIER).extension(
            AUTHORITY_KEY_IDENTIFIER,
            Criticality::NonCritical,
            &value,
        )
    }

    /// One bit of the signature is wrong.
    #[must_use]
    pub fn wrong_signature(mut self) -> Self {
        self.flip_signature = true;
        self
    }

    /// Names this `AlgorithmIdentifier` in both places, whatever it is signed with.
    #[must_use]
    pub fn signature_algorithm(mut self, identifier: &[u8]) -> Self {
        self.signature_algorithm = Some(identifier.to_vec());
        self
    }

    /// Names this `AlgorithmIdentifier` outside, where it must equal the one inside.
    #[must_use]
    pub fn outer_signature_algorithm(mut self, identifier: &[u8]) -> Self {
        self.outer_signature_algorithm = Some(identifier.to_vec());
        self
    }

    /// The finished certificate with its key.
    #[must_use]
    pub fn issue(self) -> T {
        let key = self
            .key
            .clone()
            .unwrap_or_else(|| Key::generate(self.algorithm));
        let serial = self.serial.clone().unwrap_or_else(|| fresh_serial(&key));
        let signer = self.signing_key(&key);
        let inner = self
            .signature_algorithm
            .clone()
            .unwrap_or_else(|| signer.algorithm().identifier());
        let outer = self
            .outer_signature_algorithm
            .clone()
            .unwrap_or_else(|| inner.clone());
        let tbs = self.tbs(&key, &serial, &inner);
        let mut signature = signer.sign(&tbs);
        if self.flip_signature {
            let last = signature.len() - 1;
            signature[last] ^= 1;
        }
        let der = der::sequence(&[tbs, outer, der::bit_string(&signature)]);
        let around = self.around;
        T::from(Certified {
            der: der.into(),
            key,
            subject: self.subject,
            serial,
            around,
        })
    }

    fn signing_key(&self, own: &Key) -> Key {
        let issuer = self.issuer.as_ref().map(|issuer| &issuer.key);
        self.signer.as_ref().or(issuer).unwrap_or(own).clone()
    }

    fn tbs(&self, key: &Key, serial: &[u8], signature_algorithm: &[u8]) -> Vec<u8> {
        let issuer = self
            .issuer
            .as_ref()
            .map_or(&self.subject, |issuer| &issuer.subject);
        let issuer = self.issuer_name.as_ref().unwrap_or(issuer);
        let mut parts = vec![
            self.encoded_version(),
            der::integer(serial),
            signature_algorithm.to_vec(),
            issuer.der().to_vec(),
            self.validity(),
            self.subject.der().to_vec(),
            self.public_key_info
                .clone()
                .unwrap_or_else(|| key.subject_public_key_info()),
        ];
        let extensions = self.extensions(key);
        if !matches!(self.version, Version::V1 | Version::V2) && !extensions.is_empty() {
            parts.push(der::context(3, &der::sequence(&extensions)));
        }
        der::sequence(&parts)
    }

    fn encoded_version(&self) -> Vec<u8> {
        let number = match self.version {
            Version::V1 => return Vec::new(),
            Version::V2 => 1,
            Version::V3 => 2,
            Version::Other(number) => number,
        };
        der::context(0, &der::number(number.into()))
    }

    fn validity(&self) -> Vec<u8> {
        let span = self.days * DAY;
        let not_before = self.not_before.unwrap_or_else(|| before(self.around, span));
        let not_after = self.not_after.unwrap_or_else(|| after(self.around, span));
        der::sequence(&[der::time(not_before), der::time(not_after)])
    }

    fn extensions(&self, key: &Key) -> Vec<Vec<u8>> {
        let non_critical = Criticality::NonCritical;
        let issuer_key = self.issuer.as_ref().map_or(key, |issuer| &issuer.key);
        let authority = key_identifier(issuer_key.public_key());
        let authority = der::sequence(&[der::context_primitive(0, &authority)]);
        let subject = der::octet_string(&key_identifier(key.public_key()));
        let own = [
            (AUTHORITY_KEY_IDENTIFIER, non_critical, Some(authority)),
            (SUBJECT_KEY_IDENTIFIER, non_critical, Some(subject)),
            (KEY_USAGE, self.key_usage.1, self.encoded_key_usage()),
            (
                BASIC_CONSTRAINTS,
                self.basic_constraints.1,
                self.encoded_basic_constraints(),
            ),
            (
                EXTENDED_KEY_USAGE,
                self.extended_key_usage.1,
                self.encoded_extended_key_usage(),
            ),
            (
                SUBJECT_ALTERNATIVE_NAME,
                self.alternative_name_criticality(),
                self.encoded_alternative_names(),
            ),
            (
                AUTHORITY_INFORMATION_ACCESS,
                non_critical,
                self.encoded_access(),
            ),
        ];
        let own = own
            .into_iter()
            .filter(|(oid, ..)| self.without.iter().all(|other| other != oid));
        let own = own.filter_map(|(oid, criticality, value)| {
            value.map(|value| der::extension(oid, criticality, &value))
        });
        own.chain(self.extra.iter().cloned()).collect()
    }

    fn encoded_key_usage(&self) -> Option<Vec<u8>> {
        let bits: Vec<u8> = self.key_usage.0.iter().map(|usage| *usage as u8).collect();
        (!bits.is_empty()).then(|| der::named_bits(&bits))
    }

    fn encoded_basic_constraints(&self) -> Option<Vec<u8>> {
        match self.basic_constraints.0 {
            BasicConstraints::Absent => None,
            BasicConstraints::EndEntity => Some(der::sequence::<&[u8]>(&[])),
            BasicConstraints::Ca { path_length } => {
                let mut parts = vec![der::boolean(true)];
                parts.extend(path_length.map(|length| der::number(length.into())));
                Some(der::sequence(&parts))
            }
        }
    }

    fn encoded_extended_key_usage(&self) -> Option<Vec<u8>> {
        let usages: Vec<_> = self
            .extended_key_usage
            .0
            .iter()
            .map(|usage| der::oid(usage.oid()))
            .collect();
        (!usages.is_empty()).then(|| der::sequence(&usages))
    }

    /// Critical when there is no other name (RFC 5280 4.2.1.6).
    fn alternative_name_criticality(&self) -> Criticality {
        if self.subject == Name::empty() {
            Criticality::Critical
        } else {
            Criticality::NonCritical
        }
    }

    fn encoded_alternative_names(&self) -> Option<Vec<u8>> {
        (!self.alternative_names.is_empty()).then(|| der::sequence(&self.alternative_names))
    }

    fn encoded_access(&self) -> Option<Vec<u8>> {
        let described: Vec<_> = self
            .access
            .iter()
            .map(|(method, url)| {
                der::sequence(&[der::oid(method), der::context_primitive(6, url.as_bytes())])
            })
            .collect();
        (!described.is_empty()).then(|| der::sequence(&described))
    }
}

fn key_identifier(public_key: &[u8]) -> Vec<u8> {
    Sha1::digest(public_key).to_vec()
}

/// A positive serial of sixteen octets that no other certificate of this process has.
fn fresh_serial(key: &Key) -> Vec<u8> {
    static ISSUED: AtomicU64 = AtomicU64::new(0);
    let number = ISSUED.fetch_add(1, Ordering::Relaxed);
    let mut hash = Sha1::new();
    hash.update(key.public_key());
    hash.update(number.to_be_bytes());
    let mut serial = hash.finalize()[..16].to_vec();
    serial[0] = serial[0] & 0x3F | 0x40;
    serial
}
