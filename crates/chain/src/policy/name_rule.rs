//! Which alternative names a leaf must have one of.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use portcullis_x509::der::{Reader, Tag};
use portcullis_x509::{GeneralName, oid};

use super::purpose::Purpose;

/// A demand on subjectAltName (RFC 5280 section 4.2.1.6).
///
/// `FromStr` reads `DNS:www.contoso.com`, `DNS:*.contoso.com`, `URI:spiffe://contoso.com/billing`,
/// `SPIFFE:contoso.com`, `email:alice@contoso.com`, `email:@contoso.com`, `IP:192.0.2.1`,
/// `IP:192.0.2.0/24`, `UPN:alice@contoso.com` and `UPN:@contoso.com`; the words in any case.
///
/// ```
/// use portcullis_chain::NameRule;
///
/// let rule: NameRule = "SPIFFE:contoso.com".parse()?;
/// assert_eq!(rule, NameRule::SpiffeTrustDomain("contoso.com".into()));
/// assert!("SPIFFE:spiffe://contoso.com".parse::<NameRule>().is_err());
/// # Ok::<(), portcullis_chain::NameRuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameRule {
    /// A dNSName: this host, or with `*.` in front any host one label below.
    ///
    /// Of a server a wildcard in the certificate counts too (RFC 9525 section 6.3); a client is one
    /// host, and a wildcard is none.
    Dns(String),
    /// A uniformResourceIdentifier, character by character.
    Uri(String),
    /// A uniformResourceIdentifier that is a SPIFFE ID of this trust domain, and the only URI, as
    /// the SPIFFE X.509-SVID specification has it (sections 2 and 5.2).
    SpiffeTrustDomain(String),
    /// An rfc822Name: this mailbox, or with nothing before the `@` any mailbox at this very host. The
    /// part before it is compared exactly.
    Email(String),
    /// An iPAddress in a network of so many bits.
    Ip {
        /// An address of the network.
        address: IpAddr,
        /// The bits that count.
        prefix: u8,
    },
    /// An otherName with a user principal name, in any case: this one, or with nothing before the `@`
    /// any of this realm.
    Upn(String),
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

/// Whether a name meets a demand when the leaf is for this purpose. `only_uri` says that it has no other URI.
pub(super) fn is_met(
    rule: &NameRule,
    name: &GeneralName<'_>,
    purpose: Purpose,
    only_uri: bool,
) -> bool {
    match (rule, name) {
        (NameRule::Dns(pattern), GeneralName::DnsName(name)) => {
            is_host(pattern, name) || (purpose == Purpose::ServerAuth && is_host(name, pattern))
        }
        (NameRule::Uri(expected), GeneralName::Uri(found)) => expected == found,
        (NameRule::SpiffeTrustDomain(domain), GeneralName::Uri(found)) => {
            only_uri && spiffe_trust_domain(found) == Some(domain)
        }
        (NameRule::Email(expected), GeneralName::Rfc822Name(found)) => is_mailbox(expected, found),
        (NameRule::Ip { address, prefix }, GeneralName::IpAddress(found)) => {
            is_in_network(*address, *prefix, found)
        }
        (NameRule::Upn(expected), GeneralName::OtherName { type_id, value }) => {
            *type_id == oid::USER_PRINCIPAL_NAME
                && utf8(value).is_some_and(|found| is_principal(expected, found))
        }
        _ => false,
    }
}

/// Whether `pattern`, perhaps a wildcard, stands for `name`, which is none.
fn is_host(pattern: &str, name: &str) -> bool {
    let [pattern, name] = [pattern, name].map(|text| text.strip_suffix('.').unwrap_or(text));
    if name.contains('*') {
        return false;
    }
    match pattern.strip_prefix("*.") {
        Some(domain) => name
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain)),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

/// The trust domain of a SPIFFE ID: lower-case letters, digits, dots, hyphens and underscores, no
/// user, no port, no query and no fragment (SPIFFE ID section 2).
pub(crate) fn spiffe_trust_domain(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_at_checked("spiffe://".len())?;
    if !scheme.eq_ignore_ascii_case("spiffe://") || rest.contains(['?', '#', '%']) {
        return None;
    }
    let (domain, path) = rest
        .split_once('/')
        .map_or((rest, None), |(domain, path)| (domain, Some(path)));
    let sound_path = path.is_none_or(|path| {
        path.split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."))
    });
    (is_trust_domain(domain) && sound_path).then_some(domain)
}

fn is_trust_domain(domain: &str) -> bool {
    let allowed = |octet: u8| {
        octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'.' | b'-' | b'_')
    };
    matches!(domain.len(), 1..=255) && domain.bytes().all(allowed)
}

fn is_mailbox(expected: &str, found: &str) -> bool {
    let (Some((local, host)), Some((found_local, found_host))) =
        (expected.rsplit_once('@'), found.split_once('@'))
    else {
        return false;
    };
    (local.is_empty() || local == found_local) && host.eq_ignore_ascii_case(found_host)
}

/// User principal names are compared as Active Directory does, without regard to case.
fn is_principal(expected: &str, found: &str) -> bool {
    match expected.strip_prefix('@') {
        Some(realm) => found
            .rsplit_once('@')
            .is_some_and(|(user, found)| !user.is_empty() && is_same_text(realm, found)),
        None => is_same_text(expected, found),
    }
}

fn is_same_text(one: &str, other: &str) -> bool {
    let lower = |text: &str| text.to_lowercase();
    lower(one) == lower(other)
}

fn utf8(value: &[u8]) -> Option<&str> {
    let mut reader = Reader::new(value);
    let text = reader.expect(Tag::UTF8_STRING).ok()?;
    reader.finish().ok()?;
    core::str::from_utf8(text).ok()
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
            let is = |condition: bool, rule: fn(String) -> Self| {
                condition.then(|| rule(value.to_string()))
            };
            match word.trim().to_ascii_lowercase().as_str() {
                "dns" => is(is_host_pattern(value), Self::Dns),
                "uri" => is(value.contains(':') && value.is_ascii(), Self::Uri),
                "spiffe" => is(is_trust_domain(value), Self::SpiffeTrustDomain),
                "email" => is(is_realm_pattern(value) && value.is_ascii(), Self::Email),
                "ip" => network(value),
                "upn" => is(is_realm_pattern(value), Self::Upn),
                _ => None,
            }
        };
        read().ok_or_else(|| NameRuleError {
            found: text.to_string(),
        })
    }
}

fn is_host_pattern(value: &str) -> bool {
    let host = value.strip_prefix("*.").unwrap_or(value);
    let host = host.strip_suffix('.').unwrap_or(host);
    !host.is_empty()
        && host.split('.').all(|label| {
            let letters = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
            !label.is_empty() && label.bytes().all(letters)
        })
}

fn is_realm_pattern(value: &str) -> bool {
    value
        .rsplit_once('@')
        .is_some_and(|(user, realm)| !realm.is_empty() && !user.contains('@'))
}

fn network(value: &str) -> Option<NameRule> {
    let (address, prefix) = match value.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
        None => (value, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(most);
    (prefix <= most).then_some(NameRule::Ip { address, prefix })
}

/// As [`FromStr`] reads it.
impl fmt::Display for NameRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(host) => write!(f, "DNS:{host}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
            Self::SpiffeTrustDomain(domain) => write!(f, "SPIFFE:{domain}"),
            Self::Email(mailbox) => write!(f, "email:{mailbox}"),
            Self::Ip { address, prefix } => write!(f, "IP:{address}/{prefix}"),
            Self::Upn(principal) => write!(f, "UPN:{principal}"),
        }
    }
}
