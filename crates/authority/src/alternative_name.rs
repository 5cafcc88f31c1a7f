use std::net::IpAddr;
use std::str::FromStr;

use rcgen::SanType;
use rcgen::string::Ia5String;

use crate::AuthorityError;

/// A name in the subject alternative name extension.
///
/// [`FromStr`] reads `dns:…`, `ip:…`, `email:…` and `uri:…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AlternativeName {
    /// A DNS name, in A-labels; the first label may be `*`.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// An e-mail address.
    Email(String),
    /// A URI, such as a SPIFFE ID.
    Uri(String),
}

impl AlternativeName {
    /// The name of a server: an IP address or a DNS name.
    ///
    /// # Errors
    /// [`AuthorityError::AlternativeName`] when it is neither.
    pub fn of_server(text: &str) -> Result<Self, AuthorityError> {
        match text.parse() {
            Ok(address) => Ok(Self::Ip(address)),
            Err(_) => Self::dns(text),
        }
    }

    fn dns(text: &str) -> Result<Self, AuthorityError> {
        let name = text.to_ascii_lowercase();
        if is_dns_name(&name) {
            Ok(Self::Dns(name))
        } else {
            Err(expected("a DNS name", text))
        }
    }

    pub(crate) fn to_rcgen(&self) -> Result<SanType, AuthorityError> {
        let ascii = |text: &str| {
            Ia5String::try_from(text).map_err(|_| expected("of ASCII characters", text))
        };
        Ok(match self {
            Self::Dns(name) => SanType::DnsName(ascii(name)?),
            Self::Ip(address) => SanType::IpAddress(*address),
            Self::Email(address) => SanType::Rfc822Name(ascii(address)?),
            Self::Uri(uri) => SanType::URI(ascii(uri)?),
        })
    }
}

impl FromStr for AlternativeName {
    type Err = AuthorityError;

    fn from_str(text: &str) -> Result<Self, AuthorityError> {
        match text.split_once(':') {
            Some(("dns", name)) => Self::dns(name),
            Some(("ip", address)) => address
                .parse()
                .map(Self::Ip)
                .map_err(|_| expected("an IP address", address)),
            Some(("email", address)) if address.contains('@') && is_visible(address) => {
                Ok(Self::Email(address.to_owned()))
            }
            Some(("uri", uri)) if uri.contains(':') && is_visible(uri) => {
                Ok(Self::Uri(uri.to_owned()))
            }
            _ => Err(expected(
                "dns:NAME, ip:ADDRESS, email:ADDRESS or uri:URI",
                text,
            )),
        }
    }
}

fn expected(expected: &'static str, text: &str) -> AuthorityError {
    AuthorityError::AlternativeName {
        text: text.to_owned(),
        expected,
    }
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The form of RFC 1123 section 2.1 with underscores, which hosts have in practice.
fn is_dns_name(name: &str) -> bool {
    let labels = name.strip_prefix("*.").unwrap_or(name);
    name.len() <= 253 && labels.split('.').all(is_dns_label) && !ends_in_digits(labels)
}

fn is_dns_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A mistyped IPv4 address: no top-level domain is a number.
fn ends_in_digits(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_dns_names_and_addresses() {
        for name in [
            "localhost",
            "www.contoso.com",
            "*.contoso.com",
            "WWW.Contoso.com",
            "127.0.0.1",
            "::1",
            "_a.b",
        ] {
            assert!(AlternativeName::of_server(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "a..b",
            "*",
            "a.*.b",
            "-a.b",
            "a b",
            "münchen.de",
            "a/b",
            "300.1.1.1",
            "a.",
            "a:443",
        ] {
            assert!(AlternativeName::of_server(name).is_err(), "{name}");
        }
        let upper = AlternativeName::of_server("WWW.Contoso.com").unwrap();
        assert_eq!(upper, AlternativeName::Dns("www.contoso.com".into()));
    }

    #[test]
    fn alternative_names_say_their_kind() {
        for name in [
            "dns:a.example",
            "ip:fd00::1",
            "email:a@b.example",
            "uri:spiffe://a/b",
        ] {
            assert!(name.parse::<AlternativeName>().is_ok(), "{name}");
        }
        for name in [
            "a.example",
            "dns:",
            "ip:a",
            "email:a",
            "uri:a",
            "uri:a:b c",
            "other:a",
        ] {
            assert!(name.parse::<AlternativeName>().is_err(), "{name}");
        }
    }
}
