//! A host name in its one spelling.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A host, in the one spelling in which hosts are compared: lower case, without a trailing dot,
/// without a port, an IPv6 address in brackets and in the form of RFC 5952.
///
/// An absent host is `Option<HostName>`'s `None`, a malformed one is [`HostError`]: three answers.
///
/// ```
/// use portcullis_model::host::{HostError, HostName};
///
/// let host = HostName::from_authority("WWW.Contoso.com.:8443")?;
/// assert_eq!(host.as_str(), "www.contoso.com");
/// assert_eq!(HostName::from_authority("[2001:DB8::0:1]:443")?.as_str(), "[2001:db8::1]");
/// assert_eq!(HostName::parse("bücher.example"), Err(HostError::NotAscii));
/// # Ok::<(), HostError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(Box<str>);

impl HostName {
    /// The longest name, without a trailing dot (RFC 1035 section 2.3.4: 255 octets on the wire).
    pub const LONGEST: usize = 253;
    /// The longest label (RFC 1035 section 2.3.4).
    pub const LONGEST_LABEL: usize = 63;

    /// Reads a host without a port, as the `server_name` extension has it: a name of letters,
    /// digits, `-` and `_`, an IPv4 address, or an IPv6 address in brackets.
    ///
    /// # Errors
    /// When it is anything else; a name outside ASCII must be given as its A-label, `xn--…`.
    pub fn parse(host: impl AsRef<[u8]>) -> Result<Self, HostError> {
        let host = ascii(host.as_ref())?;
        match host.strip_prefix('[') {
            Some(literal) => ipv6(literal.strip_suffix(']').ok_or(HostError::Brackets)?),
            None => name(host),
        }
    }

    /// Reads `host` or `host:port`, as `Host`, `:authority` and a request line have it. The port
    /// must be one and is dropped; an empty one is allowed (RFC 3986 section 3.2.3).
    ///
    /// # Errors
    /// As [`HostName::parse`]; user information is refused (RFC 9110 section 4.2.4).
    pub fn from_authority(authority: impl AsRef<[u8]>) -> Result<Self, HostError> {
        let (host, port) = split_port(ascii(authority.as_ref())?)?;
        if !port.is_none_or(str::is_empty) {
            to_port(port)?;
        }
        Self::parse(host)
    }

    /// The host in its one spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for HostName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = HostError;

    fn from_str(host: &str) -> Result<Self, HostError> {
        Self::parse(host)
    }
}

impl From<Ipv4Addr> for HostName {
    fn from(address: Ipv4Addr) -> Self {
        Self(address.to_string().into())
    }
}

impl From<Ipv6Addr> for HostName {
    fn from(address: Ipv6Addr) -> Self {
        Self(format!("[{address}]").into())
    }
}

/// Why a text is not a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// The name exceeds [`HostName::LONGEST`].
    #[error("it has {found} characters, more than {}", HostName::LONGEST)]
    TooLong {
        /// Its characters.
        found: usize,
    },
    /// A label is empty: two dots, or one at the start.
    #[error("a label between its dots is empty")]
    EmptyLabel,
    /// A label exceeds [`HostName::LONGEST_LABEL`].
    #[error(
        "a label has {found} characters, more than {}",
        HostName::LONGEST_LABEL
    )]
    LabelTooLong {
        /// Its characters.
        found: usize,
    },
    /// A character that names do not have.
    #[error("it contains {character:?}")]
    Character {
        /// The first such.
        character: char,
    },
    /// A character outside ASCII.
    #[error("it is not ASCII: give internationalised names as A-labels (xn--...)")]
    NotAscii,
    /// What stands after the colon is not a port.
    #[error("what follows the colon is not a port")]
    Port,
    /// Brackets that do not enclose an IPv6 address.
    #[error("the brackets do not enclose an IPv6 address")]
    Brackets,
}

fn ascii(host: &[u8]) -> Result<&str, HostError> {
    if !host.is_ascii() {
        return Err(HostError::NotAscii);
    }
    std::str::from_utf8(host).map_err(|_| HostError::NotAscii)
}

/// `host[:port]`. A colon inside brackets belongs to the host.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), HostError> {
    if authority.starts_with('[') {
        let (literal, rest) = authority.split_once(']').ok_or(HostError::Brackets)?;
        let host = authority
            .get(..literal.len().saturating_add(1))
            .ok_or(HostError::Brackets)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(HostError::Brackets),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn to_port(port: Option<&str>) -> Result<Option<u16>, HostError> {
    let Some(port) = port else { return Ok(None) };
    if !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(HostError::Port);
    }
    port.parse().map(Some).map_err(|_| HostError::Port)
}

/// Reads `host` or `host:port` where the port counts.
pub(crate) fn split_authority(authority: &str) -> Result<(HostName, Option<u16>), HostError> {
    let (host, port) = split_port(ascii(authority.as_bytes())?)?;
    let port = to_port(port)?;
    Ok((HostName::parse(host)?, port))
}

fn ipv6(literal: &str) -> Result<HostName, HostError> {
    let address: Ipv6Addr = literal.parse().map_err(|_| HostError::Brackets)?;
    Ok(address.into())
}

fn name(host: &str) -> Result<HostName, HostError> {
    let host = host.strip_suffix('.').unwrap_or(host);
    check_length(host)?;
    for label in host.split('.') {
        check_label(label, |letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')
        })?;
    }
    Ok(HostName(host.to_ascii_lowercase().into()))
}

pub(super) fn check_length(host: &str) -> Result<(), HostError> {
    match host.len() {
        0 => Err(HostError::Empty),
        found if found > HostName::LONGEST => Err(HostError::TooLong { found }),
        _ => Ok(()),
    }
}

pub(super) fn check_label(label: &str, legal: impl Fn(char) -> bool) -> Result<(), HostError> {
    if let Some(character) = label.chars().find(|letter| !legal(*letter)) {
        return Err(HostError::Character { character });
    }
    match label.len() {
        0 => Err(HostError::EmptyLabel),
        found if found > HostName::LONGEST_LABEL => Err(HostError::LabelTooLong { found }),
        _ => Ok(()),
    }
}
