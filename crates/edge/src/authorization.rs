//! Which identities may pass, beside being proven.

use ipnet::IpNet;
use portcullis_model as model;
use portcullis_model::host::{HostName, HostPattern};
use portcullis_x509::{
    Certificate, DistinguishedName, DistinguishedNameError, GeneralName, Name, SpiffeId,
};

use crate::identity::Proven;

/// Which identities may pass: those for which every demand holds. There is at least one, and nobody without a proven
/// certificate passes any.
#[derive(Debug)]
pub(crate) struct Authorization {
    name: String,
    dns: Vec<HostPattern>,
    email: Vec<String>,
    uri: Vec<String>,
    ip: Vec<IpNet>,
    spiffe_trust_domain: Vec<String>,
    issuers: Vec<DistinguishedName>,
    subject: Vec<Vec<DistinguishedName>>,
    policies: Vec<String>,
    fingerprints: Vec<model::Sha256>,
    keys: Vec<model::Sha256>,
}

/// What an identity lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// The authorization.
    pub(crate) authorization: String,
    /// The key of the list that has no entry for it.
    pub(crate) demand: &'static str,
}

impl Authorization {
    /// Reads the names that the model does not judge.
    ///
    /// # Errors
    /// The place of a name that is none, and why.
    pub(crate) fn of(
        authorization: &model::Authorization,
    ) -> Result<Self, (model::Place, DistinguishedNameError)> {
        let values = |located: &[model::Located<String>]| -> Vec<String> {
            located.iter().map(|item| item.value.clone()).collect()
        };
        let name = |text: &str, place: &model::Place| {
            text.parse::<DistinguishedName>()
                .map_err(|error| (place.clone(), error))
        };
        let issuers = authorization.issuer_dn.iter();
        let issuers = issuers.map(|dn| name(&dn.value, &dn.place));
        let subject = authorization.subject.iter().map(|demand| {
            let values = demand.values.iter();
            values
                .map(|value| {
                    name(
                        &attribute(&demand.attribute.value, &value.value),
                        &value.place,
                    )
                })
                .collect::<Result<Vec<_>, _>>()
        });
        Ok(Self {
            name: authorization.name.clone(),
            dns: authorization
                .dns
                .iter()
                .map(|item| item.value.clone())
                .collect(),
            email: values(&authorization.email),
            uri: values(&authorization.uri),
            ip: authorization.ip.iter().map(|item| item.value).collect(),
            spiffe_trust_domain: values(&authorization.spiffe_trust_domain),
            issuers: issuers.collect::<Result<_, _>>()?,
            subject: subject.collect::<Result<_, _>>()?,
            policies: values(&authorization.policy_oid),
            fingerprints: authorization
                .fingerprint_sha256
                .iter()
                .map(|item| item.value)
                .collect(),
            keys: authorization
                .spki_sha256
                .iter()
                .map(|item| item.value)
                .collect(),
        })
    }

    /// Whether a proven identity may pass.
    pub(crate) fn check(&self, proven: &Proven) -> Result<(), Lacking> {
        // It was parsed when it was proven.
        let lacking = match Certificate::parse(&proven.certificate) {
            Err(_) => Some("require_certificate"),
            Ok(certificate) => self
                .lacking_in_names(&certificate)
                .or_else(|| self.lacking_in_certificate(&certificate, proven)),
        };
        match lacking {
            None => Ok(()),
            Some(demand) => Err(Lacking {
                authorization: self.name.clone(),
                demand,
            }),
        }
    }

    fn lacking_in_names(&self, certificate: &Certificate<'_>) -> Option<&'static str> {
        let names = Names::of(certificate);
        let is_host = |pattern: &HostPattern| names.dns.iter().any(|name| pattern.matches(name));
        let is_mailbox = |email: &String| names.email.iter().any(|name| is_mailbox(email, name));
        let is_near = |net: &IpNet| names.ip.iter().any(|ip| net.contains(ip));
        let is_domain = |domain: &String| names.trust_domain == Some(domain.as_str());
        first_unmet([
            ("dns", any(&self.dns, is_host)),
            ("email", any(&self.email, is_mailbox)),
            (
                "uri",
                any(&self.uri, |uri| names.uri.contains(&uri.as_str())),
            ),
            ("ip", any(&self.ip, is_near)),
            (
                "spiffe_trust_domain",
                any(&self.spiffe_trust_domain, is_domain),
            ),
        ])
    }

    fn lacking_in_certificate(
        &self,
        certificate: &Certificate<'_>,
        proven: &Proven,
    ) -> Option<&'static str> {
        let (issuer, subject) = (certificate.issuer(), certificate.subject());
        let is_issuer = |expected: &DistinguishedName| expected.name().matches(&issuer);
        let has_one = |values: &Vec<DistinguishedName>| any(values, |value| has(subject, value));
        let is_valid = |oid: &String| proven.policies.contains(oid);
        let is_this = |hash: &model::Sha256| *hash == proven.fingerprint;
        first_unmet([
            ("issuer_dn", any(&self.issuers, is_issuer)),
            ("subject", self.subject.iter().all(has_one)),
            ("policy_oid", any(&self.policies, is_valid)),
            ("fingerprint_sha256", any(&self.fingerprints, is_this)),
            ("spki_sha256", any(&self.keys, |hash| *hash == proven.key)),
        ])
    }
}

/// The first demand that does not hold.
fn first_unmet<const N: usize>(demands: [(&'static str, bool); N]) -> Option<&'static str> {
    demands
        .into_iter()
        .find_map(|(demand, holds)| (!holds).then_some(demand))
}

/// One entry suffices, and of no list none is asked.
fn any<T>(list: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

/// A name of one attribute, its value as it is (RFC 4514 section 2.4: the hexadecimal of its DER).
fn attribute(attribute: &str, value: &str) -> String {
    let mut text = format!("{attribute}=#");
    let octets =
        portcullis_x509::der::encode(portcullis_x509::der::Tag::UTF8_STRING, &[value.as_bytes()]);
    text.extend(octets.iter().map(|octet| format!("{octet:02X}")));
    text
}

/// Whether the attributes of `wanted`, of which there is one, are in the subject, wherever they stand.
fn has(subject: Name<'_>, wanted: &DistinguishedName) -> bool {
    let wanted = wanted.name();
    let mut wanted = wanted.attributes().peekable();
    wanted.peek().is_some()
        && wanted.all(|wanted| subject.attributes().any(|found| found.matches(&wanted)))
}

/// `@domain` is every mailbox of a domain. What is before the `@` is compared exactly, what follows in any case.
fn is_mailbox(expected: &str, found: &str) -> bool {
    let (Some((local, domain)), Some((found_local, found_domain))) =
        (expected.rsplit_once('@'), found.rsplit_once('@'))
    else {
        return false;
    };
    domain.eq_ignore_ascii_case(found_domain)
        && !found_local.is_empty()
        && (local.is_empty() || local == found_local)
}

/// The alternative names of a certificate by kind. One that is malformed has none.
#[derive(Default)]
struct Names<'a> {
    dns: Vec<HostName>,
    email: Vec<&'a str>,
    uri: Vec<&'a str>,
    ip: Vec<std::net::IpAddr>,
    trust_domain: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn of(certificate: &Certificate<'a>) -> Self {
        let mut names = Self::default();
        let Ok(Some(found)) = certificate.subject_alternative_name() else {
            return names;
        };
        for name in found.iter() {
            match name {
                // A wildcard is no client's host, and no host name either.
                GeneralName::DnsName(name) => names.dns.extend(HostName::parse(name)),
                GeneralName::Rfc822Name(name) => names.email.push(name),
                GeneralName::Uri(name) => names.uri.push(name),
                GeneralName::IpAddress(octets) => names.ip.extend(address(octets)),
                _ => (),
            }
        }
        names.trust_domain = SpiffeId::of(certificate).map(|id| id.trust_domain());
        names
    }
}

fn address(octets: &[u8]) -> Option<std::net::IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(std::net::IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(std::net::IpAddr::from))
        .ok()
}
