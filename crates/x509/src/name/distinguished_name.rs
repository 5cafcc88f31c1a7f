//! Names that are held rather than borrowed, and written by people (RFC 4514).

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use const_oid::ObjectIdentifier;

use super::Name;
use super::short_name::attribute_type;
use crate::der::{Tag, encode};

/// A [`Name`] that owns its encoding: what a configuration holds.
///
/// `FromStr` reads what `Display` of a name writes, RFC 4514: `CN=Issuing CA,O=Contoso,C=US`, the last
/// attribute first. Spaces around `,`, `+` and `=` do not count, types are known in any case by the
/// short names of OpenSSL or as dotted numbers, `\,` and `\2C` stand for a comma, `#` begins a value
/// in hexadecimal DER.
///
/// ```
/// use portcullis_x509::DistinguishedName;
///
/// let name: DistinguishedName = r"cn = Issuing CA, O=Contoso\, Ltd., 2.5.4.6=US".parse()?;
/// let same: DistinguishedName = r"CN=issuing ca,O=CONTOSO\2C Ltd.,C=us".parse()?;
/// assert!(name.name().matches(&same.name()));
/// assert_eq!(name.to_string(), r"CN=Issuing CA,O=Contoso\, Ltd.,C=US");
/// # Ok::<(), portcullis_x509::DistinguishedNameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistinguishedName {
    // Invariant: a well-formed Name.
    der: Vec<u8>,
}

/// Why a text is no distinguished name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DistinguishedNameError {
    /// An attribute without `=`.
    #[error("`{attribute}` is not TYPE=VALUE")]
    NoType {
        /// The attribute.
        attribute: String,
    },
    /// A type that is neither a known name nor a dotted number.
    #[error("attribute type `{found}` is not known")]
    UnknownType {
        /// The type.
        found: String,
    },
    /// A value with a bad escape sequence, bad hexadecimal, or nothing in it.
    #[error("value `{found}` cannot be read")]
    BadValue {
        /// The value.
        found: String,
    },
}

impl DistinguishedName {
    /// The name.
    // Invariant: reading it cannot fail; the alternative is the name that nobody has.
    pub fn name(&self) -> Name<'_> {
        Name::parse(&self.der).unwrap_or(Name {
            der: &[],
            content: &[],
        })
    }
}

impl From<Name<'_>> for DistinguishedName {
    fn from(name: Name<'_>) -> Self {
        Self {
            der: name.der().to_owned(),
        }
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

impl FromStr for DistinguishedName {
    type Err = DistinguishedNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut sets = Vec::new();
        for relative in unescaped_split(text, ',').into_iter().rev() {
            let attributes = unescaped_split(relative, '+');
            let mut attributes: Vec<_> = attributes
                .into_iter()
                .map(attribute)
                .collect::<Result<_, _>>()?;
            // X.690 11.6: the elements of a SET OF stand in the order of their encodings.
            attributes.sort_unstable();
            let parts: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
            sets.push(encode(Tag::SET, &parts));
        }
        let parts: Vec<&[u8]> = sets.iter().map(Vec::as_slice).collect();
        Ok(Self {
            der: encode(Tag::SEQUENCE, &parts),
        })
    }
}

/// The parts of `text` between separators that no backslash stands before.
fn unescaped_split(text: &str, separator: char) -> Vec<&str> {
    let mut escaped = false;
    text.split(|character| {
        let separates = character == separator && !escaped;
        escaped = character == '\\' && !escaped;
        separates
    })
    .collect()
}

fn attribute(text: &str) -> Result<Vec<u8>, DistinguishedNameError> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| DistinguishedNameError::NoType {
            attribute: text.trim().to_string(),
        })?;
    let name = name.trim();
    let unknown = || DistinguishedNameError::UnknownType {
        found: name.to_string(),
    };
    let oid = match attribute_type(name) {
        Some(octets) => octets,
        None => ObjectIdentifier::new(name)
            .map_err(|_| unknown())?
            .as_bytes()
            .to_vec(),
    };
    let value = value_der(value)?;
    let oid = encode(Tag::OBJECT_IDENTIFIER, &[&oid]);
    Ok(encode(Tag::SEQUENCE, &[&oid, &value]))
}

fn value_der(text: &str) -> Result<Vec<u8>, DistinguishedNameError> {
    let bad = || DistinguishedNameError::BadValue {
        found: text.trim().to_string(),
    };
    let text = trim(text);
    if let Some(digits) = text.strip_prefix('#') {
        let der = hexadecimal(digits).ok_or_else(bad)?;
        let mut reader = crate::der::Reader::new(&der);
        let whole = reader.tlv().is_ok() && reader.is_empty();
        return if whole { Ok(der) } else { Err(bad()) };
    }
    let octets = unescape(text).filter(|octets| !octets.is_empty());
    let value = octets.and_then(|octets| String::from_utf8(octets).ok());
    let value = value.ok_or_else(bad)?;
    Ok(encode(Tag::UTF8_STRING, &[value.as_bytes()]))
}

/// Without the spaces around it, except one at the end that a backslash stands before.
fn trim(text: &str) -> &str {
    let text = text.trim_start_matches(' ');
    let trimmed = text.trim_end_matches(' ');
    let backslashes = trimmed.bytes().rev().take_while(|octet| *octet == b'\\');
    if backslashes.count() % 2 == 0 {
        return trimmed;
    }
    let with_space = trimmed.len().saturating_add(1);
    text.split_at_checked(with_space)
        .map_or(text, |(kept, _)| kept)
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        octets.extend_from_slice(plain.as_bytes());
        let first = escaped.chars().next()?;
        if let Some(octet) = escaped.get(..2).and_then(hexadecimal) {
            octets.extend_from_slice(&octet);
            rest = escaped.get(2..)?;
        } else if first.is_ascii_punctuation() || first == ' ' {
            octets.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
            rest = escaped.get(1..)?;
        } else {
            return None;
        }
    }
    octets.extend_from_slice(rest.as_bytes());
    Some(octets)
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|pair| {
            let digits = core::str::from_utf8(pair).ok()?;
            let is_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            u8::from_str_radix(digits, 16).ok().filter(|_| is_digits)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DistinguishedName {
        text.parse().unwrap()
    }

    #[test]
    fn what_a_name_shows_reads_as_the_same_name() {
        for text in [
            "CN=alice",
            "CN=alice,O=Contoso,C=US",
            r"CN=a\,b\+c\=d\\,O=\ spaced\ ,DC=example,DC=com",
            r"CN=\#1\<2\>,emailAddress=a@example.org",
            "CN=a+OU=b,O=c",
            "1.2.3.4=#0C0141",
            r"CN=\C3\A9",
        ] {
            let name = parse(text);
            assert_eq!(parse(&name.to_string()), name, "{text}");
        }
        assert_eq!(parse("CN=a, O=b").to_string(), "CN=a,O=b");
        assert_eq!(parse(r"CN=\ ").to_string(), r"CN=\ ");
        assert_eq!(parse("CN=é").to_string(), r"CN=\C3\A9");
    }

    #[test]
    fn the_last_attribute_of_the_text_is_the_first_of_the_name() {
        let name = parse("CN=a,O=b");
        let mut attributes = name.name().attributes().map(|one| one.to_string());
        assert_eq!(attributes.next().as_deref(), Some("O=b"));
        assert_eq!(attributes.next().as_deref(), Some("CN=a"));
    }

    #[test]
    fn what_is_no_name_is_refused_and_says_why() {
        for (text, message) in [
            ("", "`` is not TYPE=VALUE"),
            ("Contoso", "`Contoso` is not TYPE=VALUE"),
            ("CN=a,,O=b", "`` is not TYPE=VALUE"),
            ("XY=a", "attribute type `XY` is not known"),
            ("=a", "attribute type `` is not known"),
            ("CN=", "value `` cannot be read"),
            (r"CN=\", r"value `\` cannot be read"),
            (r"CN=\q", r"value `\q` cannot be read"),
            (r"CN=\FF", r"value `\FF` cannot be read"),
            ("CN=#0C", "value `#0C` cannot be read"),
            ("CN=#zz", "value `#zz` cannot be read"),
            ("CN=#+1", "value `#` cannot be read"),
        ] {
            let error = text.parse::<DistinguishedName>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }
}
