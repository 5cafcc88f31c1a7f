//! Which alternative names a leaf must have one of.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use portcullis_x509::{GeneralName, KeyUsage, SpiffeId};

use super::purpose::Purpose;
use crate::host;
use crate::member::Member;
use crate::reason::Reason;

/// A demand on subjectAltName (RFC 5280 section 4.2.1.6).
///
/// `FromStr` reads `DNS:www.contoso.com`, `DNS:*.contoso.com`, `URI:spiffe://contoso.com/billing`,
/// `SPIFFE:contoso.com`, `email:alice@contoso.com`, `email:@contoso.com`, `IP:192.0.2.1`,
/// `IP:192.0.2.0/24`, `UPN:alice@contoso.com` and `UPN:@contoso.com`; the words in any case.
///
/// | rule | is met by |
/// |---|---|
/// | `DNS:` | a dNSName: this host, or with `*.` in front any host one label below. Of a server a wildcard in the certificate counts too (RFC 9525 section 6.3); a client is one host, and a wildcard is none |
/// | `URI:` | a uniformResourceIdentifier, character by character |
/// | `SPIFFE:` | the SPIFFE ID of a workload in this trust domain: the only URI of a certificate that is no authority's, with a path (X.509-SVID sections 2, 4 and 5.2) |
/// | `email:` | an rfc822Name: this mailbox, or with nothing before the `@` any mailbox at this very host. The part before it is compared exactly |
/// | `IP:` | an iPAddress, or one of a network |
/// | `UPN:` | an otherName with a user principal name, in any case of ASCII: this one, or with nothing before the `@` any of this realm |
///
/// ```
/// use portcullis_chain::NameRule;
///
/// let rule: NameRule = "spiffe:contoso.com".parse()?;
/// assert_eq!(rule.to_string(), "SPIFFE:contoso.com");
/// assert!("SPIFFE:spiffe://contoso.com".parse::<NameRule>().is_err());
/// # Ok::<(), portcullis_chain::NameRuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRule(Rule);

/// What is demanded. Each is as [`FromStr`] checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Dns(String),
    Uri(String),
    SpiffeTrustDomain(String),
    Email(String),
    Ip { address: IpAddr, prefix: u8 },
    Upn(String),
}

/// What counts about the certificate that has the names.
#[derive(Clone, Copy)]
pub(super) struct Bearer {
    is_server: bool,
    /// Whether it can be a workload's, as SPIFFE has it.
    is_workload: bool,
}

impl Bearer {
    pub(super) fn of(leaf: &Member<'_>, purpose: Purpose) -> Result<Self, Reason> {
        let known = leaf.known()?;
        let names = known.subject_alternative_name;
        let names = names.iter().flat_map(|names| names.iter());
        let uris = names.filter(|name| matches!(name, GeneralName::Uri(_)));
        let is_ca = known.basic_constraints.is_some_and(|found| found.ca);
        let signs = |usage: KeyUsage| {
            usage.contains(KeyUsage::KEY_CERT_SIGN) || usage.contains(KeyUsage::CRL_SIGN)
        };
        Ok(Self {
            is_server: purpose == Purpose::ServerAuth,
            is_workload: uris.count() == 1 && !is_ca && !known.key_usage.is_some_and(signs),
        })
    }
}

/// Why a text is no demand on a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is no name rule, such as DNS:www.contoso.com, SPIFFE:contoso.com, email:@contoso.com, IP:192.0.2.0/24, UPN:@contoso.com"
)]
pub struct NameRuleError {
    /// The text.
    pub found: String,
}

impl NameRule {
    /// Whether a name of this certificate is what is demanded.
    pub(super) fn is_met(&self, name: &GeneralName<'_>, bearer: Bearer) -> bool {
        match (&self.0, name) {
            (Rule::Dns(pattern), GeneralName::DnsName(name)) => {
                is_host(pattern, name) || (bearer.is_server && is_server(pattern, name))
            }
            (Rule::Uri(expected), GeneralName::Uri(found)) => expected == found,
            (Rule::SpiffeTrustDomain(domain), GeneralName::Uri(found)) => {
                let id = SpiffeId::parse(found);
                bearer.is_workload && id.is_some_and(|id| id.trust_domain() == domain)
            }
            (Rule::Email(expected), GeneralName::Rfc822Name(found)) => is_mailbox(expected, found),
            (Rule::Ip { address, prefix }, GeneralName::IpAddress(found)) => {
                is_in_network(*address, *prefix, found)
            }
            (Rule::Upn(expected), name) => {
                let found = name.user_principal_name();
                found.is_some_and(|found| is_principal(expected, found))
            }
            _ => false,
        }
    }
}

/// Whether `pattern`, perhaps a wildcard, stands for `name`, which is none.
fn is_host(pattern: &str, name: &str) -> bool {
    let [pattern, name] = [pattern, name].map(host::without_root);
    if !host::is_host(name) {
        return false;
    }
    match pattern.strip_prefix("*.") {
        Some(domain) => name
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

/// Whether a server's certificate for `name`, perhaps a wildcard, is for `expected`, or is for the very hosts
/// that it stands for.
fn is_server(expected: &str, name: &str) -> bool {
    let [expected, name] = [expected, name].map(host::without_root);
    is_host(name, expected) || (name.starts_with("*.") && name.eq_ignore_ascii_case(expected))
}

fn is_mailbox(expected: &str, found: &str) -> bool {
    let (Some((local, host)), Some((found_local, found_host))) =
        (expected.rsplit_once('@'), host::mailbox(found))
    else {
        return false;
    };
    (local.is_empty() || local == found_local) && host.eq_ignore_ascii_case(found_host)
}

/// User principal names are compared as Active Directory does, without regard to case.
fn is_principal(expected: &str, found: &str) -> bool {
    let Some((_, found_realm)) = only_at(found) else {
        return false;
    };
    match expected.strip_prefix('@') {
        Some(realm) => realm.eq_ignore_ascii_case(found_realm),
        None => expected.eq_ignore_ascii_case(found),
    }
}

/// What stands before and after the `@`, of which there is one, with something before it.
fn only_at(text: &str) -> Option<(&str, &str)> {
    text.split_once('@')
        .filter(|(before, after)| !before.is_empty() && !after.contains('@'))
}

fn is_in_network(address: IpAddr, prefix: u8, found: &[u8]) -> bool {
    match address {
        IpAddr::V4(address) => same_bits(&address.octets(), found, prefix),
        IpAddr::V6(address) => same_bits(&address.octets(), found, prefix),
    }
}

fn same_bits(one: &[u8], other: &[u8], prefix: u8) -> bool {
    let mut left = u32::from(prefix);
    let same = |(one, other): (&u8, &u8)| {
        let bits = left.min(u8::BITS);
        left = left.saturating_sub(bits);
        let differing = one ^ other;
        differing.leading_zeros() >= bits
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

impl FromStr for NameRule {
    type Err = NameRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (word, value) = text.split_once(':')?;
            let value = value.trim();
            let is = |condition: bool, rule: fn(String) -> Rule| {
                condition.then(|| rule(value.to_string()))
            };
            match word.trim().to_ascii_lowercase().as_str() {
                "dns" => is(is_host_pattern(value), Rule::Dns),
                "uri" => is(is_uri(value), Rule::Uri),
                "spiffe" => is(SpiffeId::is_trust_domain(value), Rule::SpiffeTrustDomain),
                "email" => is(is_mailbox_pattern(value), Rule::Email),
                "ip" => network(value),
                "upn" => is(is_principal_pattern(value), Rule::Upn),
                _ => None,
            }
        };
        read().map(Self).ok_or_else(|| NameRuleError {
            found: text.to_string(),
        })
    }
}

fn is_host_pattern(value: &str) -> bool {
    host::is_host(host::without_root(
        value.strip_prefix("*.").unwrap_or(value),
    ))
}

fn is_uri(value: &str) -> bool {
    let rest = host::scheme(value).map(|(_, rest)| rest);
    rest.is_some_and(|rest| !rest.is_empty() && host::is_printable(rest))
}

fn is_mailbox_pattern(value: &str) -> bool {
    match value.strip_prefix('@') {
        Some(host) => host::is_host(host),
        None => host::mailbox(value).is_some(),
    }
}

fn is_principal_pattern(value: &str) -> bool {
    let sound = !value.contains(|character: char| character.is_control());
    let realm = match value.strip_prefix('@') {
        Some(realm) => Some(realm).filter(|realm| !realm.contains('@')),
        None => only_at(value).map(|(_, realm)| realm),
    };
    sound && realm.is_some_and(|realm| !realm.is_empty())
}

fn network(value: &str) -> Option<Rule> {
    let (address, prefix) = match value.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
        None => (value, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(most);
    (prefix <= most).then_some(Rule::Ip { address, prefix })
}

/// As [`FromStr`] reads it.
impl fmt::Display for NameRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Rule::Dns(host) => write!(f, "DNS:{host}"),
            Rule::Uri(uri) => write!(f, "URI:{uri}"),
            Rule::SpiffeTrustDomain(domain) => write!(f, "SPIFFE:{domain}"),
            Rule::Email(mailbox) => write!(f, "email:{mailbox}"),
            Rule::Ip { address, prefix } => write!(f, "IP:{address}/{prefix}"),
            Rule::Upn(principal) => write!(f, "UPN:{principal}"),
        }
    }
}
