//! The builder: every departure from a valid certificate has a name.

use std::marker::PhantomData;
use std::net::IpAddr;

use rustls_pki_types::UnixTime;

use super::{
    BasicConstraints, Ca, Certified, Criticality, ExtendedKeyUsage, KeyUsage, Version, oid,
};
use crate::{Algorithm, DAY, Key, NOW, Name, after, before, der};

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

    /// Critical name constraints that permit only these DNS trees.
    #[must_use]
    pub fn permitted_dns(self, names: &[&str]) -> Self {
        let bases: Vec<_> = names
            .iter()
            .map(|name| der::context_primitive(2, name.as_bytes()))
            .collect();
        self.name_constraints(&bases, &[])
    }

    /// Critical name constraints: the bases of permitted and of excluded subtrees, each a whole GeneralName.
    #[must_use]
    pub fn name_constraints(self, permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Self {
        let parts: Vec<_> = [(0, permitted), (1, excluded)]
            .into_iter()
            .filter(|(_, bases)| !bases.is_empty())
            .map(|(tag, bases)| {
                let subtrees: Vec<_> = bases
                    .iter()
                    .map(|base| der::sequence(core::slice::from_ref(base)))
                    .collect();
                der::context(tag, &der::concat(&subtrees))
            })
            .collect();
        let value = der::sequence(&parts);
        self.extension(oid::NAME_CONSTRAINTS, Criticality::Critical, &value)
    }

    /// Critical policy mappings: issuer domain policy, subject domain policy.
    #[must_use]
    pub fn policy_mappings(self, mappings: &[(&str, &str)]) -> Self {
        let pairs: Vec<_> = mappings
            .iter()
            .map(|(from, to)| der::sequence(&[der::oid(from), der::oid(to)]))
            .collect();
        let value = der::sequence(&pairs);
        self.extension("2.5.29.33", Criticality::Critical, &value)
    }

    /// Critical policy constraints: certificates after which a policy is required, and policies are not
    /// mapped.
    #[must_use]
    pub fn policy_constraints(self, explicit: Option<u8>, mapping: Option<u8>) -> Self {
        let parts: Vec<_> = [(0, explicit), (1, mapping)]
            .into_iter()
            .filter_map(|(tag, skip)| Some(der::context_primitive(tag, &[skip?])))
            .collect();
        let value = der::sequence(&parts);
        self.extension("2.5.29.36", Criticality::Critical, &value)
    }

    /// Critical inhibitAnyPolicy.
    #[must_use]
    pub fn inhibit_any_policy(self, skip: u8) -> Self {
        let value = der::tlv(2, &[skip]);
        self.extension("2.5.29.54", Criticality::Critical, &value)
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
