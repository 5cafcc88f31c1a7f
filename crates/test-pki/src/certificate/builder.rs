//! The builder: every departure from a valid certificate has a name.

use std::marker::PhantomData;
use std::net::IpAddr;

use rustls_pki_types::UnixTime;

use super::{
    BasicConstraints, Ca, Certified, Criticality, ExtendedKeyUsage, KeyUsage, Version, oid,
};
use crate::{Algorithm, DAY, Key, NOW, Name, after, before, der, general_name};

/// A certificate in the making. [`issue`](Self::issue) gives a [`Ca`] or a [`Certified`].
#[derive(Clone, Debug)]
pub struct Builder<T> {
    pub(super) subject: Name,
    pub(super) issuer: Option<Certified>,
    pub(super) issuer_name: Option<Name>,
    pub(super) signer: Option<Key>,
    pub(super) key: Option<Key>,
    pub(super) algorithm: Algorithm,
    pub(super) public_key_info: Option<Vec<u8>>,
    pub(super) serial: Option<Vec<u8>>,
    pub(super) version: Version,
    pub(super) around: UnixTime,
    pub(super) days: u64,
    pub(super) not_before: Option<UnixTime>,
    pub(super) not_after: Option<UnixTime>,
    pub(super) basic_constraints: (BasicConstraints, Criticality),
    pub(super) key_usage: (Vec<KeyUsage>, Criticality),
    pub(super) extended_key_usage: (Vec<ExtendedKeyUsage>, Criticality),
    pub(super) alternative_names: Vec<Vec<u8>>,
    pub(super) permitted: Vec<Vec<u8>>,
    pub(super) excluded: Vec<Vec<u8>>,
    pub(super) access: Vec<(&'static str, String)>,
    pub(super) extra: Vec<Vec<u8>>,
    pub(super) without: Vec<String>,
    pub(super) signature_algorithm: Option<Vec<u8>>,
    pub(super) outer_signature_algorithm: Option<Vec<u8>>,
    pub(super) flip_signature: bool,
    pub(super) output: PhantomData<T>,
}

impl<T: From<Certified>> Builder<T> {
    pub(super) fn new(subject: Name, issuer: Option<&Ca>) -> Self {
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
            permitted: Vec::new(),
            excluded: Vec::new(),
            access: Vec::new(),
            extra: Vec::new(),
            without: Vec::new(),
            signature_algorithm: None,
            outer_signature_algorithm: None,
            flip_signature: false,
            output: PhantomData,
        }
    }

    pub(super) fn leaf(self) -> Self {
        self.basic_constraints(BasicConstraints::EndEntity)
            .key_usage(&[KeyUsage::DigitalSignature])
    }

    pub(super) fn authority(self) -> Self {
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
        self.general_name(&general_name::dns(name))
    }

    /// An iPAddress.
    #[must_use]
    pub fn ip(self, address: IpAddr) -> Self {
        self.general_name(&general_name::ip(address))
    }

    /// An rfc822Name.
    #[must_use]
    pub fn email(self, address: &str) -> Self {
        self.general_name(&general_name::email(address))
    }

    /// A uniformResourceIdentifier.
    #[must_use]
    pub fn uri(self, uri: &str) -> Self {
        self.general_name(&general_name::uri(uri))
    }

    /// A directoryName.
    #[must_use]
    pub fn directory_name(self, name: impl Into<Name>) -> Self {
        self.general_name(&general_name::directory(name))
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
        self.access_description(oid::AD_OCSP, url)
    }

    /// An issuer's certificate in the authority information access extension.
    #[must_use]
    pub fn ca_issuers_url(self, url: &str) -> Self {
        self.access_description(oid::AD_CA_ISSUERS, url)
    }

    fn access_description(mut self, method: &'static str, url: &str) -> Self {
        self.access.push((method, url.to_owned()));
        self
    }

    /// `id-pkix-ocsp-nocheck`.
    #[must_use]
    pub fn ocsp_no_check(self) -> Self {
        self.extension(oid::OCSP_NO_CHECK, Criticality::NonCritical, &der::null())
    }

    /// Permits one more tree of names in critical name constraints, a
    /// [general name](crate::general_name).
    #[must_use]
    pub fn permitted(mut self, base: &[u8]) -> Self {
        self.permitted.push(base.to_vec());
        self
    }

    /// Excludes one more tree of names in critical name constraints, a
    /// [general name](crate::general_name).
    #[must_use]
    pub fn excluded(mut self, base: &[u8]) -> Self {
        self.excluded.push(base.to_vec());
        self
    }

    /// Critical name constraints that permit only these DNS trees.
    #[must_use]
    pub fn permitted_dns(self, names: &[&str]) -> Self {
        names.iter().fold(self, |builder, name| {
            builder.permitted(&general_name::dns(name))
        })
    }

    /// Certificate policies by their identifiers.
    #[must_use]
    pub fn policies(self, criticality: Criticality, oids: &[&str]) -> Self {
        let policies: Vec<_> = oids
            .iter()
            .map(|oid| der::sequence(&[der::oid(oid)]))
            .collect();
        self.extension(
            oid::CERTIFICATE_POLICIES,
            criticality,
            &der::sequence(&policies),
        )
    }

    /// Critical policy mappings, each from the issuer's domain to the subject's.
    #[must_use]
    pub fn policy_mappings(self, pairs: &[(&str, &str)]) -> Self {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(issuer, subject)| der::sequence(&[der::oid(issuer), der::oid(subject)]))
            .collect();
        let value = der::sequence(&pairs);
        self.extension(oid::POLICY_MAPPINGS, Criticality::Critical, &value)
    }

    /// Critical policy constraints: after how many certificates a policy must be valid, and after how
    /// many none is mapped.
    #[must_use]
    pub fn policy_constraints(self, explicit: Option<u8>, inhibit_mapping: Option<u8>) -> Self {
        let explicit = explicit.map(|skip| der::context_primitive(0, &[skip]));
        let inhibit = inhibit_mapping.map(|skip| der::context_primitive(1, &[skip]));
        let parts: Vec<_> = explicit.into_iter().chain(inhibit).collect();
        let value = der::sequence(&parts);
        self.extension(oid::POLICY_CONSTRAINTS, Criticality::Critical, &value)
    }

    /// Critical inhibitAnyPolicy after so many certificates.
    #[must_use]
    pub fn inhibit_any_policy(self, skip: u8) -> Self {
        let value = der::number(skip.into());
        self.extension(oid::INHIBIT_ANY_POLICY, Criticality::Critical, &value)
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
        self.without_extension(oid::AUTHORITY_KEY_IDENTIFIER)
            .without_extension(oid::SUBJECT_KEY_IDENTIFIER)
    }

    /// This authority key identifier instead of the issuer's.
    #[must_use]
    pub fn authority_key_identifier(self, identifier: &[u8]) -> Self {
        let value = der::sequence(&[der::context_primitive(0, identifier)]);
        self.without_extension(oid::AUTHORITY_KEY_IDENTIFIER)
            .extension(
                oid::AUTHORITY_KEY_IDENTIFIER,
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
}
